//! The journal: one entry for everything that happened, in the order of its numbers.

use jiff::Timestamp;

use super::{AccountId, EventNo, ProjectId, Seq, TicketId};

/// What a journal entry is about. References only, no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Ticket {
        ticket: TicketId,
        event: EventNo,
    },
    /// A ticket's letters changed state.
    Letters(TicketId),
    Project(ProjectId),
    Account(AccountId),
    Site,
}

/// One entry of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    pub seq: Seq,
    pub at: Timestamp,
    pub subject: Subject,
}
