//! Notices when somebody sets the time of day by more than an hour, or when the machine slept: the
//! clock that nobody can set has then gone on by less or more than the time of day.
//!
//! Waits go by that clock, so nothing stands still and nothing is sent twice. What compares times of
//! day is put right here: letters that would wait for a time that has moved away leave at once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::desk::Desk;
use crate::store::StoreError;

/// How often the two are compared.
pub(super) const EVERY: Duration = Duration::from_mins(1);
/// What is told and put right.
const JUMP: SignedDuration = SignedDuration::from_hours(1);

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

    /// By how much the time of day was set since the last look, if that is more than an hour.
    pub(super) fn look(&mut self, desk: &Desk) -> Option<SignedDuration> {
        let (day, run) = (desk.clock.now(), desk.clock.elapsed());
        let passed = SignedDuration::try_from(run.saturating_sub(self.run)).unwrap_or(SignedDuration::MAX);
        let jumped = day.duration_since(self.day).saturating_sub(passed);
        *self = Self { day, run };
        (jumped.abs() > JUMP).then_some(jumped)
    }
}

/// Puts right what depends on it, and has it on record: what is removed by its age is left alone
/// until a person has looked.
///
/// # Errors
/// Where the store cannot write.
pub(super) async fn settle(desk: &Desk, jumped: SignedDuration) -> Result<(), StoreError> {
    let now = desk.clock.now();
    desk.clock_says(Some(now.saturating_sub(jumped).unwrap_or(now))).await?;
    if jumped.is_negative() {
        desk.pull_letters_back(jumped.unsigned_abs()).await?;
    }
    Ok(())
}
