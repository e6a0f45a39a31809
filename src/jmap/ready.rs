//! The right to submit at once.
//!
//! What lies between the mark *submitting* and the wire is what a crash leaves unknown. So everything
//! that a submission may have to wait for is had before the mark is set.

use std::sync::Arc;

use tokio::sync::SemaphorePermit;

use super::session::Session;
use super::{Jmap, JmapError};

/// One of the requests that may run at once (RFC 8620 §2 `maxConcurrentRequests`). `None` would mean
/// that the semaphore was closed, which it never is.
pub(super) type Slot<'a> = Option<SemaphorePermit<'a>>;

/// The session and a request: [`Ready::submit`] writes it without waiting for anything but the
/// connection. While it lives, others have one request fewer.
pub struct Ready<'a> {
    pub(super) jmap: &'a Jmap,
    pub(super) session: Arc<Session>,
    pub(super) slot: Slot<'a>,
}

impl Jmap {
    /// Waits for all that a submission needs. Nothing else may be asked of the server until it is
    /// submitted or given back: the server may allow one request alone.
    ///
    /// # Errors
    /// Where the session changed and cannot be fetched anew.
    pub async fn ready(&self) -> Result<Ready<'_>, JmapError> {
        let session = self.session().await?;
        Ok(Ready { jmap: self, session, slot: self.slot().await })
    }

    /// Waits until a request may be written.
    pub(super) async fn slot(&self) -> Slot<'_> {
        self.0.requests.acquire().await.ok()
    }
}
