//! The record of a journal entry.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable};
use crate::tracker::{AccountId, EventNo, JournalEntry, ProjectId, Seq, Subject, TicketId};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredEntry {
    #[n(0)]
    seq: u64,
    #[n(1)]
    #[cbor(default)]
    at: Stamp,
    #[n(2)]
    subject: StoredSubject,
}

#[derive(Encode, Decode)]
#[cbor(map)]
enum StoredSubject {
    #[n(0)]
    Ticket {
        #[n(0)]
        ticket: u64,
        #[n(1)]
        event: u32,
    },
    #[n(1)]
    Letters(#[n(0)] u64),
    #[n(2)]
    Project(#[n(0)] u32),
    #[n(3)]
    Account(#[n(0)] u32),
    #[n(4)]
    Site,
}

impl Record for JournalEntry {
    type Stored = StoredEntry;

    fn to_stored(&self) -> StoredEntry {
        StoredEntry {
            seq: self.seq.0,
            at: Stamp(self.at),
            subject: match self.subject {
                Subject::Ticket { ticket, event } => {
                    StoredSubject::Ticket { ticket: ticket.0, event: event.0 }
                }
                Subject::Letters(ticket) => StoredSubject::Letters(ticket.0),
                Subject::Project(id) => StoredSubject::Project(id.0),
                Subject::Account(id) => StoredSubject::Account(id.0),
                Subject::Site => StoredSubject::Site,
            },
        }
    }

    fn from_stored(stored: StoredEntry) -> Result<Self, Unreadable> {
        Ok(Self {
            seq: Seq(stored.seq),
            at: stored.at.0,
            subject: match stored.subject {
                StoredSubject::Ticket { ticket, event } => {
                    Subject::Ticket { ticket: TicketId(ticket), event: EventNo(event) }
                }
                StoredSubject::Letters(ticket) => Subject::Letters(TicketId(ticket)),
                StoredSubject::Project(id) => Subject::Project(ProjectId(id)),
                StoredSubject::Account(id) => Subject::Account(AccountId(id)),
                StoredSubject::Site => Subject::Site,
            },
        })
    }
}
