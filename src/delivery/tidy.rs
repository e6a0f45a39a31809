//! The mailbox of outgoing letters: what lies there though its letter is settled is put where it
//! belongs, until that has happened.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::{Delivery, DeliveryError};
use crate::jmap::{EmailId, EmailInfo, SetFault};
use crate::store::Look;
use crate::tracker::{OutboxRow, OutboxState};

impl Delivery {
    pub(super) fn make_untidy(&self) {
        self.untidy.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_untidy(&self) -> bool {
        self.untidy.load(Ordering::Relaxed)
    }

    /// Repeated with the next turn where it does not succeed. The letters' state does not depend on
    /// it, so trouble here stops nothing.
    pub(super) async fn tidy(&self) {
        if !self.untidy.swap(false, Ordering::Relaxed) {
            return;
        }
        match self.put_away().await {
            Ok(true) => {}
            Ok(false) => {
                self.forget_ways().await;
                self.make_untidy();
            }
            Err(error) => {
                tracing::debug!(why = error.whole(), "sent letters could not be put into Sent yet");
                self.make_untidy();
            }
        }
    }

    /// Sent letters go to Sent; those that will never leave are destroyed, and those of which that
    /// was presumed. Account letters are all destroyed, but for the one under way. A mail that is none
    /// of ours is left alone. `false` where the server refused one.
    async fn put_away(&self) -> Result<bool, DeliveryError> {
        let (jmap, ways) = (self.jmap().await?, self.ways().await?);
        let mut all = true;
        let mut lying = Vec::new();
        for mail in self.outgoing().await? {
            lying.extend(self.letter_in(&mail)?.map(|row| (mail, row)));
        }
        let copies = self.copies(&lying).await?;
        for (mail, row) in lying {
            let under_way = row.state == OutboxState::Submitting;
            let done = match row.state {
                _ if row.letter.is_secret() && !under_way => self.destroy(&mail.id).await?,
                OutboxState::Sent if copies.contains(&mail.id) => self.destroy(&mail.id).await?,
                OutboxState::Sent => jmap.mark_sent(&mail.id, &ways.outgoing, &ways.sent).await?,
                OutboxState::Failed | OutboxState::Withdrawn | OutboxState::PresumedSent => {
                    self.destroy(&mail.id).await?
                }
                OutboxState::Waiting | OutboxState::Submitting | OutboxState::Unknown => Ok(()),
            };
            if let Err(fault) = done {
                tracing::warn!(letter = row.id.0, %fault, "a settled letter's mail could not be put away");
                all = false;
            }
        }
        Ok(all)
    }

    /// What lies in the mailbox of outgoing letters.
    pub(super) async fn outgoing(&self) -> Result<Vec<EmailInfo>, DeliveryError> {
        let ways = self.ways().await?;
        Ok(self.jmap().await?.all_since(&ways.outgoing, Timestamp::MIN).await?)
    }

    fn letter_in(&self, mail: &EmailInfo) -> Result<Option<OutboxRow>, DeliveryError> {
        let Some(id) = mail.message_ids.first() else { return Ok(None) };
        Ok(self.desk.store.read()?.letter_by_message_id(id)?)
    }

    /// Those whose letter lies in Sent under another id: a server that does not notice equal bytes at
    /// import has one Email too many.
    async fn copies(&self, lying: &[(EmailInfo, OutboxRow)]) -> Result<HashSet<EmailId>, DeliveryError> {
        let maybe = lying.iter().filter(|(mail, row)| {
            row.state == OutboxState::Sent
                && !row.letter.is_secret()
                && row.email.as_deref() != Some(mail.id.as_str())
        });
        let maybe: Vec<_> = maybe.collect();
        let Some(oldest) = maybe.iter().map(|(_, row)| row.created_at).min() else {
            return Ok(HashSet::new());
        };
        let sent = self.sent_since(oldest).await?;
        let is_other =
            |mail: &EmailInfo, row: &OutboxRow| sent.get(&row.message_id).is_some_and(|id| *id != mail.id);
        let copies = maybe.into_iter().filter(|(mail, row)| is_other(mail, row));
        Ok(copies.map(|(mail, _)| mail.id.clone()).collect())
    }

    pub(super) async fn destroy(&self, email: &EmailId) -> Result<Result<(), SetFault>, DeliveryError> {
        let done = self.jmap().await?.destroy(std::slice::from_ref(email)).await?;
        Ok(done.into_iter().collect())
    }
}
