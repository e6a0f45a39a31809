//! Copying a database file: by sharing its blocks where the file system can (reflink), else octet
//! by octet, after a look at free space.
#![allow(clippy::disallowed_methods, reason = "the store owns the files of the data folder")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// What has to stay free beside a copy, in octets, so that the daemon can go on.
pub(super) const SPARE: u64 = 64 * 1024 * 1024;

/// Why a file was not copied. Nothing is left of the copy then.
#[derive(Debug, Error)]
pub enum CopyError {
    #[error(
        "there is no room beside {}: {needed} octets are needed, and {free} are free; make room first",
        path.display()
    )]
    NoRoom { path: PathBuf, needed: u64, free: u64 },
    #[error("{} cannot be copied: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Refuses where the disk of `path` has less than so many octets free.
pub(super) fn room_for(needed: u64, path: &Path) -> Result<(), CopyError> {
    let free = free(path).map_err(|source| CopyError::Io { path: path.to_owned(), source })?;
    if free < needed {
        return Err(CopyError::NoRoom { path: path.to_owned(), needed, free });
    }
    Ok(())
}

/// Copies a file that nobody writes meanwhile, and syncs the copy and its folder.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), CopyError> {
    let done = copy_into(from, to);
    if done.is_err() {
        let _ = std::fs::remove_file(to);
    }
    done
}

fn copy_into(from: &Path, to: &Path) -> Result<(), CopyError> {
    let failed = |source| CopyError::Io { path: from.to_owned(), source };
    let mut source = File::open(from).map_err(failed)?;
    let mut options = OpenOptions::new();
    let mut target = options.write(true).create(true).truncate(true).mode(0o600).open(to).map_err(failed)?;
    if rustix::fs::ioctl_ficlone(&target, &source).is_err() {
        let needed = source.metadata().map_err(failed)?.len();
        room_for(needed.saturating_add(SPARE), to)?;
        io::copy(&mut source, &mut target).map_err(failed)?;
    }
    target.sync_all().map_err(failed)?;
    match to.parent() {
        Some(folder) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed),
        None => Ok(()),
    }
}

/// Octets that are free for us on the disk of a path.
pub(super) fn free(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
