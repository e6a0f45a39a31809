//! What can go wrong at the store, typed per operation.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::reserve::is_full;

/// Why the store gave no answer, or did not write. Cheap to clone: one failed commit answers many.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The disk refused. Nothing is written until the database is open again, which the store
    /// tries by itself. What was asked for may have become durable all the same: whoever asks
    /// again must be able to meet its own traces.
    #[error("the store cannot be written at present: {0}")]
    Unwritable(Arc<str>),
    /// The store was closed, or its writer is gone.
    #[error("the store is closed")]
    Closed,
    #[error("the database failed")]
    Database(#[source] Arc<redb::Error>),
    /// A record that this version cannot read.
    #[error("a record of the table `{table}` cannot be read: {why}")]
    Malformed { table: &'static str, why: Arc<str> },
    /// Something that has to be the only one of its kind exists already.
    #[error("{0} is taken already")]
    Taken(Arc<str>),
    /// A record was to be replaced that does not exist.
    #[error("there is no record {key} in the table `{table}` to replace")]
    Missing { table: &'static str, key: Arc<str> },
    /// The job panicked; the log has the place.
    #[error("a write panicked: {0}")]
    Panicked(Arc<str>),
}

impl StoreError {
    /// Whether the disk is the reason, so that the same may work later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unwritable(_) | Self::Closed)
    }

    /// Whether the database has to be reopened before it can be written again.
    pub(super) fn needs_reopening(&self) -> bool {
        match self {
            Self::Unwritable(_) => true,
            Self::Database(error) => matches!(
                **error,
                redb::Error::Io(_)
                    | redb::Error::PreviousIo
                    | redb::Error::DatabaseClosed
                    | redb::Error::LockPoisoned(_)
            ),
            _ => false,
        }
    }

    /// Whether the disk is full, where redb says so; later it only says that it failed before.
    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Database(error) if matches!(&**error, redb::Error::Io(io) if is_full(io)))
    }

    /// What callers hear of a failed transaction: a disk that refuses is one thing to them,
    /// however redb names it.
    pub(super) fn as_unwritable(&self) -> Self {
        match self {
            Self::Database(_) => Self::Unwritable(self.reason()),
            other => other.clone(),
        }
    }

    /// What lies behind it, without the store's own words around it.
    pub(super) fn reason(&self) -> Arc<str> {
        match self {
            Self::Unwritable(why) => why.clone(),
            Self::Database(error) => error.to_string().into(),
            other => other.to_string().into(),
        }
    }
}

macro_rules! from_redb {
    ($($error:ty),+) => {
        $(impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::Database(Arc::new(error.into()))
            }
        })+
    };
}

from_redb!(
    redb::Error,
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::DatabaseError,
    redb::CompactionError
);

/// Why a write did not happen.
#[derive(Clone, Debug, Error)]
pub enum WriteError<E> {
    /// The job itself said no. Nothing of it was written.
    #[error("refused")]
    Refused(E),
    #[error(transparent)]
    Store(StoreError),
}

impl<E: From<StoreError>> WriteError<E> {
    /// The job's own error, for those whose errors have a place for the store's.
    pub fn flatten(self) -> E {
        match self {
            Self::Refused(error) => error,
            Self::Store(error) => error.into(),
        }
    }
}

/// Why a store could not be opened. The sentences are for the operator.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("the data folder {path} cannot be used: {source}")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error(
        "another Postdesk is running on the data folder {path}; stop it first, or give this one another `data` folder"
    )]
    InUse { path: PathBuf },
    #[error(
        "the data was written by a newer Postdesk: it has schema version {found}, and this one knows up to {known}; install the newer Postdesk, or restore a backup made before the upgrade"
    )]
    Newer { found: u32, known: u32 },
    #[error(
        "the database could not be copied to {path} before its migration, so nothing was changed: {source}"
    )]
    Copy { path: PathBuf, source: super::CopyError },
    #[error("the migration to schema version {to} failed, and the database is as it was before it: {source}")]
    Migration { to: u32, source: StoreError },
    #[error("there is no way from schema version {found} to {known} in this Postdesk")]
    NoWay { found: u32, known: u32 },
    #[error(
        "{path} is what a `postdesk restore` that did not finish has left; empty the data folder and restore again"
    )]
    Unfinished { path: PathBuf },
    #[error("the database cannot be opened: {0}")]
    Database(#[from] StoreError),
    #[error("the store's writer cannot be started: {0}")]
    Thread(std::io::Error),
}

/// Why the raw store did not take or give a file.
#[derive(Debug, Error)]
pub enum RawError {
    #[error("the raw store failed at {path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("the raw store has no file {0}")]
    Missing(crate::tracker::RawHash),
    #[error("the file {0} of the raw store does not have the contents that it was written with")]
    Damaged(crate::tracker::RawHash),
    #[error("{size} octets are more than the raw store takes, which is {limit}")]
    TooLarge { size: u64, limit: u64 },
}
