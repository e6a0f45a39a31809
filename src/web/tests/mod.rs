//! The tracker on a real store: the router is called as the server calls it.

mod account;
mod forms;
mod joining;
mod kit;
mod look;
mod pages;
mod roles;
mod serving;
mod sessions;
mod unsubscribe;
mod watching;

use crate::tracker::{EventNo, Participant, ProjectId, State, Ticket, TicketId};

/// A ticket with these participants, for tests of single functions.
pub(super) fn ticket(participants: Vec<Participant>) -> Ticket {
    let epoch = jiff::Timestamp::UNIX_EPOCH;
    Ticket {
        id: TicketId(1),
        project: ProjectId(1),
        number: 1,
        title: "Invoice".into(),
        state: State::Open,
        hold_until: None,
        due: None,
        spam: false,
        merged_into: None,
        assignee: None,
        labels: vec![],
        participants,
        also_for: vec![],
        opened_at: epoch,
        active_at: epoch,
        owed_since: Some(epoch),
        last_event: EventNo(1),
        comments: 1,
        notes: 0,
        unverified: 0,
        erased_at: None,
    }
}
