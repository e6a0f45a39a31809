//! The records: the store's own types, each mapped to and from one of the ground's.
//!
//! A record is a version octet and a CBOR map (minicbor). Fields are numbered and a number is
//! never reused. A field that a reader does not know is skipped, one that it misses has its
//! default, so that a field more or less needs no migration. (Arrays would be shorter by an octet
//! a field, and write null for a number that is no longer used, which older readers would refuse.)
//! The version octet is for the day when a record changes its meaning.

mod account;
mod erasure;
mod event;
mod journal;
mod keeping;
mod key;
mod mail_row;
mod outbox;
mod project;
mod session;
mod site;
mod stamp;
mod ticket;
mod unverified;

use std::convert::Infallible;

use minicbor::{Decode, Encode};

use super::StoreError;
use super::schema::Table;

pub(super) use mail_row::{verdict_code, verdict_of_code};
pub(super) use outbox::{lane_code, state_code};
pub(super) use stamp::Stamp;
pub(super) use ticket::state_code as ticket_state_code;

/// The version octet of every record so far.
const VERSION: u8 = 1;

/// Why octets are no record.
#[derive(Debug)]
pub(super) struct Unreadable(pub String);

impl Unreadable {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// A type of the ground that is kept as a record.
pub(super) trait Record: Sized {
    type Stored: Encode<()> + for<'b> Decode<'b, ()>;

    fn to_stored(&self) -> Self::Stored;
    fn from_stored(stored: Self::Stored) -> Result<Self, Unreadable>;
}

pub(super) fn encode<R: Record>(record: &R) -> Vec<u8> {
    let mut octets = vec![VERSION];
    let written: Result<(), minicbor::encode::Error<Infallible>> =
        minicbor::encode(record.to_stored(), &mut octets);
    debug_assert!(written.is_ok(), "our records have no encoder that fails, and a Vec takes all");
    octets
}

pub(super) fn decode<R: Record>(table: Table, octets: &[u8]) -> Result<R, StoreError> {
    match octets.split_first() {
        Some((&VERSION, body)) => minicbor::decode::<R::Stored>(body)
            .map_err(|error| Unreadable(error.to_string()))
            .and_then(R::from_stored)
            .map_err(|Unreadable(why)| malformed(table, &why)),
        Some((version, _)) => Err(malformed(table, &format!("it has version {version}"))),
        None => Err(malformed(table, "it is empty")),
    }
}

pub(super) fn malformed(table: Table, why: &str) -> StoreError {
    StoreError::Malformed { table: table.name(), why: why.into() }
}

/// A hash or id of a fixed length.
fn fixed<const N: usize>(octets: &[u8], what: &str) -> Result<[u8; N], Unreadable> {
    octets.try_into().map_err(|_| Unreadable(format!("{what} has {} octets instead of {N}", octets.len())))
}

fn address(text: &str) -> Result<crate::mail::Address, Unreadable> {
    crate::mail::Address::recorded(text).map_err(|error| Unreadable(format!("no address: {error}")))
}

fn message_id(text: &str) -> Result<crate::mail::MessageId, Unreadable> {
    crate::mail::MessageId::parse(text).ok_or_else(|| Unreadable::new("an empty Message-ID"))
}

fn reply_key(text: &str) -> Result<crate::mail::ReplyKey, Unreadable> {
    crate::mail::ReplyKey::parse(text).ok_or_else(|| Unreadable::new("no reply key"))
}
