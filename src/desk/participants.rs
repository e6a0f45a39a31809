//! Who takes part in a ticket, as an agent decides.

use super::act::{Scene, nothing_more};
use super::letters::{mail_one, may_be_mailed};
use super::{Desk, DeskError};
use crate::mail::NameAddr;
use crate::tracker::{Change, EventKind, FormId, LetterKind, ParticipantNo, TicketId, Viewer};

impl Desk {
    /// Adds somebody, who is told so by mail and gets every reply from then on.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] for an address of this desk; else as every action.
    pub async fn add_participant(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        person: NameAddr,
    ) -> Result<(), DeskError> {
        let ours = self.is_of_this_desk(&self.store.read()?, &person.address)?;
        let (random, host) = (self.random.clone(), self.site.host.clone());
        let decide = move |scene: &mut Scene| {
            if ours {
                return Err(DeskError::Invalid(format!(
                    "the address {} is one of this desk itself, so what is sent there would come back",
                    person.address
                )));
            }
            scene.apply(Change::AddParticipant(person.clone()))
        };
        self.act(viewer, ticket, form.into(), decide, move |w, scene, events| {
            for event in events {
                let EventKind::ParticipantAdded { participant } = event.kind else { continue };
                let Some(person) = scene.ticket.participant(participant) else { continue };
                if may_be_mailed(w, person)? {
                    let letter = LetterKind::ParticipantAdded { event: event.no };
                    mail_one(w, &random, &host, &scene.ticket, letter, participant, scene.now)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Takes somebody off the ticket; that person's mails to it are unverified from then on.
    ///
    /// # Errors
    /// As every action.
    pub async fn remove_participant(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        no: ParticipantNo,
    ) -> Result<(), DeskError> {
        let decide = move |scene: &mut Scene| scene.apply(Change::RemoveParticipant(no));
        self.act(viewer, ticket, form.into(), decide, nothing_more).await
    }
}
