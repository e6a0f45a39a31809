//! The raw store: raw mails, drafts and uploads, each a zstd file named by the BLAKE3 hash of its
//! contents.
//!
//! A file is complete and on the disk, with its folder's entry, before [`RawStore::put`] returns;
//! only then may a commit name it. It lies in `raw/ab/abcd….zst`; what is being written lies in
//! `raw/tmp/`, which is emptied at each opening.

use std::collections::HashSet;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::RawError;
use super::files::Files;
use super::sizes::RawSize;
use crate::clock::Clock;
use crate::tracker::RawHash;

/// The most octets that one file holds, unpacked. It also bounds what unpacking a damaged or
/// doctored file can cost.
pub const MAX_RAW: u64 = 256 * 1024 * 1024;

/// Fast, and already most of what text gives.
const LEVEL: i32 = 3;

/// What nothing names is kept this long, because a commit may be about to name it.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that were looked at.
    pub seen: u64,
    /// Files that nothing named, removed.
    pub removed: u64,
}

/// A file of the raw store.
#[derive(Clone, Debug)]
pub(super) struct RawFile {
    pub hash: RawHash,
    pub path: PathBuf,
}

/// The raw store. Its calls block on the disk, so an async caller hands them to a thread for
/// blocking work. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RawStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    files: Box<dyn Files>,
    folder: PathBuf,
    clock: Clock,
    temporary: AtomicU64,
    /// Held while a file's time is renewed, and while its age is looked at and it is removed: a
    /// file that was just put again is never swept.
    ages: Mutex<()>,
    size: RawSize,
    /// How many hold every file where it is.
    held: AtomicU64,
    /// Folders that are known to outlive a power cut: what they stand in was synced since.
    lasting: Mutex<HashSet<PathBuf>>,
}

/// While it lives, no file of the raw store is removed.
#[derive(Debug)]
pub(super) struct Hold(Arc<Inner>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}

impl RawStore {
    pub(super) fn open(folder: PathBuf, files: Box<dyn Files>, clock: &Clock) -> Result<Self, RawError> {
        let store = Self(Arc::new(Inner {
            files,
            folder,
            clock: clock.clone(),
            temporary: AtomicU64::new(0),
            ages: Mutex::new(()),
            size: RawSize::default(),
            held: AtomicU64::new(0),
            lasting: Mutex::default(),
        }));
        store.make_folder(&store.0.folder)?;
        let temporary = store.0.folder.join("tmp");
        store.make_folder(&temporary)?;
        for left in store.entries(&temporary)? {
            at(&left, store.0.files.remove(&left))?;
        }
        Ok(store)
    }

    /// Keeps these octets and returns their name. What is on record already has its time renewed,
    /// so that it is not swept before the commit that is to name it.
    ///
    /// # Errors
    /// Where the disk fails, and beyond [`MAX_RAW`].
    pub fn put(&self, octets: &[u8]) -> Result<RawHash, RawError> {
        let size = octets.len() as u64;
        if size > MAX_RAW {
            return Err(RawError::TooLarge { size, limit: MAX_RAW });
        }
        let hash = RawHash(*blake3::hash(octets).as_bytes());
        let path = self.path(&hash);
        let folder = self.folder_of(&hash);
        self.make_folder(&folder)?;
        if self.renew(&path)? {
            return Ok(hash);
        }
        let temporary = self.temporary();
        let renamed = || at(&path, self.0.files.rename(&temporary, &path));
        if let Err(error) = self.write(&temporary, octets).and_then(|()| renamed()) {
            // It would be swept at the next opening too.
            let _ = self.0.files.remove(&temporary);
            return Err(error);
        }
        self.sync_folder(&folder)?;
        Ok(hash)
    }

    /// The octets of a name.
    ///
    /// # Errors
    /// Where there is no such file, or its contents are not what the name says.
    pub fn get(&self, hash: &RawHash) -> Result<Vec<u8>, RawError> {
        read_whole(&*self.0.files, &self.path(hash), hash)
    }

    /// Whether there is a file of this name.
    #[must_use]
    pub fn exists(&self, hash: &RawHash) -> bool {
        self.0.files.is_file(&self.path(hash))
    }

    /// The folders that files lie in.
    pub(super) fn folders(&self) -> Result<Vec<PathBuf>, RawError> {
        let mut folders = self.entries(&self.0.folder)?;
        folders.retain(|folder| folder.file_name().is_some_and(|name| name != "tmp"));
        Ok(folders)
    }

    /// The files of one folder, whatever their age.
    pub(super) fn files(&self, folder: &Path) -> Result<Vec<RawFile>, RawError> {
        let file = |path: PathBuf| {
            let name = path.file_name()?.to_str()?.strip_suffix(".zst")?;
            Some(RawFile { hash: RawHash::from_hex(name)?, path })
        };
        Ok(self.entries(folder)?.into_iter().filter_map(file).collect())
    }

    /// Keeps every file where it is for as long as the hold lives.
    pub(super) fn hold(&self) -> Hold {
        let _ages = self.0.ages.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.held.fetch_add(1, Ordering::Relaxed);
        Hold(self.0.clone())
    }

    /// Whether a file is older than the grace.
    pub(super) fn is_old(&self, file: &RawFile) -> Result<bool, RawError> {
        Ok(self.age(file)? > GRACE)
    }

    fn age(&self, file: &RawFile) -> Result<Duration, RawError> {
        let written = at(&file.path, self.0.files.modified(&file.path))?;
        let now = SystemTime::from(self.0.clock.now());
        // A file from the future is young.
        Ok(now.duration_since(written).unwrap_or_default())
    }

    pub(super) fn file(&self, hash: &RawHash) -> RawFile {
        RawFile { hash: *hash, path: self.path(hash) }
    }

    /// Removes a file that is older than the grace; says whether it did. While somebody holds the
    /// files, none is removed.
    pub(super) fn remove_old(&self, file: &RawFile) -> Result<bool, RawError> {
        self.remove_older(file, GRACE)
    }

    /// The same with a grace of the caller's own.
    pub(super) fn remove_older(&self, file: &RawFile, grace: Duration) -> Result<bool, RawError> {
        let _ages = self.0.ages.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.held.load(Ordering::Relaxed) > 0 || self.age(file)? <= grace {
            return Ok(false);
        }
        at(&file.path, self.0.files.remove(&file.path))?;
        Ok(true)
    }

    /// Renews the time of a file and syncs it and its folder; false where there is none. An earlier
    /// put may have been cut off between the rename and the sync.
    fn renew(&self, path: &Path) -> Result<bool, RawError> {
        let _ages = self.0.ages.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match self.0.files.renew(path, self.0.clock.now().into()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            renewed => at(path, renewed)?,
        };
        at(path, file.sync())?;
        if let Some(folder) = path.parent() {
            self.sync_folder(folder)?;
        }
        Ok(true)
    }

    fn write(&self, path: &Path, octets: &[u8]) -> Result<(), RawError> {
        let packed = at(path, zstd::bulk::compress(octets, LEVEL))?;
        let file = at(path, self.0.files.create(path, &packed, self.0.clock.now().into()))?;
        at(path, file.sync())?;
        self.0.size.add(packed.len() as u64);
        Ok(())
    }

    pub(super) fn size(&self) -> &RawSize {
        &self.0.size
    }

    /// What one file takes up; nothing where it went meanwhile.
    pub(super) fn size_of(&self, file: &RawFile) -> u64 {
        self.0.files.size(&file.path).unwrap_or(0)
    }

    fn temporary(&self) -> PathBuf {
        let number = self.0.temporary.fetch_add(1, Ordering::Relaxed);
        self.0.folder.join("tmp").join(number.to_string())
    }

    fn folder_of(&self, hash: &RawHash) -> PathBuf {
        let [first, ..] = hash.0;
        self.0.folder.join(format!("{first:02x}"))
    }

    fn path(&self, hash: &RawHash) -> PathBuf {
        Self::place(&self.0.folder, hash)
    }

    /// Where a file of this name lies in such a folder.
    pub(super) fn place(folder: &Path, hash: &RawHash) -> PathBuf {
        let [first, ..] = hash.0;
        folder.join(format!("{first:02x}")).join(format!("{hash}.zst"))
    }

    /// Creates a folder where it is missing, and syncs the one that it stands in.
    fn make_folder(&self, folder: &Path) -> Result<(), RawError> {
        if self.0.lasting.lock().unwrap_or_else(PoisonError::into_inner).contains(folder) {
            return Ok(());
        }
        match self.0.files.make_folder(folder) {
            Ok(()) => {}
            // Made by a run that may have ended before the sync.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(RawError::Io { path: folder.to_owned(), source }),
        }
        if let Some(parent) = folder.parent() {
            self.sync_folder(parent)?;
        }
        self.0.lasting.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), RawError> {
        at(folder, self.0.files.sync_folder(folder))
    }

    fn entries(&self, folder: &Path) -> Result<Vec<PathBuf>, RawError> {
        at(folder, self.0.files.list(folder))
    }
}

/// The octets of a file, if they are what its name says.
pub(super) fn read_whole(files: &dyn Files, path: &Path, hash: &RawHash) -> Result<Vec<u8>, RawError> {
    let file = match files.read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(RawError::Missing(*hash)),
        opened => at(path, opened)?,
    };
    let damaged = |_| RawError::Damaged(*hash);
    let decoder = zstd::stream::read::Decoder::new(file).map_err(damaged)?;
    let mut octets = Vec::new();
    decoder.take(MAX_RAW + 1).read_to_end(&mut octets).map_err(damaged)?;
    if blake3::hash(&octets).as_bytes() != &hash.0 {
        return Err(RawError::Damaged(*hash));
    }
    Ok(octets)
}

fn at<T>(path: &Path, result: std::io::Result<T>) -> Result<T, RawError> {
    result.map_err(|source| RawError::Io { path: path.to_owned(), source })
}
