//! Tokens of cookies and links: 256 random bits, of which only the hash is kept.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;

/// BLAKE3 of a token.
pub type TokenHash = [u8; 32];

/// A token as the browser holds it: 43 characters of base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    #[must_use]
    pub fn from_octets(octets: [u8; 32]) -> Self {
        Self(BASE64URL_NOPAD.encode(&octets))
    }

    /// Reads what a browser sent; `None` where it cannot be a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let octets = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        (octets.len() == 32).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it. A token has 256 bits, so a plain hash is enough.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        *blake3::hash(self.0.as_bytes()).as_bytes()
    }

    /// A second token that follows from this one for one purpose, such as the CSRF token of a
    /// session.
    #[must_use]
    pub fn derive(&self, purpose: &'static str) -> Self {
        Self::from_octets(blake3::derive_key(purpose, self.0.as_bytes()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
