//! The record of an unverified mail, with what was decided about it.

use minicbor::{Decode, Encode};

use super::event::{StoredBody, body, stored_body};
use super::{Stamp, Unreadable, address};
use crate::mail::NameAddr;
use crate::tracker::{AccountId, Body, Decision, Doubt, EventKind, ParticipantNo, Ruling, TicketId};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredUnverified {
    #[n(0)]
    body: StoredBody,
    #[n(1)]
    address: Option<String>,
    #[n(2)]
    name: Option<String>,
    #[n(3)]
    doubt: u8,
    #[n(4)]
    #[cbor(default)]
    automatic: bool,
    /// Missing while nobody has decided.
    #[n(5)]
    decision: Option<StoredDecision>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredDecision {
    #[n(0)]
    ruling: u8,
    #[n(1)]
    by: u32,
    #[n(2)]
    #[cbor(default)]
    at: Stamp,
    #[n(3)]
    participant: Option<u16>,
    #[n(4)]
    ticket: Option<u64>,
}

const ONCE: u8 = 1;
const ADDED: u8 = 2;
const OWN_TICKET: u8 = 3;
const ASIDE: u8 = 4;

impl StoredUnverified {
    pub(super) fn of(
        text: &Body,
        from: Option<&NameAddr>,
        doubt: Doubt,
        automatic: bool,
        decision: Option<Decision>,
    ) -> Self {
        Self {
            body: stored_body(text),
            address: from.map(|from| from.address.to_string()),
            name: from.and_then(|from| from.name.clone()),
            doubt: match doubt {
                Doubt::Stranger => 1,
                Doubt::Unauthenticated => 2,
            },
            automatic,
            decision: decision.map(stored_decision),
        }
    }

    pub(super) fn read(self) -> Result<EventKind, Unreadable> {
        let Self { body: text, address: at, name, doubt, automatic, decision } = self;
        let from = at.map(|at| Ok(NameAddr { name, address: address(&at)? })).transpose()?;
        Ok(EventKind::Unverified {
            body: body(text)?,
            from,
            doubt: match doubt {
                1 => Doubt::Stranger,
                2 => Doubt::Unauthenticated,
                other => return Err(Unreadable(format!("no doubt: {other}"))),
            },
            automatic,
            decision: decision.as_ref().map(read_decision).transpose()?,
        })
    }
}

fn stored_decision(decision: Decision) -> StoredDecision {
    let (ruling, participant, ticket) = match decision.ruling {
        Ruling::Once => (ONCE, None, None),
        Ruling::Added(no) => (ADDED, Some(no.0), None),
        Ruling::OwnTicket(id) => (OWN_TICKET, None, Some(id.0)),
        Ruling::Aside => (ASIDE, None, None),
    };
    StoredDecision { ruling, by: decision.by.0, at: Stamp(decision.at), participant, ticket }
}

fn read_decision(stored: &StoredDecision) -> Result<Decision, Unreadable> {
    let ruling = match (stored.ruling, stored.participant, stored.ticket) {
        (ONCE, ..) => Ruling::Once,
        (ADDED, Some(no), _) => Ruling::Added(ParticipantNo(no)),
        (OWN_TICKET, _, Some(id)) => Ruling::OwnTicket(TicketId(id)),
        (ASIDE, ..) => Ruling::Aside,
        (other, ..) => return Err(Unreadable(format!("no decision: {other}"))),
    };
    Ok(Decision { ruling, by: AccountId(stored.by), at: stored.at.0 })
}
