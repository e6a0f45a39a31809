//! The last step before a letter's mark: the mailbox is ours, the ids are the server's, a request is free.

use std::sync::Arc;

use super::lanes::Asked;
use super::{Delivery, DeliveryError, Ways};
use crate::jmap::{EmailId, Jmap, Ready};
use crate::tracker::OutboxRow;

/// How often all is asked for again, because the wait for a request took longer.
const TRIES: usize = 3;

impl Delivery {
    /// The right to submit the draft of a letter now, and the ways that hold for it. An upload, or the wait
    /// for a free request, may have taken minutes, in which another desk may have come, or the mail server
    /// may have been restored: an id that was found under an earlier session may be another mail's by now.
    ///
    /// # Errors
    /// What forbids it; nothing was submitted.
    pub(super) async fn ready<'a>(
        &self,
        jmap: &'a Jmap,
        (row, draft): (&OutboxRow, &EmailId),
        mut ways: Arc<Ways>,
        asked: &Asked<'_>,
    ) -> Result<(Ready<'a>, Arc<Ways>), DeliveryError> {
        let not_now = |why: &str| DeliveryError::NotSent { why: why.to_owned(), retry_after: None };
        for round in 1..=TRIES {
            self.ask(asked).await?;
            let changed = jmap.session_changes() != ways.session;
            if changed {
                ways = self.ways().await?;
                let found = jmap.emails(std::slice::from_ref(draft)).await?;
                let is_it = found.iter().any(|info| {
                    info.id == *draft
                        && info.message_ids.contains(&row.message_id)
                        && info.mailboxes.contains(&ways.outgoing)
                });
                if !is_it {
                    return Err(not_now("the mail server lost the draft while the letter was on its way"));
                }
            }
            let ready = jmap.ready().await?;
            // Without its mark it leaves after the next start; with it nobody might know.
            if asked.is_stopped() {
                return Err(DeliveryError::Stopping);
            }
            // Some servers name another state with each answer: then the draft was looked at just now.
            let known = jmap.session_changes() == ways.session || (changed && round == TRIES);
            if known && self.asked_within(asked, self.marker.fresh()).await {
                return Ok((ready, ways));
            }
        }
        Err(not_now("the mail server was too slow to say whether the mailbox is still this desk's"))
    }
}
