//! Certificates from an authority, by ACME (RFC 8555).
//!
//! What is pure about certificates is in `tls`; this is the conversation with the authority, which
//! goes over the wire like all that we ask of others, and is why it stands below both. When a
//! certificate is asked for is upkeep's to say; [`due`] and [`pause`] are the rules for it.

mod account;
mod error;
mod http;
mod look;
mod order;
mod schedule;
mod window;

use std::path::Path;
use std::time::Duration;

pub use error::AcmeError;
pub use look::Directory;
pub use schedule::{due, pause};
pub use window::Window;

use crate::clock::Clock;
use crate::config;
use crate::tls::{Challenges, Kept, Pair};
use crate::wire::Wire;

/// How many orders are begun anew because of their nonces.
const TRIES: u32 = 5;
/// The longest that an order may take, from the first request to the certificate.
const PATIENCE: Duration = Duration::from_mins(5);

/// One authority, and the host that it vouches for. Cheap to clone.
#[derive(Clone)]
pub struct Acme {
    settings: config::Acme,
    /// The name that the certificate is for.
    host: String,
    kept: Kept,
    challenges: Challenges,
    wire: Wire,
    clock: Clock,
}

impl Acme {
    /// `folder` is the data folder's place for certificates; `wire` trusts the authority's server.
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(
        settings: config::Acme,
        host: &str,
        folder: &Path,
        challenges: Challenges,
        wire: Wire,
        clock: Clock,
    ) -> Self {
        let kept = Kept::new(folder, &account::folder(&settings));
        Self { settings, host: host.to_ascii_lowercase(), kept, challenges, wire, clock }
    }

    /// The authority's name: the host of its directory.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.settings.directory.host_str().unwrap_or("the authority")
    }

    /// The name that the certificate is for.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// How it sees that the host is ours.
    #[must_use]
    pub fn challenge(&self) -> &'static str {
        self.settings.challenge.name()
    }

    /// What the authority gave us so far.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Orders a certificate, proves that the host is ours, and keeps what comes of it. `old` is the
    /// one that it is to replace.
    ///
    /// # Errors
    /// Each a sentence that says what stands in the way; nothing was replaced.
    pub async fn issue(&self, old: Option<&Pair>) -> Result<Pair, AcmeError> {
        tokio::select! {
            biased;
            issued = Box::pin(self.order_anew(old)) => issued,
            () = self.clock.sleep(PATIENCE) => Err(AcmeError::Slow { authority: self.authority().to_owned() }),
        }
    }

    /// RFC 8555 §6.5: what was refused for its nonce is to be asked again with another. The client does so
    /// a few times for each request; beyond that the order is begun anew, at once.
    async fn order_anew(&self, old: Option<&Pair>) -> Result<Pair, AcmeError> {
        for _ in 0..TRIES {
            match Box::pin(self.order(old)).await {
                Err(error) if error.is_bad_nonce() => {
                    tracing::debug!(%error, "the order is begun anew");
                }
                ordered => return ordered,
            }
        }
        self.order(old).await
    }
}
