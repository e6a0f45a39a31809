//! Making the database file smaller: pages that are free are given back to the disk.

use redb::Builder;

use super::migrate;
use super::open::lock;
use super::{OpenError, StoreError, StorePath, VERSION};

/// Sizes of the database file in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    pub before: u64,
    pub after: u64,
}

impl StorePath {
    /// Compacts the database, which no daemon may have open meanwhile. A crash in the middle loses
    /// nothing.
    ///
    /// # Errors
    /// [`OpenError::InUse`] where a daemon runs; where there is no database, or the disk fails.
    pub fn compact(&self) -> Result<Compacted, OpenError> {
        let size = || self.database().metadata().map(|about| about.len());
        let failed = |source| OpenError::Folder { path: self.database(), source };
        let before = size().map_err(failed)?;
        let _lock = lock(self)?;
        let mut database = Builder::new().open(self.database()).map_err(StoreError::from)?;
        let found = migrate::version(&database)?.unwrap_or_default();
        if found > VERSION {
            return Err(OpenError::Newer { found, known: VERSION });
        }
        // Each round frees pages that the next one can move into.
        while database.compact().map_err(StoreError::from)? {}
        drop(database);
        Ok(Compacted { before, after: size().map_err(failed)? })
    }
}
