//! Reply keys.

use super::key::Key;
use super::reach::{Reach, record};
use super::schema::Table;
use super::{StoreError, Write, tickets};
use crate::mail::ReplyKey;
use crate::triage::KeyFact;

fn key_of(key: &ReplyKey) -> Key {
    Key::new().octets(key.as_str().as_bytes())
}

/// A key on record, its ticket followed through merges.
pub(super) fn get<L: Reach + ?Sized>(look: &L, key: &ReplyKey) -> Result<Option<KeyFact>, StoreError> {
    let Some(fact) = record::<_, KeyFact>(look, Table::Keys, &key_of(key))? else { return Ok(None) };
    let ticket = tickets::follow(look, fact.ticket)?;
    Ok(Some(KeyFact { ticket, ..fact }))
}

impl Write<'_> {
    /// # Errors
    /// [`StoreError::Taken`] where the key is on record for something else.
    pub fn add_key(&mut self, fact: &KeyFact) -> Result<(), StoreError> {
        let key = key_of(&fact.key);
        if let Some(known) = record::<_, KeyFact>(self, Table::Keys, &key)?
            && (known.ticket, known.purpose) != (fact.ticket, fact.purpose)
        {
            return Err(StoreError::Taken("the reply key".into()));
        }
        self.set_record(Table::Keys, &key, fact)
    }

    /// A revoked key stays on record, so that it is known for what it was; false where it is not.
    pub fn revoke_key(&mut self, key: &ReplyKey) -> Result<bool, StoreError> {
        let place = key_of(key);
        let Some(fact) = record::<_, KeyFact>(self, Table::Keys, &place)? else { return Ok(false) };
        self.set_record(Table::Keys, &place, &KeyFact { revoked: true, ..fact })?;
        Ok(true)
    }
}
