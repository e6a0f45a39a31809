//! Room that is held back for the day on which the disk is full.
//!
//! redb takes new pages for every commit, so on a full disk not even the end of what was begun could
//! be put on record: that a letter left, what an agent wrote, who signed in. So a file of some
//! megabytes lies in the data folder and does nothing. Where a commit finds no room, the file goes,
//! the database is opened anew, and people and letters go on within what that gave. Mail in, which
//! would soon eat it up, stops until there is room for the file and for some mails beside it: the
//! mail server keeps them so long. Nobody has to start anything again.
#![allow(clippy::disallowed_methods, reason = "the store owns the files of the data folder")]

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

/// The size of the reserve, in octets.
const RESERVE: u64 = 8 * 1024 * 1024;
/// What has to be free beside it before mail is taken in, in octets.
const SPARE: u64 = 32 * 1024 * 1024;

/// Room that can be given free and taken back: a file's, or that of a disk in memory.
pub trait Reserve: Debug + Send + Sync {
    /// Gives the room free. False where it was not held.
    fn release(&self) -> bool;
    /// Holds the room, taking it back where it was given free. False where the disk has too little
    /// for that and for mail beside it.
    fn hold(&self) -> bool;
}

/// A file that takes up room.
#[derive(Debug)]
pub(super) struct FileReserve {
    path: PathBuf,
    folder: PathBuf,
}

impl FileReserve {
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join("postdesk.reserve"), folder: folder.to_owned() }
    }

    fn is_whole(&self) -> bool {
        self.path.metadata().is_ok_and(|about| about.len() >= RESERVE)
    }

    fn make(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o600).open(&self.path)?;
        match fallocate(&file, FallocateFlags::empty(), 0, RESERVE) {
            Ok(()) => {}
            // A file system that cannot set room aside takes it when it is written to.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill(&file)?,
            Err(error) => return Err(error.into()),
        }
        file.sync_all()
    }
}

fn fill(mut file: &File) -> io::Result<()> {
    let chunk = vec![0xa5; 64 * 1024];
    let mut left = RESERVE;
    while left > 0 {
        file.write_all(&chunk)?;
        left = left.saturating_sub(chunk.len() as u64);
    }
    Ok(())
}

impl Reserve for FileReserve {
    fn release(&self) -> bool {
        std::fs::remove_file(&self.path).is_ok()
    }

    fn hold(&self) -> bool {
        let Ok(free) = free(&self.folder) else { return true };
        if self.is_whole() {
            return free >= SPARE;
        }
        if free < RESERVE + SPARE {
            return false;
        }
        self.make().inspect_err(|_| drop(std::fs::remove_file(&self.path))).is_ok()
    }
}

/// How many octets of a folder's disk are free for us.
pub(super) fn free(folder: &Path) -> io::Result<u64> {
    let disk = statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What a file takes up; a database has holes.
pub(super) fn taken_up(path: &Path) -> io::Result<u64> {
    Ok(path.metadata()?.blocks().saturating_mul(512))
}

/// Whether there is room on the disk, and what is done where there is not.
#[derive(Debug)]
pub(super) struct Room {
    reserve: Option<Box<dyn Reserve>>,
    short: AtomicBool,
}

impl Room {
    pub fn new(reserve: Option<Box<dyn Reserve>>) -> Self {
        Self { reserve, short: AtomicBool::new(false) }
    }

    /// Looks whether there is room for mail, and takes the reserve back where there is.
    pub fn look(&self) -> bool {
        let has_room = self.reserve.as_ref().is_none_or(|reserve| reserve.hold());
        let was_short = self.short.swap(!has_room, Ordering::Relaxed);
        if has_room && was_short {
            tracing::info!("there is room on the disk again");
        } else if !has_room && !was_short {
            tracing::error!("the disk is full: mail stays at the mail server until there is room");
        }
        has_room
    }

    /// The disk refused for want of room: gives the reserve free. False where it is given already.
    pub fn run_short(&self) -> bool {
        if !self.short.swap(true, Ordering::Relaxed) {
            tracing::error!("the disk is full: mail stays at the mail server until there is room");
        }
        self.reserve.as_ref().is_some_and(|reserve| reserve.release())
    }

    pub fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }
}

/// Whether an error says that the disk, or what this user may take of it, is full.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_a_file_that_goes_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(Some(Box::new(FileReserve::new(folder.path()))));
        let file = folder.path().join("postdesk.reserve");
        assert!(room.look() && file.metadata().unwrap().len() == RESERVE);
        assert!(room.run_short(), "it was there");
        assert!(!file.exists() && room.is_short());
        assert!(!room.run_short(), "it is gone already");
        assert!(room.look() && !room.is_short());
        assert_eq!(file.metadata().unwrap().len(), RESERVE);
    }

    #[test]
    fn a_reserve_that_was_cut_short_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = FileReserve::new(folder.path());
        std::fs::write(&reserve.path, b"half").unwrap();
        assert!(reserve.hold() && reserve.is_whole());
        let filled = folder.path().join("filled");
        fill(&File::create(&filled).unwrap()).unwrap();
        assert_eq!(filled.metadata().unwrap().len(), RESERVE, "where the file system sets nothing aside");
    }
}
