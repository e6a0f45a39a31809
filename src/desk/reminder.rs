//! When to say again in the log that something is still in the way: once a day, not with each try.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often.
const EVERY: Duration = Duration::from_hours(24);

/// Remembers when a trouble was last told. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Reminder(Arc<Mutex<Option<Duration>>>);

impl Reminder {
    /// There is trouble; `now` is the clock's run. Says whether it is time to say so again, which it
    /// is not when it begins.
    #[must_use]
    pub fn due(&self, now: Duration) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *told.get_or_insert(now);
        let due = now.saturating_sub(since) >= EVERY;
        if due {
            *told = Some(now);
        }
        due
    }

    /// It is over.
    pub fn over(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_day_while_it_lasts() {
        let reminder = Reminder::default();
        let hours = |from: u64, to: u64| {
            (from..to).filter(|hour| reminder.due(Duration::from_hours(*hour))).collect::<Vec<_>>()
        };
        assert_eq!(hours(0, 80), [24, 48, 72]);
        reminder.over();
        assert_eq!(hours(80, 105), [104]);
    }
}
