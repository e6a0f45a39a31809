//! Whether a connection is in use, so that one that is not can be ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How many requests of one connection are in hand.
#[derive(Clone)]
pub(super) struct Busy(Arc<watch::Sender<usize>>);

/// One request in hand.
pub(super) struct InHand(Busy);

impl Default for Busy {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Busy {
    pub(super) fn begin(&self) -> InHand {
        self.0.send_modify(|count| *count += 1);
        InHand(self.clone())
    }

    /// Resolves when nothing was in hand for so long.
    #[allow(clippy::disallowed_methods, reason = "a bound on real time, whatever the desk's clock says")]
    pub(super) async fn idle_for(&self, duration: Duration) {
        let mut count = self.0.subscribe();
        loop {
            if count.wait_for(|count| *count == 0).await.is_err() {
                return std::future::pending().await;
            }
            tokio::select! {
                () = tokio::time::sleep(duration) => return,
                changed = count.changed() => if changed.is_err() { return },
            }
        }
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
