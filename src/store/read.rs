//! A snapshot of the store.

use std::cell::OnceCell;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, TableError};

use super::StoreError;
use super::key::{Order, Span};
use super::reach::{Pair, Reach};
use super::schema::Table;

type Opened = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// A snapshot: it shows the store as it was when it was taken, whatever is written meanwhile.
///
/// Take one for one request or one step and drop it. Pages that a snapshot can see are not used
/// again, so one that is held during 1,000 commits lets the file grow by half a gigabyte
/// (measured), and the file does not shrink. Never keep one across an await that waits for the
/// world, and never in a struct that lives on.
pub struct Read {
    transaction: ReadTransaction,
    /// Opened at first use; `None` inside where the file has no such table yet.
    tables: Vec<OnceCell<Option<Opened>>>,
}

impl Read {
    pub(super) fn new(transaction: ReadTransaction) -> Self {
        Self { transaction, tables: Table::ALL.iter().map(|_| OnceCell::new()).collect() }
    }

    fn table(&self, table: Table) -> Result<Option<&Opened>, StoreError> {
        let Some(cell) = self.tables.get(table.index()) else { return Ok(None) };
        if let Some(opened) = cell.get() {
            return Ok(opened.as_ref());
        }
        let opened = match self.transaction.open_table(table.definition()) {
            Ok(opened) => Some(opened),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(cell.get_or_init(|| opened).as_ref())
    }
}

impl Reach for Read {
    fn len(&self, table: Table) -> Result<u64, StoreError> {
        Ok(self.table(table)?.map_or(Ok(0), ReadableTableMetadata::len)?)
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.table(table)? {
            Some(opened) => value_of(opened, key),
            None => Ok(None),
        }
    }

    fn scan(&self, table: Table, span: &Span, order: Order, limit: usize) -> Result<Vec<Pair>, StoreError> {
        match self.table(table)? {
            Some(opened) => pairs_of(opened, span, order, limit),
            None => Ok(Vec::new()),
        }
    }
}

pub(super) fn value_of<T>(table: &T, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>
where
    T: ReadableTable<&'static [u8], &'static [u8]>,
{
    Ok(table.get(key)?.map(|value| value.value().to_vec()))
}

pub(super) fn pairs_of<T>(table: &T, span: &Span, order: Order, limit: usize) -> Result<Vec<Pair>, StoreError>
where
    T: ReadableTable<&'static [u8], &'static [u8]>,
{
    if span.is_empty() {
        return Ok(Vec::new());
    }
    let mut range = table.range::<&[u8]>(span.bounds())?;
    let mut pairs = Vec::new();
    while pairs.len() < limit {
        let next = match order {
            Order::Up => range.next(),
            Order::Down => range.next_back(),
        };
        let Some(next) = next else { break };
        let (key, value) = next?;
        pairs.push((key.value().to_vec(), value.value().to_vec()));
    }
    Ok(pairs)
}
