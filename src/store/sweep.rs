//! Removes files of the raw store that nothing names.
//!
//! Most files are named, so they are looked through beside the writer. What seems to be idle goes
//! to the writer, which looks again: while it does so no commit can begin to name a file, and a
//! put renews the file's time first.

use std::time::Duration;

use super::key::{Key, Order};
use super::open::Shared;
use super::raw::RawFile;
use super::reach::Reach;
use super::schema::Table;
use super::writer::{SweepError, snapshot};
use super::{Read, StoreError};
use crate::tracker::RawHash;

/// How many files are handed to the writer at once, so that nobody waits long behind them.
pub(super) const BATCH: usize = 200;

/// How many files there are, and those that are old and that nothing names.
pub(super) fn look(shared: &Shared) -> Result<(u64, Vec<RawFile>), SweepError> {
    let (mut seen, mut idle) = (0, Vec::new());
    for folder in shared.raw().folders()? {
        let files = shared.raw().files(&folder)?;
        seen += files.len() as u64;
        // A snapshot for each of the 256 folders, so that none is held for long.
        let read = Read::new(snapshot(shared)?);
        for file in files {
            if !is_named(&read, &file.hash)? && shared.raw().is_old(&file)? {
                idle.push(file);
            }
        }
    }
    Ok((seen, idle))
}

/// Removes those of the files that are still idle; for the writer alone.
pub(super) fn remove(shared: &Shared, files: &[RawFile]) -> Result<u64, SweepError> {
    let read = Read::new(snapshot(shared)?);
    let mut removed = 0;
    for file in files {
        if !is_named(&read, &file.hash)? && shared.raw().remove_old(file)? {
            tracing::debug!(hash = %file.hash, "removed a file of the raw store that nothing names");
            removed += 1;
        }
    }
    Ok(removed)
}

/// No commit that is about to name a file takes as long as this after the file was put.
const SETTLED: Duration = Duration::from_mins(10);

/// Removes files that were erased, for the writer alone. Those that cannot go yet are given back: too
/// young, or held by a backup. One that something else names stays, and is done with.
pub(super) fn forget(shared: &Shared, hashes: &[RawHash]) -> Result<Vec<RawHash>, SweepError> {
    let read = Read::new(snapshot(shared)?);
    let mut left = Vec::new();
    for hash in hashes {
        let done = is_named(&read, hash)?
            || !shared.raw().exists(hash)
            || shared.raw().remove_older(&shared.raw().file(hash), SETTLED)?;
        if !done {
            left.push(*hash);
        }
    }
    Ok(left)
}

fn is_named(read: &Read, hash: &RawHash) -> Result<bool, StoreError> {
    let named = Key::new().octets(&hash.0).span();
    for table in [Table::MailByRaw, Table::RawUses] {
        if !read.scan(table, &named, Order::Up, 1)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
