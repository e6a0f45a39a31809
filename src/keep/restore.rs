//! Restoring: a backup is unpacked and looked through in a corner of the empty data folder, and
//! moved into its place only when it is whole. A daemon refuses a folder in which that did not end.
#![allow(clippy::disallowed_methods, reason = "the data folder is filled from a backup here")]

use std::fs::{DirBuilder, File};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::unpack::{Checked, Sink, look_into, unpack};
use super::{DATABASE, KeepError, Progress};
use crate::store::{FolderLock, StorePath};

/// What an empty data folder may have: a file system's own folder, and traces of a daemon.
const IGNORED: [&str; 3] = ["lost+found", "postdesk.lock", "control.sock"];

/// What stays free beside what is unpacked.
const SPARE: u64 = 64 * 1024 * 1024;

/// A backup that lies in the corner, whole. Dropped before [`Restoring::finish`], nothing is left.
#[derive(Debug)]
pub struct Restoring {
    data: StorePath,
    corner: Corner,
    checked: Checked,
    _lock: FolderLock,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    pub checked: Checked,
}

#[derive(Debug)]
struct Corner(PathBuf);

impl Drop for Corner {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Restoring {
    /// Unpacks a backup into a data folder's corner and looks through it; `name` is for sentences.
    ///
    /// # Errors
    /// [`KeepError::NotEmpty`]; [`KeepError::Damaged`]; where there is no room.
    pub fn begin(
        data: &StorePath,
        from: impl Read,
        name: &str,
        progress: Progress<'_>,
    ) -> Result<Self, KeepError> {
        let lock = data.take()?;
        refuse_full(data.folder())?;
        let corner = Corner(data.restoring());
        let made = DirBuilder::new().mode(0o700).create(&corner.0);
        made.map_err(KeepError::at(&corner.0))?;
        let sink = Sink::Folder(&corner.0);
        let mut checked = unpack(from, name, &sink, &|header| has_room(data, header.octets), progress)?;
        look_into(&corner.0.join(DATABASE), name, &mut checked)?;
        Ok(Self { data: data.clone(), corner, checked, _lock: lock })
    }

    /// The restored store, still in its corner: for what has to be on record before a daemon opens it.
    #[must_use]
    pub fn store(&self) -> StorePath {
        StorePath::new(&self.corner.0)
    }

    #[must_use]
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    /// Moves everything into place, the database last.
    ///
    /// # Errors
    /// Where the disk fails; the folder is to be emptied then.
    pub fn finish(self) -> Result<Restored, KeepError> {
        let (from, to) = (&self.corner.0, self.data.folder());
        let mut names: Vec<_> = Vec::new();
        for entry in std::fs::read_dir(from).map_err(KeepError::at(from))? {
            names.push(entry.map_err(KeepError::at(from))?.file_name());
        }
        names.retain(|name| name != "postdesk.lock" && name != DATABASE);
        names.push(DATABASE.into());
        for name in names {
            let target = to.join(&name);
            std::fs::rename(from.join(&name), &target).map_err(KeepError::at(&target))?;
        }
        sync(to)?;
        std::fs::remove_dir_all(from).map_err(KeepError::at(from))?;
        sync(to)?;
        give_to_owner(to)?;
        Ok(Restored { checked: self.checked })
    }
}

fn refuse_full(data: &Path) -> Result<(), KeepError> {
    for entry in std::fs::read_dir(data).map_err(KeepError::at(data))? {
        let name = entry.map_err(KeepError::at(data))?.file_name();
        if !IGNORED.iter().any(|ignored| name == *ignored) {
            let name = name.to_string_lossy().into_owned();
            return Err(KeepError::NotEmpty { path: data.to_owned(), name });
        }
    }
    Ok(())
}

fn has_room(data: &StorePath, needed: u64) -> Result<(), KeepError> {
    let free = data.look().map_err(KeepError::at(data.folder()))?.free;
    if free < needed.saturating_add(SPARE) {
        return Err(KeepError::NoRoom { path: data.folder().to_owned(), needed, free });
    }
    Ok(())
}

fn sync(folder: &Path) -> Result<(), KeepError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(KeepError::at(folder))
}

/// What root unpacked belongs to whom the data folder belongs to.
fn give_to_owner(folder: &Path) -> Result<(), KeepError> {
    let about = folder.metadata().map_err(KeepError::at(folder))?;
    let (user, group) = (about.uid(), about.gid());
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(KeepError::at(&folder))? {
            let path = entry.map_err(KeepError::at(&folder))?.path();
            let about = path.symlink_metadata().map_err(KeepError::at(&path))?;
            if about.uid() != user || about.gid() != group {
                std::os::unix::fs::lchown(&path, Some(user), Some(group)).map_err(KeepError::at(&path))?;
            }
            if about.is_dir() {
                folders.push(path);
            }
        }
    }
    Ok(())
}
