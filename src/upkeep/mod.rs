//! The rest that runs by itself: jobs that look at the time and tidy up. Each is a `run_once`.

mod certificates;
mod clock_watch;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::clock::after;
use crate::desk::{Desk, Street};
use crate::intake::{Intake, IntakeError};
use crate::store::{Look, StoreError, SweepError, WriteError};
use clock_watch::ClockWatch;

pub use certificates::{Certificates, ReloadError};

/// How often the jobs run.
const EVERY: Duration = Duration::from_hours(1);
/// How often the raw store is looked through for its size.
const MEASURE_EVERY: Duration = Duration::from_hours(24);
/// How often the mail server is asked how much of the account is used.
const ASK_EVERY: Duration = Duration::from_hours(1);
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

/// Tidies up now and then. Cheap to clone.
#[derive(Clone)]
pub struct Upkeep {
    desk: Desk,
    /// For what is to be removed on the mail server.
    intake: Option<Intake>,
    keep_days: Option<NonZeroU32>,
    clock_watch: Arc<tokio::sync::Mutex<ClockWatch>>,
    swept_at: Arc<Mutex<Option<Timestamp>>>,
    /// When the raw store was last measured, and the mail account asked about, by the clock's run.
    measured: LastTime,
    asked: LastTime,
    /// Whether the mail server's time was compared with ours in this run.
    compared: Arc<AtomicBool>,
}

type LastTime = Arc<Mutex<Option<Duration>>>;

impl Upkeep {
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let clock_watch = Arc::new(tokio::sync::Mutex::new(ClockWatch::new(&desk)));
        let (swept_at, measured, asked) = (Arc::default(), Arc::default(), Arc::default());
        let compared = Arc::default();
        Self { desk, intake: None, keep_days: None, clock_watch, swept_at, measured, asked, compared }
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
        let mut last = None;
        while !*stop.borrow() {
            let pulse = self.desk.pulse();
            pulse.works(Street::Upkeep);
            // Also while no sweep comes so far: the reserve is held, or taken back.
            let _ = self.desk.store.has_room();
            self.look_at_clock().await;
            let now = self.desk.clock.elapsed();
            if last.is_none_or(|last| now.saturating_sub(last) >= self.pause()) {
                if let Err(error) = self.run_once().await {
                    tracing::warn!(%error, "upkeep did not finish; it runs again in an hour");
                }
                last = Some(now);
            }
            pulse.waits(Street::Upkeep, clock_watch::EVERY);
            tokio::select! {
                biased;
                () = self.desk.clock.sleep(clock_watch::EVERY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Says by how much the time of day was set, if it was, and puts right what depends on it. Tests
    /// call it by hand.
    pub async fn look_at_clock(&self) -> Option<SignedDuration> {
        let mut watch = self.clock_watch.lock().await;
        let before = *watch;
        let jump = watch.look(&self.desk)?;
        if let Err(error) = clock_watch::settle(&self.desk, jump).await {
            tracing::warn!(%error, "letters may wait for a time of day that was set back; it is looked at again");
            // The next look meets the same jump.
            *watch = before;
        }
        Some(jump.by())
    }

    /// Looks at the clock, and where it can be trusted forgets what is old: sessions, form ids, raw
    /// files that nothing names. Asks how much of the mail account is used.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn run_once(&self) -> Result<(), UpkeepError> {
        let done = self.tidy().await;
        if let Some(intake) = self.intake.as_ref().filter(|_| self.is_due(&self.asked, ASK_EVERY)) {
            intake.look_at_account().await;
        }
        done
    }

    async fn tidy(&self) -> Result<(), UpkeepError> {
        self.look_at_clock().await;
        // As while a daemon runs: what waits for a time that has moved away waits no longer than before.
        if let Some(jump) = self.desk.clock_says(None).await?.filter(|jump| jump.by().is_negative()) {
            self.desk.pull_letters_back(jump.by().unsigned_abs()).await?;
        }
        let compared = self.compare_clocks().await?;
        // What a person asked for waits for no clock.
        self.go_on_erasing().await?;
        if self.desk.store.read()?.clock_jump()?.is_some() {
            return Ok(());
        }
        self.forget_old().await?;
        self.sweep().await?;
        if compared { self.let_go_of_old_mail().await } else { Ok(()) }
    }

    /// Compares the clock with the mail server's, once in a run: what happened to it while no daemon
    /// ran, nobody else can tell. False while the mail server does not answer: nothing is removed
    /// because of its age until it does. Where they are apart a person decides, by whose time that is.
    async fn compare_clocks(&self) -> Result<bool, StoreError> {
        let Some(intake) = self.intake.as_ref().filter(|_| !self.compared.load(Ordering::SeqCst)) else {
            return Ok(true);
        };
        let theirs = match intake.server_time().await {
            Ok(theirs) => theirs,
            Err(error) => {
                tracing::debug!(why = error.whole(), "the mail server's time is not known yet");
                return Ok(false);
            }
        };
        if let Some(theirs) = theirs {
            self.desk.clock_says(Some(theirs)).await?;
        }
        self.compared.store(true, Ordering::SeqCst);
        Ok(true)
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
        tidied.await.map_err(WriteError::flatten)?;
        self.measure().await;
        Ok(())
    }
}

impl Upkeep {
    /// Whether it is time for something again, which then counts as done.
    fn is_due(&self, last: &LastTime, every: Duration) -> bool {
        let now = self.desk.clock.elapsed();
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|at| now.saturating_sub(at) >= every);
        if is_due {
            *last = Some(now);
        }
        is_due
    }

    /// Measures the raw store once a day; in between it is counted on.
    async fn measure(&self) {
        if !self.is_due(&self.measured, MEASURE_EVERY) {
            return;
        }
        if let Err(error) = self.desk.store.measure_raw().await {
            tracing::debug!(%error, "the raw store was not measured");
        }
    }
}

fn before(now: jiff::Timestamp, age: Duration) -> jiff::Timestamp {
    jiff::SignedDuration::try_from(age)
        .ok()
        .and_then(|age| now.checked_sub(age).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}
