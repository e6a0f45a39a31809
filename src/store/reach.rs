//! The small primitives under [`super::Look`]: get one value, get a stretch of keys.

use super::StoreError;
use super::key::{Key, Order, Span, as_u32, as_u64};
use super::records::{self, Record};
use super::schema::Table;

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// What a snapshot and a write transaction have in common. Sealed: it cannot be named outside.
pub trait Reach {
    /// How many keys a table has; known without counting.
    #[doc(hidden)]
    fn len(&self, table: Table) -> Result<u64, StoreError>;

    #[doc(hidden)]
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// At most `limit` pairs of a stretch, from the end that `order` says.
    #[doc(hidden)]
    fn scan(&self, table: Table, span: &Span, order: Order, limit: usize) -> Result<Vec<Pair>, StoreError>;
}

/// The record under a key.
pub(super) fn record<L, R>(look: &L, table: Table, key: &Key) -> Result<Option<R>, StoreError>
where
    L: Reach + ?Sized,
    R: Record,
{
    look.get(table, key.as_slice())?.map(|octets| records::decode(table, &octets)).transpose()
}

/// The records of a stretch.
pub(super) fn records<L, R>(
    look: &L,
    table: Table,
    span: &Span,
    order: Order,
    limit: usize,
) -> Result<Vec<R>, StoreError>
where
    L: Reach + ?Sized,
    R: Record,
{
    look.scan(table, span, order, limit)?.iter().map(|(_, octets)| records::decode(table, octets)).collect()
}

/// The number under a key, where a value is four octets.
pub(super) fn number32<L: Reach + ?Sized>(
    look: &L,
    table: Table,
    key: &[u8],
) -> Result<Option<u32>, StoreError> {
    let read = |octets: Vec<u8>| as_u32(&octets).ok_or_else(|| records::malformed(table, "not four octets"));
    look.get(table, key)?.map(read).transpose()
}

/// The number under a key, where a value is eight octets.
pub(super) fn number64<L: Reach + ?Sized>(
    look: &L,
    table: Table,
    key: &[u8],
) -> Result<Option<u64>, StoreError> {
    let read = |octets: Vec<u8>| as_u64(&octets).ok_or_else(|| records::malformed(table, "not eight octets"));
    look.get(table, key)?.map(read).transpose()
}
