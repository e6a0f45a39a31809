//! The watchdog is fed only while the streets move: one that hangs has systemd start the desk anew.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::desk::{Late, Pulse};
use crate::systemd;

/// How much more time is asked for at once while the store is opened.
const MORE_TIME: Duration = Duration::from_secs(90);

/// Feeds systemd's watchdog, where there is one, until `stop` says so. Then the desk ends in its
/// own time, for which systemd has another bound, and is fed until it is gone.
pub(super) async fn feed(pulse: Pulse, clock: Clock, mut stop: watch::Receiver<bool>) {
    let Some(pause) = systemd::watchdog_pause() else { return };
    let mut told = None;
    while !*stop.borrow() {
        match look(&pulse, &mut told) {
            Some(late) => tracing::error!(
                street = late.street.name(),
                overdue = late.by.as_secs(),
                "a street does not move any more; the watchdog is not fed until it does"
            ),
            None if told.is_none() => systemd::alive(),
            None => {}
        }
        tokio::select! {
            () = clock.sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
    loop {
        systemd::alive();
        clock.sleep(pause).await;
    }
}

/// Gives a late street once, and again only where it came back in between.
fn look(pulse: &Pulse, told: &mut Option<Late>) -> Option<Late> {
    let late = pulse.late();
    let news = late.filter(|late| told.is_none_or(|told| told.street != late.street));
    *told = late;
    news
}

/// Asks for more time to start while `opening` runs, which may migrate a large store. It runs on a
/// thread of its own, so that this one can speak meanwhile.
pub(super) async fn with_time<T, E>(
    clock: &Clock,
    opening: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: Send + 'static,
{
    let mut opening = tokio::task::spawn_blocking(opening);
    loop {
        systemd::extend_start("opening the store", MORE_TIME);
        tokio::select! {
            opened = &mut opening => match opened {
                Ok(opened) => return opened,
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            },
            () = clock.sleep(MORE_TIME / 3) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Street;

    #[test]
    fn a_street_that_hangs_is_told_once_and_again_after_it_came_back() {
        let clock = Clock::manual("2026-11-22T13:00:00Z".parse().unwrap());
        let pulse = Pulse::new(clock.clone());
        let mut told = None;
        pulse.waits(Street::Delivery, Duration::ZERO);
        assert_eq!((look(&pulse, &mut told), told), (None, None));
        clock.advance(Duration::from_mins(3));
        assert_eq!(look(&pulse, &mut told).map(|late| late.street), Some(Street::Delivery));
        assert_eq!(look(&pulse, &mut told), None);
        assert!(told.is_some(), "and is not forgotten");
        pulse.works(Street::Delivery);
        assert_eq!((look(&pulse, &mut told), told), (None, None));
    }
}
