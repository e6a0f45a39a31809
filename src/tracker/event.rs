//! Events: the lines of a ticket's timeline.

use jiff::Timestamp;

use super::{AccountId, EventNo, MailRowId, ParticipantNo, ProjectId, RawHash, State, TicketId};
use crate::mail::NameAddr;

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

/// Why a mail that answers a ticket is shown apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// Its sender does not take part in the ticket.
    Stranger,
    /// It says that it comes from a participant, and its authentication failed.
    Unauthenticated,
}

/// What an agent decided about an unverified mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It is a comment; its sender stays outside.
    Once,
    /// It is a comment, and its sender takes part from then on.
    Added(ParticipantNo),
    /// It became this ticket.
    OwnTicket(TicketId),
    /// It stays as it is, and nothing more is to be done.
    Aside,
}

/// Who decided it, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub ruling: Ruling,
    pub by: AccountId,
    pub at: Timestamp,
}

impl Decision {
    /// Whether the mail counts as a comment of the ticket.
    #[must_use]
    pub fn accepts(&self) -> bool {
        matches!(self.ruling, Ruling::Once | Ruling::Added(_))
    }
}

/// How two tickets belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// The mail that began this ticket answers the other one.
    Answers,
    /// A mail that answers this ticket began the other one.
    AnsweredBy,
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
    /// A mail that answers the ticket and is mailed to nobody until an agent decides. The decision
    /// is put into the event itself.
    Unverified {
        body: Body,
        from: Option<NameAddr>,
        doubt: Doubt,
        /// Nobody waits for an answer to an automatic mail (RFC 3834).
        automatic: bool,
        decision: Option<Decision>,
    },
    Linked {
        ticket: TicketId,
        how: LinkKind,
    },
    ParticipantRemoved {
        participant: ParticipantNo,
    },
    /// It came here from another project, where it had this number.
    Moved {
        from: ProjectId,
        number: u32,
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

impl EventKind {
    /// The text, where this is one: a comment's, a note's, or an unverified mail's.
    #[must_use]
    pub fn body(&self) -> Option<&Body> {
        match self {
            Self::Opened { body }
            | Self::Comment { body, .. }
            | Self::Note { body }
            | Self::Unverified { body, .. } => Some(body),
            _ => None,
        }
    }
}
