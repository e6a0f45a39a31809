//! What a customer decides about being mailed, by link or by mail. The token is the permission.

use super::{Desk, DeskError};
use crate::mail::ReplyKey;
use crate::store::{Look, Write};
use crate::tracker::{Actor, Change, Event, ParticipantNo, Ticket, apply};
use crate::triage::KeyPurpose;
use jiff::Timestamp;

impl Desk {
    /// Ends the subscription that the token stands for. Asking twice is no error.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where the token is not on record.
    pub async fn unsubscribe(&self, token: &ReplyKey) -> Result<(), DeskError> {
        self.set_subscription(token, Change::Unsubscribe).await
    }

    /// Begins it again, and lifts "no mail at all".
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where the token is not on record.
    pub async fn resubscribe(&self, token: &ReplyKey) -> Result<(), DeskError> {
        self.set_subscription(token, Change::Subscribe).await
    }

    /// No mail at all from this desk to the address that the token stands for.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where the token is not on record.
    pub async fn no_mail_at_all(&self, token: &ReplyKey) -> Result<(), DeskError> {
        let (token, now) = (token.clone(), self.clock.now());
        self.store
            .write(move |w| {
                let (mut ticket, no) = subscription(w, &token)?;
                let address = ticket.participant(no).ok_or(DeskError::NotFound)?.address.clone();
                w.suppress(&address, now)?;
                let events = apply(&mut ticket, Change::Unsubscribe(no), Actor::Participant(no), now)?;
                Ok(record(w, &ticket, &events)?)
            })
            .await?;
        Ok(())
    }

    async fn set_subscription(
        &self,
        token: &ReplyKey,
        change: fn(ParticipantNo) -> Change,
    ) -> Result<(), DeskError> {
        let (token, now) = (token.clone(), self.clock.now());
        self.store
            .write(move |w| {
                let (mut ticket, no) = subscription(w, &token)?;
                let change = change(no);
                if matches!(change, Change::Subscribe(_))
                    && let Some(person) = ticket.participant(no)
                {
                    let address = person.address.clone();
                    w.unsuppress(&address)?;
                }
                settle_subscription(w, &mut ticket, change, no, now)
            })
            .await?;
        Ok(())
    }
}

fn settle_subscription(
    w: &mut Write<'_>,
    ticket: &mut Ticket,
    change: Change,
    no: ParticipantNo,
    now: Timestamp,
) -> Result<(), DeskError> {
    let events = apply(ticket, change, Actor::Participant(no), now)?;
    Ok(record(w, ticket, &events)?)
}

/// The ticket and participant of an unsubscribe token.
fn subscription(look: &impl Look, token: &ReplyKey) -> Result<(Ticket, ParticipantNo), DeskError> {
    let key = look.key(token)?.filter(|key| !key.revoked).ok_or(DeskError::NotFound)?;
    let KeyPurpose::Unsubscribe(no) = key.purpose else {
        return Err(DeskError::NotFound);
    };
    let ticket = look.ticket(key.ticket)?.ok_or(DeskError::NotFound)?;
    Ok((ticket, no))
}

/// Writes a ticket with what happened on it.
pub(super) fn record(
    w: &mut Write<'_>,
    ticket: &Ticket,
    events: &[Event],
) -> Result<(), crate::store::StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    w.put_ticket(ticket)?;
    for event in events {
        w.put_event(event)?;
    }
    Ok(())
}
