//! Message-IDs (RFC 5322 §3.6.4), kept without their angle brackets.

use std::fmt;

use super::ReplyKey;

/// One Message-ID. Compared octet by octet, because that is what other programs do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// The longest id that is kept; a longer one is cut, so that it still compares equal to itself.
    pub const MAX: usize = 998;

    /// Takes an id with or without angle brackets; `None` where nothing is left.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('<').trim_end_matches('>').trim();
        let text: String = text.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
        let end = text
            .char_indices()
            .map(|(at, c)| at + c.len_utf8())
            .take_while(|end| *end <= Self::MAX)
            .last()?;
        text.get(..end).map(|id| Self(id.to_owned()))
    }

    /// An id of our own: a unique part and the host that vouches for its being unique.
    #[must_use]
    pub fn ours(unique: &ReplyKey, host: &str) -> Self {
        Self(format!("{unique}@{host}"))
    }

    /// The id without angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    /// With angle brackets, as a header has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}
