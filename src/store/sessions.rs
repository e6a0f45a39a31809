//! Sessions, links that work once, and the ids of forms that were sent.

use jiff::Timestamp;

use super::key::{Key, Order, Span};
use super::reach::{Reach, record, records};
use super::schema::Table;
use super::{StoreError, Write};
use crate::tracker::{AccountId, AccountLink, FormId, OutboxId, Session};

fn hash_key(hash: &[u8; 32]) -> Key {
    Key::new().octets(hash)
}

fn form_key(form: &FormId) -> Key {
    Key::new().octets(form.as_str().as_bytes())
}

pub(super) fn session<L: Reach + ?Sized>(look: &L, hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
    record(look, Table::Sessions, &hash_key(hash))
}

pub(super) fn link<L: Reach + ?Sized>(look: &L, hash: &[u8; 32]) -> Result<Option<AccountLink>, StoreError> {
    record(look, Table::AccountLinks, &hash_key(hash))
}

pub(super) fn form_used<L: Reach + ?Sized>(look: &L, form: &FormId) -> Result<bool, StoreError> {
    Ok(look.get(Table::Forms, form_key(form).as_slice())?.is_some())
}

/// How many rows one sweep drops, so that no transaction grows without bound.
const SWEEP: usize = 10_000;

impl Write<'_> {
    pub fn put_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.set_record(Table::Sessions, &hash_key(&session.token_hash), session)
    }

    /// Ends a session; false where there was none.
    pub fn drop_session(&mut self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        self.unset(Table::Sessions, &hash_key(hash))
    }

    /// Ends every session of an account, for a new password or a disabled account.
    pub fn drop_sessions_of(&mut self, account: AccountId) -> Result<usize, StoreError> {
        self.drop_sessions(|session| session.account == account)
    }

    /// Ends every session that was last seen before then; says how many.
    pub fn drop_sessions_before(&mut self, then: Timestamp) -> Result<usize, StoreError> {
        self.drop_sessions(|session| session.seen_at < then)
    }

    fn drop_sessions(&mut self, which: impl Fn(&Session) -> bool) -> Result<usize, StoreError> {
        let all: Vec<Session> = records(self, Table::Sessions, &Span::all(), Order::Up, usize::MAX)?;
        let mut dropped = 0;
        for session in all.iter().filter(|session| which(session)) {
            self.drop_session(&session.token_hash)?;
            dropped += 1;
        }
        Ok(dropped)
    }

    pub fn put_account_link(&mut self, link: &AccountLink) -> Result<(), StoreError> {
        self.set_record(Table::AccountLinks, &hash_key(&link.token_hash), link)
    }

    /// Drops every link of an account.
    pub fn drop_account_links_of(&mut self, account: AccountId) -> Result<(), StoreError> {
        self.drop_links(|link| link.account == account).map(drop)
    }

    /// Drops the link that a letter carried which is written anew.
    pub fn drop_account_links_in(&mut self, letter: OutboxId) -> Result<(), StoreError> {
        self.drop_links(|link| link.letter == Some(letter)).map(drop)
    }

    /// Drops the links that expired before then; says how many.
    pub fn drop_account_links_before(&mut self, then: Timestamp) -> Result<usize, StoreError> {
        self.drop_links(|link| link.expires_at < then)
    }

    fn drop_links(&mut self, which: impl Fn(&AccountLink) -> bool) -> Result<usize, StoreError> {
        let all: Vec<AccountLink> = records(self, Table::AccountLinks, &Span::all(), Order::Up, usize::MAX)?;
        let mut dropped = 0;
        for link in all.iter().filter(|link| which(link)) {
            self.unset(Table::AccountLinks, &hash_key(&link.token_hash))?;
            dropped += 1;
        }
        Ok(dropped)
    }

    /// Notes that a form was sent; false where it had been before, and nothing is written then.
    pub fn use_form(&mut self, form: &FormId, now: Timestamp) -> Result<bool, StoreError> {
        if form_used(self, form)? {
            return Ok(false);
        }
        self.set(Table::Forms, &form_key(form), Key::new().time(now).as_slice())?;
        self.mark(Table::FormsByTime, &Key::new().time(now).octets(form.as_str().as_bytes()))?;
        Ok(true)
    }

    /// Forgets forms that were sent before then, 10,000 at a time; says how many.
    pub fn drop_forms_before(&mut self, then: Timestamp) -> Result<usize, StoreError> {
        let old = Key::new().span_before(Key::new().time(then));
        let found = self.scan(Table::FormsByTime, &old, Order::Up, SWEEP)?;
        for (key, _) in &found {
            self.unset(Table::FormsByTime, &Key::new().octets(key))?;
            if let Some(form) = key.get(8..) {
                self.unset(Table::Forms, &Key::new().octets(form))?;
            }
        }
        Ok(found.len())
    }
}
