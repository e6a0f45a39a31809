//! The one place that draws random values: from the system, or from a seed.
#![allow(clippy::disallowed_methods, reason = "this module owns randomness")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Token;
use crate::mail::{MessageId, ReplyKey};
use crate::tracker::{RunId, StoreId};

/// Draws random values. Cheap to clone.
#[derive(Clone)]
pub struct Random(Kind);

#[derive(Clone)]
enum Kind {
    System,
    /// A BLAKE3 stream: the same seed gives the same values. For tests only.
    Seeded(Arc<Mutex<blake3::OutputReader>>),
}

impl Random {
    /// The system's random numbers.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// The same values each time for the same seed; never for a desk that serves people.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let stream = blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof();
        Self(Kind::Seeded(Arc::new(Mutex::new(stream))))
    }

    /// `N` random octets.
    ///
    /// # Panics
    /// Where the system has no random numbers: nothing that Postdesk does is safe without them.
    #[must_use]
    #[allow(clippy::panic, reason = "there is no safe way on")]
    pub fn octets<const N: usize>(&self) -> [u8; N] {
        let mut octets = [0; N];
        match &self.0 {
            Kind::System => {
                if let Err(error) = getrandom::fill(&mut octets) {
                    panic!("the system gives no random numbers: {error}");
                }
            }
            Kind::Seeded(stream) => stream.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut octets),
        }
        octets
    }

    /// A number below `end`; 0 where `end` is 0. Good enough for jitter, not for secrets.
    #[must_use]
    pub fn below(&self, end: u64) -> u64 {
        u64::from_le_bytes(self.octets()).checked_rem(end).unwrap_or(0)
    }

    /// Between half and all of a wait, so that many desks do not knock at once.
    #[must_use]
    pub fn jittered(&self, wait: Duration) -> Duration {
        let half = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) / 2;
        Duration::from_millis(half.saturating_add(self.below(half.saturating_add(1))))
    }

    #[must_use]
    pub fn reply_key(&self) -> ReplyKey {
        ReplyKey::from_random(self.octets())
    }

    /// A token for a cookie or a link: 256 bits.
    #[must_use]
    pub fn token(&self) -> Token {
        Token::from_octets(self.octets())
    }

    #[must_use]
    pub fn store_id(&self) -> StoreId {
        StoreId(self.octets())
    }

    #[must_use]
    pub fn run_id(&self) -> RunId {
        RunId(self.octets())
    }

    /// A Message-ID of ours; it tells nothing about the ticket (RFC 5322 §3.6.4).
    #[must_use]
    pub fn message_id(&self, host: &str) -> MessageId {
        MessageId::ours(&self.reply_key(), host)
    }
}
