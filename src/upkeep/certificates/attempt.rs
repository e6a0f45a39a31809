//! How often an authority was asked in vain, and when it is asked again. It is kept over restarts:
//! a daemon that is started again and again must not use up what the authority bears with.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::acme::{AcmeError, pause};
use crate::clock::after;
use crate::tls::{CertificateTrouble, Kept};

/// The longest that a start waits after the last attempt, whatever was said before: whoever starts
/// the desk again has most likely mended something.
const AT_A_START: SignedDuration = SignedDuration::from_mins(15);

/// The failures since the last success; none at first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Attempts {
    failures: u32,
    last: Option<LastFailure>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct LastFailure {
    at: Timestamp,
    /// Since when it fails.
    since: Timestamp,
    again: Timestamp,
    why: String,
    /// How it was tried: another way is tried at once.
    challenge: String,
}

impl Attempts {
    /// What is on record, for this way of proving that the host is ours.
    pub(super) fn read(kept: &Kept, challenge: &str) -> Self {
        let text = kept.attempt().ok().flatten().unwrap_or_default();
        let mut read: Self = serde_json::from_str(&text).unwrap_or_default();
        if let Some(last) = &mut read.last {
            last.again = last.again.min(last.at.checked_add(AT_A_START).unwrap_or(last.at));
        }
        if read.last.as_ref().is_none_or(|last| last.challenge == challenge) { read } else { Self::default() }
    }

    /// Whether it is too early for another one.
    pub(super) fn is_too_early(&self, now: Timestamp) -> bool {
        // A clock that went back does not make it wait for ever.
        self.last.as_ref().is_some_and(|last| last.at <= now && now < last.again)
    }

    pub(super) fn failed(&mut self, error: &AcmeError, challenge: &str, now: Timestamp, draw: u64) {
        self.failures = self.failures.saturating_add(1);
        let pause: Duration = pause(self.failures, draw, error.wait());
        self.last = Some(LastFailure {
            at: now,
            since: self.last.as_ref().map_or(now, |last| last.since),
            again: after(now, pause),
            why: error.to_string(),
            challenge: challenge.to_owned(),
        });
    }

    /// Writes it down. Where that cannot be, the next start asks at once.
    pub(super) fn keep(&self, kept: &Kept) {
        let text = serde_json::to_string(self).unwrap_or_default();
        if let Err(error) = kept.keep_attempt(&text) {
            tracing::debug!(%error, "attempts at a certificate could not be recorded");
        }
    }

    pub(super) fn trouble(&self) -> Option<CertificateTrouble> {
        let last = self.last.as_ref()?;
        Some(CertificateTrouble { why: last.why.clone(), since: last.since, again: Some(last.again) })
    }

    /// How many failed since the last success.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }
}
