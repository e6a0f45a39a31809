//! What becomes of mails that lay in the mailbox before Postdesk came: a person's choice.

use std::collections::HashSet;

use super::{Holder, Intake, IntakeError, MarkerError};
use crate::desk::DeskError;
use crate::triage::{AdoptHow, Adoption};

impl Intake {
    /// Carries the choice out and records it. `Leave` moves everything first, so that a crash
    /// half-way leaves a mailbox that is still not ours.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] where the mailbox is adopted already, or where a mail could not be
    /// moved; else as a sweep.
    pub async fn adopt(&self, how: AdoptHow) -> Result<Adoption, IntakeError> {
        let account = self.jmap().await?.account_id();
        let name = self.settings.boxes.intake.to_string();
        let _alone = self.adopting.lock().await;
        if let Some(before) = self.desk.adoption(&account, &name)? {
            let how = before.how.as_str();
            return Err(DeskError::Invalid(format!("the mailbox was adopted already, as \"{how}\"")).into());
        }
        if self.marker.look().await? == Holder::Other {
            let why = "another desk's marker lies in the mailbox; `postdesk status` says what was seen, and \
                       `postdesk adopt --take-over` gives the mailbox to this desk";
            return Err(DeskError::Invalid(why.to_owned()).into());
        }
        if how == AdoptHow::Leave {
            self.move_away().await?;
        }
        let adoption = self.desk.adopt(account, name, how).await?;
        self.desk.intake_bell().notify_one();
        Ok(adoption)
    }

    /// A person decided that this desk serves the mailbox, whatever marker lies there.
    ///
    /// # Errors
    /// As [`super::MarkerWatch::take_over`].
    pub async fn take_over(&self) -> Result<(), MarkerError> {
        self.marker.take_over().await
    }

    async fn move_away(&self) -> Result<(), IntakeError> {
        let jmap = self.jmap().await?;
        let boxes = self.boxes().await?;
        let earlier = jmap.ensure_mailbox(&self.settings.boxes.earlier).await?;
        let mut stuck = 0;
        let mut gone = HashSet::new();
        loop {
            let mut page = jmap.page(&boxes.intake, stuck, 100).await?;
            if page.found() == 0 {
                break;
            }
            // What is shown again though it was moved did not move.
            page.emails.retain(|email| !gone.contains(&email.id));
            let moves: Vec<_> =
                page.emails.iter().map(|e| (e.id.clone(), boxes.intake.clone(), earlier.clone())).collect();
            let moved = jmap.file(&moves).await?;
            let before = gone.len();
            gone.extend(
                moves.into_iter().zip(moved).filter(|(_, done)| done.is_ok()).map(|((id, ..), _)| id),
            );
            stuck += page.found().saturating_sub(gone.len() - before);
        }
        if stuck > 0 {
            // What stayed would be taken in as if it came now.
            let why =
                format!("{stuck} mails could not be moved; the mailbox is not adopted, try again later");
            return Err(DeskError::Invalid(why).into());
        }
        Ok(())
    }
}
