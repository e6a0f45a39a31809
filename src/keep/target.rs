//! Where a backup goes: a file that appears whole or not at all, and folders that keep so many.
#![allow(clippy::disallowed_methods, reason = "backups are files of this module's")]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::KeepError;

/// What a file is called until it is whole.
pub(super) const PARTIAL: &str = ".partial";

const START: &str = "postdesk-";
const END: &str = ".tar.zst";

/// The name of a backup by the time of its making, in UTC: `postdesk-2026-11-22T130000Z.tar.zst`.
/// Their order is that of time.
#[must_use]
pub fn file_name(created: Timestamp) -> String {
    format!("{START}{}{END}", created.strftime("%Y-%m-%dT%H%M%SZ"))
}

/// A backup being written. Dropped before [`Target::finish`], nothing is left of it.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    partial: PathBuf,
    file: Option<File>,
}

impl Target {
    /// Begins a file of that name, readable by its owner alone.
    ///
    /// # Errors
    /// [`KeepError::Exists`]; where it cannot be made.
    pub fn begin(path: &Path) -> Result<Self, KeepError> {
        if path.exists() {
            return Err(KeepError::Exists(path.to_owned()));
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(PARTIAL);
        let partial = path.with_file_name(name);
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&partial).map_err(KeepError::at(&partial))?;
        Ok(Self { path: path.to_owned(), partial, file: Some(file) })
    }

    /// The file to write into.
    ///
    /// # Errors
    /// Where the system has no further handle to give.
    pub fn writer(&self) -> Result<File, KeepError> {
        let none = || std::io::Error::other("it is finished");
        let file = self.file.as_ref().ok_or_else(none).and_then(File::try_clone);
        file.map_err(KeepError::at(&self.partial))
    }

    /// Syncs it and gives it its name.
    ///
    /// # Errors
    /// Where the disk fails; nothing is left then.
    pub fn finish(mut self) -> Result<(), KeepError> {
        if let Some(file) = &self.file {
            file.sync_all().map_err(KeepError::at(&self.partial))?;
        }
        std::fs::rename(&self.partial, &self.path).map_err(KeepError::at(&self.path))?;
        self.file = None;
        sync_folder(&self.path)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

fn sync_folder(path: &Path) -> Result<(), KeepError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(KeepError::at(folder))
}

/// Removes the oldest backups of a folder, by name, until so many are left; gives those removed.
/// Other files are not touched.
///
/// # Errors
/// Where the folder cannot be read or a file not be removed.
pub fn prune(folder: &Path, keep: usize) -> Result<Vec<PathBuf>, KeepError> {
    let mut backups = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(KeepError::at(folder))? {
        let path = entry.map_err(KeepError::at(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if is_backup(name) && path.is_file() {
            backups.push(path);
        }
    }
    backups.sort();
    backups.truncate(backups.len().saturating_sub(keep));
    for path in &backups {
        std::fs::remove_file(path).map_err(KeepError::at(path))?;
    }
    Ok(backups)
}

/// Whether [`file_name`] makes such names.
fn is_backup(name: &str) -> bool {
    let when = name.strip_prefix(START).and_then(|name| name.strip_suffix(END));
    when.is_some_and(|when| jiff::civil::DateTime::strptime("%Y-%m-%dT%H%M%SZ", when).is_ok())
}
