//! The one place that knows the time: the system's clock, or one that a test or a seed moves.
#![allow(clippy::disallowed_methods, reason = "this module owns the clock")]

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Tells the time and waits. Cheap to clone; all clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Since when it has run, by the clock that nobody can set.
    System(Instant),
    Manual(Manual),
}

/// A clock that stands still until it is moved. It wakes in the order of the times that were waited
/// for, so that a simulation goes the same way each time.
#[derive(Clone, Debug)]
struct Manual(Arc<Mutex<Dial>>);

#[derive(Debug)]
struct Dial {
    /// What it shows when no time has passed and nobody has set it.
    start: Timestamp,
    /// The time that has passed.
    elapsed: Duration,
    /// By how much it was set forward or back since.
    set: SignedDuration,
    sleepers: BTreeMap<(Duration, u64), Waker>,
    /// The number of the last sleeper: of those who wait for one time, who came first wakes first.
    last: u64,
}

impl Manual {
    fn dial(&self) -> MutexGuard<'_, Dial> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dial {
    fn now(&self) -> Timestamp {
        let now = after(self.start, self.elapsed);
        now.checked_add(self.set).unwrap_or(if self.set.is_negative() {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

/// Waits for time to pass, whatever the clock is set to meanwhile.
struct Sleep {
    clock: Manual,
    key: (Duration, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut dial = self.clock.dial();
        if dial.elapsed >= self.key.0 {
            return Poll::Ready(());
        }
        dial.sleepers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = self.clock.dial().sleepers.remove(&self.key);
        // Outside the lock: a waker may end a task that sleeps as well.
        drop(waker);
    }
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System(Instant::now()))
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        let dial = Dial {
            start,
            elapsed: Duration::ZERO,
            set: SignedDuration::ZERO,
            sleepers: BTreeMap::new(),
            last: 0,
        };
        Self(Kind::Manual(Manual(Arc::new(Mutex::new(dial)))))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System(_) => Timestamp::now(),
            Kind::Manual(clock) => clock.dial().now(),
        }
    }

    /// The time that has passed since this clock was made. It goes on evenly when somebody sets the
    /// time of day, so that waits and ages are told by it.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Kind::System(since) => since.elapsed(),
            Kind::Manual(clock) => clock.dial().elapsed,
        }
    }

    /// Waits at least this long by this clock.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Kind::System(_) => tokio::time::sleep(duration).await,
            Kind::Manual(clock) => {
                let key = {
                    let mut dial = clock.dial();
                    dial.last += 1;
                    (dial.elapsed.saturating_add(duration), dial.last)
                };
                Sleep { clock: clock.clone(), key }.await;
            }
        }
    }

    /// Moves a manual clock forward and wakes whoever waited for that time. Does nothing to the
    /// system's clock.
    pub fn advance(&self, duration: Duration) {
        let Kind::Manual(clock) = &self.0 else { return };
        let due = {
            let mut dial = clock.dial();
            dial.elapsed = dial.elapsed.saturating_add(duration);
            let first_later = (dial.elapsed.saturating_add(Duration::from_nanos(1)), 0);
            let later = dial.sleepers.split_off(&first_later);
            std::mem::replace(&mut dial.sleepers, later)
        };
        for waker in due.into_values() {
            waker.wake();
        }
    }
}

impl Clock {
    /// Sets a manual clock forward or back, as an administrator or a time server does: no time has
    /// passed, and nobody wakes. Does nothing to the system's clock.
    pub fn set_by(&self, by: SignedDuration) {
        if let Kind::Manual(clock) = &self.0 {
            let mut dial = clock.dial();
            dial.set = dial.set.saturating_add(by);
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

    #[tokio::test]
    async fn setting_a_clock_lets_no_time_pass() {
        let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(10)).await }
        });
        tokio::task::yield_now().await;
        clock.set_by(SignedDuration::from_hours(3));
        tokio::task::yield_now().await;
        assert_eq!(
            (clock.now().to_string().as_str(), clock.elapsed()),
            ("2026-11-19T17:00:00Z", Duration::ZERO)
        );
        assert!(!sleeper.is_finished());
        clock.set_by(SignedDuration::from_hours(-5));
        clock.advance(Duration::from_secs(10));
        sleeper.await.unwrap();
        assert_eq!(clock.now().to_string(), "2026-11-19T12:00:10Z");
    }
}
