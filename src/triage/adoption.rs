//! Adoption: Postdesk touches no mailbox that nobody gave it.

use jiff::Timestamp;

/// What becomes of the mails that lay in the mailbox before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdoptHow {
    /// There were none.
    Empty,
    /// Moved to a mailbox "Earlier".
    Leave,
    /// Taken in as tickets, without any letter.
    Import,
    /// Treated as if they came now; mails older than 24 hours still get no confirmation.
    New,
}

impl AdoptHow {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Leave => "leave",
            Self::Import => "import",
            Self::New => "new",
        }
    }
}

/// The record that an intake mailbox is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The JMAP account id.
    pub account: String,
    /// The configured mailbox: its role, or its name.
    pub mailbox: String,
    pub how: AdoptHow,
    pub at: Timestamp,
}
