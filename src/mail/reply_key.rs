//! Reply keys: the part of an address that ties a reply to one ticket and one person.

use std::fmt;

/// 26 characters of lower-case base32 (RFC 4648 §6 alphabet, no padding): 130 random bits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyKey(String);

impl ReplyKey {
    /// Its length in characters.
    pub const LEN: usize = 26;

    /// Reads a key; upper case is folded, because mail programs change it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let fits = text.len() == Self::LEN
            && text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
        fits.then_some(Self(text))
    }

    /// Makes a key of 26 bytes of randomness, five bits of each.
    #[must_use]
    pub fn from_random(bytes: [u8; Self::LEN]) -> Self {
        let alphabet = |byte: u8| match byte & 31 {
            low @ 0..26 => char::from(b'a' + low),
            high => char::from(b'2' + (high - 26)),
        };
        Self(bytes.into_iter().map(alphabet).collect())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReplyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ReplyKey {
    /// A key opens a ticket to whoever holds it, so a log shows its beginning only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyKey({}…)", self.0.get(..4).unwrap_or_default())
    }
}
