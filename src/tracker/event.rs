//! Events: the lines of a ticket's timeline.

use jiff::Timestamp;

use super::{AccountId, EventNo, MailRowId, ParticipantNo, RawHash, State, TicketId};

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The daemon itself, for what mail and time do. It is no account and takes no seat.
    Postdesk,
    Participant(ParticipantNo),
    Account(AccountId),
}

/// The text of a comment or note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A mail; its raw bytes are the truth, and what people see is rendered from them.
    Mail { raw: RawHash, row: Option<MailRowId> },
    /// Markdown that someone wrote in the tracker.
    Text(String),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The ticket began with this text.
    Opened {
        body: Body,
    },
    /// Public text. `automatic` marks an automatic mail (RFC 3834), shown as a folded line.
    Comment {
        body: Body,
        automatic: bool,
    },
    /// Internal text, never mailed to a customer.
    Note {
        body: Body,
    },
    Status {
        from: State,
        to: State,
    },
    Assigned {
        from: Option<AccountId>,
        to: Option<AccountId>,
    },
    ParticipantAdded {
        participant: ParticipantNo,
    },
    Unsubscribed {
        participant: ParticipantNo,
    },
    /// Mailed again: by undoing, by a comment of the person's own, or by an agent.
    Subscribed {
        participant: ParticipantNo,
    },
    /// A confirmation is due to this participant.
    Confirmed {
        participant: ParticipantNo,
    },
    /// A letter could not be delivered; `reply` is the server's own words.
    DeliveryFailed {
        participant: ParticipantNo,
        reply: String,
    },
    /// A reply was taken back before any letter of it left.
    Retracted {
        event: EventNo,
    },
}

/// One line of a ticket's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub ticket: TicketId,
    pub no: EventNo,
    pub at: Timestamp,
    pub actor: Actor,
    pub kind: EventKind,
}
