//! The rest that runs by itself: jobs that look at the time and tidy up. Each is a `run_once`.

mod clock_watch;

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::Mutex;
use tokio::sync::watch;

use crate::desk::{Desk, Street};
use crate::store::{StoreError, WriteError};
use clock_watch::ClockWatch;

/// How often the jobs run.
const EVERY: Duration = Duration::from_hours(1);
/// How often the raw store is looked through for its size.
const MEASURE_EVERY: Duration = Duration::from_hours(24);
/// A session that nobody used for this long is forgotten.
const IDLE_SESSION: Duration = Duration::from_hours(14 * 24);
/// A form's id is kept for this long; no browser sends a form twice after that.
const FORM_IDS: Duration = Duration::from_hours(7 * 24);

/// Tidies up now and then. Cheap to clone.
#[derive(Clone)]
pub struct Upkeep {
    desk: Desk,
    clock_watch: Arc<Mutex<ClockWatch>>,
    /// When the raw store was last measured, by the clock's run.
    measured: Arc<Mutex<Option<Duration>>>,
}

impl Upkeep {
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let clock_watch = Arc::new(Mutex::new(ClockWatch::new(&desk)));
        Self { desk, clock_watch, measured: Arc::default() }
    }

    /// Runs all jobs at once and then every hour, until `stop` says so.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut last = None;
        while !*stop.borrow() {
            let pulse = self.desk.pulse();
            pulse.beat(Street::Upkeep);
            // Also while no sweep comes so far: the reserve is held, or taken back.
            let _ = self.desk.store.has_room();
            let jumped = self.look_at_clock().await;
            let now = self.desk.clock.elapsed();
            // What is tidied away by its age is left alone while the time of day is in doubt.
            if jumped.is_none() && last.is_none_or(|last| now.saturating_sub(last) >= EVERY) {
                if let Err(error) = self.run_once().await {
                    tracing::warn!(%error, "upkeep did not finish; it runs again in an hour");
                }
                last = Some(now);
            } else if jumped.is_some() {
                last = Some(now);
            }
            pulse.rest(Street::Upkeep);
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
        let jumped = self.clock_watch.lock().await.look(&self.desk)?;
        if let Err(error) = clock_watch::settle(&self.desk, jumped).await {
            tracing::warn!(%error, "letters may wait for a time of day that was set back");
        }
        Some(jumped)
    }

    /// Forgets old sessions and form ids.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn run_once(&self) -> Result<(), StoreError> {
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
    /// Measures the raw store once a day; in between it is counted on.
    async fn measure(&self) {
        let now = self.desk.clock.elapsed();
        let mut measured = self.measured.lock().await;
        if measured.is_some_and(|at| now.saturating_sub(at) < MEASURE_EVERY) {
            return;
        }
        *measured = Some(now);
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
