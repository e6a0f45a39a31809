//! Both streets at work side by side, as in the daemon, on a clock that the test moves.

use std::time::Duration;

use postdesk::desk::{Listening, Street};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::bench::Bench;

/// How long a test waits for what needs no time of its clock.
const PATIENCE: Duration = Duration::from_secs(60);

/// The streets of one bench, under way until they are stopped.
pub struct Running {
    stop: watch::Sender<bool>,
    streets: JoinSet<()>,
}

impl Running {
    pub fn start(bench: &Bench) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut streets = JoinSet::new();
        let (intake, delivery) = (bench.intake.clone(), bench.delivery.clone());
        let (one, two) = (stopped.clone(), stopped);
        streets.spawn(async move { intake.run(one).await });
        streets.spawn(async move { delivery.run(two).await });
        Self { stop, streets }
    }

    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.streets.join_next().await.is_some() {}
    }
}

/// Lets the streets do what they can do now.
pub async fn work(bench: &Bench) {
    for _ in 0..40 {
        tokio::task::yield_now().await;
    }
    while ![Street::Intake, Street::Delivery].iter().all(|street| bench.desk.pulse().rests(*street)) {
        tokio::task::yield_now().await;
    }
}

/// Lets time pass in steps of a minute.
pub async fn pass(bench: &Bench, time: Duration) {
    let steps = time.as_secs() / 60;
    for _ in 0..steps {
        bench.advance(Duration::from_secs(60));
        work(bench).await;
    }
}

/// Lets time pass until something holds.
pub async fn until(bench: &Bench, what: &str, holds: impl Fn() -> bool) {
    for _ in 0..100_000 {
        if holds() {
            return;
        }
        bench.advance(Duration::from_millis(500));
        work(bench).await;
    }
    panic!("never: {what}: {:?}", bench.desk.standing().get());
}

/// Waits for something while the clock stands still, so that no poll and no wait can bring it about.
pub async fn at_once(bench: &Bench, what: &str, holds: impl Fn() -> bool) {
    let comes = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    let came = tokio::time::timeout(PATIENCE, comes).await;
    assert!(came.is_ok(), "not by itself: {what}: {:?}", bench.desk.standing().get());
}

pub fn listens_by(bench: &Bench, how: Listening) -> bool {
    bench.desk.standing().get().listening == Some(how)
}
