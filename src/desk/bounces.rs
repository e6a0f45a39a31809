//! Letters that came back: what a delivery report says is put on the letter and its ticket, and
//! mail to an address from which letters come back again and again is paused.

use jiff::Timestamp;

use super::act::Scene;
use super::settle::tell_ticket;
use super::{Desk, DeskError};
use crate::store::{Look, StoreError, Write};
use crate::tracker::{
    Delivery, FormId, OutboxId, OutboxRow, OutboxState, ParticipantNo, Recipient, TicketId, Viewer,
};
use crate::triage::Reported;

/// Carries out what a delivery report says of a letter.
pub(super) fn note(
    w: &mut Write<'_>,
    letter: OutboxId,
    outcome: Reported,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut row) = w.letter(letter)? else { return Ok(()) };
    // Whatever was known until now: what a server reports about has left.
    if matches!(row.state, OutboxState::Submitting | OutboxState::Unknown | OutboxState::PresumedSent) {
        row.state = OutboxState::Sent;
        row.trouble = None;
    }
    match outcome {
        Reported::Failed { permanent, reply } => refused(w, row, permanent, &reply, now),
        Reported::Delayed | Reported::Passed => {
            let said = if outcome == Reported::Delayed { Delivery::Queued } else { Delivery::Delivered };
            if !matches!(row.delivery, Delivery::Refused { .. } | Delivery::Delivered) {
                row.delivery = said;
            }
            w.put_letter(&row)
        }
    }
}

/// A second report about the same letter says nothing new.
fn refused(
    w: &mut Write<'_>,
    mut row: OutboxRow,
    permanent: bool,
    reply: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let known = matches!(row.delivery, Delivery::Refused { .. });
    if !known {
        row.delivery = Delivery::Refused { reply: reply.to_owned() };
    }
    row.next_look = None;
    w.put_letter(&row)?;
    if !known {
        tell_ticket(w, &row, reply, now)?;
    }
    let address = match row.to {
        Recipient::Participant { ticket, no } => {
            let ticket = w.ticket(ticket)?;
            ticket.and_then(|ticket| ticket.participant(no).map(|person| person.address.clone()))
        }
        Recipient::Agent { account, .. } => w.account(account)?.map(|account| account.address),
        Recipient::Account(_) => None,
    };
    if let (true, Some(address)) = (permanent, address)
        && w.note_bounce(&address, row.id, now)?
    {
        tracing::info!(letter = row.id.0, "letters to an address came back again; mail to it is paused");
    }
    Ok(())
}

impl Desk {
    /// Mails a participant again whose address was paused because letters came back. A person's
    /// own wish for no mail at all stays.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where the ticket has no such participant; else as every action.
    pub async fn lift_pause(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        participant: ParticipantNo,
    ) -> Result<(), DeskError> {
        let decide = move |scene: &mut Scene| match scene.ticket.participant(participant) {
            Some(_) => Ok(Vec::new()),
            None => Err(DeskError::NotFound),
        };
        self.act(viewer, ticket, form.into(), decide, move |w, scene, _| {
            if let Some(person) = scene.ticket.participant(participant) {
                w.lift_pause(&person.address)?;
            }
            Ok(())
        })
        .await
    }
}
