//! Signs of life: each street says by when it will have moved again, and who watches them sees
//! which one has not. The street of incoming mail also says when it last saw its whole mailbox.
//!
//! A street that waits for something that may take hours says so, and is as lively as one that
//! works. What counts is only that it comes back within the time it named itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// The longest that one step of a street takes: a submission alone may take eleven minutes.
const STEP: Duration = Duration::from_mins(45);
/// The slowest line that a mail is loaded over, in octets a second, as `jmap` reckons.
const SLOWEST: u64 = 50_000;
/// How much later than it said a street may come back, on a machine that is busy.
const GRACE: Duration = Duration::from_mins(2);

/// What has to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Street {
    Intake,
    Delivery,
    Upkeep,
}

impl Street {
    /// For a log or a person.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Intake => "mail in",
            Self::Delivery => "mail out",
            Self::Upkeep => "upkeep",
        }
    }
}

/// A street that has not moved for longer than it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    pub street: Street,
    /// How long it is overdue.
    pub by: Duration,
}

/// Where the streets show that they move. Cheap to clone; all clones are the same. Its time is that
/// of [`Clock::elapsed`], so that a clock that somebody sets makes nobody late.
#[derive(Clone, Debug)]
pub struct Pulse {
    clock: Clock,
    beats: Arc<Mutex<BTreeMap<Street, Beat>>>,
    sweeps: Arc<Mutex<Sweeps>>,
}

/// What a street said last.
#[derive(Clone, Copy, Debug)]
struct Beat {
    /// By when it comes back.
    due: Duration,
    rests: bool,
}

/// When the intake mailbox was swept to its end.
#[derive(Debug)]
struct Sweeps {
    /// When this desk began.
    since: Duration,
    last: Option<Duration>,
    /// How often the mailbox is looked at where there is no push.
    poll: Duration,
}

impl Pulse {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let sweeps = Sweeps { since: clock.elapsed(), last: None, poll: Duration::ZERO };
        Self { clock, beats: Arc::default(), sweeps: Arc::new(Mutex::new(sweeps)) }
    }

    /// The street moved, and begins a step.
    pub fn works(&self, street: Street) {
        self.back_within(street, STEP, false);
    }

    /// The street moved, and begins to load so many octets.
    pub fn loads(&self, street: Street, octets: u64) {
        self.back_within(street, STEP.saturating_add(Duration::from_secs(octets / SLOWEST)), false);
    }

    /// The street moved, and now waits for at most this long.
    pub fn waits(&self, street: Street, at_most: Duration) {
        self.back_within(street, at_most.saturating_add(GRACE), true);
    }

    /// The street has ended, and nobody waits for it.
    pub fn ends(&self, street: Street) {
        self.beats().remove(&street);
    }

    /// The street that is the longest overdue, if any is. One that has not begun is not.
    #[must_use]
    pub fn late(&self) -> Option<Late> {
        let now = self.clock.elapsed();
        let beats = self.beats();
        let (street, beat) = beats.iter().min_by_key(|(_, beat)| beat.due)?;
        (now > beat.due).then(|| Late { street: *street, by: now.saturating_sub(beat.due) })
    }

    /// All that are overdue.
    #[must_use]
    pub fn still(&self) -> Vec<Street> {
        let now = self.clock.elapsed();
        self.beats().iter().filter(|(_, beat)| now > beat.due).map(|(street, _)| *street).collect()
    }

    /// Whether the street waits, for work or for a time; so does one that has not begun.
    #[must_use]
    pub fn rests(&self, street: Street) -> bool {
        self.beats().get(&street).is_none_or(|beat| beat.rests)
    }

    /// The intake mailbox was swept to its end.
    pub fn swept(&self) {
        let now = self.clock.elapsed();
        self.sweeps().last = Some(now);
    }

    /// Whether it was swept at all.
    #[must_use]
    pub fn has_swept(&self) -> bool {
        self.sweeps().last.is_some()
    }

    /// How long ago it was; else how long this desk has run.
    #[must_use]
    pub fn since_sweep(&self) -> Duration {
        let then = { self.sweeps().last };
        then.map_or_else(|| self.uptime(), |then| self.clock.elapsed().saturating_sub(then))
    }

    /// How often the mailbox is looked at where there is no push.
    pub fn sweeps_every(&self, poll: Duration) {
        self.sweeps().poll = poll;
    }

    /// How long there may be no sweep: `usual`, or three times the poll interval.
    #[must_use]
    pub fn longest_gap(&self, usual: Duration) -> Duration {
        usual.max(self.sweeps().poll.saturating_mul(3))
    }

    /// How long this desk has run.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.sweeps().since)
    }

    fn sweeps(&self) -> MutexGuard<'_, Sweeps> {
        self.sweeps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beats(&self) -> MutexGuard<'_, BTreeMap<Street, Beat>> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn back_within(&self, street: Street, time: Duration, rests: bool) {
        let due = self.clock.elapsed().saturating_add(time);
        self.beats().insert(street, Beat { due, rests });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_street_is_late_once_the_time_it_named_itself_is_over() {
        let clock = Clock::manual("2026-11-22T13:00:00Z".parse().unwrap());
        let pulse = Pulse::new(clock.clone());
        assert_eq!(pulse.late(), None, "nobody has begun");
        pulse.works(Street::Intake);
        pulse.waits(Street::Delivery, Duration::from_hours(1));
        clock.advance(STEP);
        assert_eq!(pulse.late(), None);
        clock.advance(Duration::from_secs(1));
        assert_eq!(pulse.late(), Some(Late { street: Street::Intake, by: Duration::from_secs(1) }));
        pulse.works(Street::Intake);
        assert_eq!(pulse.late(), None, "it came back");
        clock.advance(Duration::from_mins(30));
        let late = pulse.late().unwrap();
        assert_eq!((late.street, late.by), (Street::Delivery, Duration::from_secs(13 * 60 + 1)));
        pulse.loads(Street::Upkeep, 60 * SLOWEST);
        pulse.ends(Street::Delivery);
        clock.advance(STEP + Duration::from_mins(1));
        assert_eq!(pulse.late().map(|late| late.street), Some(Street::Intake), "upkeep has a minute more");
        pulse.ends(Street::Intake);
        assert_eq!(pulse.late(), None, "who has ended is not waited for");
    }

    #[test]
    fn setting_the_clock_ages_no_sweep() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let pulse = Pulse::new(clock.clone());
        clock.advance(Duration::from_secs(5));
        assert!(!pulse.has_swept() && pulse.since_sweep() == Duration::from_secs(5));
        pulse.swept();
        clock.set_by(jiff::SignedDuration::from_hours(30));
        clock.advance(Duration::from_secs(2));
        assert!(pulse.has_swept() && pulse.since_sweep() == Duration::from_secs(2));
    }
}
