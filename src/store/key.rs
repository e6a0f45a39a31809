//! Keys of tables: octets whose order is the order of what they stand for.
//!
//! Numbers are big-endian, signed ones with their sign turned; texts in front of other parts carry
//! their length, so that no text can reach into the next part.

use std::ops::Bound;

use jiff::Timestamp;

/// A key being built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Key(Vec<u8>);

impl Key {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub fn i64(self, value: i64) -> Self {
        self.u64(value.cast_unsigned() ^ (1 << 63))
    }

    /// To the millisecond.
    pub fn time(self, value: Timestamp) -> Self {
        self.i64(value.as_millisecond())
    }

    pub fn octets(mut self, value: &[u8]) -> Self {
        self.0.extend(value);
        self
    }

    /// A text with its length in front; only for looking up the very same text.
    pub fn text(mut self, value: &str) -> Self {
        self.0.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.extend(value.as_bytes());
        self
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Every key that begins with this one.
    pub fn span(&self) -> Span {
        Span { from: Bound::Included(self.0.clone()), to: after_all(&self.0) }
    }

    /// Every key that begins with this one and comes after `mark`.
    pub fn span_after(&self, mark: Self) -> Span {
        Span { from: Bound::Excluded(mark.0), to: after_all(&self.0) }
    }

    /// Every key that begins with this one and is `mark` or comes after it.
    pub fn span_from(&self, mark: Self) -> Span {
        Span { from: Bound::Included(mark.0), to: after_all(&self.0) }
    }

    /// Every key that begins with this one and comes before `mark`.
    pub fn span_before(&self, mark: Self) -> Span {
        Span { from: Bound::Included(self.0.clone()), to: Bound::Excluded(mark.0) }
    }
}

/// A stretch of a table.
#[derive(Clone, Debug)]
pub struct Span {
    pub from: Bound<Vec<u8>>,
    pub to: Bound<Vec<u8>>,
}

impl Span {
    pub fn all() -> Self {
        Self { from: Bound::Unbounded, to: Bound::Unbounded }
    }

    /// The rest of the stretch after a key, going up or down.
    pub fn resume(self, order: Order, last: Vec<u8>) -> Self {
        match order {
            Order::Up => Self { from: Bound::Excluded(last), to: self.to },
            Order::Down => Self { from: self.from, to: Bound::Excluded(last) },
        }
    }

    pub fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.from.as_ref().map(Vec::as_slice), self.to.as_ref().map(Vec::as_slice))
    }

    /// redb takes a range whose ends cross for a fault; such a stretch is empty.
    pub fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to))
            | (Bound::Excluded(from), Bound::Included(to)) => from >= to,
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        }
    }
}

/// Which end of a stretch comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Up,
    Down,
}

/// The bound right after every key with this prefix.
fn after_all(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

/// The last eight octets of a key, which many end with, as a number.
pub(super) fn last_u64(key: &[u8]) -> u64 {
    key.last_chunk().map_or(0, |octets| u64::from_be_bytes(*octets))
}

/// A value or key of exactly eight octets.
pub(super) fn as_u64(octets: &[u8]) -> Option<u64> {
    octets.try_into().ok().map(u64::from_be_bytes)
}

/// A value or key of exactly four octets.
pub(super) fn as_u32(octets: &[u8]) -> Option<u32> {
    octets.try_into().ok().map(u32::from_be_bytes)
}

/// What [`Key::i64`] wrote.
pub(super) fn as_i64(octets: &[u8]) -> Option<i64> {
    as_u64(octets).map(|value| (value ^ (1 << 63)).cast_signed())
}
