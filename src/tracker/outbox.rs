//! The outbox: letters due to be sent, with their state.

use jiff::Timestamp;

use super::{AccountId, EventNo, OutboxId, ParticipantNo, RawHash, TicketId};
use crate::mail::{MessageId, ReplyKey};

/// Letters of different lanes do not wait for each other, and a breaker stops one lane alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Confirmations and other letters that nobody wrote.
    Automatic,
    /// Letters to people who have an account.
    Notices,
    /// Comments that people wrote.
    People,
}

/// What a letter says. Its content is read when it is rendered, from what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// Answers the mail that opened a ticket. `subject` tells whether the customer's subject may
    /// be repeated, which it may only when authentication passed.
    Confirmation { subject: bool },
    /// A public comment.
    Comment { event: EventNo },
    /// To somebody whom an agent has added to a ticket.
    ParticipantAdded { event: EventNo },
    /// An agent has closed the ticket.
    Closed { event: EventNo },
    /// To an account: something happened on a ticket.
    Notice { event: EventNo },
    /// To a new account: a link with which its owner chooses a password.
    Invitation,
    /// To an account: a link with which its owner chooses another password.
    NewPassword,
}

impl LetterKind {
    #[must_use]
    pub fn lane(self) -> Lane {
        match self {
            Self::Confirmation { .. } | Self::ParticipantAdded { .. } | Self::Closed { .. } => {
                Lane::Automatic
            }
            Self::Comment { .. } => Lane::People,
            Self::Notice { .. } | Self::Invitation | Self::NewPassword => Lane::Notices,
        }
    }

    /// The event that it tells of, where it names one.
    #[must_use]
    pub fn event(self) -> Option<EventNo> {
        match self {
            Self::Comment { event }
            | Self::ParticipantAdded { event }
            | Self::Closed { event }
            | Self::Notice { event } => Some(event),
            Self::Confirmation { .. } | Self::Invitation | Self::NewPassword => None,
        }
    }

    /// Whether it carries a link that opens an account. Such a letter is written anew each time, lies
    /// in no file of ours, and stays neither among the drafts nor in Sent.
    #[must_use]
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Invitation | Self::NewPassword)
    }
}

/// Where a letter stands. Only `Waiting` and `Submitting` hold those behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutboxState {
    Waiting,
    /// A submission is under way, or was when the daemon ended.
    Submitting,
    /// Our mail server took it; never goes back.
    Sent,
    /// Automatic, and nobody can know whether it left: counted as sent, and said so.
    PresumedSent,
    /// A person's comment of which nobody can know whether it left; a person decides.
    Unknown,
    /// Refused for good before it left.
    Failed,
    /// Undone, unsubscribed, suppressed or erased before it left.
    Withdrawn,
}

impl OutboxState {
    /// Whether later letters to the same participant of the same ticket wait for this one.
    #[must_use]
    pub fn holds_others(self) -> bool {
        matches!(self, Self::Waiting | Self::Submitting)
    }
}

/// What is known of the way after our mail server (RFC 8621 §7 `deliveryStatus`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Delivery {
    #[default]
    Unknown,
    Queued,
    Delivered,
    /// Refused with the next server's reply.
    Refused {
        reply: String,
    },
}

/// The draft of a row: its bytes lie in the raw store, and it is never rendered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftRef {
    pub raw: RawHash,
    /// The Date header's value.
    pub date: Timestamp,
}

/// Whom a letter is for. Letters to the same recipient leave in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    Participant {
        ticket: TicketId,
        no: ParticipantNo,
    },
    /// An account, about a ticket.
    Agent {
        ticket: TicketId,
        account: AccountId,
    },
    /// An account, about itself.
    Account(AccountId),
}

/// One letter to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    pub id: OutboxId,
    pub to: Recipient,
    pub letter: LetterKind,
    pub message_id: MessageId,
    /// The key that brings the answer back: for this ticket, this participant, this purpose. A
    /// letter about an account has one that is on no list, so it leads nowhere; likewise the next.
    pub reply_key: ReplyKey,
    /// The token of the https unsubscribe link; in a notice the key of an internal note.
    pub unsubscribe: ReplyKey,
    pub state: OutboxState,
    pub delivery: Delivery,
    /// Not to be sent before: undo time, or backoff after a temporary refusal.
    pub not_before: Timestamp,
    pub created_at: Timestamp,
    pub draft: Option<DraftRef>,
    /// The id of the imported Email, once known.
    pub email: Option<String>,
    /// The id of the EmailSubmission, once known.
    pub submission: Option<String>,
    /// When the mark *submitting* was set last.
    pub submitted_at: Option<Timestamp>,
    pub attempts: u32,
    /// What went wrong last, for a person to read.
    pub trouble: Option<String>,
    /// When the mail server is asked next how the delivery stands, and how often it was asked.
    pub next_look: Option<Timestamp>,
    pub looks: u8,
}

impl OutboxRow {
    /// The ticket that it belongs to; none for a letter about an account.
    #[must_use]
    pub fn ticket(&self) -> Option<TicketId> {
        match self.to {
            Recipient::Participant { ticket, .. } | Recipient::Agent { ticket, .. } => Some(ticket),
            Recipient::Account(_) => None,
        }
    }

    /// The participant whom it is for.
    #[must_use]
    pub fn participant(&self) -> Option<ParticipantNo> {
        match self.to {
            Recipient::Participant { no, .. } => Some(no),
            Recipient::Agent { .. } | Recipient::Account(_) => None,
        }
    }
}
