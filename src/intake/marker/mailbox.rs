//! The mailbox of markers: what lies in it, and how one is put there and destroyed.

use super::{MarkerError, MarkerWatch, State};
use crate::jmap::{EmailId, EmailInfo, Failure, JmapError, MailboxId};
use crate::triage::Marker;

/// How many mails are read at once; there is one, as a rule.
const PAGE: usize = 50;

/// A marker in the mailbox; `None` where it cannot be read.
#[derive(Debug)]
pub(super) struct Lying {
    pub(super) email: EmailId,
    pub(super) marker: Option<Marker>,
}

impl MarkerWatch {
    /// The markers in the mailbox, the newest first. A mail that is none is left alone.
    pub(super) async fn lying(&self, state: &mut State) -> Result<Vec<Lying>, JmapError> {
        if let Some(known) = state.mailbox.take() {
            match self.all_in(&known).await {
                Ok(lying) if !lying.is_empty() => {
                    state.mailbox = Some(known);
                    return Ok(lying);
                }
                // Gone, or emptied, or another mailbox by now: it is looked for anew.
                Ok(_) => {}
                Err(error @ JmapError::Method(_)) if error.failure() == Failure::Permanent => {}
                Err(error) => {
                    state.mailbox = Some(known);
                    return Err(error);
                }
            }
        }
        let Some(found) = self.line.jmap().await?.find_mailbox(&self.settings.mailbox).await? else {
            return Ok(Vec::new());
        };
        let lying = self.all_in(&found.id).await?;
        state.mailbox = Some(found.id);
        Ok(lying)
    }

    async fn all_in(&self, mailbox: &MailboxId) -> Result<Vec<Lying>, JmapError> {
        let jmap = self.line.jmap().await?;
        let mut lying = Vec::new();
        let mut position = 0;
        loop {
            let page = jmap.newest(mailbox, position, PAGE).await?;
            // What is there and not shown may be another desk's marker.
            if page.emails.len() < page.found() {
                return Err(JmapError::Malformed {
                    what: "the marker's mailbox".to_owned(),
                    why: "what lies there changed while it was read".to_owned(),
                });
            }
            position += page.found();
            lying.extend(page.emails.iter().filter_map(marker_of));
            if page.found() == 0 || page.total.is_some_and(|total| position as u64 >= total) {
                return Ok(lying);
            }
        }
    }

    /// Puts a marker of this run into the mailbox, which is created where it is missing.
    pub(super) async fn put(&self, state: &mut State) -> Result<(), MarkerError> {
        let jmap = self.line.jmap().await?;
        let mailbox = match &state.mailbox {
            Some(known) => known.clone(),
            None => jmap.ensure_mailbox(&self.settings.mailbox).await?,
        };
        let draw = u64::from_le_bytes(self.desk.random.octets());
        let mail = self.own()?.mail(draw, &self.settings.account, self.desk.clock.now());
        let mail = mail.ok_or_else(|| JmapError::Session("the marker mail cannot be written".to_owned()))?;
        jmap.import(mail.into(), &mailbox, &["$seen"]).await?;
        state.mailbox = Some(mailbox);
        Ok(())
    }

    /// Destroys all but one. What stays is destroyed another time, and harms nobody.
    pub(super) async fn destroy_others(&self, lying: &[Lying], keep: usize) {
        let others = lying.iter().enumerate().filter(|(place, _)| *place != keep);
        let others: Vec<_> = others.map(|(_, lying)| lying.email.clone()).collect();
        if let Err(error) = self.destroy(others).await {
            tracing::debug!(%error, "an earlier marker could not be destroyed yet");
        }
    }

    pub(super) async fn destroy(&self, emails: Vec<EmailId>) -> Result<(), JmapError> {
        if emails.is_empty() {
            return Ok(());
        }
        let done = self.line.jmap().await?.destroy(&emails).await?;
        let refused = done.into_iter().find_map(Result::err);
        refused.map_or(Ok(()), |fault| {
            Err(JmapError::Set { what: "a marker mail cannot be destroyed".to_owned(), fault })
        })
    }
}

fn marker_of(email: &EmailInfo) -> Option<Lying> {
    let marker = email.message_ids.iter().find_map(Marker::read)?;
    Some(Lying { email: email.id.clone(), marker })
}
