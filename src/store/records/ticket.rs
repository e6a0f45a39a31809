//! The record of a ticket, with its participants.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable, address};
use crate::tracker::{
    AccountId, EventNo, LabelId, Participant, ParticipantNo, ProjectId, State, Subscription, Ticket, TicketId,
};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredTicket {
    #[n(0)]
    id: u64,
    #[n(1)]
    project: u32,
    #[n(2)]
    number: u32,
    #[n(3)]
    #[cbor(default)]
    title: String,
    #[n(4)]
    state: u8,
    #[n(5)]
    hold_until: Option<Stamp>,
    #[n(6)]
    due: Option<Stamp>,
    #[n(7)]
    #[cbor(default)]
    spam: bool,
    #[n(8)]
    merged_into: Option<u64>,
    #[n(9)]
    assignee: Option<u32>,
    #[n(10)]
    #[cbor(default)]
    labels: Vec<u32>,
    #[n(11)]
    #[cbor(default)]
    participants: Vec<StoredParticipant>,
    #[n(12)]
    #[cbor(default)]
    also_for: Vec<u32>,
    #[n(13)]
    #[cbor(default)]
    opened_at: Stamp,
    #[n(14)]
    #[cbor(default)]
    active_at: Stamp,
    #[n(15)]
    owed_since: Option<Stamp>,
    #[n(16)]
    #[cbor(default)]
    last_event: u32,
    #[n(17)]
    #[cbor(default)]
    comments: u32,
    #[n(18)]
    #[cbor(default)]
    notes: u32,
    #[n(24)]
    #[cbor(default)]
    unverified: u32,
    #[n(25)]
    erased_at: Option<Stamp>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredParticipant {
    #[n(0)]
    no: u16,
    #[n(1)]
    address: String,
    #[n(2)]
    name: Option<String>,
    /// Missing while subscribed.
    #[n(3)]
    unsubscribed_at: Option<Stamp>,
    #[n(4)]
    #[cbor(default)]
    added_at: Stamp,
    #[n(8)]
    removed_at: Option<Stamp>,
    #[n(9)]
    #[cbor(default)]
    waits: bool,
}

impl Record for Ticket {
    type Stored = StoredTicket;

    fn to_stored(&self) -> StoredTicket {
        StoredTicket {
            id: self.id.0,
            project: self.project.0,
            number: self.number,
            title: self.title.clone(),
            state: state_code(self.state),
            hold_until: self.hold_until.map(Stamp),
            due: self.due.map(Stamp),
            spam: self.spam,
            merged_into: self.merged_into.map(|id| id.0),
            assignee: self.assignee.map(|id| id.0),
            labels: self.labels.iter().map(|id| id.0).collect(),
            participants: self.participants.iter().map(stored_participant).collect(),
            also_for: self.also_for.iter().map(|id| id.0).collect(),
            opened_at: Stamp(self.opened_at),
            active_at: Stamp(self.active_at),
            owed_since: self.owed_since.map(Stamp),
            last_event: self.last_event.0,
            comments: self.comments,
            notes: self.notes,
            unverified: self.unverified,
            erased_at: self.erased_at.map(Stamp),
        }
    }

    fn from_stored(stored: StoredTicket) -> Result<Self, Unreadable> {
        Ok(Self {
            id: TicketId(stored.id),
            project: ProjectId(stored.project),
            number: stored.number,
            title: stored.title,
            state: state(stored.state)?,
            hold_until: stored.hold_until.map(|stamp| stamp.0),
            due: stored.due.map(|stamp| stamp.0),
            spam: stored.spam,
            merged_into: stored.merged_into.map(TicketId),
            assignee: stored.assignee.map(AccountId),
            labels: stored.labels.into_iter().map(LabelId).collect(),
            participants: stored.participants.into_iter().map(participant).collect::<Result<_, _>>()?,
            also_for: stored.also_for.into_iter().map(ProjectId).collect(),
            opened_at: stored.opened_at.0,
            active_at: stored.active_at.0,
            owed_since: stored.owed_since.map(|stamp| stamp.0),
            last_event: EventNo(stored.last_event),
            comments: stored.comments,
            notes: stored.notes,
            unverified: stored.unverified,
            erased_at: stored.erased_at.map(|stamp| stamp.0),
        })
    }
}

fn stored_participant(person: &Participant) -> StoredParticipant {
    StoredParticipant {
        no: person.no.0,
        address: person.address.to_string(),
        name: person.name.clone(),
        unsubscribed_at: match person.subscription {
            Subscription::Subscribed | Subscription::Removed { .. } => None,
            Subscription::Unsubscribed { at } => Some(Stamp(at)),
        },
        removed_at: match person.subscription {
            Subscription::Subscribed | Subscription::Unsubscribed { .. } => None,
            Subscription::Removed { at } => Some(Stamp(at)),
        },
        waits: person.waits,
        added_at: Stamp(person.added_at),
    }
}

fn participant(stored: StoredParticipant) -> Result<Participant, Unreadable> {
    Ok(Participant {
        no: ParticipantNo(stored.no),
        address: address(&stored.address)?,
        name: stored.name,
        subscription: match (stored.unsubscribed_at, stored.removed_at) {
            (_, Some(Stamp(at))) => Subscription::Removed { at },
            (Some(Stamp(at)), None) => Subscription::Unsubscribed { at },
            (None, None) => Subscription::Subscribed,
        },
        waits: stored.waits,
        added_at: stored.added_at.0,
    })
}

/// A state in records and keys.
pub(in crate::store) fn state_code(state: State) -> u8 {
    match state {
        State::Open => 1,
        State::OnHold => 2,
        State::Closed => 3,
    }
}

pub(super) fn state(code: u8) -> Result<State, Unreadable> {
    match code {
        1 => Ok(State::Open),
        2 => Ok(State::OnHold),
        3 => Ok(State::Closed),
        other => Err(Unreadable(format!("no ticket state: {other}"))),
    }
}
