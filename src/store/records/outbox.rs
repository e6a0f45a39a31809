//! The record of a letter.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable, fixed, message_id, reply_key};
use crate::tracker::outbox::DraftRef;
use crate::tracker::{
    AccountId, Delivery, EventNo, Lane, LetterKind, OutboxId, OutboxRow, OutboxState, ParticipantNo, RawHash,
    Recipient, TicketId,
};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredLetter {
    #[n(0)]
    id: u64,
    /// 0 in a letter about an account.
    #[n(1)]
    ticket: u64,
    /// 0 in a letter to an account.
    #[n(2)]
    participant: u16,
    #[n(3)]
    letter: StoredLetterKind,
    #[n(4)]
    message_id: String,
    #[n(5)]
    reply_key: String,
    #[n(6)]
    unsubscribe: String,
    #[n(7)]
    state: u8,
    /// Missing while unknown.
    #[n(8)]
    delivery: Option<StoredDelivery>,
    #[n(9)]
    #[cbor(default)]
    not_before: Stamp,
    #[n(10)]
    #[cbor(default)]
    created_at: Stamp,
    #[n(11)]
    draft: Option<StoredDraft>,
    #[n(12)]
    email: Option<String>,
    #[n(13)]
    submission: Option<String>,
    #[n(14)]
    submitted_at: Option<Stamp>,
    #[n(15)]
    #[cbor(default)]
    attempts: u32,
    #[n(16)]
    trouble: Option<String>,
    #[n(17)]
    next_look: Option<Stamp>,
    #[n(18)]
    #[cbor(default)]
    looks: u8,
    /// Missing in a letter to a participant.
    #[n(19)]
    account: Option<u32>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
enum StoredLetterKind {
    #[n(0)]
    Confirmation {
        #[n(0)]
        #[cbor(default)]
        subject: bool,
    },
    #[n(1)]
    Comment {
        #[n(0)]
        event: u32,
    },
    #[n(2)]
    ParticipantAdded {
        #[n(0)]
        event: u32,
    },
    #[n(3)]
    Closed {
        #[n(0)]
        event: u32,
    },
    #[n(4)]
    Invitation,
    #[n(5)]
    NewPassword,
    #[n(6)]
    Notice {
        #[n(0)]
        event: u32,
    },
}

#[derive(Encode, Decode)]
#[cbor(map)]
enum StoredDelivery {
    #[n(0)]
    Queued,
    #[n(1)]
    Delivered,
    #[n(2)]
    Refused {
        #[n(0)]
        #[cbor(default)]
        reply: String,
    },
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredDraft {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    raw: Vec<u8>,
    #[n(1)]
    #[cbor(default)]
    date: Stamp,
}

impl Record for OutboxRow {
    type Stored = StoredLetter;

    fn to_stored(&self) -> StoredLetter {
        StoredLetter {
            id: self.id.0,
            ticket: self.ticket().unwrap_or_default().0,
            participant: self.participant().unwrap_or(ParticipantNo(0)).0,
            account: match self.to {
                Recipient::Participant { .. } => None,
                Recipient::Account(id) | Recipient::Agent { account: id, .. } => Some(id.0),
            },
            letter: stored_kind(self.letter),
            message_id: self.message_id.as_str().to_owned(),
            reply_key: self.reply_key.to_string(),
            unsubscribe: self.unsubscribe.to_string(),
            state: state_code(self.state),
            delivery: match &self.delivery {
                Delivery::Unknown => None,
                Delivery::Queued => Some(StoredDelivery::Queued),
                Delivery::Delivered => Some(StoredDelivery::Delivered),
                Delivery::Refused { reply } => Some(StoredDelivery::Refused { reply: reply.clone() }),
            },
            not_before: Stamp(self.not_before),
            created_at: Stamp(self.created_at),
            draft: self.draft.map(|draft| StoredDraft { raw: draft.raw.0.to_vec(), date: Stamp(draft.date) }),
            email: self.email.clone(),
            submission: self.submission.clone(),
            submitted_at: self.submitted_at.map(Stamp),
            attempts: self.attempts,
            trouble: self.trouble.clone(),
            next_look: self.next_look.map(Stamp),
            looks: self.looks,
        }
    }

    fn from_stored(stored: StoredLetter) -> Result<Self, Unreadable> {
        Ok(Self {
            id: OutboxId(stored.id),
            to: match stored.account {
                Some(id) if stored.ticket == 0 => Recipient::Account(AccountId(id)),
                Some(id) => Recipient::Agent { ticket: TicketId(stored.ticket), account: AccountId(id) },
                None => Recipient::Participant {
                    ticket: TicketId(stored.ticket),
                    no: ParticipantNo(stored.participant),
                },
            },
            letter: kind(&stored.letter),
            message_id: message_id(&stored.message_id)?,
            reply_key: reply_key(&stored.reply_key)?,
            unsubscribe: reply_key(&stored.unsubscribe)?,
            state: state(stored.state)?,
            delivery: match stored.delivery {
                None => Delivery::Unknown,
                Some(StoredDelivery::Queued) => Delivery::Queued,
                Some(StoredDelivery::Delivered) => Delivery::Delivered,
                Some(StoredDelivery::Refused { reply }) => Delivery::Refused { reply },
            },
            not_before: stored.not_before.0,
            created_at: stored.created_at.0,
            draft: stored.draft.as_ref().map(draft).transpose()?,
            email: stored.email,
            submission: stored.submission,
            submitted_at: stored.submitted_at.map(|stamp| stamp.0),
            attempts: stored.attempts,
            trouble: stored.trouble,
            next_look: stored.next_look.map(|stamp| stamp.0),
            looks: stored.looks,
        })
    }
}

fn stored_kind(kind: LetterKind) -> StoredLetterKind {
    match kind {
        LetterKind::Confirmation { subject } => StoredLetterKind::Confirmation { subject },
        LetterKind::Comment { event } => StoredLetterKind::Comment { event: event.0 },
        LetterKind::ParticipantAdded { event } => StoredLetterKind::ParticipantAdded { event: event.0 },
        LetterKind::Closed { event } => StoredLetterKind::Closed { event: event.0 },
        LetterKind::Notice { event } => StoredLetterKind::Notice { event: event.0 },
        LetterKind::Invitation => StoredLetterKind::Invitation,
        LetterKind::NewPassword => StoredLetterKind::NewPassword,
    }
}

fn kind(stored: &StoredLetterKind) -> LetterKind {
    match *stored {
        StoredLetterKind::Confirmation { subject } => LetterKind::Confirmation { subject },
        StoredLetterKind::Comment { event } => LetterKind::Comment { event: EventNo(event) },
        StoredLetterKind::ParticipantAdded { event } => {
            LetterKind::ParticipantAdded { event: EventNo(event) }
        }
        StoredLetterKind::Closed { event } => LetterKind::Closed { event: EventNo(event) },
        StoredLetterKind::Notice { event } => LetterKind::Notice { event: EventNo(event) },
        StoredLetterKind::Invitation => LetterKind::Invitation,
        StoredLetterKind::NewPassword => LetterKind::NewPassword,
    }
}

fn draft(stored: &StoredDraft) -> Result<DraftRef, Unreadable> {
    Ok(DraftRef { raw: RawHash(fixed(&stored.raw, "a raw hash")?), date: stored.date.0 })
}

/// A letter's state in records and keys.
pub(in crate::store) fn state_code(state: OutboxState) -> u8 {
    match state {
        OutboxState::Waiting => 1,
        OutboxState::Submitting => 2,
        OutboxState::Sent => 3,
        OutboxState::PresumedSent => 4,
        OutboxState::Unknown => 5,
        OutboxState::Failed => 6,
        OutboxState::Withdrawn => 7,
    }
}

fn state(code: u8) -> Result<OutboxState, Unreadable> {
    Ok(match code {
        1 => OutboxState::Waiting,
        2 => OutboxState::Submitting,
        3 => OutboxState::Sent,
        4 => OutboxState::PresumedSent,
        5 => OutboxState::Unknown,
        6 => OutboxState::Failed,
        7 => OutboxState::Withdrawn,
        other => return Err(Unreadable(format!("no state of a letter: {other}"))),
    })
}

/// A lane in keys.
pub(in crate::store) fn lane_code(lane: Lane) -> u8 {
    match lane {
        Lane::Automatic => 1,
        Lane::Notices => 2,
        Lane::People => 3,
    }
}
