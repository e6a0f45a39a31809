//! Backups: the whole data folder in one file, and back.
//!
//! A backup is a tar archive in one zstd frame (RFC 8878) with its checksum. Its first entry says
//! what it is (`header.rs`), its last one has the BLAKE3 of every other (`sums.rs`), so that
//! `tar --zstd -xf` and `b3sum --check` read it without Postdesk. A seal behind it has the sum of
//! the file itself (`seal.rs`). Nothing is held in memory but names and sums.

mod error;
mod header;
mod pack;
mod restore;
mod seal;
mod sums;
mod target;
mod unpack;

pub use error::KeepError;
pub use header::Header;
pub use pack::{Packed, Source, pack};
pub use restore::{Restored, Restoring};
pub use target::{Target, file_name, prune};
pub use unpack::{Checked, verify};

/// Where the database stands in a backup.
const DATABASE: &str = "postdesk.redb";

/// Called now and then with how many octets are done, of how many where that is known.
pub type Progress<'a> = &'a mut dyn FnMut(u64, Option<u64>);

#[cfg(test)]
mod tests;
