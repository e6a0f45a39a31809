//! Notices when somebody sets the time of day by more than an hour, or when the machine slept: the
//! clock that nobody can set has then gone on by less or more than the time of day.
//!
//! Waits go by that clock, so nothing stands still and nothing is sent twice. What compares times of
//! day is put right here: letters that would wait for a time that has moved away leave at once.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::after;
use crate::desk::Desk;
use crate::store::StoreError;
use crate::tracker::ClockJump;

/// How often the two are compared.
pub(super) const EVERY: Duration = Duration::from_mins(1);

/// The two clocks when they were last compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClockWatch {
    day: Timestamp,
    run: Duration,
}

impl ClockWatch {
    pub(super) fn new(desk: &Desk) -> Self {
        Self { day: desk.clock.now(), run: desk.clock.elapsed() }
    }

    /// How the time of day was set since the last look, if it was.
    pub(super) fn look(&mut self, desk: &Desk) -> Option<ClockJump> {
        let (day, run) = (desk.clock.now(), desk.clock.elapsed());
        let expected = after(self.day, run.saturating_sub(self.run));
        *self = Self { day, run };
        ClockJump::between(expected, day)
    }
}

/// Puts right what depends on it, and has it on record: what is removed by its age is left alone
/// until a person has looked.
///
/// # Errors
/// Where the store cannot write.
pub(super) async fn settle(desk: &Desk, jump: ClockJump) -> Result<(), StoreError> {
    desk.clock_says(Some(jump.expected)).await?;
    if jump.by().is_negative() {
        desk.pull_letters_back(jump.by().unsigned_abs()).await?;
    }
    Ok(())
}
