//! Mails that answer a ticket and may not be what they seem: recorded on the ticket, mailed to
//! nobody, until an agent decides.

use std::sync::Arc;

use jiff::Timestamp;

use super::act::{Form, Scene, scene};
use super::letters::mail_everyone;
use super::link::link;
use super::receive::{Arrived, Opening, named_by_form};
use super::subscribe::record;
use super::{Desk, DeskError};
use crate::mail::{Address, Inbound};
use crate::store::{Look, StoreError, Write};
use crate::tracker::{
    Actor, Body, Change, Decision, Doubt, Event, EventKind, EventNo, FormId, LetterKind, MailRowId,
    ParticipantNo, RawHash, Refusal, Ruling, State, Ticket, TicketId, Viewer, apply, doubt,
};
use crate::triage::{MailRow, ProjectNames, VerdictKind, also_addressed, confirmation, questions, requester};

/// What an agent can make of an unverified mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// A comment; its sender stays outside.
    Once,
    /// A comment, and its sender takes part from now on.
    AndAdd,
    /// The beginning of a ticket.
    OwnTicket,
    /// Nothing more.
    Aside,
}

/// What triage said about such a mail.
#[derive(Clone, Copy)]
pub(super) struct Doubted {
    pub(super) doubt: Doubt,
    pub(super) automatic: bool,
    pub(super) reopen: bool,
}

impl Desk {
    /// Records the mail on the ticket, apart from what participants wrote.
    pub(super) fn doubt_by_mail(
        &self,
        w: &mut Write<'_>,
        arrived: &Arrived,
        row: MailRowId,
        ticket: TicketId,
        doubted: Doubted,
        now: Timestamp,
    ) -> Result<Ticket, DeskError> {
        let mut ticket = w.ticket(ticket)?.ok_or(DeskError::NotFound)?;
        let from = arrived.inbound.from.clone();
        let change = Change::Doubt {
            body: Body::Mail { raw: arrived.raw, row: Some(row) },
            from,
            doubt: doubted.doubt,
            automatic: doubted.automatic,
        };
        let mut events = apply(&mut ticket, change, Actor::Postdesk, now)?;
        if doubted.reopen && ticket.state == State::Closed {
            events.extend(apply(&mut ticket, Change::Reopen, Actor::Postdesk, now)?);
        }
        record(w, &ticket, &events)?;
        Ok(ticket)
    }

    /// Decides what an unverified mail is, and gives the ticket on which it stands now. One that
    /// somebody else has decided on already stays as it was decided.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where there is no such mail, [`DeskError::Done`] where it was decided;
    /// else as every action.
    pub async fn decide_unverified(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        event: EventNo,
        accept: Accept,
    ) -> Result<TicketId, DeskError> {
        let inbound = match accept {
            Accept::OwnTicket => Some(self.unverified_mail(viewer, ticket, event).await?),
            Accept::Once | Accept::AndAdd | Accept::Aside => None,
        };
        let desk = self.clone();
        let now = self.clock.now();
        let form = Form::from(form);
        let stands_on = self
            .store
            .write(move |w| {
                let mut scene = scene(w, viewer, ticket, &form, now)?;
                let mut doubted = pending(w, ticket, event)?;
                match (accept, &inbound) {
                    (Accept::Aside, _) => {
                        w.use_form(&form.id, now)?;
                        settle(w, &mut scene, &mut doubted, Ruling::Aside)?;
                        Ok(ticket)
                    }
                    (Accept::OwnTicket, Some(mail)) => {
                        w.use_form(&form.id, now)?;
                        desk.own_ticket(w, &mut scene, &mut doubted, mail)
                    }
                    (Accept::Once | Accept::AndAdd, _) | (Accept::OwnTicket, None) => {
                        let (added, ruling) = desk.writer(w, &mut scene, &doubted, accept)?;
                        w.use_form(&form.id, now)?;
                        desk.accept(w, &mut scene, &mut doubted, ruling, &added)?;
                        Ok(ticket)
                    }
                }
            })
            .await?;
        self.ring_outbox();
        Ok(stands_on)
    }

    /// Adds the sender where that is wanted and possible.
    fn writer(
        &self,
        look: &impl Look,
        scene: &mut Scene,
        doubted: &Event,
        accept: Accept,
    ) -> Result<(Vec<Event>, Ruling), DeskError> {
        let EventKind::Unverified { from, .. } = &doubted.kind else { return Err(DeskError::NotFound) };
        let known = from.as_ref().is_some_and(|f| scene.ticket.participant_by_address(&f.address).is_some());
        if accept == Accept::Once || known {
            return Ok((Vec::new(), Ruling::Once));
        }
        let from = match from {
            Some(from) if !self.is_of_this_desk(look, &from.address)? => from.clone(),
            _ => {
                let why = "this mail names no sender who could take part; accept it once".to_owned();
                return Err(DeskError::Invalid(why));
            }
        };
        let added = scene.apply(Change::AddParticipant(from))?;
        match added.first().map(|event| &event.kind) {
            Some(EventKind::ParticipantAdded { participant }) => {
                let ruling = Ruling::Added(*participant);
                Ok((added, ruling))
            }
            _ => Err(Refusal::NoSuchParticipant.into()),
        }
    }

    /// Whether an address is one of our own, by whatever project.
    pub(super) fn is_of_this_desk(&self, look: &impl Look, address: &Address) -> Result<bool, StoreError> {
        Ok(self.site.is_ours(address, &ProjectNames::of(&look.projects()?)))
    }

    /// The mail becomes a comment: later mails that name it find the ticket, and participants get it.
    fn accept(
        &self,
        w: &mut Write<'_>,
        scene: &mut Scene,
        doubted: &mut Event,
        ruling: Ruling,
        added: &[Event],
    ) -> Result<(), DeskError> {
        settle(w, scene, doubted, ruling)?;
        for event in added {
            w.put_event(event)?;
        }
        let (ticket, now) = (&scene.ticket, scene.now);
        if let Some(mut row) = row_of(w, doubted)? {
            if let Some(id) = &row.message_id {
                w.add_mail_id(id, ticket.id, false)?;
            }
            row.verdict = VerdictKind::Comment;
            w.put_mail_row(&row)?;
        }
        if !matches!(doubted.kind, EventKind::Unverified { automatic: true, .. }) {
            let except = writer_of(doubted);
            let letter = LetterKind::Comment { event: doubted.no };
            mail_everyone(w, &self.random, &self.site.host, ticket, letter, except, now)?;
        }
        Ok(())
    }

    /// The mail begins a ticket in the same project, confirmed as if it had come so by itself.
    fn own_ticket(
        &self,
        w: &mut Write<'_>,
        scene: &mut Scene,
        doubted: &mut Event,
        mail: &Arc<Inbound>,
    ) -> Result<TicketId, DeskError> {
        let mut row = row_of(w, doubted)?.ok_or(DeskError::NotFound)?;
        let facts = w.facts(&questions(mail, &self.site, row.raw), scene.now)?;
        let project = &scene.project;
        let asks = requester(mail, &project.joining, &self.site, &facts);
        let received_at = row.source.received_at;
        let confirmation = confirmation(mail, &asks, project.confirm, &self.site, received_at, scene.now);
        row.requester = named_by_form(mail, asks.person.as_ref());
        let opening = Opening {
            project: project.id,
            also_for: also_addressed(mail, &self.site, &facts, project.id),
            requester: asks.person,
            confirmation,
        };
        let arrived =
            Arrived { source: row.source.clone(), raw: row.raw, inbound: Arc::clone(mail), quiet: false };
        let new = self.open(w, &arrived, row.id, opening, scene.now)?;
        settle(w, scene, doubted, Ruling::OwnTicket(new))?;
        link(w, new, scene.ticket.id, scene.actor, scene.now)?;
        row.verdict = VerdictKind::Open;
        row.ticket = Some(new);
        w.put_mail_row(&row)?;
        Ok(new)
    }

    /// The mail itself, read again. It is read off the async threads, and only for whoever may work.
    async fn unverified_mail(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        event: EventNo,
    ) -> Result<Arc<Inbound>, DeskError> {
        let row = {
            let look = self.store.read()?;
            super::visible::ticket_for(&look, viewer, crate::tracker::Action::Work, ticket)?;
            mail_of(&pending(&look, ticket, event)?).and_then(|(_, row)| row)
        };
        self.parsed(row.ok_or(DeskError::NotFound)?).await
    }
}

/// The event of an unverified mail on which nobody has decided.
fn pending(look: &impl Look, ticket: TicketId, no: EventNo) -> Result<Event, DeskError> {
    let event = look.event(ticket, no)?.ok_or(DeskError::NotFound)?;
    match &event.kind {
        EventKind::Unverified { decision: None, .. } => Ok(event),
        EventKind::Unverified { decision: Some(_), .. } => Err(DeskError::Done),
        _ => Err(DeskError::NotFound),
    }
}

/// Puts the decision on record, with what it does to the ticket.
fn settle(
    w: &mut Write<'_>,
    scene: &mut Scene,
    doubted: &mut Event,
    ruling: Ruling,
) -> Result<(), DeskError> {
    let Actor::Account(by) = scene.actor else { return Err(DeskError::Forbidden) };
    let decision = Decision { ruling, by, at: scene.now };
    let others = w.events(scene.ticket.id)?;
    doubt::decide(&mut scene.ticket, doubted, decision, &others)?;
    w.put_ticket(&scene.ticket)?;
    w.put_event(doubted)?;
    Ok(())
}

fn writer_of(doubted: &Event) -> Option<ParticipantNo> {
    match doubted.actor {
        Actor::Participant(no) => Some(no),
        Actor::Account(_) | Actor::Postdesk => None,
    }
}

fn mail_of(doubted: &Event) -> Option<(RawHash, Option<MailRowId>)> {
    match doubted.kind.body()? {
        Body::Mail { raw, row } => Some((*raw, *row)),
        Body::Text(_) => None,
    }
}

fn row_of(look: &impl Look, doubted: &Event) -> Result<Option<MailRow>, DeskError> {
    match mail_of(doubted) {
        Some((_, Some(row))) => Ok(look.mail_row(row)?),
        _ => Ok(None),
    }
}
