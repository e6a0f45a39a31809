//! The one place that knows the time: the system's clock, or one that a test or a seed moves.
#![allow(clippy::disallowed_methods, reason = "this module owns the clock")]

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Tells the time and waits. Cheap to clone; all clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Manual(Manual),
}

/// A clock that stands still until it is moved. It wakes in the order of the times that were waited
/// for, so that a simulation goes the same way each time.
#[derive(Clone, Debug)]
struct Manual(Arc<Mutex<Dial>>);

#[derive(Debug)]
struct Dial {
    now: Timestamp,
    /// How far it was moved, jumps left out.
    running: Duration,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
    /// The number of the last sleeper: of those who wait for one time, who came first wakes first.
    last: u64,
}

impl Manual {
    fn dial(&self) -> MutexGuard<'_, Dial> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Sleep {
    clock: Manual,
    key: (Timestamp, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut dial = self.clock.dial();
        if dial.now >= self.key.0 {
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
        Self(Kind::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        let dial = Dial { now: start, running: Duration::ZERO, sleepers: BTreeMap::new(), last: 0 };
        Self(Kind::Manual(Manual(Arc::new(Mutex::new(dial)))))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => Timestamp::now(),
            Kind::Manual(clock) => clock.dial().now,
        }
    }

    /// How long it has been since some moment of this run. It never jumps where somebody sets the
    /// system's clock.
    #[must_use]
    pub fn running(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match &self.0 {
            Kind::System => START.elapsed(),
            Kind::Manual(clock) => clock.dial().running,
        }
    }

    /// Waits at least this long by this clock.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Kind::System => tokio::time::sleep(duration).await,
            Kind::Manual(clock) => {
                let key = {
                    let mut dial = clock.dial();
                    dial.last += 1;
                    (after(dial.now, duration), dial.last)
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
            dial.now = after(dial.now, duration);
            dial.running += duration;
            let first_later = (after(dial.now, Duration::from_nanos(1)), 0);
            let later = dial.sleepers.split_off(&first_later);
            std::mem::replace(&mut dial.sleepers, later)
        };
        for waker in due.into_values() {
            waker.wake();
        }
    }
}

impl Clock {
    /// Sets a manual clock as somebody sets a system's clock: nobody has waited for that long. Does
    /// nothing to the system's clock.
    pub fn jump(&self, to: Timestamp) {
        if let Kind::Manual(clock) = &self.0 {
            clock.dial().now = to;
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
