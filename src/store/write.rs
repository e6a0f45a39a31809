//! A write transaction, as a job sees it. What can be written stands with its nouns, in
//! `tickets.rs`, `mailrows.rs` and their neighbours; here are the primitives.

use std::cell::{OnceCell, RefCell};

use jiff::Timestamp;
use redb::{ReadableTableMetadata, WriteTransaction};

use super::StoreError;
use super::key::{Key, Order, Span};
use super::reach::{Pair, Reach, number64};
use super::read::{pairs_of, value_of};
use super::records::{self, Record};
use super::schema::Table;

type Opened<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// A write transaction. It sees what was written in it, also by the jobs before in its group.
///
/// A job first decides by reading, and only then writes: one that says no after having written
/// costs its whole group a second run.
pub struct Write<'t> {
    transaction: &'t WriteTransaction,
    tables: Vec<OnceCell<Opened<'t>>>,
    now: Timestamp,
    /// Whether anyone in the group has written.
    wrote: bool,
    /// Whether the job that runs has written.
    part_wrote: bool,
    /// What the database answered to the job that runs, if it failed.
    failure: RefCell<Option<StoreError>>,
}

impl<'t> Write<'t> {
    pub(super) fn new(transaction: &'t WriteTransaction, now: Timestamp) -> Self {
        Self {
            transaction,
            tables: Table::ALL.iter().map(|_| OnceCell::new()).collect(),
            now,
            wrote: false,
            part_wrote: false,
            failure: RefCell::new(None),
        }
    }

    /// When the transaction began: the time of journal entries that no event gives one.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn begin_part(&mut self) {
        self.part_wrote = false;
        self.failure.replace(None);
    }

    pub(super) fn part_wrote(&self) -> bool {
        self.part_wrote
    }

    pub(super) fn wrote(&self) -> bool {
        self.wrote
    }

    pub(super) fn take_failure(&self) -> Option<StoreError> {
        self.failure.take()
    }

    fn noted<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.failure.replace(Some(error.clone()));
        }
        result
    }

    fn open(&self, table: Table) -> Result<Option<&Opened<'t>>, StoreError> {
        let Some(cell) = self.tables.get(table.index()) else { return Ok(None) };
        if cell.get().is_none() {
            let opened = self.transaction.open_table(table.definition())?;
            // Nobody else fills the cell: `Write` is not shared between threads.
            let _ = cell.set(opened);
        }
        Ok(cell.get())
    }

    fn open_mut(&mut self, table: Table) -> Result<Option<&mut Opened<'t>>, StoreError> {
        self.open(table)?;
        Ok(self.tables.get_mut(table.index()).and_then(OnceCell::get_mut))
    }

    /// Puts a value in the place of whatever was there.
    pub(super) fn set(&mut self, table: Table, key: &Key, value: &[u8]) -> Result<(), StoreError> {
        self.wrote = true;
        self.part_wrote = true;
        let done = self.try_set(table, key, value);
        self.noted(done)
    }

    fn try_set(&mut self, table: Table, key: &Key, value: &[u8]) -> Result<(), StoreError> {
        if let Some(opened) = self.open_mut(table)? {
            opened.insert(key.as_slice(), value)?;
        }
        Ok(())
    }

    /// Takes a key away; says whether it was there.
    pub(super) fn unset(&mut self, table: Table, key: &Key) -> Result<bool, StoreError> {
        self.wrote = true;
        self.part_wrote = true;
        let done = self.try_unset(table, key);
        self.noted(done)
    }

    fn try_unset(&mut self, table: Table, key: &Key) -> Result<bool, StoreError> {
        match self.open_mut(table)? {
            Some(opened) => Ok(opened.remove(key.as_slice())?.is_some()),
            None => Ok(false),
        }
    }

    /// An index entry: a key without a value.
    pub(super) fn mark(&mut self, table: Table, key: &Key) -> Result<(), StoreError> {
        self.set(table, key, &[])
    }

    pub(super) fn set_record<R: Record>(
        &mut self,
        table: Table,
        key: &Key,
        record: &R,
    ) -> Result<(), StoreError> {
        self.set(table, key, &records::encode(record))
    }

    /// Moves an index entry from where the old record had it to where the new one has it.
    pub(super) fn move_mark(
        &mut self,
        table: Table,
        old: Option<Key>,
        new: Option<Key>,
    ) -> Result<(), StoreError> {
        if old == new {
            return Ok(());
        }
        if let Some(old) = old {
            self.unset(table, &old)?;
        }
        if let Some(new) = new {
            self.mark(table, &new)?;
        }
        Ok(())
    }

    /// Counts a number of [`Table::Meta`] on, and returns it.
    pub(super) fn next_number(&mut self, word: &[u8]) -> Result<u64, StoreError> {
        let next = number64(self, Table::Meta, word)?.unwrap_or(0) + 1;
        self.set(Table::Meta, &Key::new().octets(word), &next.to_be_bytes())?;
        Ok(next)
    }
}

impl Reach for Write<'_> {
    fn len(&self, table: Table) -> Result<u64, StoreError> {
        let found = self.open(table).and_then(|opened| Ok(opened.map_or(Ok(0), ReadableTableMetadata::len)?));
        self.noted(found)
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.open(table).and_then(|opened| match opened {
            Some(opened) => value_of(opened, key),
            None => Ok(None),
        });
        self.noted(found)
    }

    fn scan(&self, table: Table, span: &Span, order: Order, limit: usize) -> Result<Vec<Pair>, StoreError> {
        let found = self.open(table).and_then(|opened| match opened {
            Some(opened) => pairs_of(opened, span, order, limit),
            None => Ok(Vec::new()),
        });
        self.noted(found)
    }
}
