//! The store: one redb file and a folder of raw mails.
//!
//! [`Store::read`] takes a snapshot, [`Store::write`] hands a job to the one writer; both show the
//! same questions through [`Look`]. Nothing is awaited inside a transaction. Records are the
//! store's own types (`records/`), mapped to and from the ground's, so that what lies on the disk
//! changes only on purpose.
//!
//! Each noun has a file: how it is read, how it is written, and every index entry that follows
//! from it, computed from the record alone. A put takes away the entries that the old record had
//! and the new one has not, so that indexes and counters cannot drift from the records.

mod accounts;
mod aside;
mod backend;
mod bounces;
mod compact;
mod copy;
mod counts;
mod erasures;
mod error;
mod events;
mod facts;
mod folder;
mod files;
mod journal;
mod keeping;
mod key;
mod keys;
mod lists;
mod look;
mod mailrows;
mod memory;
mod memory_files;
mod migrate;
mod open;
mod outbox;
mod projects;
mod raw;
mod reach;
mod read;
mod records;
mod reserve;
mod schema;
mod sessions;
mod site;
mod sizes;
mod snapshot;
mod sweep;
mod tickets;
mod verify;
mod walk;
mod write;
mod writer;

pub use aside::aside;
pub use compact::Compacted;
pub use copy::CopyError;
pub use error::{OpenError, RawError, StoreError, WriteError};
pub use folder::{FolderFacts, Peek, Peeked};
pub use lists::{MOST_SCANNED, Page};
pub use look::Look;
pub use memory::MemoryDisk;
pub use memory_files::MemoryFiles;
pub use open::{FolderLock, Store, StorePath};
pub use raw::{MAX_RAW, RawStore, Swept};
pub use read::Read;
pub use reserve::Reserve;
pub use schema::VERSION;
pub use sizes::Sizes;
pub use snapshot::{CopyFacts, Snapshot, SnapshotError, look_at_copy};
pub use verify::{Report, verify, whole};
pub use walk::{CopiedStore, is_from, raw_octets};
pub use write::Write;
pub use writer::{Steps, SweepError};

#[cfg(test)]
mod tests;
