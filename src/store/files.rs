//! The files under the raw store: the system's, or a simulation's own.
#![allow(clippy::disallowed_methods, reason = "the store owns the files of the data folder")]

use std::fmt::Debug;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Result, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file system, as far as the raw store needs one. Nothing is certain to outlive a loss of power
/// before it was synced: contents by [`Opened::sync`], entries of a folder by
/// [`Files::sync_folder`].
pub trait Files: Debug + Send + Sync {
    /// Creates a folder that does not exist.
    ///
    /// # Errors
    /// As the disk, here and below.
    fn make_folder(&self, folder: &Path) -> Result<()>;
    fn sync_folder(&self, folder: &Path) -> Result<()>;
    /// The paths of what lies in a folder.
    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>>;
    /// Writes a file that does not exist.
    fn create(&self, path: &Path, octets: &[u8], modified: SystemTime) -> Result<Box<dyn Opened>>;
    /// Gives a file another time.
    fn renew(&self, path: &Path, modified: SystemTime) -> Result<Box<dyn Opened>>;
    fn read(&self, path: &Path) -> Result<Box<dyn Read>>;
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    fn remove(&self, path: &Path) -> Result<()>;
    fn modified(&self, path: &Path) -> Result<SystemTime>;
    /// How many octets a file has.
    fn size(&self, path: &Path) -> Result<u64>;
    fn is_file(&self, path: &Path) -> bool;
}

/// A file that was written to.
pub trait Opened {
    /// Returns once what was written is certain to stay.
    ///
    /// # Errors
    /// As the disk.
    fn sync(&self) -> Result<()>;
}

impl Opened for File {
    fn sync(&self) -> Result<()> {
        self.sync_all()
    }
}

/// The system's files.
#[derive(Clone, Copy, Debug)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn make_folder(&self, folder: &Path) -> Result<()> {
        DirBuilder::new().mode(0o700).create(folder)
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        File::open(folder)?.sync_all()
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    fn create(&self, path: &Path, octets: &[u8], modified: SystemTime) -> Result<Box<dyn Opened>> {
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
        file.write_all(octets)?;
        file.set_modified(modified)?;
        Ok(Box::new(file))
    }

    fn renew(&self, path: &Path, modified: SystemTime) -> Result<Box<dyn Opened>> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_modified(modified)?;
        Ok(Box::new(file))
    }

    fn read(&self, path: &Path) -> Result<Box<dyn Read>> {
        Ok(Box::new(File::open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        std::fs::remove_file(path)
    }

    fn modified(&self, path: &Path) -> Result<SystemTime> {
        path.metadata()?.modified()
    }

    fn size(&self, path: &Path) -> Result<u64> {
        Ok(path.metadata()?.len())
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}
