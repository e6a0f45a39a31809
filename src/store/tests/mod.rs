//! Tests of the store: a real database on a disk in memory that can fail, or in a folder.

mod bounces;
mod facts;
mod indexes;
mod lists;
mod nouns;
mod opening;
mod outbox;
mod raw;
mod records;
mod sample;
mod verify;
mod writer;

use jiff::Timestamp;
use tempfile::TempDir;

use super::{MemoryDisk, Store, StoreError, Write, WriteError};
use crate::clock::Clock;
use crate::secret::Random;

/// A store on a disk in memory, with a clock that stands still.
pub struct Bench {
    pub store: Store,
    pub disk: MemoryDisk,
    pub clock: Clock,
    _folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self::on(MemoryDisk::new())
    }

    pub fn on(disk: MemoryDisk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(at(1_000_000));
        let make = {
            let disk = disk.clone();
            move || disk.clone()
        };
        let store = Store::open_on(make, &folder.path().join("raw"), &Random::seeded(1), &clock).unwrap();
        Self { store, disk, clock, _folder: folder }
    }

    pub async fn write<T, F>(&self, job: F) -> T
    where
        F: FnMut(&mut Write<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.store.write(job).await.unwrap()
    }
}

/// So many seconds after the epoch.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub type Written<T> = Result<T, WriteError<StoreError>>;
