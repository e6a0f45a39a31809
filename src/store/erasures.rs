//! Erasures under way, what they have yet to remove, and forgetting what is kept by address.

use super::key::{Key, Order, Span, last_u64};
use super::reach::{Reach, record, records};
use super::records;
use super::schema::{Table, meta};
use super::site::MOST_COUNTED;
use super::{StoreError, Write};
use crate::mail::Address;
use crate::tracker::{Erasure, ErasureId, Leftover, Subject, TicketId};

fn key(id: ErasureId) -> Key {
    Key::new().u64(id.0)
}

pub(super) fn all<L: Reach + ?Sized>(look: &L) -> Result<Vec<Erasure>, StoreError> {
    records(look, Table::Erasures, &Span::all(), Order::Up, usize::MAX)
}

pub(super) fn get<L: Reach + ?Sized>(look: &L, id: ErasureId) -> Result<Option<Erasure>, StoreError> {
    record(look, Table::Erasures, &key(id))
}

/// What an erasure has yet to remove, each with its place.
pub(super) fn leftovers<L: Reach + ?Sized>(
    look: &L,
    id: ErasureId,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, Leftover)>, StoreError> {
    let span = key(id).span_after(key(id).u64(after));
    look.scan(Table::Leftovers, &span, Order::Up, limit)?
        .iter()
        .map(|(key, value)| Ok((last_u64(key), records::decode(Table::Leftovers, value)?)))
        .collect()
}

/// Stands in the place of a suppressed address that was erased: whoever has the address can tell
/// that it is meant, and nobody can tell the address from it alone.
pub(super) fn hashed<L: Reach + ?Sized>(look: &L, address: &Address) -> Result<Key, StoreError> {
    let store = super::site::store_id(look)?;
    let hash = blake3::Hasher::new()
        .update(b"postdesk suppression")
        .update(&store.0)
        .update(address.folded().as_bytes())
        .finalize();
    Ok(Key::new().text(&format!("erased:{}", hash.to_hex())))
}

impl Write<'_> {
    /// Begins an erasure under an id of its own; the one in `erasure` is not looked at.
    pub fn add_erasure(&mut self, erasure: &Erasure) -> Result<ErasureId, StoreError> {
        let id = ErasureId(self.next_number(meta::LAST_ERASURE)?);
        self.put_erasure(&Erasure { id, ..erasure.clone() })?;
        self.journal_now(Subject::Site)?;
        Ok(id)
    }

    pub fn put_erasure(&mut self, erasure: &Erasure) -> Result<(), StoreError> {
        self.set_record(Table::Erasures, &key(erasure.id), erasure)
    }

    /// Ends an erasure that has nothing left to remove.
    pub fn end_erasure(&mut self, id: ErasureId) -> Result<(), StoreError> {
        self.unset(Table::Erasures, &key(id))?;
        self.journal_now(Subject::Site).map(drop)
    }

    pub fn add_leftover(&mut self, id: ErasureId, leftover: &Leftover) -> Result<(), StoreError> {
        let last = self.scan(Table::Leftovers, &key(id).span(), Order::Down, 1)?;
        let place = last.first().map_or(0, |(key, _)| last_u64(key)) + 1;
        self.set_record(Table::Leftovers, &key(id).u64(place), leftover)
    }

    pub fn drop_leftover(&mut self, id: ErasureId, place: u64) -> Result<(), StoreError> {
        self.unset(Table::Leftovers, &key(id).u64(place)).map(drop)
    }

    /// Forgets a ticket's thread: no Message-ID leads to it any more.
    pub fn forget_thread(&mut self, ticket: TicketId) -> Result<(), StoreError> {
        let of = Key::new().u64(ticket.0);
        for (key, value) in self.scan(Table::Threads, &of.span(), Order::Up, usize::MAX)? {
            if let Some((_, id)) = value.split_first() {
                let id = String::from_utf8_lossy(id).into_owned();
                self.unset(Table::MailIds, &Key::new().text(&id).u64(ticket.0))?;
            }
            self.unset(Table::Threads, &Key::new().octets(&key))?;
        }
        Ok(())
    }

    /// Forgets what is kept by an address: letters that came back, the pause that followed,
    /// confirmations that count for budgets. That the person wishes for no mail at all stays known by
    /// a hash. Says whether it does.
    pub fn forget_address(&mut self, address: &Address) -> Result<bool, StoreError> {
        let of = Key::new().text(address.folded());
        for table in [Table::Bounced, Table::Paused, Table::Confirmations] {
            loop {
                let entries = self.scan(table, &of.span(), Order::Up, MOST_COUNTED)?;
                if entries.is_empty() {
                    break;
                }
                for (key, _) in entries {
                    self.unset(table, &Key::new().octets(&key))?;
                }
            }
        }
        let hashed = hashed(self, address)?;
        if let Some(since) = self.get(Table::Suppressed, of.as_slice())? {
            self.unset(Table::Suppressed, &of)?;
            self.set(Table::Suppressed, &hashed, &since)?;
        }
        Ok(self.get(Table::Suppressed, hashed.as_slice())?.is_some())
    }
}
