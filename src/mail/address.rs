//! Addresses (RFC 5322 §3.4.1 `addr-spec`), kept as written and compared without regard to case.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use thiserror::Error;

/// Why a text is no address that mail can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("an address has one @ with something on both sides")]
    Shape,
    #[error("an address has no spaces, control characters, angle brackets or commas")]
    Character,
    #[error("the part before the @ has at most 64 octets, and an address 254 (RFC 5321 §4.5.3.1)")]
    Long,
}

/// One address. Two addresses are equal when they differ in case only.
#[derive(Clone)]
pub struct Address {
    written: String,
    folded: String,
}

impl Address {
    /// Reads `local@domain`, with or without angle brackets around it.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let text = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Shape)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Shape);
        }
        let bad = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')' | '\\')
        };
        if text.chars().any(bad) || local.contains('@') {
            return Err(AddressError::Character);
        }
        if local.len() > 64 || text.len() > 254 {
            return Err(AddressError::Long);
        }
        Ok(Self { written: text.to_owned(), folded: text.to_lowercase() })
    }

    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The form that comparison uses: lower case throughout.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// What stands before the last `@`, in lower case.
    #[must_use]
    pub fn local(&self) -> &str {
        self.folded.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// What stands after the last `@`, in lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.folded.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.written)
    }
}

/// An address with the display name beside it (RFC 5322 §3.4 `name-addr`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    pub name: Option<String>,
    pub address: Address,
}

impl From<Address> for NameAddr {
    fn from(address: Address) -> Self {
        Self { name: None, address }
    }
}
