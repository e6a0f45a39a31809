//! Sessions, one-time links and form ids: what keeps a browser signed in and a click single.

use jiff::Timestamp;

use super::{AccountId, OutboxId};

/// A browser that is signed in. The cookie's token itself is not kept, only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// BLAKE3 of the cookie's token.
    pub token_hash: [u8; 32],
    pub account: AccountId,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
}

/// A link that works once: an invitation or a new password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLink {
    /// BLAKE3 of the link's token.
    pub token_hash: [u8; 32],
    pub account: AccountId,
    pub expires_at: Timestamp,
    /// The letter that carries it, where one does.
    pub letter: Option<OutboxId>,
}

/// The one-time id of a form, stored in the commit that the form causes: a double click is one
/// comment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FormId(String);

impl FormId {
    /// Takes what the browser sent back: 1 to 64 letters, digits, `-` and `_`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
