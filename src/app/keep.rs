//! Streets that end before they are told to are begun again: what lies in the intake mailbox and in
//! the outbox is found by the next one.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;

/// How long after its end a street is begun again.
const PAUSE: Duration = Duration::from_secs(5);

/// Runs what `begin` gives until `stop` says so. Where it panics, that is logged and it is begun
/// anew.
pub(super) async fn kept_running<F>(
    name: &'static str,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
    begin: impl Fn(watch::Receiver<bool>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // A set ends with its task, should this one be dropped.
        let mut street = JoinSet::new();
        street.spawn(begin(stop.clone()));
        let ended = street.join_next().await;
        if *stop.borrow() {
            return;
        }
        let why = ended.and_then(Result::err).map_or_else(|| "it gave up".to_owned(), |e| e.to_string());
        tracing::error!(street = name, why, "a street ended before its time; it is begun again");
        tokio::select! {
            () = clock.sleep(PAUSE) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

#[cfg(test)]
#[allow(clippy::panic, reason = "the street panics on purpose")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_street_that_panics_is_begun_again_until_it_is_told_to_stop() {
        let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
        let (stop, stopped) = watch::channel(false);
        let (begun, times) = watch::channel(0_u32);
        let begun = Arc::new(begun);
        let ends = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&ends);
        let street = kept_running("a test", clock.clone(), stopped, move |mut stop| {
            let (begun, ends) = (Arc::clone(&begun), Arc::clone(&counted));
            async move {
                begun.send_modify(|times| *times += 1);
                if *begun.borrow() < 3 {
                    panic!("on purpose");
                }
                let _ = stop.wait_for(|stop| *stop).await;
                ends.fetch_add(1, Ordering::Relaxed);
            }
        });
        let street = tokio::spawn(street);
        let mut times = times;
        for time in 1..=3 {
            while times.wait_for(|times| *times >= time).await.is_err() {}
            while time < 3 && *times.borrow() == time {
                clock.advance(PAUSE);
                tokio::task::yield_now().await;
            }
        }
        stop.send_replace(true);
        street.await.unwrap();
        assert_eq!(ends.load(Ordering::Relaxed), 1, "the one that ran was finished");
    }
}
