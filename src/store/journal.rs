//! The journal: what happened, in the order of its numbers.

use jiff::Timestamp;

use super::key::{Key, Order};
use super::reach::{Reach, records};
use super::schema::{Table, meta};
use super::{StoreError, Write, site};
use crate::tracker::{JournalEntry, Seq, Subject};

pub(super) fn after<L: Reach + ?Sized>(
    look: &L,
    after: Seq,
    limit: usize,
) -> Result<Vec<JournalEntry>, StoreError> {
    records(look, Table::Journal, &Key::new().span_after(Key::new().u64(after.0)), Order::Up, limit)
}

pub(super) fn last<L: Reach + ?Sized>(look: &L) -> Result<Seq, StoreError> {
    site::last(look, meta::LAST_SEQ).map(Seq)
}

impl Write<'_> {
    pub(super) fn journal(&mut self, at: Timestamp, subject: Subject) -> Result<Seq, StoreError> {
        let seq = Seq(self.next_number(meta::LAST_SEQ)?);
        let entry = JournalEntry { seq, at, subject };
        self.set_record(Table::Journal, &Key::new().u64(seq.0), &entry)?;
        Ok(seq)
    }

    /// For what has no time of its own.
    pub(super) fn journal_now(&mut self, subject: Subject) -> Result<Seq, StoreError> {
        self.journal(self.now(), subject)
    }
}
