//! What is measured while the desk works: how long mails and letters take.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::metrics::histogram::Histogram;

/// The bounds of the buckets, in seconds: from what nobody notices to a day.
const BOUNDS: [f64; 13] =
    [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0, 86_400.0];

/// What is measured since the start. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Measures(Arc<Inner>);

struct Inner {
    arrival_to_commit: Histogram,
    commit_to_submission: Histogram,
}

impl fmt::Debug for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measures").finish_non_exhaustive()
    }
}

impl Default for Measures {
    fn default() -> Self {
        let histogram = || Histogram::new(BOUNDS);
        Self(Arc::new(Inner { arrival_to_commit: histogram(), commit_to_submission: histogram() }))
    }
}

impl Measures {
    /// A mail that the mail server took at `arrived` is on record now.
    pub fn taken_in(&self, arrived: Timestamp, now: Timestamp) {
        self.0.arrival_to_commit.observe(seconds(arrived, now));
    }

    /// A letter that was due since `due` was given to the mail server now.
    pub fn submitted(&self, due: Timestamp, now: Timestamp) {
        self.0.commit_to_submission.observe(seconds(due, now));
    }

    pub(super) fn arrival_to_commit(&self) -> Histogram {
        self.0.arrival_to_commit.clone()
    }

    pub(super) fn commit_to_submission(&self) -> Histogram {
        self.0.commit_to_submission.clone()
    }
}

/// Two clocks may differ, so what would be before its time took no time.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}
