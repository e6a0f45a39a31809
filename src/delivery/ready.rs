//! The last step before a letter's mark: the mailbox is ours, the ids are the server's, a request is free.

use std::time::Duration;

use super::lanes::Asked;
use super::{Delivery, DeliveryError, Ways};
use crate::jmap::{Jmap, Ready};

/// How old the marker's answer may be at the mark. Another desk that takes the mailbox over waits longer.
const FRESH: Duration = Duration::from_secs(5);
/// How often it is asked for again, because the wait for a request took longer.
const TRIES: usize = 3;

impl Delivery {
    /// The right to submit now. An upload, or the wait for a free request, may have taken minutes, in which
    /// another desk may have come, or the mail server may have been restored: an id that was found under an
    /// earlier session may be another mail's by now.
    ///
    /// # Errors
    /// What forbids it; nothing was submitted.
    pub(super) async fn ready<'a>(
        &self,
        jmap: &'a Jmap,
        ways: &Ways,
        asked: &Asked,
    ) -> Result<Ready<'a>, DeliveryError> {
        let not_now = |why: &str| DeliveryError::NotSent { why: why.to_owned(), retry_after: None };
        for _ in 0..TRIES {
            self.ask(asked).await?;
            let ready = jmap.ready().await?;
            if jmap.session_changes() != ways.session {
                return Err(not_now("the mail server had a new session while the letter was on its way"));
            }
            if self.asked_within(asked, FRESH).await {
                return Ok(ready);
            }
        }
        Err(not_now("the mail server was too slow to say whether the mailbox is still this desk's"))
    }
}
