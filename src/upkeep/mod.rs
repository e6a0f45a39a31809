//! The rest that runs by itself: jobs that look at the time and tidy up. Each is a `run_once`.

mod certificates;

use std::time::Duration;

use tokio::sync::watch;

use crate::desk::Desk;
use crate::store::{StoreError, WriteError};

pub use certificates::{Certificates, ReloadError};

/// How often the jobs run.
const EVERY: Duration = Duration::from_hours(1);
/// A session that nobody used for this long is forgotten.
const IDLE_SESSION: Duration = Duration::from_hours(14 * 24);
/// A form's id is kept for this long; no browser sends a form twice after that.
const FORM_IDS: Duration = Duration::from_hours(7 * 24);

/// Tidies up now and then. Cheap to clone.
#[derive(Clone)]
pub struct Upkeep {
    desk: Desk,
}

impl Upkeep {
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// Runs all jobs at once and then every hour, until `stop` says so.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.run_once().await {
                tracing::warn!(%error, "upkeep did not finish; it runs again in an hour");
            }
            tokio::select! {
                biased;
                () = self.desk.clock.sleep(EVERY) => {}
                _ = stop.changed() => {}
            }
        }
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
        tidied.await.map_err(WriteError::flatten)
    }
}

fn before(now: jiff::Timestamp, age: Duration) -> jiff::Timestamp {
    jiff::SignedDuration::try_from(age)
        .ok()
        .and_then(|age| now.checked_sub(age).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}
