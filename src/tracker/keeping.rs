//! What stops a desk, or makes it careful: a pause, a restored backup, a clock that jumped.

use jiff::{SignedDuration, Timestamp};

use super::Seq;

/// Why a desk is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseWhy {
    /// The operator said so.
    Asked,
    /// It was restored from a backup, and a person has to look first.
    Restored,
}

/// Mail neither comes in nor goes out until a person says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    pub since: Timestamp,
    pub why: PauseWhy,
}

/// The store was restored from a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    pub at: Timestamp,
    /// When the backup was made: what came later is not on record.
    pub backup: Timestamp,
    /// The last journal number of the backup.
    pub last: Seq,
    /// Letters that were pending in it, and of which nobody knows whether they left.
    pub letters: u64,
}

/// The clock jumped by more than can be trusted: nothing is removed because of its age until a
/// person has looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockJump {
    /// What the clock should have said.
    pub expected: Timestamp,
    /// What it said.
    pub found: Timestamp,
}

impl ClockJump {
    /// Up to here it is a correction of a clock, or a wrong setting of summer time.
    const CORRECTION: SignedDuration = SignedDuration::from_hours(1);

    /// A clock that should have said `expected` and said `found`: nothing where that is no more
    /// than a correction.
    #[must_use]
    pub fn between(expected: Timestamp, found: Timestamp) -> Option<Self> {
        let jump = Self { expected, found };
        (jump.by().abs() > Self::CORRECTION).then_some(jump)
    }

    /// By how much it was set; below nothing where it was set back.
    #[must_use]
    pub fn by(&self) -> SignedDuration {
        self.found.duration_since(self.expected)
    }
}
