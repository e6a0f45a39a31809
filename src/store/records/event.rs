//! The record of an event.

use minicbor::{Decode, Encode};

use super::ticket::{state, state_code};
use super::unverified::StoredUnverified;
use super::{Record, Stamp, Unreadable, fixed};
use crate::tracker::{
    AccountId, Actor, Body, Event, EventKind, EventNo, LinkKind, MailRowId, ParticipantNo, ProjectId,
    RawHash, TicketId,
};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredEvent {
    #[n(0)]
    ticket: u64,
    #[n(1)]
    no: u32,
    #[n(2)]
    #[cbor(default)]
    at: Stamp,
    #[n(3)]
    actor: StoredActor,
    #[n(4)]
    kind: StoredKind,
}

#[derive(Encode, Decode)]
#[cbor(map)]
enum StoredActor {
    #[n(0)]
    Postdesk,
    #[n(1)]
    Participant(#[n(0)] u16),
    #[n(2)]
    Account(#[n(0)] u32),
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub enum StoredBody {
    #[n(0)]
    Mail {
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        raw: Vec<u8>,
        #[n(1)]
        row: Option<u64>,
    },
    #[n(1)]
    Text(#[n(0)] String),
}

#[derive(Encode, Decode)]
#[cbor(map)]
enum StoredKind {
    #[n(0)]
    Opened(#[n(0)] StoredBody),
    #[n(1)]
    Comment {
        #[n(0)]
        body: StoredBody,
        #[n(1)]
        #[cbor(default)]
        automatic: bool,
    },
    #[n(2)]
    Note(#[n(0)] StoredBody),
    #[n(3)]
    Status {
        #[n(0)]
        from: u8,
        #[n(1)]
        to: u8,
    },
    #[n(4)]
    Assigned {
        #[n(0)]
        from: Option<u32>,
        #[n(1)]
        to: Option<u32>,
    },
    #[n(5)]
    ParticipantAdded(#[n(0)] u16),
    #[n(6)]
    Unsubscribed(#[n(0)] u16),
    #[n(7)]
    Subscribed(#[n(0)] u16),
    #[n(8)]
    Confirmed(#[n(0)] u16),
    #[n(9)]
    DeliveryFailed {
        #[n(0)]
        participant: u16,
        #[n(1)]
        #[cbor(default)]
        reply: String,
    },
    #[n(10)]
    Retracted(#[n(0)] u32),
    #[n(20)]
    Unverified(#[n(0)] StoredUnverified),
    #[n(21)]
    Linked {
        #[n(0)]
        ticket: u64,
        /// Whether the other ticket is the one that was answered.
        #[n(1)]
        #[cbor(default)]
        answers: bool,
    },
    #[n(22)]
    ParticipantRemoved(#[n(0)] u16),
    #[n(23)]
    Moved {
        #[n(0)]
        from: u32,
        #[n(1)]
        number: u32,
    },
}

impl Record for Event {
    type Stored = StoredEvent;

    fn to_stored(&self) -> StoredEvent {
        StoredEvent {
            ticket: self.ticket.0,
            no: self.no.0,
            at: Stamp(self.at),
            actor: match self.actor {
                Actor::Postdesk => StoredActor::Postdesk,
                Actor::Participant(no) => StoredActor::Participant(no.0),
                Actor::Account(id) => StoredActor::Account(id.0),
            },
            kind: stored_kind(&self.kind),
        }
    }

    fn from_stored(stored: StoredEvent) -> Result<Self, Unreadable> {
        Ok(Self {
            ticket: TicketId(stored.ticket),
            no: EventNo(stored.no),
            at: stored.at.0,
            actor: match stored.actor {
                StoredActor::Postdesk => Actor::Postdesk,
                StoredActor::Participant(no) => Actor::Participant(ParticipantNo(no)),
                StoredActor::Account(id) => Actor::Account(AccountId(id)),
            },
            kind: kind(stored.kind)?,
        })
    }
}

fn stored_kind(kind: &EventKind) -> StoredKind {
    match kind {
        EventKind::Opened { body } => StoredKind::Opened(stored_body(body)),
        EventKind::Comment { body, automatic } => {
            StoredKind::Comment { body: stored_body(body), automatic: *automatic }
        }
        EventKind::Note { body } => StoredKind::Note(stored_body(body)),
        EventKind::Status { from, to } => StoredKind::Status { from: state_code(*from), to: state_code(*to) },
        EventKind::Assigned { from, to } => {
            StoredKind::Assigned { from: from.map(|id| id.0), to: to.map(|id| id.0) }
        }
        EventKind::ParticipantAdded { participant } => StoredKind::ParticipantAdded(participant.0),
        EventKind::Unsubscribed { participant } => StoredKind::Unsubscribed(participant.0),
        EventKind::Subscribed { participant } => StoredKind::Subscribed(participant.0),
        EventKind::Confirmed { participant } => StoredKind::Confirmed(participant.0),
        EventKind::Unverified { body, from, doubt, automatic, decision } => {
            StoredKind::Unverified(StoredUnverified::of(body, from.as_ref(), *doubt, *automatic, *decision))
        }
        EventKind::Linked { ticket, how } => {
            StoredKind::Linked { ticket: ticket.0, answers: *how == LinkKind::Answers }
        }
        EventKind::ParticipantRemoved { participant } => StoredKind::ParticipantRemoved(participant.0),
        EventKind::Moved { from, number } => StoredKind::Moved { from: from.0, number: *number },
        EventKind::DeliveryFailed { participant, reply } => {
            StoredKind::DeliveryFailed { participant: participant.0, reply: reply.clone() }
        }
        EventKind::Retracted { event } => StoredKind::Retracted(event.0),
    }
}

fn kind(stored: StoredKind) -> Result<EventKind, Unreadable> {
    Ok(match stored {
        StoredKind::Opened(stored) => EventKind::Opened { body: body(stored)? },
        StoredKind::Comment { body: stored, automatic } => {
            EventKind::Comment { body: body(stored)?, automatic }
        }
        StoredKind::Note(stored) => EventKind::Note { body: body(stored)? },
        StoredKind::Status { from, to } => EventKind::Status { from: state(from)?, to: state(to)? },
        StoredKind::Assigned { from, to } => {
            EventKind::Assigned { from: from.map(AccountId), to: to.map(AccountId) }
        }
        StoredKind::ParticipantAdded(no) => EventKind::ParticipantAdded { participant: ParticipantNo(no) },
        StoredKind::Unsubscribed(no) => EventKind::Unsubscribed { participant: ParticipantNo(no) },
        StoredKind::Subscribed(no) => EventKind::Subscribed { participant: ParticipantNo(no) },
        StoredKind::Confirmed(no) => EventKind::Confirmed { participant: ParticipantNo(no) },
        StoredKind::DeliveryFailed { participant, reply } => {
            EventKind::DeliveryFailed { participant: ParticipantNo(participant), reply }
        }
        StoredKind::Unverified(stored) => stored.read()?,
        StoredKind::Linked { ticket, answers } => {
            let how = if answers { LinkKind::Answers } else { LinkKind::AnsweredBy };
            EventKind::Linked { ticket: TicketId(ticket), how }
        }
        StoredKind::ParticipantRemoved(no) => {
            EventKind::ParticipantRemoved { participant: ParticipantNo(no) }
        }
        StoredKind::Moved { from, number } => EventKind::Moved { from: ProjectId(from), number },
        StoredKind::Retracted(event) => EventKind::Retracted { event: EventNo(event) },
    })
}

pub(super) fn stored_body(body: &Body) -> StoredBody {
    match body {
        Body::Mail { raw, row } => StoredBody::Mail { raw: raw.0.to_vec(), row: row.map(|id| id.0) },
        Body::Text(text) => StoredBody::Text(text.clone()),
    }
}

pub(super) fn body(stored: StoredBody) -> Result<Body, Unreadable> {
    Ok(match stored {
        StoredBody::Mail { raw, row } => {
            Body::Mail { raw: RawHash(fixed(&raw, "a raw hash")?), row: row.map(MailRowId) }
        }
        StoredBody::Text(text) => Body::Text(text),
    })
}
