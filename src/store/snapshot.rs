//! A snapshot on the disk: a copy of the database as it was between two commits, and raw files that
//! nobody removes while it lives. For backups and for `verify`.
//!
//! Copying the file of a running daemon in any other way gives copies that open and are corrupt.
#![allow(clippy::disallowed_methods, reason = "the store owns the files of the data folder")]

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use redb::{Builder, Database, ReadableDatabase};
use thiserror::Error;
use tokio::sync::oneshot;

use super::copy::{CopyError, copy};
use super::open::lock;
use super::raw::Hold;
use super::writer::Message;
use super::{Look, OpenError, Read, Store, StoreError, StorePath, VERSION, migrate};
use crate::tracker::{Seq, StoreId};

/// Why there is no snapshot. The sentences are for the operator.
#[derive(Debug, Error)]
pub enum SnapshotError {
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{} cannot be made: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("there is no database at {}", .0.display())]
    NoStore(PathBuf),
    /// A store that does not lie in a file, as in a simulation.
    #[error("this store lies in no file")]
    NoFile,
}

/// A copy of the database, removed when this is dropped. Until then no raw file is removed.
#[derive(Debug)]
pub struct Snapshot {
    path: PathBuf,
    _kept: Kept,
}

/// What keeps the raw files where they are.
#[derive(Debug)]
enum Kept {
    /// The daemon's promise.
    ByHold { _hold: Hold },
    /// Nobody else may open the folder.
    ByLock { _lock: File },
}

/// What a copied database says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyFacts {
    pub store: StoreId,
    pub version: u32,
    /// The last journal number.
    pub last: Seq,
}

impl Snapshot {
    /// Where the copy lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        // Only where no other snapshot lies beside it.
        let _ = self.path.parent().map(std::fs::remove_dir);
    }
}

impl StorePath {
    fn snapshots(&self) -> PathBuf {
        self.folder().join("snapshot")
    }

    /// Takes away what an earlier run left, which only its owner's lock allows.
    pub(super) fn drop_snapshots(&self) {
        let _ = std::fs::remove_dir_all(self.snapshots());
    }

    /// A name for a new copy, in a folder that is there.
    fn new_snapshot(&self) -> Result<PathBuf, SnapshotError> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let folder = self.snapshots();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|source| SnapshotError::Folder { path: folder.clone(), source })?;
        Ok(folder.join(format!("{}.redb", LAST.fetch_add(1, Ordering::Relaxed))))
    }

    /// A snapshot of a store that no daemon has open, and that none can open while it lives.
    ///
    /// # Errors
    /// [`OpenError::InUse`] where a daemon runs; where there is no database, or no room for a copy.
    pub fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        if !self.database().is_file() {
            return Err(SnapshotError::NoStore(self.database()));
        }
        let lock = lock(self)?;
        self.drop_snapshots();
        let path = self.new_snapshot()?;
        copy(&self.database(), &path)?;
        Ok(Snapshot { path, _kept: Kept::ByLock { _lock: lock } })
    }
}

impl Store {
    /// A snapshot beside the running daemon. The writer pauses for the copy, between two commits.
    ///
    /// # Errors
    /// Where the store cannot be written at present, or there is no room for a copy.
    pub async fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        let path = self.folder().ok_or(SnapshotError::NoFile)?.new_snapshot()?;
        // First: what a sweep removes later is not named by the copy.
        let hold = self.raw().hold();
        let (reply, answer) = oneshot::channel();
        let closed = || SnapshotError::Store(StoreError::Closed);
        self.send(Message::Copy(path.clone(), reply)).map_err(|_| closed())?;
        let snapshot = Snapshot { path, _kept: Kept::ByHold { _hold: hold } };
        answer.await.map_err(|_| closed())??;
        Ok(snapshot)
    }
}

/// Opens a copy, which repairs what the copying left open, reads who it is, and closes it in order.
///
/// # Errors
/// [`OpenError::Newer`] where it was written by a newer Postdesk; where it is no database.
pub fn look_at_copy(path: &Path) -> Result<CopyFacts, OpenError> {
    let database = open_copy(path)?;
    let version = migrate::version(&database)?.unwrap_or_default();
    if version > VERSION {
        return Err(OpenError::Newer { found: version, known: VERSION });
    }
    let read = Read::new(database.begin_read().map_err(StoreError::from)?);
    Ok(CopyFacts { store: read.store_id()?, version, last: read.last_seq()? })
}

/// A copy is opened with a small cache: it is read once.
pub(super) fn open_copy(path: &Path) -> Result<Database, StoreError> {
    let mut builder = Builder::new();
    builder.set_cache_size(16 * 1024 * 1024);
    Ok(builder.open(path)?)
}
