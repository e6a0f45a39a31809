//! What can happen to a ticket: `apply(ticket, change, actor, now)` gives events or a refusal.
//!
//! A refusal leaves the ticket as it was. Permission is the desk's to ask; these are the rules
//! that hold for everyone.

use jiff::Timestamp;
use thiserror::Error;

use super::{
    AccountId, Actor, Body, Doubt, Event, EventKind, EventNo, LinkKind, Participant, ParticipantNo,
    ProjectId, State, Subscription, Ticket, TicketId,
};
use crate::mail::NameAddr;

/// The most participants a ticket can have.
pub const MAX_PARTICIPANTS: usize = 50;

/// One thing that someone wants to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Public text of an agent, or of a participant by mail.
    Comment {
        body: Body,
        automatic: bool,
    },
    Note {
        body: Body,
    },
    Close,
    Reopen,
    Assign(Option<AccountId>),
    AddParticipant(NameAddr),
    /// From a mail's Cc: mailed from the first comment of an agent on, `now` where there was one.
    AddFromCc {
        person: NameAddr,
        answered: bool,
    },
    RemoveParticipant(ParticipantNo),
    /// A mail that answers the ticket, and of which an agent has to decide what it is.
    Doubt {
        body: Body,
        from: Option<NameAddr>,
        doubt: Doubt,
        automatic: bool,
    },
    Link {
        ticket: TicketId,
        how: LinkKind,
    },
    /// To another project, under the number drawn there.
    Move {
        to: ProjectId,
        number: u32,
    },
    Unsubscribe(ParticipantNo),
    Subscribe(ParticipantNo),
}

/// Why a change did not happen. The sentences are shown to the person who asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("there is no text to send")]
    Empty,
    #[error("the ticket is already closed")]
    AlreadyClosed,
    #[error("the ticket is already open")]
    AlreadyOpen,
    #[error("the ticket is already assigned like this")]
    AlreadyAssigned,
    #[error("nobody with that number takes part in the ticket")]
    NoSuchParticipant,
    #[error("this address takes part already")]
    AlreadyParticipant,
    #[error("a ticket has at most {MAX_PARTICIPANTS} participants")]
    TooManyParticipants,
    #[error("somebody has decided on this mail already")]
    Decided,
    #[error("the requester stays on the ticket")]
    Requester,
    #[error("the ticket is in this project already")]
    SameProject,
    #[error("this reply has left already, or may have, so it cannot be taken back")]
    HasLeft,
    #[error("there is nothing to take back")]
    NothingToTakeBack,
    #[error(
        "the ticket was erased, so it stays closed and nothing is added to it; a new mail begins a new ticket"
    )]
    Erased,
}

/// Applies one change and returns its events in order, each with its number.
///
/// # Errors
/// A [`Refusal`]; the ticket is untouched then.
pub fn apply(
    ticket: &mut Ticket,
    change: Change,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    // Whoever was on it is nobody now, and it is in no list: what came to it would be seen by nobody.
    if ticket.erased_at.is_some() {
        return Err(Refusal::Erased);
    }
    let kinds = match change {
        Change::Comment { body, automatic } => comment(ticket, body, automatic, actor, now)?,
        Change::Note { body } => {
            refuse_empty(&body)?;
            ticket.notes += 1;
            ticket.active_at = now;
            vec![EventKind::Note { body }]
        }
        Change::Close => vec![set_state(ticket, State::Closed, now, Refusal::AlreadyClosed)?],
        Change::Reopen => vec![set_state(ticket, State::Open, now, Refusal::AlreadyOpen)?],
        Change::Assign(to) => {
            let from = ticket.assignee;
            if from == to {
                return Err(Refusal::AlreadyAssigned);
            }
            ticket.assignee = to;
            vec![EventKind::Assigned { from, to }]
        }
        Change::AddParticipant(person) => vec![add_participant(ticket, person, false, now)?],
        Change::AddFromCc { person, answered } => vec![add_participant(ticket, person, !answered, now)?],
        Change::RemoveParticipant(no) => vec![remove_participant(ticket, no, now)?],
        Change::Doubt { body, from, doubt, automatic } => {
            ticket.unverified += 1;
            if !automatic {
                ticket.owed_since = ticket.owed_since.or(Some(now));
                ticket.active_at = now;
            }
            vec![EventKind::Unverified { body, from, doubt, automatic, decision: None }]
        }
        Change::Link { ticket, how } => vec![EventKind::Linked { ticket, how }],
        Change::Move { to, number } => vec![relocate(ticket, to, number)?],
        Change::Unsubscribe(no) => unsubscribe(ticket, no, now)?,
        Change::Subscribe(no) => subscribe(ticket, no)?,
    };
    Ok(number(ticket, kinds, actor, now))
}

/// The events that begin a ticket; `ticket` already has its participants and carries no event yet.
pub fn open(ticket: &mut Ticket, body: Body, now: Timestamp) -> Vec<Event> {
    let actor = ticket.requester().map_or(Actor::Postdesk, |p| Actor::Participant(p.no));
    ticket.comments = 1;
    ticket.owed_since = Some(now);
    number(ticket, vec![EventKind::Opened { body }], actor, now)
}

/// Numbers events that follow from something already decided, such as a confirmation being due.
pub fn number(ticket: &mut Ticket, kinds: Vec<EventKind>, actor: Actor, now: Timestamp) -> Vec<Event> {
    kinds
        .into_iter()
        .map(|kind| {
            ticket.last_event = EventNo(ticket.last_event.0 + 1);
            Event { ticket: ticket.id, no: ticket.last_event, at: now, actor, kind }
        })
        .collect()
}

fn refuse_empty(body: &Body) -> Result<(), Refusal> {
    match body {
        Body::Text(text) if text.trim().is_empty() => Err(Refusal::Empty),
        Body::Text(_) | Body::Mail { .. } => Ok(()),
    }
}

/// An automatic mail is shown, and changes nothing: it neither takes the turn nor subscribes.
fn comment(
    ticket: &mut Ticket,
    body: Body,
    automatic: bool,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<EventKind>, Refusal> {
    refuse_empty(&body)?;
    if let Actor::Participant(no) = actor {
        ticket.participant(no).ok_or(Refusal::NoSuchParticipant)?;
    }
    let mut kinds = Vec::new();
    if !automatic {
        match actor {
            Actor::Participant(no) => {
                kinds.extend(subscribe(ticket, no)?);
                ticket.owed_since = ticket.owed_since.or(Some(now));
            }
            Actor::Account(_) | Actor::Postdesk => {
                // An answer does not decide what an unverified mail is.
                ticket.owed_since = ticket.owed_since.filter(|_| ticket.unverified > 0);
                ticket.participants.iter_mut().for_each(|person| person.waits = false);
            }
        }
        ticket.active_at = now;
    }
    ticket.comments += 1;
    kinds.insert(0, EventKind::Comment { body, automatic });
    Ok(kinds)
}

fn set_state(ticket: &mut Ticket, to: State, now: Timestamp, refusal: Refusal) -> Result<EventKind, Refusal> {
    let from = ticket.state;
    if from == to {
        return Err(refusal);
    }
    ticket.state = to;
    ticket.hold_until = None;
    ticket.active_at = now;
    if to == State::Closed {
        ticket.owed_since = None;
    }
    Ok(EventKind::Status { from, to })
}

/// Somebody who took part before comes back under the same number, so that keys go on working.
fn add_participant(
    ticket: &mut Ticket,
    person: NameAddr,
    waits: bool,
    now: Timestamp,
) -> Result<EventKind, Refusal> {
    if ticket.participant_by_address(&person.address).is_some() {
        return Err(Refusal::AlreadyParticipant);
    }
    if let Some(back) = ticket.participants.iter_mut().find(|p| p.address == person.address) {
        back.subscription = Subscription::Subscribed;
        back.added_at = now;
        back.waits = waits;
        return Ok(EventKind::ParticipantAdded { participant: back.no });
    }
    if ticket.participants.len() >= MAX_PARTICIPANTS {
        return Err(Refusal::TooManyParticipants);
    }
    let last = ticket.participants.iter().map(|p| p.no.0).max().unwrap_or(0);
    let no = ParticipantNo(last.checked_add(1).ok_or(Refusal::TooManyParticipants)?);
    ticket.participants.push(Participant {
        no,
        address: person.address,
        name: person.name,
        subscription: Subscription::Subscribed,
        added_at: now,
        waits,
    });
    Ok(EventKind::ParticipantAdded { participant: no })
}

fn remove_participant(ticket: &mut Ticket, no: ParticipantNo, now: Timestamp) -> Result<EventKind, Refusal> {
    if ticket.requester().is_some_and(|requester| requester.no == no) {
        return Err(Refusal::Requester);
    }
    let person = ticket.participant_mut(no).filter(|p| p.takes_part()).ok_or(Refusal::NoSuchParticipant)?;
    person.subscription = Subscription::Removed { at: now };
    Ok(EventKind::ParticipantRemoved { participant: no })
}

/// The members of the new project read it as theirs, so it is none of the others any more.
fn relocate(ticket: &mut Ticket, to: ProjectId, number: u32) -> Result<EventKind, Refusal> {
    if ticket.project == to {
        return Err(Refusal::SameProject);
    }
    let moved = EventKind::Moved { from: ticket.project, number: ticket.number };
    ticket.project = to;
    ticket.number = number;
    ticket.also_for.retain(|id| *id != to);
    Ok(moved)
}

/// Asking twice is no error: the second click finds what the first one did.
fn unsubscribe(ticket: &mut Ticket, no: ParticipantNo, now: Timestamp) -> Result<Vec<EventKind>, Refusal> {
    let person = ticket.participant_mut(no).ok_or(Refusal::NoSuchParticipant)?;
    if !person.is_subscribed() {
        return Ok(Vec::new());
    }
    person.subscription = Subscription::Unsubscribed { at: now };
    Ok(vec![EventKind::Unsubscribed { participant: no }])
}

fn subscribe(ticket: &mut Ticket, no: ParticipantNo) -> Result<Vec<EventKind>, Refusal> {
    let person = ticket.participant_mut(no).ok_or(Refusal::NoSuchParticipant)?;
    if person.is_subscribed() || !person.takes_part() {
        return Ok(Vec::new());
    }
    person.subscription = Subscription::Subscribed;
    Ok(vec![EventKind::Subscribed { participant: no }])
}

#[cfg(test)]
mod tests;
