//! Erasing: work that goes over many commits, and is on record until the last of it is done.

use jiff::Timestamp;

use super::RawHash;
use crate::mail::{Address, MessageId};

/// One erasure, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ErasureId(pub u64);

/// An erasure that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    pub id: ErasureId,
    pub at: Timestamp,
    /// Whose data, while records are gone through. Gone once none names the person any more; what is
    /// left then are copies and files, by their own names.
    pub address: Option<Address>,
    pub erased: Erased,
}

/// What an erasure found, and replaced on record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Tickets on which nobody else takes part: nothing is left of their texts.
    pub whole: u64,
    /// Tickets with other participants, whose mails stay.
    pub shared: u64,
    /// Texts on tickets.
    pub texts: u64,
    /// Mails that came in.
    pub mails: u64,
    /// Letters.
    pub letters: u64,
}

impl std::ops::AddAssign for Erased {
    fn add_assign(&mut self, more: Self) {
        self.whole += more.whole;
        self.shared += more.shared;
        self.texts += more.texts;
        self.mails += more.mails;
        self.letters += more.letters;
    }
}

/// What is yet to be removed once no record names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// A file of the raw store.
    Raw(RawHash),
    /// The Email of a mail that came in, as its row had it.
    Email { account: String, email: String, blob: String, size: u64, received_at: Timestamp },
    /// The Email of a letter: its id where it is known, else by the Message-ID in Sent, back to when
    /// the letter was due.
    Letter { message_id: MessageId, email: Option<String>, since: Timestamp },
}

/// What stands in the place of an erased text. Markdown.
pub const ERASED_TEXT: &str = "*This text was erased.*";

/// What stands in the place of an erased person's address; no mail can reach it (RFC 2606 §2).
#[must_use]
pub fn erased_address(no: super::ParticipantNo) -> Option<Address> {
    Address::parse(&format!("erased-{}{ERASED_AT}", no.0)).ok()
}

/// Whether an address stands in the place of one that was erased.
#[must_use]
pub fn is_erased(address: &Address) -> bool {
    address.folded().starts_with("erased-") && address.folded().ends_with(ERASED_AT)
}

const ERASED_AT: &str = "@erased.invalid";
