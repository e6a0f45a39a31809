//! The right to submit: a place among the submissions, then a request that may be written at once.
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

/// A place among the submissions.
pub struct Turn<'a> {
    jmap: &'a Jmap,
    place: Slot<'a>,
}

/// A place, the session and a request: [`Ready::submit`] writes it without waiting for anything but the
/// connection. While it lives, others have one request fewer.
pub struct Ready<'a> {
    pub(super) jmap: &'a Jmap,
    pub(super) session: Arc<Session>,
    pub(super) slot: Slot<'a>,
    /// Held until the answer is there.
    pub(super) place: Slot<'a>,
}

impl Jmap {
    /// Waits until one of the requests that may run at once can be spared for a submission, which may
    /// take minutes: one is always left to everything else.
    pub async fn turn_to_submit(&self) -> Turn<'_> {
        Turn { jmap: self, place: self.0.submissions.acquire().await.ok() }
    }

    /// Waits until a request may be written.
    pub(super) async fn slot(&self) -> Slot<'_> {
        self.0.requests.acquire().await.ok()
    }
}

impl<'a> Turn<'a> {
    /// Waits for all that the submission needs. Nothing else may be asked of the server until it is
    /// submitted: the server may allow one request alone.
    ///
    /// # Errors
    /// Where the session changed and cannot be fetched anew.
    pub async fn ready(self) -> Result<Ready<'a>, JmapError> {
        let session = self.jmap.session().await?;
        Ok(Ready { jmap: self.jmap, session, slot: self.jmap.slot().await, place: self.place })
    }
}
