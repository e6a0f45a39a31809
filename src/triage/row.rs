//! The record of each Email taken from the intake mailbox, duplicates too.

use jiff::Timestamp;

use super::VerdictKind;
use crate::mail::MessageId;
use crate::tracker::{MailRowId, ProjectId, RawHash, TicketId};

/// Which Email on the server. Ids are re-issued by restored servers, so the other fields have to
/// agree too before one counts as the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailRef {
    /// The JMAP account id.
    pub account: String,
    /// The JMAP Email id.
    pub email: String,
    pub blob: String,
    /// In octets.
    pub size: u64,
    pub received_at: Timestamp,
}

/// One Email taken from the intake mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRow {
    pub id: MailRowId,
    pub source: EmailRef,
    pub raw: RawHash,
    pub message_id: Option<MessageId>,
    /// The sender's address in lower case.
    pub from: Option<String>,
    /// For whom a form sent it, in lower case: whom the mail is about then. One that began a ticket is
    /// counted for them, in place of its sender.
    pub requester: Option<String>,
    pub date: Option<Timestamp>,
    pub body_hash: [u8; 32],
    /// For the list of held mails: who wrote, to whom, about what.
    pub from_label: String,
    pub to_label: String,
    pub subject: String,
    pub verdict: VerdictKind,
    /// The ticket it became part of, or would.
    pub ticket: Option<TicketId>,
    /// The project it was for, where one was found.
    pub project: Option<ProjectId>,
    pub taken_at: Timestamp,
    /// Whether the Email has left the intake mailbox. Taken and not filed means that only the
    /// filing is left.
    pub filed: bool,
}

/// An Email that a sweep was working on when it was recorded, and how many runs ended over it alone,
/// this one included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InHand {
    pub source: EmailRef,
    /// Runs that will have ended over it alone, should this one end now.
    pub crashes: u8,
}
