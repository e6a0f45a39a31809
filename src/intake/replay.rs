//! Taking mails in again that a restored store knows nothing of, in the order in which they
//! came and without letters; and the letters of ours that lie in Sent, which put what agents wrote
//! back on record.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::sort::Sorted;
use super::{Holder, Intake, IntakeError};
use crate::desk::{DeskError, PutComments, PutSent, SentMail};
use crate::jmap::{EmailInfo, MailboxId};
use crate::mail::{self, MessageId};
use crate::store::aside;
use crate::triage::{AdoptHow, Adoption, EmailRef, VerdictKind};

/// How many are taken in at once.
const TOGETHER: usize = 50;

/// What a replay did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Mails that were looked at, most of them filed.
    pub seen: usize,
    /// Those taken in again.
    pub taken: usize,
    /// Of them, those that became tickets, comments, or wait for a person.
    pub opened: usize,
    pub commented: usize,
    pub held: usize,
    /// Letters of ours that became comments again.
    pub comments: usize,
    /// Letters of ours of which the Message-ID and the keys are on record again.
    pub letters: usize,
    /// Mails in Sent that belong to no ticket.
    pub strays: usize,
}

impl Replayed {
    /// What the operator is told.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        vec![
            format!(
                "mails taken in before: {} looked at, {} taken in again ({} tickets, {} comments, {} held); nobody was written to",
                self.seen, self.taken, self.opened, self.commented, self.held
            ),
            format!(
                "letters in Sent: {} put back as comments, {} more on record again, {} belong to no ticket",
                self.comments, self.letters, self.strays
            ),
        ]
    }
}

impl Intake {
    /// Takes in again what was filed since then, and what waits in the intake mailbox though a letter of ours
    /// answers it. May be repeated: what is on record is passed over.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] where the desk is not paused, or the mailbox is not this desk's; else
    /// as a sweep. What was taken stays taken.
    pub async fn replay(&self, since: Timestamp) -> Result<Replayed, IntakeError> {
        if self.desk.paused()?.is_none() {
            let why = "mails are taken in again while the desk is paused: `postdesk pause`, then again";
            return Err(DeskError::Invalid(why.to_owned()).into());
        }
        if self.marker.look().await? == Holder::Other {
            let why =
                "the mailbox is another desk's; `postdesk adopt --take-over` gives it to this one first";
            return Err(DeskError::Invalid(why.to_owned()).into());
        }
        let _alone = self.adopting.lock().await;
        let lying = self.lying_since(since).await?;
        tracing::info!(mails = lying.len(), "taking filed mails in again");
        let (mut replayed, comments) = (Replayed::default(), PutComments::default());
        let mut rest = lying.as_slice();
        while let Some(first) = rest.first() {
            let Some(mailbox) = &first.taken_from else {
                self.replay_sent(&first.email, &comments, &mut replayed).await?;
                rest = rest.get(1..).unwrap_or_default();
                continue;
            };
            let together = rest
                .iter()
                .take(TOGETHER)
                .take_while(|lying| lying.taken_from.as_ref() == Some(mailbox))
                .count();
            let (now, later) = rest.split_at(together);
            let emails: Vec<_> = now.iter().map(|lying| lying.email.clone()).collect();
            self.replay_filed(&emails, mailbox, &mut replayed).await?;
            rest = later;
        }
        Ok(replayed)
    }

    async fn replay_filed(
        &self,
        emails: &[EmailInfo],
        mailbox: &MailboxId,
        replayed: &mut Replayed,
    ) -> Result<(), IntakeError> {
        let sorted = self.sort(self.jmap().await?, emails)?;
        replayed.seen += emails.len();
        // What is on record and was set aside lies where it should.
        let sorted = Sorted { new: sorted.new, ..Sorted::default() };
        if sorted.new.is_empty() {
            return Ok(());
        }
        let quiet = Adoption {
            account: self.jmap().await?.account_id(),
            mailbox: self.settings.boxes.intake.to_string(),
            how: AdoptHow::Import,
            at: Timestamp::MAX,
        };
        let taken = self.take(sorted, &quiet, &HashSet::new()).await?;
        let boxes = self.boxes().await?;
        self.file(&boxes, mailbox, &taken.rows).await?;
        replayed.taken += taken.new;
        for row in &taken.rows {
            match row.verdict {
                VerdictKind::Open => replayed.opened += 1,
                VerdictKind::Comment | VerdictKind::Unverified | VerdictKind::AgentReply => {
                    replayed.commented += 1;
                }
                VerdictKind::Hold(_) => replayed.held += 1,
                _ => {}
            }
        }
        taken.trouble.map_or(Ok(()), Err)
    }

    async fn replay_sent(
        &self,
        email: &EmailInfo,
        comments: &PutComments,
        replayed: &mut Replayed,
    ) -> Result<(), IntakeError> {
        let Some(message_id) = email.message_ids.first().filter(|id| self.is_ours(id)) else {
            replayed.strays += 1;
            return Ok(());
        };
        if self.desk.knows_mail(message_id)? {
            return Ok(());
        }
        let source = EmailRef {
            account: self.jmap().await?.account_id(),
            email: email.id.as_str().to_owned(),
            blob: email.blob.as_str().to_owned(),
            size: email.size,
            received_at: email.received_at,
        };
        let raw = self.download(&source).await?;
        let store = self.desk.store.clone();
        let kept = aside(move || {
            let hash = store.raw().put(&raw)?;
            Ok::<_, crate::store::RawError>((hash, mail::parse(&raw, None), mail::traces(&raw)))
        });
        let (raw, inbound, traces) = kept.await??;
        let mail = SentMail {
            message_id: message_id.clone(),
            raw,
            inbound: Arc::new(inbound),
            traces,
            sent_at: email.received_at,
        };
        match self.desk.put_sent(mail, comments).await? {
            PutSent::Comment => replayed.comments += 1,
            PutSent::Letter => replayed.letters += 1,
            PutSent::Stray => replayed.strays += 1,
        }
        Ok(())
    }

    /// Our Message-IDs end with our host; a person's own mail program writes another.
    pub(super) fn is_ours(&self, id: &MessageId) -> bool {
        id.as_str().rsplit_once('@').is_some_and(|(_, host)| host == self.desk.site.host)
    }
}
