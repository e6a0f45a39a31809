//! The data folder as it lies on the disk, looked at without changing anything: for `check`.
#![allow(clippy::disallowed_methods, reason = "the store owns the files of the data folder")]

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use redb::{Builder, DatabaseError, ReadOnlyDatabase, ReadableDatabase};

use super::{OpenError, Read, StoreError, StorePath, VERSION, migrate};

/// What can be said of a data folder from outside.
#[derive(Debug)]
pub struct FolderFacts {
    /// Whether the folder is there already; else it is made at the first start.
    pub exists: bool,
    /// The folder, or the nearest one above it that exists.
    pub place: PathBuf,
    /// Why we may not write there, if we may not.
    pub refused: Option<io::Error>,
    /// The user id of its owner, and ours.
    pub owner: u32,
    pub ours: u32,
    /// Its permissions, such as 0o700.
    pub mode: u32,
    /// Octets that are free for us.
    pub free: u64,
}

/// What a database is found to be while nobody has it open.
pub enum Peeked {
    /// There is none yet; a daemon makes it.
    None,
    /// Another process has it.
    InUse,
    /// It was not closed in order: it is repaired when it is next opened.
    Unclean,
    /// It can be read.
    Store(Box<Peek>),
}

/// A database opened for reading alone.
pub struct Peek {
    /// Its schema version; one that is older than [`VERSION`] is migrated at the start.
    pub version: u32,
    pub read: Read,
    // Closed when nobody reads any longer.
    _database: ReadOnlyDatabase,
}

impl StorePath {
    /// Looks at the folder.
    ///
    /// # Errors
    /// Where not even that is possible.
    pub fn look(&self) -> io::Result<FolderFacts> {
        let place = nearest(self.folder())?;
        let about = std::fs::metadata(&place)?;
        if !about.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is a file, not a folder"));
        }
        Ok(FolderFacts {
            exists: place == self.folder(),
            refused: rustix::fs::access(&place, rustix::fs::Access::WRITE_OK).err().map(io::Error::from),
            owner: about.uid(),
            ours: rustix::process::geteuid().as_raw(),
            mode: about.mode() & 0o7777,
            free: super::reserve::free(&place)?,
            place,
        })
    }

    /// The lock of a store that was begun here and that nobody has open; it is held until this is
    /// dropped. None where somebody has it, or where there is none.
    #[must_use]
    pub fn abandoned(&self) -> Option<File> {
        let file = File::open(self.lock()).ok()?;
        file.try_lock().ok()?;
        Some(file)
    }

    /// Looks into the database without writing to it, where no daemon has it open.
    ///
    /// # Errors
    /// [`OpenError::Newer`] where this Postdesk is too old for it, [`OpenError::Unfinished`] where a
    /// restore was cut off, else where it cannot be read.
    pub fn peek(&self) -> Result<Peeked, OpenError> {
        // Without our lock a database file is nobody's, for instance one just copied here.
        if let Ok(file) = File::open(self.lock()) {
            match file.try_lock_shared() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Peeked::InUse),
                Err(TryLockError::Error(source)) => {
                    return Err(OpenError::Folder { path: self.folder().to_owned(), source });
                }
            }
        }
        // After the lock, which a restore holds for as long as it goes on.
        self.refuse_unfinished()?;
        if !self.database().is_file() {
            return Ok(Peeked::None);
        }
        let database = match Builder::new().open_read_only(self.database()) {
            Ok(database) => database,
            Err(DatabaseError::DatabaseAlreadyOpen) => return Ok(Peeked::InUse),
            Err(DatabaseError::RepairAborted) => return Ok(Peeked::Unclean),
            Err(error) => return Err(OpenError::Database(error.into())),
        };
        let version = migrate::version(&database)?.unwrap_or_default();
        if version > VERSION {
            return Err(OpenError::Newer { found: version, known: VERSION });
        }
        let read = Read::new(database.begin_read().map_err(StoreError::from)?);
        Ok(Peeked::Store(Box::new(Peek { version, read, _database: database })))
    }
}

/// The path itself, or what of it exists.
fn nearest(path: &Path) -> io::Result<PathBuf> {
    let mut here = path;
    loop {
        match std::fs::symlink_metadata(here) {
            Ok(_) => return Ok(here.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        here = match here.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(io::Error::new(io::ErrorKind::NotFound, "no part of it exists")),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::secret::Random;
    use crate::store::{Look, Store};

    fn version(peeked: Peeked) -> Option<u32> {
        match peeked {
            Peeked::Store(peek) => Some(peek.version),
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_store_is_looked_into_only_while_nobody_has_it_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = StorePath::new(folder.path().join("a/b"));
        let facts = path.look().unwrap();
        assert!(!facts.exists && facts.place == folder.path() && facts.refused.is_none() && facts.free > 0);
        assert!(matches!(path.peek(), Ok(Peeked::None)));
        let store = Store::open(&path, &Random::seeded(1), &Clock::system()).unwrap();
        let id = store.read().unwrap().store_id().unwrap();
        assert!(matches!(path.peek(), Ok(Peeked::InUse)));
        store.close().await;
        let facts = path.look().unwrap();
        assert!(facts.exists && facts.mode == 0o700 && facts.owner == facts.ours);
        let Ok(Peeked::Store(peek)) = path.peek() else { panic!("it is not read") };
        assert_eq!((peek.version, peek.read.store_id().unwrap()), (VERSION, id));
        drop(peek);
        // Looking leaves no trace that is in a daemon's way.
        Store::open(&path, &Random::seeded(2), &Clock::system()).unwrap().close().await;
        assert_eq!(version(path.peek().unwrap()), Some(VERSION));
    }

    #[tokio::test]
    async fn a_newer_store_is_told_and_a_file_is_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = StorePath::new(folder.path());
        let source = super::super::open::Source::File(path.database());
        let way = migrate::Way { steps: &[], known: VERSION + 1, spare: 0 };
        drop(migrate::open_with(&source, &Random::seeded(1), way).unwrap());
        assert!(matches!(path.peek(), Err(OpenError::Newer { found, .. }) if found == VERSION + 1));
        assert!(StorePath::new(path.database()).look().is_err());
    }
}
