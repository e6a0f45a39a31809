//! Letters whose outcome nobody knows: looked for in Sent and among the submissions.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::lanes::UnderWay;
use super::{Delivery, DeliveryError, LOOK_EVERY, LOOK_FOR_PARKED_EVERY, Progress, is_due};
use crate::clock::after;
use crate::desk::LookFound;
use crate::jmap::{EmailId, EmailInfo, JmapError};
use crate::mail::MessageId;
use crate::store::Look;
use crate::tracker::{OutboxRow, OutboxState};

/// How many letters are looked for at once.
const LOOK_AT: usize = 5000;
/// The mail server's clock may be behind ours by as much.
const SKEW: Duration = Duration::from_hours(24);
/// For how long a parked letter is looked for by itself. Later a person's *send again* still looks first.
const LOOK_FOR_PARKED: Duration = Duration::from_hours(7 * 24);

/// What lies in Sent, by Message-ID.
type InSent = HashMap<MessageId, EmailId>;

impl Delivery {
    /// At each start: rows that an earlier run left waiting or submitting are first looked for in
    /// Sent, because their end may have been lost with it.
    pub(super) async fn catch_up(&self) -> Result<(), DeliveryError> {
        let read = self.desk.store.read()?;
        let mut open = read.letters_in(OutboxState::Submitting, LOOK_AT)?;
        open.extend(read.letters_in(OutboxState::Waiting, LOOK_AT)?);
        drop(read);
        self.look_for_all(&open).await
    }

    /// Looks for letters whose submission got no answer, and now and then for those that were
    /// given up: one of them found in Sent later was sent. What is under way has its answer to come.
    pub(super) async fn follow(
        &self,
        progress: &mut Progress,
        under_way: &UnderWay,
    ) -> Result<(), DeliveryError> {
        let now = self.desk.clock.now();
        let parked_too = is_due(progress.parked_at, LOOK_FOR_PARKED_EVERY, now);
        let read = self.desk.store.read()?;
        let mut unknown = read.letters_in(OutboxState::Submitting, LOOK_AT)?;
        unknown.retain(|row| !under_way.has(row.id));
        if parked_too {
            let parked = read.letters_in(OutboxState::Unknown, LOOK_AT)?;
            let recent =
                |row: &OutboxRow| row.submitted_at.is_some_and(|at| after(at, LOOK_FOR_PARKED) > now);
            unknown.extend(parked.into_iter().filter(recent));
        }
        drop(read);
        self.look_for_all(&unknown).await?;
        progress.followed_at = Some(now);
        if parked_too {
            progress.parked_at = Some(now);
        }
        Ok(())
    }

    /// The same before letters leave, where it was not come to for a while: a server that asks for time again
    /// and again ends each turn before. That it fails keeps no letter back.
    pub(super) async fn follow_again(&self, progress: &mut Progress) {
        if is_due(progress.followed_at, LOOK_EVERY, self.desk.clock.now()) {
            self.try_to_follow(progress, &UnderWay::default()).await;
        }
    }

    async fn try_to_follow(&self, progress: &mut Progress, under_way: &UnderWay) {
        if let Err(error) = self.follow(progress, under_way).await {
            tracing::debug!(why = error.whole(), "letters of unknown outcome could not be looked for");
        }
    }

    /// The same beside letters that leave, which may go on for hours at a server that is slow.
    pub(super) async fn follow_meanwhile(&self, progress: &mut Progress, under_way: &UnderWay) -> Infallible {
        loop {
            self.desk.clock.sleep(LOOK_EVERY).await;
            self.try_to_follow(progress, under_way).await;
        }
    }

    async fn look_for_all(&self, rows: &[OutboxRow]) -> Result<(), DeliveryError> {
        let Some(oldest) = rows.iter().map(|row| row.created_at).min() else { return Ok(()) };
        let sent = self.sent_since(oldest).await?;
        for row in rows {
            let found = self.look_in(row, &sent).await?;
            let state = self.desk.found(row.id, found).await?;
            if state != row.state {
                tracing::info!(letter = row.id.0, ?state, "a letter of unknown outcome is settled");
                if row.state == OutboxState::Submitting && state == OutboxState::Sent {
                    // Their answers get lost, and they leave.
                    self.rests().well(row.letter.lane());
                }
                self.make_untidy();
            }
        }
        Ok(())
    }

    /// Whether the letter lies in Sent or a submission names it.
    pub(super) async fn look_for(&self, row: &OutboxRow) -> Result<LookFound, DeliveryError> {
        let sent = self.sent_since(row.created_at).await?;
        self.look_in(row, &sent).await
    }

    async fn look_in(&self, row: &OutboxRow, sent: &InSent) -> Result<LookFound, DeliveryError> {
        if row.letter.is_secret() {
            return self.look_for_secret(row).await;
        }
        if let Some(email) = sent.get(&row.message_id) {
            // Which submission it was tells how its delivery stands.
            let submission = self.submission_of(email, row).await?;
            return Ok(LookFound::Left { email: Some(email.as_str().to_owned()), submission });
        }
        if let (Some(email), Some(_)) = (&row.email, row.submitted_at) {
            let id = EmailId::from(email.as_str());
            let submission = self.submission_of(&id, row).await?;
            if submission.is_some() && !self.is_anothers(&id, row).await? {
                return Ok(LookFound::Left { email: Some(email.clone()), submission });
            }
        }
        Ok(LookFound::Nothing)
    }

    /// The submission of an Email, where the server tells. One that cannot be asked so never tells, which
    /// proves nothing, as if it had forgotten.
    pub(super) async fn submission_of(
        &self,
        email: &EmailId,
        row: &OutboxRow,
    ) -> Result<Option<String>, DeliveryError> {
        let to = self.addressee(row)?;
        match self.jmap().await?.submission_of(email, to.as_ref()).await {
            Ok(found) => Ok(found.map(String::from)),
            Err(error @ JmapError::Method(_)) => {
                tracing::debug!(why = error.whole(), "the mail server does not say what was submitted");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether this id is another mail's by now: a server that was restored gives ids a second time.
    async fn is_anothers(&self, email: &EmailId, row: &OutboxRow) -> Result<bool, DeliveryError> {
        let found = self.jmap().await?.emails(std::slice::from_ref(email)).await?;
        Ok(found.iter().any(|info| info.id == *email && !info.message_ids.contains(&row.message_id)))
    }

    /// What was put into Sent since then. Sent is enumerated and compared by Message-ID, because
    /// servers answer a header search with silence.
    pub(super) async fn sent_since(&self, since: Timestamp) -> Result<InSent, DeliveryError> {
        let ways = self.ways().await?;
        let jmap = self.jmap().await?;
        // Our own clock may have been ahead when the letter was written.
        let since = since.min(self.desk.clock.now());
        let since = SignedDuration::try_from(SKEW).ok().and_then(|skew| since.checked_sub(skew).ok());
        let emails = jmap.all_since(&ways.sent, since.unwrap_or(Timestamp::MIN)).await?;
        let by_id = |mail: EmailInfo| mail.message_ids.into_iter().map(move |id| (id, mail.id.clone()));
        Ok(emails.into_iter().flat_map(by_id).collect())
    }
}
