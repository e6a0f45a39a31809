//! One letter's way: draft, import, mark, submit, settle.

use std::time::Duration;

use bytes::Bytes;

use super::lanes::Asked;
use super::{Delivery, DeliveryError, PAUSE, Ways};
use crate::desk::{LookFound, Settled};
use crate::jmap::{AfterSending, EmailId, Envelope, Imported, JmapError, SetErrorType, Submission};
use crate::mail::{self, Address};
use crate::store::{Look, RawError};
use crate::tracker::{OutboxRow, Recipient};

/// The longest wait before a letter that was refused for now is tried again.
const LONGEST_WAIT: Duration = Duration::from_mins(30);
/// How many times a letter is tried again that is refused for now, within about three days.
const TRIES: u32 = 150;

impl Delivery {
    /// Sends one letter that is due, and puts on record how that ended.
    ///
    /// # Errors
    /// What is in the way and not about this letter alone.
    pub(super) async fn send(&self, row: OutboxRow, asked: &Asked<'_>) -> Result<(), DeliveryError> {
        if row.letter.is_secret() {
            return self.send_secret(row, asked).await;
        }
        let jmap = self.jmap().await?;
        let ways = self.ways().await?;
        let Some(to) = self.addressee(&row)? else {
            return Ok(self.desk.withdraw(row.id, "the participant is not on record any more").await?);
        };
        // A letter that was submitted before and is to leave again is looked for once more.
        if row.submitted_at.is_some()
            && let left @ LookFound::Left { .. } = self.look_for(&row).await?
        {
            self.make_untidy();
            self.desk.found(row.id, left).await?;
            return Ok(());
        }
        let bytes = match self.draft(&row, &ways).await {
            Err(gone @ DeliveryError::Gone(_)) => {
                return Ok(self.desk.withdraw(row.id, &gone.to_string()).await?);
            }
            // No later try finds it either.
            Err(DeliveryError::Raw(error @ (RawError::Missing(_) | RawError::Damaged(_)))) => {
                tracing::error!(letter = row.id.0, %error, "a letter cannot be sent, because its text is lost");
                let why = format!(
                    "its text is no longer in the data folder ({error}); restore that file from a backup, or write again"
                );
                return Ok(self.desk.settle(row.id, Settled::Refused { why }).await?);
            }
            drafted => drafted?,
        };
        // The draft may be older than what is configured now, so its own From counts.
        let from = mail::parse(&bytes, None).from.map_or_else(|| ways.sender.clone(), |from| from.address);
        let Some(imported) = self.import(&row, bytes.into(), &ways).await? else { return Ok(()) };
        if imported.existed && self.lies_in_sent(&imported.id, &ways).await? {
            let email = Some(imported.id.as_str().to_owned());
            self.desk.found(row.id, LookFound::Left { email, submission: None }).await?;
            return Ok(());
        }
        let (ready, ways) = self.ready(jmap, (&row, &imported.id), ways, asked).await?;
        let Some(row) = self.desk.begin_submission(row.id, imported.id.as_str().to_owned()).await? else {
            self.make_untidy();
            return Ok(());
        };
        let (identity, sender) = ways.identity_for(&from);
        let envelope = Envelope { from: sender, to };
        let after = AfterSending::File { from: ways.outgoing.clone(), to: ways.sent.clone() };
        let outcome = ready.submit(&imported.id, &envelope, &identity, &after).await;
        self.settle(&row, &imported.id, outcome, &ways).await
    }

    /// `None` where the server will never take this letter, which is on record then.
    pub(super) async fn import(
        &self,
        row: &OutboxRow,
        bytes: Bytes,
        ways: &Ways,
    ) -> Result<Option<Imported>, DeliveryError> {
        let imported = self.jmap().await?.import(bytes, &ways.outgoing, &["$draft", "$seen"]).await;
        let error = match imported {
            Ok(imported) => return Ok(Some(imported)),
            Err(error) => error,
        };
        if is_about_the_letter(&error) {
            let why = error.whole();
            tracing::warn!(letter = row.id.0, %why, "the mail server does not take a letter");
            self.desk.settle(row.id, Settled::Refused { why }).await?;
            return Ok(None);
        }
        if matches!(error, JmapError::Set { .. }) {
            // The mailbox may be gone.
            self.forget_ways().await;
        }
        Err(error.into())
    }

    /// The address that the row's recipient has now.
    pub(super) fn addressee(&self, row: &OutboxRow) -> Result<Option<Address>, DeliveryError> {
        let read = self.desk.store.read()?;
        Ok(match row.to {
            Recipient::Participant { ticket, no } => {
                read.ticket(ticket)?.and_then(|ticket| ticket.participant(no).map(|p| p.address.clone()))
            }
            Recipient::Agent { account: id, .. } | Recipient::Account(id) => {
                read.account(id)?.map(|account| account.address)
            }
        })
    }

    async fn lies_in_sent(&self, email: &EmailId, ways: &Ways) -> Result<bool, DeliveryError> {
        let emails = self.jmap().await?.emails(std::slice::from_ref(email)).await?;
        Ok(emails.iter().any(|info| info.id == *email && info.mailboxes.contains(&ways.sent)))
    }

    pub(super) async fn settle(
        &self,
        row: &OutboxRow,
        email: &EmailId,
        outcome: Submission,
        ways: &Ways,
    ) -> Result<(), DeliveryError> {
        // The identity may not be what it was when it was looked up.
        if matches!(outcome, Submission::Unknown { .. } | Submission::Refused { reply: None, .. }) {
            self.forget_ways().await;
        }
        let settled = match outcome {
            Submission::Accepted { id, delivery, filed } => {
                if !filed && !row.letter.is_secret() {
                    self.file_sent(email, ways).await;
                }
                Settled::Sent { submission: id.map(String::from), delivery }
            }
            Submission::Refused { permanent: true, why, .. } => {
                tracing::warn!(letter = row.id.0, %why, "a letter was refused for good");
                self.make_untidy();
                Settled::Refused { why }
            }
            Submission::Refused { permanent: false, why, .. } if row.attempts >= TRIES => {
                tracing::warn!(letter = row.id.0, %why, "a letter was refused for now too often");
                self.make_untidy();
                Settled::Refused { why }
            }
            Submission::Refused { permanent: false, why, .. } => {
                Settled::Later { wait: self.backoff(row.attempts), why }
            }
            Submission::NotSent { failure, why } => {
                let retry_after = failure.retry_after();
                let wait = retry_after.unwrap_or_default().max(PAUSE);
                self.desk.settle(row.id, Settled::NotSent { wait, why: why.clone() }).await?;
                return Err(DeliveryError::NotSent { why, retry_after });
            }
            Submission::Unknown { why, retry_after } => {
                tracing::warn!(letter = row.id.0, %why, "nobody knows yet whether a letter left; it is looked for");
                self.desk.settle(row.id, Settled::Unknown { why: why.clone() }).await?;
                return Err(DeliveryError::InDoubt { why, retry_after });
            }
        };
        Ok(self.desk.settle(row.id, settled).await?)
    }

    /// The letter left, whatever becomes of its copy: one that cannot be moved now is moved when the
    /// mailbox is tidied.
    async fn file_sent(&self, email: &EmailId, ways: &Ways) {
        let moved = match self.jmap().await {
            Ok(jmap) => jmap.mark_sent(email, &ways.outgoing, &ways.sent).await,
            Err(error) => Err(error),
        };
        if !matches!(moved, Ok(Ok(()))) {
            self.make_untidy();
        }
    }

    /// 15 s, doubled with each try, up to half an hour, less a random half.
    fn backoff(&self, attempts: u32) -> Duration {
        let whole =
            Duration::from_secs(15).saturating_mul(2_u32.saturating_pow(attempts.min(10))).min(LONGEST_WAIT);
        self.desk.jittered(whole)
    }
}

/// Whether another letter could be imported where this one is refused for good.
fn is_about_the_letter(error: &JmapError) -> bool {
    match error {
        JmapError::TooLarge { .. } | JmapError::TooLargeOnTheWay { .. } => true,
        JmapError::Set { fault, .. } => {
            matches!(fault.kind, SetErrorType::InvalidEmail | SetErrorType::TooLarge)
        }
        _ => false,
    }
}
