//! What lies in the mail server's Junk, and what people ask to be fetched into the intake mailbox.

use std::time::Duration;

use super::{Boxes, Intake, IntakeError};
use crate::config::MailboxRef;
use crate::desk::{Errand, Junk, JunkMail};
use crate::jmap::{EmailId, MailboxId};
use crate::store::Look;

/// How often Junk is looked at. Nobody is waiting for what lies there.
const LOOK_EVERY: Duration = Duration::from_mins(5);
/// How many of its mails are shown.
const SHOWN: usize = 20;

impl Intake {
    /// Moves what people asked for into the intake mailbox, where the sweep finds it.
    pub(super) async fn run_errands(&self, boxes: &Boxes) -> Result<(), IntakeError> {
        let errands = self.desk.take_errands();
        if errands.is_empty() {
            return Ok(());
        }
        let junk = self.find_junk().await?.map(|(id, _)| id);
        let mut moves = Vec::new();
        for errand in errands {
            match errand {
                Errand::AskAgain(row) => {
                    if let Some(row) = self.desk.store.read()?.mail_row(row)? {
                        moves.push((row.source.email, boxes.held.clone()));
                    }
                }
                Errand::FromJunk(email) => moves.extend(junk.clone().map(|junk| (email, junk))),
            }
        }
        let moves: Vec<_> = moves
            .into_iter()
            .map(|(email, from)| (EmailId::from(email.as_str()), from, boxes.intake.clone()))
            .collect();
        for ((email, ..), moved) in moves.iter().zip(self.jmap().await?.file(&moves).await?) {
            if let Err(fault) = moved {
                let email = email.as_str();
                tracing::warn!(email, %fault, "this mail could not be fetched into the intake mailbox");
            }
        }
        self.look_at_junk_at(Duration::ZERO).await;
        Ok(())
    }

    /// Looks at Junk where that is due. That it cannot be seen harms nobody.
    pub(super) async fn look_at_junk(&self) {
        self.look_at_junk_at(LOOK_EVERY).await;
    }

    async fn look_at_junk_at(&self, every: Duration) {
        let now = self.desk.clock.elapsed();
        let mut looked = self.junk_at.lock().await;
        if looked.is_some_and(|at| now.saturating_sub(at) < every) {
            return;
        }
        *looked = Some(now);
        match self.see_junk().await {
            Ok(junk) => self.desk.junk().set(junk),
            Err(error) => tracing::debug!(why = error.whole(), "the Junk mailbox was not looked at"),
        }
    }

    async fn see_junk(&self) -> Result<Option<Junk>, IntakeError> {
        let Some((mailbox, total)) = self.find_junk().await? else { return Ok(None) };
        let newest =
            if total == 0 { Vec::new() } else { self.jmap().await?.headlines(&mailbox, SHOWN).await? };
        let newest = newest.into_iter().map(|mail| JunkMail {
            email: mail.id.as_str().to_owned(),
            from: mail.from.map(|from| from.to_string()).unwrap_or_default(),
            subject: mail.subject,
            received_at: mail.received_at,
            size: mail.size,
        });
        Ok(Some(Junk { total, newest: newest.collect() }))
    }

    /// The mailbox with the role of Junk, and how many mails lie there.
    async fn find_junk(&self) -> Result<Option<(MailboxId, u64)>, IntakeError> {
        let junk = MailboxRef::Role("junk".to_owned());
        if self.settings.boxes.intake == junk {
            return Ok(None);
        }
        let found = self.jmap().await?.find_mailbox(&junk).await?;
        Ok(found.map(|mailbox| (mailbox.id, mailbox.total)))
    }
}
