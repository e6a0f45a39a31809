//! Whether the streets move: each says when it begins something and when it goes to rest, and one
//! that has been at the same thing for too long stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;

/// A street, as its pulse is felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Street {
    MailIn,
    MailOut,
    Upkeep,
}

impl Street {
    pub const ALL: [Self; 3] = [Self::MailIn, Self::MailOut, Self::Upkeep];

    /// The words that logs and `/healthz` use.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::MailIn => "mail in",
            Self::MailOut => "mail out",
            Self::Upkeep => "upkeep",
        }
    }
}

/// Longer than the longest single step: one mail of the largest size over a slow line.
const LONGEST_STEP: Duration = Duration::from_mins(40);

/// At rest: nothing to do, or waiting to try again.
const REST: u64 = u64::MAX;

/// What the streets write down while they work. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Pulse {
    clock: Clock,
    /// For each street the milliseconds of the clock's run at its last beat, or [`REST`].
    beats: Arc<[AtomicU64; 3]>,
    /// When the intake mailbox was last swept to its end.
    swept: Arc<AtomicU64>,
    /// The poll interval, in milliseconds.
    poll: Arc<AtomicU64>,
    /// When this pulse was made.
    since: Duration,
}

impl Pulse {
    pub(super) fn new(clock: Clock) -> Self {
        let since = clock.elapsed();
        let beats = [const { AtomicU64::new(REST) }; 3];
        Self {
            clock,
            beats: Arc::new(beats),
            swept: Arc::new(AtomicU64::new(REST)),
            poll: Arc::default(),
            since,
        }
    }

    /// A step begins, or has got on.
    pub fn beat(&self, street: Street) {
        self.set(street, self.now());
    }

    /// The street waits, for work or for a time.
    pub fn rest(&self, street: Street) {
        self.set(street, REST);
    }

    /// Whether the street waits, for work or for a time.
    #[must_use]
    pub fn rests(&self, street: Street) -> bool {
        self.beats.get(street as usize).is_none_or(|beat| beat.load(Ordering::Relaxed) == REST)
    }

    /// The intake mailbox was swept to its end.
    pub fn swept(&self) {
        self.swept.store(self.now(), Ordering::Relaxed);
    }

    /// The streets that have been at one step for longer than any step takes.
    #[must_use]
    pub fn still(&self) -> Vec<Street> {
        let still = |street: &Street| {
            let beat = self.beats.get(*street as usize).map_or(REST, |beat| beat.load(Ordering::Relaxed));
            beat != REST && self.since_then(beat) > LONGEST_STEP
        };
        Street::ALL.into_iter().filter(still).collect()
    }

    /// How long ago the intake mailbox was swept to its end; else how long this desk has run.
    #[must_use]
    pub fn since_sweep(&self) -> Duration {
        match self.swept.load(Ordering::Relaxed) {
            REST => self.uptime(),
            at => self.since_then(at),
        }
    }

    /// How often the mailbox is looked at where there is no push.
    pub fn sweeps_every(&self, poll: Duration) {
        self.poll.store(u64::try_from(poll.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }

    /// How long there may be no sweep: `usual`, or three times the poll interval.
    #[must_use]
    pub fn longest_gap(&self, usual: Duration) -> Duration {
        usual.max(Duration::from_millis(self.poll.load(Ordering::Relaxed)).saturating_mul(3))
    }

    /// How long this desk has run.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.since)
    }

    /// Whether it was swept at all.
    #[must_use]
    pub fn has_swept(&self) -> bool {
        self.swept.load(Ordering::Relaxed) != REST
    }

    fn set(&self, street: Street, at: u64) {
        if let Some(beat) = self.beats.get(street as usize) {
            beat.store(at, Ordering::Relaxed);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(REST - 1)
    }

    fn since_then(&self, at: u64) -> Duration {
        self.clock.elapsed().saturating_sub(Duration::from_millis(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_street_stands_still_only_while_it_works_on_one_thing() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let pulse = Pulse::new(clock.clone());
        pulse.beat(Street::MailIn);
        pulse.beat(Street::MailOut);
        pulse.rest(Street::MailOut);
        clock.advance(LONGEST_STEP);
        assert_eq!(pulse.still(), []);
        clock.advance(Duration::from_secs(1));
        assert_eq!(pulse.still(), [Street::MailIn]);
        pulse.beat(Street::MailIn);
        assert_eq!(pulse.still(), []);
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
