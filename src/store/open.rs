//! Opening: the folder, the lock, the database, its schema, and the writer.
#![allow(clippy::disallowed_methods, reason = "the store owns the files of the data folder")]

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use redb::{Builder, Database, StorageBackend, WriteTransaction};
use tokio::sync::{oneshot, watch};

use super::aside::aside;
use super::backend::AnyBackend;
use super::files::{Files, SystemFiles};
use super::raw::{RawStore, Swept};
use super::reserve::{FileReserve, Reserve, Room};
use super::writer::{JobOf, Message, Steps, SweepError, Writer, snapshot};
use super::{MemoryDisk, MemoryFiles, OpenError, Read, StoreError, Write, WriteError, migrate, sweep};
use crate::clock::Clock;
use crate::secret::Random;
use crate::tracker::RawHash;

/// How much of the database redb keeps in memory.
const CACHE: usize = 64 * 1024 * 1024;

/// Where a store lies: its data folder, which holds `postdesk.redb`, `raw/` and the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorePath(PathBuf);

impl StorePath {
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("postdesk.redb")
    }

    #[must_use]
    pub fn raw(&self) -> PathBuf {
        self.0.join("raw")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.0.join("postdesk.lock")
    }

    /// Where a restored backup lies until it is whole.
    #[must_use]
    pub fn restoring(&self) -> PathBuf {
        self.0.join("restoring")
    }

    /// Makes the folder where it is missing, and keeps every other Postdesk out of it.
    ///
    /// # Errors
    /// Where it cannot be used, or another Postdesk has it.
    pub fn take(&self) -> Result<FolderLock, OpenError> {
        let folder = |source| OpenError::Folder { path: self.0.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0).map_err(folder)?;
        lock(self).map(FolderLock)
    }

    /// A restore that was cut off leaves half of a store, which must not be taken for one.
    pub(super) fn refuse_unfinished(&self) -> Result<(), OpenError> {
        let restoring = self.restoring();
        if restoring.exists() { Err(OpenError::Unfinished { path: restoring }) } else { Ok(()) }
    }
}

/// While it lives, no other Postdesk opens the data folder.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "the lock is held by its being open")] File);

/// Makes the storage that a database is opened on, each time that it is opened.
type MakeBackend = Box<dyn Fn() -> Box<dyn StorageBackend> + Send + Sync>;

/// What the database is opened on.
pub(super) enum Source {
    File(PathBuf),
    Backend(MakeBackend),
}

impl Source {
    pub fn open(&self) -> Result<Database, StoreError> {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE);
        Ok(match self {
            Self::File(path) => {
                private(path).map_err(redb::StorageError::Io)?;
                builder.create(path)?
            }
            Self::Backend(make) => builder.create_with_backend(AnyBackend(make()))?,
        })
    }
}

/// What the writer and those who read have in common.
pub(super) struct Shared {
    /// `None` while it is opened anew, and after closing.
    database: RwLock<Option<Database>>,
    source: Source,
    raw: RawStore,
    clock: Clock,
    writable: watch::Sender<bool>,
    commits: watch::Sender<u64>,
    room: Room,
    /// Held until the store is closed, so that no second daemon opens the folder.
    lock: Mutex<Option<File>>,
}

impl Shared {
    pub fn database(&self) -> &RwLock<Option<Database>> {
        &self.database
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn raw(&self) -> &RawStore {
        &self.raw
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    pub fn room(&self) -> &Room {
        &self.room
    }

    /// The database's file, where it lies in one.
    pub fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Backend(_) => None,
        }
    }

    pub fn begin_write(&self) -> Result<WriteTransaction, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        durable(database.as_ref().ok_or(StoreError::Closed)?)
    }

    pub fn note_commit(&self) {
        self.commits.send_modify(|commits| *commits += 1);
    }

    pub fn set_writable(&self, writable: bool) {
        self.writable.send_replace(writable);
    }

    /// Closes the database and opens it again. Snapshots taken before fail from now on.
    pub fn reopen(&self) -> Result<(), StoreError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        drop(database.take());
        *database = Some(self.source.open()?);
        Ok(())
    }

    pub fn close(&self) {
        self.set_writable(false);
        drop(self.database.write().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Begins a transaction that is on the disk when its commit returns, and from which a killed
/// daemon starts again in milliseconds instead of reading the whole file (both measured).
pub(super) fn durable(database: &Database) -> Result<WriteTransaction, StoreError> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// The store. Cheap to clone; all clones are one.
///
/// It closes by itself when the last clone is gone; [`Store::close`] waits for that.
#[derive(Clone)]
pub struct Store {
    pub(super) shared: Arc<Shared>,
    queue: Arc<Sender<Message>>,
}

impl Store {
    /// Opens the store in a folder, which is created where it is missing (mode 0700), and brings
    /// its schema up to date.
    ///
    /// # Errors
    /// Where the folder cannot be used or another daemon uses it, and where its data is newer than
    /// this Postdesk.
    pub fn open(path: &StorePath, random: &Random, clock: &Clock) -> Result<Self, OpenError> {
        let folder = |source| OpenError::Folder { path: path.folder().to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path.folder()).map_err(folder)?;
        let lock = lock(path)?;
        path.refuse_unfinished()?;
        path.drop_snapshots();
        let raw = RawStore::open(path.raw(), Box::new(SystemFiles), clock);
        let raw = raw.map_err(|error| folder(std::io::Error::other(error)))?;
        let source = Source::File(path.database());
        let ground = Ground {
            source,
            raw,
            lock: Some(lock),
            reserve: Some(Box::new(FileReserve::new(path.folder()))),
        };
        Self::start(ground, random, clock)
    }

    /// Opens a store on storage of the caller's own, for tests and simulations; `raw` is a folder
    /// for the raw store. `make` is called at each opening and must lead to the same octets.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on<B, F>(make: F, raw: &Path, random: &Random, clock: &Clock) -> Result<Self, OpenError>
    where
        B: StorageBackend,
        F: Fn() -> B + Send + Sync + 'static,
    {
        let raw = open_raw(raw, Box::new(SystemFiles), clock)?;
        let source = Source::Backend(Box::new(move || Box::new(make())));
        Self::start(Ground { source, raw, lock: None, reserve: None }, random, clock)
    }

    /// A store in memory, whose disk and files can be full and fail; `raw` is where the raw store
    /// lies in `files`.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_in_memory(
        disk: &MemoryDisk,
        (raw, files): (&Path, MemoryFiles),
        random: &Random,
        clock: &Clock,
    ) -> Result<Self, OpenError> {
        let raw = open_raw(raw, Box::new(files), clock)?;
        let again = disk.clone();
        let source = Source::Backend(Box::new(move || Box::new(again.clone())));
        let ground = Ground { source, raw, lock: None, reserve: Some(Box::new(disk.clone())) };
        Self::start(ground, random, clock)
    }

    /// As [`Store::open_on`], the raw store in memory too, and without a thread: nothing is written
    /// but by [`Steps::step`], so that a simulation decides when.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_stepped<B, F>(
        make: F,
        raw: &Path,
        files: MemoryFiles,
        random: &Random,
        clock: &Clock,
    ) -> Result<(Self, Steps), OpenError>
    where
        B: StorageBackend,
        F: Fn() -> B + Send + Sync + 'static,
    {
        let raw = open_raw(raw, Box::new(files), clock)?;
        let source = Source::Backend(Box::new(move || Box::new(make())));
        let ground = Ground { source, raw, lock: None, reserve: None };
        let (shared, queue, receiver) = Self::parts(ground, random, clock)?;
        let steps = Writer::steps(shared.clone(), receiver);
        Ok((Self { shared, queue }, steps))
    }

    fn start(ground: Ground, random: &Random, clock: &Clock) -> Result<Self, OpenError> {
        let (shared, queue, receiver) = Self::parts(ground, random, clock)?;
        Writer::start(shared.clone(), receiver, &queue).map_err(OpenError::Thread)?;
        Ok(Self { shared, queue })
    }

    fn parts(ground: Ground, random: &Random, clock: &Clock) -> Result<Parts, OpenError> {
        let Ground { source, raw, lock, reserve } = ground;
        let database = migrate::open(&source, random)?;
        let shared = Arc::new(Shared {
            database: RwLock::new(Some(database)),
            source,
            raw,
            clock: clock.clone(),
            writable: watch::Sender::new(true),
            commits: watch::Sender::new(0),
            room: Room::new(reserve),
            lock: Mutex::new(lock),
        });
        let (queue, receiver) = mpsc::channel();
        Ok((shared, Arc::new(queue), receiver))
    }

    /// A snapshot. Reading is synchronous and takes microseconds, so it may be done in async code;
    /// see [`Read`] for how long to keep one.
    ///
    /// # Errors
    /// Where the database is closed or fails.
    pub fn read(&self) -> Result<Read, StoreError> {
        snapshot(&self.shared).map(Read::new)
    }

    /// Hands a job to the writer and waits for the commit that it is part of.
    ///
    /// The job decides by reading and then writes. It may run twice, the first time in vain, so
    /// what it captures must bear that. It runs to its end even where nobody waits any longer.
    ///
    /// # Errors
    /// [`WriteError::Refused`] with the job's own error: nothing of it was written.
    /// [`WriteError::Store`] where the database failed; see [`StoreError::Unwritable`].
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, WriteError<E>>
    where
        F: FnMut(&mut Write<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(JobOf::new(job, reply));
        let closed = || WriteError::Store(StoreError::Closed);
        self.queue.send(Message::Job(job)).map_err(|_| closed())?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Whether writes are possible, and a bell for when that changes.
    #[must_use]
    pub fn writable(&self) -> watch::Receiver<bool> {
        self.shared.writable.subscribe()
    }

    /// Looks whether the disk has room for more mail; see [`Reserve`]. Takes the reserve back where
    /// there is room for it again.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.shared.room.look()
    }

    /// Whether the disk was full when it was last looked at or written to.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.shared.room.is_short()
    }

    /// How many commits there were since opening: a bell that rings with each.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.shared.commits.subscribe()
    }

    /// The files with the raw mails.
    #[must_use]
    pub fn raw(&self) -> &RawStore {
        &self.shared.raw
    }

    /// Removes files of the raw store that nothing names and that are older than a day. They are
    /// looked for beside the writer; it looks at each once more and removes it between two commits.
    ///
    /// # Errors
    /// Where the database or the folder cannot be read.
    pub async fn sweep_raw(&self) -> Result<Swept, SweepError> {
        let closed = || SweepError::Store(StoreError::Closed);
        let shared = self.shared.clone();
        let looked = aside(move || sweep::look(&shared));
        let (seen, idle) = looked.await.map_err(|_| closed())??;
        let mut removed = 0;
        for batch in idle.chunks(sweep::BATCH) {
            let (reply, answer) = oneshot::channel();
            self.queue.send(Message::Sweep(batch.to_vec(), reply)).map_err(|_| closed())?;
            removed += answer.await.map_err(|_| closed())??;
        }
        Ok(Swept { seen, removed })
    }

    /// Removes files of the raw store that were erased, where nothing names them. Gives back those
    /// that cannot go yet: put within the last minutes, or held by a backup that is being made.
    ///
    /// # Errors
    /// Where the disk fails.
    pub async fn forget_raw(&self, hashes: Vec<RawHash>) -> Result<Vec<RawHash>, SweepError> {
        let closed = || SweepError::Store(StoreError::Closed);
        let (reply, answer) = oneshot::channel();
        self.queue.send(Message::Forget(hashes, reply)).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// The data folder, where the store lies in one.
    #[must_use]
    pub fn folder(&self) -> Option<StorePath> {
        self.shared.file()?.parent().map(StorePath::new)
    }

    pub(super) fn send(&self, message: Message) -> Result<(), mpsc::SendError<Message>> {
        self.queue.send(message)
    }

    /// Lets the writer finish what is queued, closes the database and gives the folder free.
    /// Everything asked for afterwards is answered with [`StoreError::Closed`].
    pub async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        if self.queue.send(Message::Close(reply)).is_ok() {
            let _ = answer.await;
        }
    }
}

/// What a store stands on.
struct Ground {
    source: Source,
    raw: RawStore,
    lock: Option<File>,
    reserve: Option<Box<dyn Reserve>>,
}

/// A store that nobody writes yet.
type Parts = (Arc<Shared>, Arc<Sender<Message>>, Receiver<Message>);

fn open_raw(raw: &Path, files: Box<dyn Files>, clock: &Clock) -> Result<RawStore, OpenError> {
    let folder = |error| OpenError::Folder { path: raw.to_owned(), source: std::io::Error::other(error) };
    RawStore::open(raw.to_owned(), files, clock).map_err(folder)
}

/// Makes an empty file that is its owner's alone, where there is none: the folder may be one that
/// others can enter.
fn private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Takes the lock of a data folder, or says that someone has it.
pub(super) fn lock(path: &StorePath) -> Result<File, OpenError> {
    let folder = |source| OpenError::Folder { path: path.folder().to_owned(), source };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path.lock())
        .map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.folder().to_owned() }),
        Err(TryLockError::Error(source)) => Err(folder(source)),
    }
}
