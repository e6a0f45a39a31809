//! What the site's own addresses look like, as the operator configured them.

use std::fmt;

use super::Budgets;
use thiserror::Error;

use crate::mail::{Address, AddressError, ReplyKey};

/// Why a text is no wildcard address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WildcardError {
    #[error("a wildcard address has `{{key}}` once, before its `@`")]
    Placeholder,
    #[error("what stands around `{{key}}` does not make an address: {0}")]
    Address(AddressError),
}

/// An address with a placeholder, `incoming+{key}@desk.example.com`; `%{key}` is read as the same. In
/// the form that addresses are compared in: lower case, the domain in A-labels, without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    before: String,
    after: String,
}

impl Wildcard {
    /// Reads a wildcard address.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, WildcardError> {
        let text = text.trim().to_ascii_lowercase().replace("%{key}", "{key}");
        let (before, after) = text.split_once("{key}").ok_or(WildcardError::Placeholder)?;
        if before.contains('@') || after.contains("{key}") {
            return Err(WildcardError::Placeholder);
        }
        if text.contains('"') {
            return Err(WildcardError::Address(AddressError::Character));
        }
        let address = Address::parse(&format!("{before}key{after}")).map_err(WildcardError::Address)?;
        let (local, _) = after.rsplit_once('@').unwrap_or_default();
        Ok(Self { before: before.to_owned(), after: format!("{local}@{}", address.domain()) })
    }

    /// The key that an address of this form carries, in lower case and never empty.
    #[must_use]
    pub fn key_of<'a>(&self, address: &'a Address) -> Option<&'a str> {
        let key = address.folded().strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        (!key.is_empty()).then_some(key)
    }

    /// The address that carries this key; `None` where it would break a limit of addresses.
    #[must_use]
    pub fn address(&self, key: &str) -> Option<Address> {
        Address::parse(&format!("{}{key}{}", self.before, self.after)).ok()
    }

    /// The bare address that the wildcard extends: `incoming@desk.example.com` for
    /// `incoming+{key}@desk.example.com`; none for a catch-all.
    #[must_use]
    pub fn bare(&self) -> Option<Address> {
        let local = self.before.strip_suffix(['+', '-'])?;
        Address::parse(&format!("{local}{}", self.after)).ok()
    }

    /// Whether every address of the domain is of this form.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        self.before.is_empty() && self.after.starts_with('@')
    }

    /// Whether the longest key that letters carry fits in (RFC 5321 §4.5.3.1.1: 64 octets before
    /// the `@`). A wildcard without that room can be read, but no letter can be sent from it.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.address(&format!("{}-unsubscribe", "k".repeat(ReplyKey::LEN))).is_some()
    }

    /// The domain that the wildcard's addresses are of.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.after.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Wildcard {
    /// As it is configured, with `{key}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{key}}{}", self.before, self.after)
    }
}

/// The site's own addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `incoming+{key}@…`: current, legacy, reply and unsubscribe addresses are made of it.
    pub wildcard: Wildcard,
    /// `contact+{key}@…`: addresses with a project's suffix.
    pub suffix_wildcard: Option<Wildcard>,
    /// Wildcards of former times, still valid.
    pub former: Vec<Wildcard>,
    /// The mail account's own address.
    pub account: Address,
    /// The host that stands in our Message-IDs and reply marks, lower case.
    pub host: String,
    /// Whom Authentication-Results are believed from (RFC 8601 §2.5), if anyone.
    pub authserv_id: Option<String>,
    /// What one sender may cause.
    pub budgets: Budgets,
}
