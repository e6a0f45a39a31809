//! Going through everything on record, some at a time: for what leaves the desk as a whole, or has
//! to be looked for everywhere.

use std::path::Path;

use redb::{Database, ReadableDatabase};

use super::files::SystemFiles;
use super::key::{Key, Order};
use super::raw::{RawStore, read_whole};
use super::reach::{Reach, records};
use super::schema::Table;
use super::snapshot::open_copy;
use super::{RawError, Read, StoreError};
use crate::mail::Address;
use crate::tracker::{MailRowId, OutboxId, OutboxRow, RawHash, Ticket, TicketId};
use crate::triage::MailRow;

/// A copied database, opened for reading.
pub struct CopiedStore {
    read: Read,
    // Closed when nobody reads any longer.
    _database: Database,
}

impl CopiedStore {
    /// Opens the copy that a [`super::Snapshot`] made.
    ///
    /// # Errors
    /// Where it is no database.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let database = open_copy(path)?;
        Ok(Self { read: Read::new(database.begin_read()?), _database: database })
    }

    #[must_use]
    pub fn read(&self) -> &Read {
        &self.read
    }
}

/// The octets of a raw file of a store that this process has not opened; `folder` is
/// [`super::StorePath::raw`].
///
/// # Errors
/// [`RawError::Missing`], [`RawError::Damaged`], or what the disk says.
pub fn raw_octets(folder: &Path, hash: &RawHash) -> Result<Vec<u8>, RawError> {
    read_whole(&SystemFiles, &RawStore::place(folder, hash), hash)
}

fn after(id: u64) -> super::key::Span {
    Key::new().span_after(Key::new().u64(id))
}

pub(super) fn tickets<L: Reach + ?Sized>(
    look: &L,
    last: TicketId,
    limit: usize,
) -> Result<Vec<Ticket>, StoreError> {
    records(look, Table::Tickets, &after(last.0), Order::Up, limit)
}

pub(super) fn mail_rows<L: Reach + ?Sized>(
    look: &L,
    last: MailRowId,
    limit: usize,
) -> Result<Vec<MailRow>, StoreError> {
    records(look, Table::MailRows, &after(last.0), Order::Up, limit)
}

pub(super) fn letters<L: Reach + ?Sized>(
    look: &L,
    last: OutboxId,
    limit: usize,
) -> Result<Vec<OutboxRow>, StoreError> {
    records(look, Table::Outbox, &after(last.0), Order::Up, limit)
}

/// Whether a mail came from this address, or from a form that somebody there filled in.
#[must_use]
pub fn is_from(row: &MailRow, address: &Address) -> bool {
    [&row.from, &row.requester].into_iter().flatten().any(|who| address.is(who))
}
