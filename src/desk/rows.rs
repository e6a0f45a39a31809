//! Bookkeeping of mails on their way through the intake mailbox.

use super::receive::{Arrived, row_of};
use super::{Desk, DeskError};
use crate::store::{Look, StoreError, WriteError};
use crate::tracker::MailRowId;
use crate::triage::{EmailRef, HoldCause, InHand, MailRow, Verdict, VerdictKind};

impl Desk {
    /// Records what a sweep is about to work on, so that a crash shows over which mail it was.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn in_hand(&self, mails: Vec<InHand>) -> Result<(), StoreError> {
        self.store.write(move |w| w.set_in_hand(&mails)).await.map_err(WriteError::flatten)
    }

    /// Records that these Emails have left the intake mailbox, each by the verdict with which its
    /// row was read. One that a person decided meanwhile has to be filed anew.
    ///
    /// # Errors
    /// Where the store cannot write; they are filed again then, which does no harm.
    pub async fn filed(&self, rows: Vec<(MailRowId, VerdictKind)>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let filed = self.store.write(move |w| {
            for (id, verdict) in &rows {
                if let Some(mut row) = w.mail_row(*id)?.filter(|row| row.verdict == *verdict) {
                    row.filed = true;
                    w.put_mail_row(&row)?;
                }
            }
            Ok::<_, StoreError>(())
        });
        filed.await.map_err(WriteError::flatten)
    }

    /// The Email of a row goes by a new id.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn renamed(&self, row: MailRowId, source: EmailRef) -> Result<Option<MailRow>, StoreError> {
        let renamed = self.store.write(move |w| {
            let Some(mut row) = w.mail_row(row)? else { return Ok(None) };
            row.source = source.clone();
            w.put_mail_row(&row)?;
            super::receive::done_with(w, &source)?;
            Ok::<_, StoreError>(Some(row))
        });
        renamed.await.map_err(WriteError::flatten)
    }

    /// Decides once more about a mail that was held or ignored; `unread` is why it could not be
    /// looked at this time either. `None` where it is no longer held or ignored. One whose change
    /// fails is held.
    ///
    /// # Errors
    /// As [`Desk::receive`].
    pub async fn decide_again(
        &self,
        id: MailRowId,
        arrived: Arrived,
        unread: Option<HoldCause>,
    ) -> Result<Option<MailRow>, DeskError> {
        match self.redo(id, arrived.clone(), unread).await {
            Err(DeskError::Store(error)) if error.is_temporary() => Err(error.into()),
            Err(error) => {
                tracing::error!(row = id.0, %error, "deciding on a mail again failed; it is held");
                self.redo(id, arrived, Some(HoldCause::ApplyFailed)).await
            }
            done => done,
        }
    }

    async fn redo(
        &self,
        id: MailRowId,
        arrived: Arrived,
        unread: Option<HoldCause>,
    ) -> Result<Option<MailRow>, DeskError> {
        let desk = self.clone();
        let now = self.clock.now();
        let decided = self.store.write(move |w| {
            let Some(before) = w.mail_row(id)?.filter(|row| row.verdict.is_set_aside()) else {
                return Ok(None);
            };
            let verdict = match unread {
                Some(cause) => Verdict::Hold { cause, ticket: before.ticket, project: before.project },
                None => desk.decide(w, &arrived, now)?,
            };
            if unread.is_none() {
                // It may have been set aside unread: now it is known what it says.
                let read = row_of(w, &arrived, &verdict, before.taken_at)?;
                w.put_mail_row(&MailRow { id, verdict: before.verdict, ..read })?;
            }
            desk.carry_out(w, &arrived, verdict, id, None, now).map(Some)
        });
        let row = decided.await?;
        self.ring_outbox();
        Ok(row)
    }
}
