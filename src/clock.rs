//! The one place that knows the time: the system's clock, or one that a test or a seed moves.
#![allow(clippy::disallowed_methods, reason = "this module owns the clock")]

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Tells the time and waits. Cheap to clone; all clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self(Kind::Manual(Arc::new(watch::Sender::new(start))))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => Timestamp::now(),
            Kind::Manual(time) => *time.borrow(),
        }
    }

    /// Waits at least this long by this clock.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Kind::System => tokio::time::sleep(duration).await,
            Kind::Manual(time) => {
                let due = after(*time.borrow(), duration);
                let mut changes = time.subscribe();
                // The sender lives in `self`, so waiting can end only by reaching the time.
                let _ = changes.wait_for(|now| *now >= due).await;
            }
        }
    }

    /// Moves a manual clock forward and wakes whoever waited for that time. Does nothing to the
    /// system's clock.
    pub fn advance(&self, duration: Duration) {
        if let Kind::Manual(time) = &self.0 {
            time.send_modify(|now| *now = after(*now, duration));
        }
    }
}

/// `now + duration`, held at the end of representable time.
#[must_use]
pub fn after(now: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration).ok().and_then(|d| now.checked_add(d).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_when_their_time_has_come() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(10)).await;
                clock.now()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(4));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(6));
        assert_eq!(sleeper.await.unwrap().as_second(), 10);
    }
}
