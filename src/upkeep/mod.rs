//! The rest that runs by itself: jobs that look at the time and tidy up. Each is a `run_once`.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock::after;
use crate::desk::Desk;
use crate::intake::{Intake, IntakeError};
use crate::store::{Look, StoreError, SweepError, WriteError};

/// How often the jobs run.
const EVERY: Duration = Duration::from_hours(1);
/// A session that nobody used for this long is forgotten.
const IDLE_SESSION: Duration = Duration::from_hours(14 * 24);
/// A form's id is kept for this long; no browser sends a form twice after that.
const FORM_IDS: Duration = Duration::from_hours(7 * 24);

/// How soon they run again while an erasure is under way.
const SOON: Duration = Duration::from_mins(1);

/// How often the raw store is swept of files that nothing names.
const SWEEP: Duration = Duration::from_hours(24);

/// Why the jobs did not finish. They run again by themselves.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sweep(#[from] SweepError),
    #[error(transparent)]
    Mail(#[from] IntakeError),
}

/// What a clock should say: what it said when it was last looked at, and the time that ran since.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Timestamp,
    running: Duration,
}

/// Tidies up now and then. Cheap to clone.
#[derive(Clone)]
pub struct Upkeep {
    desk: Desk,
    /// For what is to be removed on the mail server.
    intake: Option<Intake>,
    keep_days: Option<NonZeroU32>,
    seen: Arc<Mutex<Option<Seen>>>,
    swept_at: Arc<Mutex<Option<Timestamp>>>,
}

impl Upkeep {
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk, intake: None, keep_days: None, seen: Arc::default(), swept_at: Arc::default() }
    }

    /// Also removes what is to be removed on the mail server, and what is older than so many days
    /// there.
    #[must_use]
    pub fn with_mail(mut self, intake: Intake, keep_days: Option<NonZeroU32>) -> Self {
        (self.intake, self.keep_days) = (Some(intake), keep_days);
        self
    }

    /// Runs all jobs at once and then every hour, until `stop` says so.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.run_once().await {
                tracing::warn!(%error, "upkeep did not finish; it runs again in an hour");
            }
            tokio::select! {
                biased;
                () = self.desk.clock.sleep(self.pause()) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Looks at the clock, and where it can be trusted forgets what is old: sessions, form ids, raw
    /// files that nothing names.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn run_once(&self) -> Result<(), UpkeepError> {
        self.desk.clock_says(self.expected()).await?;
        // What a person asked for waits for no clock.
        self.go_on_erasing().await?;
        if self.desk.store.read()?.clock_jump()?.is_some() {
            return Ok(());
        }
        self.forget_old().await?;
        self.sweep().await?;
        self.let_go_of_old_mail().await
    }

    /// Erases tickets that their projects keep no longer, and destroys mails on the server that are
    /// to be kept there no longer; neither while the desk is paused.
    async fn let_go_of_old_mail(&self) -> Result<(), UpkeepError> {
        let paused = || Ok::<_, StoreError>(self.desk.paused()?.is_some());
        while !paused()? && self.desk.erase_old_tickets().await? {}
        if let Some(intake) = &self.intake {
            intake.clear_leftovers(None).await?;
            let days = self.keep_days.filter(|_| matches!(paused(), Ok(false)));
            if let Some(days) = days
                && let Err(error) = intake.trim_mailboxes(days.get()).await
            {
                tracing::debug!(why = error.whole(), "old mails stay on the mail server for now");
            }
        }
        Ok(())
    }

    /// Shorter while an erasure is under way.
    fn pause(&self) -> Duration {
        let open = self.desk.store.read().and_then(|read| read.erasures()).is_ok_and(|open| !open.is_empty());
        if open { SOON } else { EVERY }
    }

    /// Goes on with erasures that are not done: an earlier run ended in the middle, a letter was on
    /// its way, the mail server was away, a backup held the files.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn go_on_erasing(&self) -> Result<(), UpkeepError> {
        let erasures = self.desk.store.read()?.erasures()?;
        for erasure in &erasures {
            self.desk.erase_records(erasure).await?;
        }
        if let Some(intake) = self.intake.as_ref().filter(|_| !erasures.is_empty()) {
            intake.clear_leftovers(None).await?;
        }
        Ok(())
    }

    /// What the clock should say now, as far as this run can tell.
    fn expected(&self) -> Option<Timestamp> {
        let (at, running) = (self.desk.clock.now(), self.desk.clock.running());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.replace(Seen { at, running });
        before.map(|before| after(before.at, running.saturating_sub(before.running)))
    }

    async fn sweep(&self) -> Result<(), UpkeepError> {
        let now = self.desk.clock.now();
        let swept_at = *self.swept_at.lock().unwrap_or_else(PoisonError::into_inner);
        if swept_at.is_some_and(|at| after(at, SWEEP) > now) {
            return Ok(());
        }
        let swept = self.desk.store.sweep_raw().await?;
        *self.swept_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        if swept.removed > 0 {
            tracing::info!(removed = swept.removed, of = swept.seen, "removed raw files that nothing names");
        }
        Ok(())
    }

    async fn forget_old(&self) -> Result<(), StoreError> {
        let now = self.desk.clock.now();
        let (sessions, forms) = (before(now, IDLE_SESSION), before(now, FORM_IDS));
        let tidied = self.desk.store.write(move |w| {
            w.drop_sessions_before(sessions)?;
            w.drop_forms_before(forms)?;
            w.drop_account_links_before(now)?;
            Ok::<_, StoreError>(())
        });
        tidied.await.map_err(WriteError::flatten)
    }
}

fn before(now: jiff::Timestamp, age: Duration) -> jiff::Timestamp {
    jiff::SignedDuration::try_from(age)
        .ok()
        .and_then(|age| now.checked_sub(age).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}
