//! The records of Emails: those taken, and those in hand.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable, fixed, message_id};
use crate::tracker::{MailRowId, ProjectId, RawHash, TicketId};
use crate::triage::{EmailRef, HoldCause, IgnoreCause, InHand, MailRow, VerdictKind};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredEmail {
    #[n(0)]
    account: String,
    #[n(1)]
    email: String,
    #[n(2)]
    #[cbor(default)]
    blob: String,
    #[n(3)]
    #[cbor(default)]
    size: u64,
    #[n(4)]
    #[cbor(default)]
    received_at: Stamp,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredMailRow {
    #[n(0)]
    id: u64,
    #[n(1)]
    source: StoredEmail,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    raw: Vec<u8>,
    #[n(3)]
    message_id: Option<String>,
    #[n(4)]
    from: Option<String>,
    #[n(5)]
    date: Option<Stamp>,
    #[n(6)]
    #[cbor(with = "minicbor::bytes")]
    body_hash: Vec<u8>,
    #[n(7)]
    #[cbor(default)]
    from_label: String,
    #[n(8)]
    #[cbor(default)]
    to_label: String,
    #[n(9)]
    #[cbor(default)]
    subject: String,
    #[n(10)]
    verdict: String,
    #[n(11)]
    ticket: Option<u64>,
    #[n(12)]
    project: Option<u32>,
    #[n(13)]
    #[cbor(default)]
    taken_at: Stamp,
    #[n(14)]
    #[cbor(default)]
    filed: bool,
    #[n(15)]
    requester: Option<String>,
}

impl Record for MailRow {
    type Stored = StoredMailRow;

    fn to_stored(&self) -> StoredMailRow {
        StoredMailRow {
            id: self.id.0,
            source: stored_email(&self.source),
            raw: self.raw.0.to_vec(),
            message_id: self.message_id.as_ref().map(|id| id.as_str().to_owned()),
            from: self.from.clone(),
            date: self.date.map(Stamp),
            body_hash: self.body_hash.to_vec(),
            from_label: self.from_label.clone(),
            to_label: self.to_label.clone(),
            subject: self.subject.clone(),
            verdict: verdict_code(self.verdict).to_owned(),
            ticket: self.ticket.map(|id| id.0),
            project: self.project.map(|id| id.0),
            taken_at: Stamp(self.taken_at),
            filed: self.filed,
            requester: self.requester.clone(),
        }
    }

    fn from_stored(stored: StoredMailRow) -> Result<Self, Unreadable> {
        Ok(Self {
            id: MailRowId(stored.id),
            source: email(stored.source),
            raw: RawHash(fixed(&stored.raw, "a raw hash")?),
            message_id: stored.message_id.map(|id| message_id(&id)).transpose()?,
            from: stored.from,
            date: stored.date.map(|stamp| stamp.0),
            body_hash: fixed(&stored.body_hash, "a body hash")?,
            from_label: stored.from_label,
            to_label: stored.to_label,
            subject: stored.subject,
            verdict: verdict_of_code(&stored.verdict)?,
            ticket: stored.ticket.map(TicketId),
            project: stored.project.map(ProjectId),
            taken_at: stored.taken_at.0,
            filed: stored.filed,
            requester: stored.requester,
        })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredInHand {
    #[n(0)]
    source: StoredEmail,
    #[n(1)]
    #[cbor(default)]
    crashes: u8,
}

impl Record for InHand {
    type Stored = StoredInHand;

    fn to_stored(&self) -> StoredInHand {
        StoredInHand { source: stored_email(&self.source), crashes: self.crashes }
    }

    fn from_stored(stored: StoredInHand) -> Result<Self, Unreadable> {
        Ok(Self { source: email(stored.source), crashes: stored.crashes })
    }
}

fn stored_email(source: &EmailRef) -> StoredEmail {
    StoredEmail {
        account: source.account.clone(),
        email: source.email.clone(),
        blob: source.blob.clone(),
        size: source.size,
        received_at: Stamp(source.received_at),
    }
}

fn email(stored: StoredEmail) -> EmailRef {
    EmailRef {
        account: stored.account,
        email: stored.email,
        blob: stored.blob,
        size: stored.size,
        received_at: stored.received_at.0,
    }
}

/// A verdict in records and counters: its word, or its cause's number.
pub(in crate::store) fn verdict_code(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Hold(cause) => cause.number(),
        VerdictKind::Ignore(cause) => cause.number(),
        other => other.word(),
    }
}

pub(in crate::store) fn verdict_of_code(code: &str) -> Result<VerdictKind, Unreadable> {
    const PLAIN: [VerdictKind; 7] = [
        VerdictKind::Open,
        VerdictKind::Comment,
        VerdictKind::Unverified,
        VerdictKind::AgentReply,
        VerdictKind::Unsubscribe,
        VerdictKind::Bounce,
        VerdictKind::Duplicate,
    ];
    PLAIN
        .into_iter()
        .find(|kind| kind.word() == code)
        .or_else(|| HoldCause::from_number(code).map(VerdictKind::Hold))
        .or_else(|| IgnoreCause::from_number(code).map(VerdictKind::Ignore))
        .ok_or_else(|| Unreadable(format!("no verdict: {code}")))
}
