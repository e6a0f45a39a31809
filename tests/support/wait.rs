//! Waiting on a predicate over the state, never on time: the only place where a test pauses.

use std::time::{Duration, Instant};

/// How long a test waits for something that should come; generous, since the machine is shared.
pub const LONG: Duration = Duration::from_secs(60);

/// Asks until there is an answer, and returns it.
///
/// # Panics
/// Where none came within the limit; `what` says what was missing.
pub async fn until<T>(what: &str, limit: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    let mut pause = Duration::from_millis(5);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain for {what}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// Waits until the predicate holds.
///
/// # Panics
/// Where it does not within the limit.
pub async fn holds(what: &str, limit: Duration, mut ask: impl AsyncFnMut() -> bool) {
    until(what, limit, async || ask().await.then_some(())).await;
}
