//! The record of a reply key.

use minicbor::{Decode, Encode};

use super::{Record, Unreadable, reply_key};
use crate::tracker::{AccountId, ParticipantNo, TicketId};
use crate::triage::{KeyFact, KeyPurpose};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredKey {
    #[n(0)]
    key: String,
    /// The ticket it was issued for; merges are followed at reading.
    #[n(1)]
    ticket: u64,
    #[n(2)]
    purpose: StoredPurpose,
    #[n(3)]
    #[cbor(default)]
    revoked: bool,
}

#[derive(Encode, Decode)]
#[cbor(map)]
enum StoredPurpose {
    #[n(0)]
    Reply(#[n(0)] u16),
    #[n(1)]
    Unsubscribe(#[n(0)] u16),
    #[n(2)]
    AgentComment(#[n(0)] u32),
    #[n(3)]
    AgentNote(#[n(0)] u32),
}

impl Record for KeyFact {
    type Stored = StoredKey;

    fn to_stored(&self) -> StoredKey {
        StoredKey {
            key: self.key.to_string(),
            ticket: self.ticket.0,
            purpose: match self.purpose {
                KeyPurpose::Reply(no) => StoredPurpose::Reply(no.0),
                KeyPurpose::Unsubscribe(no) => StoredPurpose::Unsubscribe(no.0),
                KeyPurpose::AgentComment(id) => StoredPurpose::AgentComment(id.0),
                KeyPurpose::AgentNote(id) => StoredPurpose::AgentNote(id.0),
            },
            revoked: self.revoked,
        }
    }

    fn from_stored(stored: StoredKey) -> Result<Self, Unreadable> {
        Ok(Self {
            key: reply_key(&stored.key)?,
            ticket: TicketId(stored.ticket),
            purpose: match stored.purpose {
                StoredPurpose::Reply(no) => KeyPurpose::Reply(ParticipantNo(no)),
                StoredPurpose::Unsubscribe(no) => KeyPurpose::Unsubscribe(ParticipantNo(no)),
                StoredPurpose::AgentComment(id) => KeyPurpose::AgentComment(AccountId(id)),
                StoredPurpose::AgentNote(id) => KeyPurpose::AgentNote(AccountId(id)),
            },
            revoked: stored.revoked,
        })
    }
}
