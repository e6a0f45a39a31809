//! The one writer: a thread that drains its queue into one transaction, commits, and answers all
//! who wait.
//!
//! redb cannot roll one part of a transaction back. So where a job says no after having written,
//! panics, or is failed by the database, the whole group is aborted and each of its jobs runs
//! again alone. Nobody is answered before the commit: also a refusal may have been decided by
//! what a neighbour wrote.
//!
//! Once the disk has refused, redb takes no further write until it is opened anew. Until then
//! every job is refused at once, and reading goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use redb::{ReadableDatabase, WriteTransaction};
use tokio::sync::oneshot;

use super::copy::copy;
use super::open::Shared;
use super::raw::RawFile;
use super::snapshot::SnapshotError;
use super::{RawError, StoreError, Write, WriteError, sweep};
use crate::clock::after;
use crate::tracker::RawHash;

/// The most jobs that share a transaction.
const GROUP: usize = 256;

/// The wait before the database is opened anew for the first time, and the longest one.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What is written and taken back before a reopened database counts as writable. A full disk lets
/// a small write through that fits into pages freed before.
const PROBE: usize = 256 * 1024;

/// What the writer is told.
pub(super) enum Message {
    Job(Box<dyn Job>),
    /// Files of the raw store to look at once more and remove; answered with how many.
    Sweep(Vec<RawFile>, oneshot::Sender<Result<u64, SweepError>>),
    /// Files of the raw store that were erased; answered with those that cannot go yet.
    Forget(Vec<RawHash>, oneshot::Sender<Result<Vec<RawHash>, SweepError>>),
    /// The database to copy there, between two commits.
    Copy(PathBuf, oneshot::Sender<Result<(), SnapshotError>>),
    Reopen,
    Close(oneshot::Sender<()>),
}

/// Why files that nothing names were not swept.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Raw(#[from] RawError),
}

/// One write, waiting for its turn.
pub(super) trait Job: Send {
    /// Runs, perhaps again; false where the transaction must not be committed because of it.
    fn run(&mut self, write: &mut Write<'_>) -> bool;
    /// What the database answered, if it failed during the last run.
    fn failure(&self) -> Option<&StoreError>;
    /// Answers who waits: with what the last run came to, or with why it was in vain.
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

/// What a job's last run came to.
enum Outcome<T, E> {
    Done(T),
    Refused(E),
    Failed(StoreError),
}

pub(super) struct JobOf<F, T, E> {
    pub job: F,
    outcome: Option<Outcome<T, E>>,
    reply: oneshot::Sender<Result<T, WriteError<E>>>,
}

impl<F, T, E> JobOf<F, T, E> {
    pub fn new(job: F, reply: oneshot::Sender<Result<T, WriteError<E>>>) -> Self {
        Self { job, outcome: None, reply }
    }
}

impl<F, T, E> Job for JobOf<F, T, E>
where
    F: FnMut(&mut Write<'_>) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    fn run(&mut self, write: &mut Write<'_>) -> bool {
        write.begin_part();
        // What a panic leaves half done lies in the transaction, which is aborted, and in the
        // closure's own captures, which are its author's to mind: it may run a second time.
        let result = catch_unwind(AssertUnwindSafe(|| (self.job)(write)));
        let outcome = match (result, write.take_failure()) {
            (Err(panic), _) => Outcome::Failed(StoreError::Panicked(what_panicked(&*panic))),
            (Ok(_), Some(failure)) => Outcome::Failed(failure),
            (Ok(Ok(done)), None) => Outcome::Done(done),
            (Ok(Err(refusal)), None) => Outcome::Refused(refusal),
        };
        let keep = match &outcome {
            Outcome::Done(_) => true,
            Outcome::Refused(_) => !write.part_wrote(),
            Outcome::Failed(_) => false,
        };
        self.outcome = Some(outcome);
        keep
    }

    fn failure(&self) -> Option<&StoreError> {
        match &self.outcome {
            Some(Outcome::Failed(error)) => Some(error),
            _ => None,
        }
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let answer = match (end, self.outcome) {
            (Err(error), _) | (Ok(()), Some(Outcome::Failed(error))) => Err(WriteError::Store(error)),
            (Ok(()), Some(Outcome::Refused(refusal))) => Err(WriteError::Refused(refusal)),
            (Ok(()), Some(Outcome::Done(done))) => Ok(done),
            (Ok(()), None) => Err(WriteError::Store(StoreError::Closed)),
        };
        // Whoever waited may have gone; what was decided stands.
        let _ = self.reply.send(answer);
    }
}

fn what_panicked(panic: &(dyn std::any::Any + Send)) -> Arc<str> {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").into()
}

/// How a group's transaction ended.
enum End {
    /// Committed, or nothing to commit: the outcomes stand.
    Kept,
    /// Rolled back because of one of its jobs.
    Undone,
    /// The database failed; it has to be opened anew.
    Broken(StoreError),
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    queue: Receiver<Message>,
    pace: Pace,
    /// Why nothing can be written, and how long to wait before the next try.
    broken: Option<(Arc<str>, Duration)>,
}

/// Who drives a writer.
enum Pace {
    /// A thread of its own; another one waits until it is time to open the database anew, and tells
    /// it so. Weak, so that the queue ends when the last store is gone.
    Thread(Weak<Sender<Message>>),
    /// Steps taken by hand, and by the clock: since then the database may be opened anew.
    Steps { reopen_at: Option<Timestamp> },
}

/// A writer that is driven by hand, for simulations.
pub struct Steps(Writer);

impl Steps {
    /// Does what a writer's thread would do next: takes what is queued and writes it in one
    /// transaction, or opens a broken database anew when its time has come. False where there was
    /// nothing to do.
    pub fn step(&mut self) -> bool {
        let due = match self.0.pace {
            Pace::Steps { reopen_at: Some(at) } => at <= self.0.shared.clock().now(),
            _ => false,
        };
        if due {
            self.0.reopen();
            return true;
        }
        match self.0.queue.try_recv() {
            Ok(message) => {
                self.0.take(message);
                true
            }
            Err(_) => false,
        }
    }

    /// Whether the disk refused a write and has not been found to take one since.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.broken.is_some()
    }
}

impl Writer {
    pub fn start(
        shared: Arc<Shared>,
        queue: Receiver<Message>,
        back: &Arc<Sender<Message>>,
    ) -> std::io::Result<()> {
        let pace = Pace::Thread(Arc::downgrade(back));
        let writer = Self { shared, queue, pace, broken: None };
        thread::Builder::new().name("store-writer".to_owned()).spawn(move || writer.run()).map(drop)
    }

    pub fn steps(shared: Arc<Shared>, queue: Receiver<Message>) -> Steps {
        Steps(Self { shared, queue, pace: Pace::Steps { reopen_at: None }, broken: None })
    }

    fn run(mut self) {
        while let Ok(message) = self.queue.recv() {
            if !self.take(message) {
                return;
            }
        }
    }

    /// Takes what is queued behind a message with it. False when it is time to end.
    fn take(&mut self, message: Message) -> bool {
        let mut jobs = Vec::new();
        let mut next = Some(message);
        while let Some(message) = next.take() {
            match message {
                Message::Job(job) => {
                    jobs.push(job);
                    if jobs.len() < GROUP {
                        next = self.queue.try_recv().ok();
                    }
                }
                other => {
                    self.run_group(std::mem::take(&mut jobs));
                    if !self.obey(other) {
                        return false;
                    }
                }
            }
        }
        self.run_group(jobs);
        true
    }

    /// False when it is time to end.
    fn obey(&mut self, message: Message) -> bool {
        match message {
            Message::Job(job) => self.run_group(vec![job]),
            Message::Sweep(files, reply) => {
                let _ = reply.send(sweep::remove(&self.shared, &files));
            }
            Message::Forget(hashes, reply) => {
                let _ = reply.send(sweep::forget(&self.shared, &hashes));
            }
            Message::Copy(target, reply) => {
                let _ = reply.send(self.copy(&target));
            }
            Message::Reopen => self.reopen(),
            Message::Close(reply) => {
                self.shared.close();
                let _ = reply.send(());
                return false;
            }
        }
        true
    }

    /// No transaction is open here, and each commit is on the disk when it is answered.
    fn copy(&self, target: &Path) -> Result<(), SnapshotError> {
        if let Some((why, _)) = &self.broken {
            return Err(StoreError::Unwritable(why.clone()).into());
        }
        let from = self.shared.file().ok_or(SnapshotError::NoFile)?;
        Ok(copy(from, target)?)
    }

    fn run_group(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        if jobs.is_empty() {
            return;
        }
        let end = self.transact(&mut jobs);
        match end {
            End::Undone if jobs.len() > 1 => {
                tracing::debug!(jobs = jobs.len(), "a group of writes was undone; each runs again alone");
                for job in jobs {
                    self.run_group(vec![job]);
                }
            }
            End::Kept | End::Undone => answer_all(jobs, &Ok(())),
            End::Broken(error) => {
                if error.is_full() {
                    self.shared.room().run_short();
                }
                let error = error.as_unwritable();
                self.note_broken(&error);
                answer_all(jobs, &Err(error));
            }
        }
    }

    fn transact(&self, jobs: &mut [Box<dyn Job>]) -> End {
        if let Some((why, _)) = &self.broken {
            return End::Broken(StoreError::Unwritable(why.clone()));
        }
        // A panic in here is redb's own: jobs catch theirs.
        catch_unwind(AssertUnwindSafe(|| self.try_transact(jobs)))
            .unwrap_or_else(|panic| End::Broken(StoreError::Unwritable(what_panicked(&*panic))))
    }

    fn try_transact(&self, jobs: &mut [Box<dyn Job>]) -> End {
        let transaction = match self.shared.begin_write() {
            Ok(transaction) => transaction,
            Err(error) => return End::Broken(error),
        };
        let mut write = Write::new(&transaction, self.shared.clock().now());
        let mut kept = true;
        for job in jobs.iter_mut() {
            kept = job.run(&mut write);
            if !kept {
                break;
            }
        }
        let wrote = write.wrote();
        drop(write);
        if kept && wrote {
            return match transaction.commit() {
                Ok(()) => {
                    self.shared.note_commit();
                    End::Kept
                }
                Err(error) => End::Broken(error.into()),
            };
        }
        let failed = jobs.iter().find_map(|job| job.failure().filter(|error| error.needs_reopening()));
        match (transaction.abort(), failed) {
            (_, Some(error)) => End::Broken(error.clone()),
            (Err(error), None) => End::Broken(error.into()),
            (Ok(()), None) if kept => End::Kept,
            (Ok(()), None) => End::Undone,
        }
    }

    /// Logs the first failure, and sees to it that the database is opened anew after a while.
    fn note_broken(&mut self, error: &StoreError) {
        if self.broken.is_some() {
            return;
        }
        tracing::error!(why = %error.reason(), "the store cannot be written; it is opened anew until it can");
        self.shared.set_writable(false);
        self.broken = Some((error.reason(), FIRST_WAIT));
        self.wake_after(FIRST_WAIT);
    }

    fn wake_after(&mut self, wait: Duration) {
        let back = match &mut self.pace {
            Pace::Thread(back) => back.clone(),
            Pace::Steps { reopen_at } => {
                *reopen_at = Some(after(self.shared.clock().now(), wait));
                return;
            }
        };
        let waiter = thread::Builder::new().name("store-reopen".to_owned()).spawn(move || {
            thread::sleep(wait);
            // The store may have been closed meanwhile.
            if let Some(back) = back.upgrade() {
                let _ = back.send(Message::Reopen);
            }
        });
        if let Err(error) = waiter {
            tracing::error!(%error, "the store cannot be opened anew for want of a thread");
        }
    }

    fn reopen(&mut self) {
        let Some((_, wait)) = self.broken.take() else { return };
        if let Pace::Steps { reopen_at } = &mut self.pace {
            *reopen_at = None;
        }
        let tried = catch_unwind(AssertUnwindSafe(|| {
            self.shared.reopen()?;
            self.probe()
        }));
        let tried = tried.unwrap_or_else(|panic| Err(StoreError::Unwritable(what_panicked(&*panic))));
        match tried {
            Ok(()) => {
                tracing::info!("the store can be written again");
                self.shared.set_writable(true);
            }
            Err(error) => {
                // What the reserve gave may be enough at once.
                let gave = error.is_full() && self.shared.room().run_short();
                let wait = if gave { wait } else { wait.saturating_mul(2).min(LONGEST_WAIT) };
                tracing::debug!(why = %error.reason(), ?wait, "the store cannot be written yet");
                self.broken = Some((error.reason(), wait));
                self.wake_after(wait);
            }
        }
    }

    /// Writes something and takes it back, each in a commit of its own.
    fn probe(&self) -> Result<(), StoreError> {
        let definition = redb::TableDefinition::<&[u8], &[u8]>::new("probe");
        let filled = self.shared.begin_write()?;
        filled.open_table(definition)?.insert(b"probe".as_slice(), vec![b'.'; PROBE].as_slice())?;
        filled.commit()?;
        let emptied: WriteTransaction = self.shared.begin_write()?;
        emptied.delete_table(definition)?;
        emptied.commit()?;
        Ok(())
    }
}

fn answer_all(jobs: Vec<Box<dyn Job>>, end: &Result<(), StoreError>) {
    for job in jobs {
        job.answer(end.clone());
    }
}

/// Takes a snapshot of a database that may be being opened anew.
pub(super) fn snapshot(shared: &Shared) -> Result<redb::ReadTransaction, StoreError> {
    let database = shared.database().read().unwrap_or_else(PoisonError::into_inner);
    Ok(database.as_ref().ok_or(StoreError::Closed)?.begin_read()?)
}
