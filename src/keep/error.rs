//! Why a backup was not made, or not restored. The sentences are for the operator.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::store::{OpenError, StoreError};

/// Why a backup was not made, or not restored.
#[derive(Debug, Error)]
pub enum KeepError {
    #[error("{} fails: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{file} is no backup of Postdesk: {why}")]
    NoBackup { file: String, why: String },
    #[error("{file} is damaged: {why}; nothing can be restored from it, so use another backup")]
    Damaged { file: String, why: String },
    #[error(
        "{file} was made by a newer Postdesk ({postdesk}): it has format {found}, and this one knows {known}; install the newer Postdesk"
    )]
    Newer { file: String, postdesk: String, found: u32, known: u32 },
    #[error("{} exists already; name another file, or a folder", .0.display())]
    Exists(PathBuf),
    #[error("the data folder {} is not empty: it has `{name}`; a backup is restored into an empty one", path.display())]
    NotEmpty { path: PathBuf, name: String },
    #[error("the backup takes {needed} octets, and only {free} are free at {}; make room first", path.display())]
    NoRoom { path: PathBuf, needed: u64, free: u64 },
    #[error("{} changed while it was copied; try again", .0.display())]
    Changed(PathBuf),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeepError {
    pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    #[allow(clippy::needless_pass_by_value, reason = "errors and texts are handed over as they are")]
    pub(super) fn damaged(file: &str, why: impl ToString) -> Self {
        Self::Damaged { file: file.to_owned(), why: why.to_string() }
    }
}
