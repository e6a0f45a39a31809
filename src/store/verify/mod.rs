//! Looking through a store: the database's own sums, every record, every index entry and counter
//! against the records that they follow from, and what names what, in both directions.
//!
//! It works on a copy that nobody writes (a [`super::Snapshot`] or a backup's), so it may take its
//! time and holds nothing up.

mod nouns;
mod tally;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::ReadableDatabase;

use super::files::SystemFiles;
use super::raw::{RawStore, read_whole};
use super::snapshot::open_copy;
use super::{OpenError, RawError, Read, StoreError, VERSION, migrate};
use crate::tracker::RawHash;
#[cfg(test)]
pub(super) use nouns::INDEXES;
use tally::Tally;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The file itself is no whole database, and why: nothing else was looked at then.
    pub broken: Option<String>,
    /// What is not as it should be, a sentence each; the first of each kind.
    pub findings: Vec<String>,
    /// How many findings there are in all.
    pub found: u64,
    /// How many records were looked at.
    pub records: u64,
    /// How many raw files are named.
    pub raw: u64,
}

impl Report {
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.broken.is_none() && self.found == 0
    }
}

/// Looks through a copied database; `has_raw` says whether a raw file is there, and whole where the
/// caller wants to know that; `tick` is told how many records were looked at so far.
///
/// # Errors
/// Where the disk fails. What is wrong with the data stands in the report.
pub fn verify(
    database: &Path,
    has_raw: &mut dyn FnMut(&RawHash) -> bool,
    tick: &mut dyn FnMut(u64),
) -> Result<Report, StoreError> {
    // The database's own code may give up loudly on octets that were changed from outside.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let mut database = open_copy(database)?;
        let whole = database.check_integrity()?;
        Ok::<_, StoreError>((database, whole))
    }));
    let (database, whole) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) if error.is_temporary() => return Err(error),
        Ok(Err(error)) => return Ok(broken(&error.reason())),
        Err(_) => return Ok(broken("the database cannot be read")),
    };
    if !whole {
        return Ok(broken("its own checksums do not agree"));
    }
    match migrate::version(&database)? {
        Some(VERSION) => {}
        // Its records are looked at when it has been migrated.
        Some(older) if older < VERSION => return Ok(Report::default()),
        found => {
            let known = VERSION;
            let found = found.unwrap_or_default();
            return Ok(broken(&OpenError::Newer { found, known }.to_string()));
        }
    }
    let read = Read::new(database.begin_read()?);
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let mut tally = Tally::new(&read, tick);
        nouns::all(&mut tally, has_raw)?;
        Ok::<_, StoreError>(tally.report)
    }));
    match looked {
        Ok(report) => report,
        Err(_) => Ok(broken("a page of the database cannot be read")),
    }
}

fn broken(why: &str) -> Report {
    Report { broken: Some(why.to_owned()), found: 1, ..Report::default() }
}

/// Whether a raw file is there and has the contents that its name says; nothing else in the folder
/// is touched.
///
/// # Errors
/// [`RawError::Missing`], [`RawError::Damaged`], or what the disk says.
pub fn whole(raw: &Path, hash: &RawHash) -> Result<(), RawError> {
    read_whole(&SystemFiles, &RawStore::place(raw, hash), hash).map(drop)
}
