//! What a restored desk looks at again, oldest first: mails that were filed, letters in Sent, and what
//! was taken in but not filed when the desk was lost.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Boxes, Intake, IntakeError};
use crate::jmap::{EmailId, EmailInfo, MailboxId};
use crate::mail::{SOURCE_HEADER, source_mark};

/// The mail server's clock may be behind ours, and a mail may have waited before it was filed.
const MARGIN: Duration = Duration::from_hours(24);

/// One mail to look at again.
pub(super) struct Lying {
    pub(super) email: EmailInfo,
    /// The mailbox that it is to be filed from; none where it lies in Sent.
    pub(super) taken_from: Option<MailboxId>,
}

impl Intake {
    /// Everything filed or sent since then, and what of the intake mailbox a letter of ours in Sent
    /// answers or passes on: it had been taken in already, and is not to be answered a second time.
    pub(super) async fn lying_since(&self, since: Timestamp) -> Result<Vec<Lying>, IntakeError> {
        let since =
            SignedDuration::try_from(MARGIN).ok().and_then(|m| since.checked_sub(m).ok()).unwrap_or(since);
        let Boxes { intake, handled, held } = self.boxes().await?;
        let jmap = self.jmap().await?;
        let sent = match jmap.find_mailbox(&self.settings.sent).await? {
            Some(mailbox) => jmap.all_since(&mailbox.id, since).await?,
            None => Vec::new(),
        };
        let ours = sent.iter().filter(|email| email.message_ids.first().is_some_and(|id| self.is_ours(id)));
        let ours: Vec<EmailId> = ours.map(|email| email.id.clone()).collect();
        let answered = jmap.referred_to(&ours).await?;
        // No letter refers to an agent's mail.
        let sources = jmap.header_of(&ours, SOURCE_HEADER).await?;
        let is_answered = |email: &EmailInfo| {
            email.message_ids.iter().any(|id| answered.contains(id) || sources.contains(&source_mark(id)))
        };

        let mut lying = Vec::new();
        for mailbox in [handled, held] {
            let emails = jmap.all_since(&mailbox, since).await?;
            lying.extend(emails.into_iter().map(|email| Lying { email, taken_from: Some(mailbox.clone()) }));
        }
        let waiting = jmap.all_since(&intake, since).await?.into_iter().filter(is_answered);
        lying.extend(waiting.map(|email| Lying { email, taken_from: Some(intake.clone()) }));
        lying.extend(sent.into_iter().map(|email| Lying { email, taken_from: None }));
        lying.sort_by_key(|lying| lying.email.received_at);
        Ok(lying)
    }
}
