//! Addresses (RFC 5322 §3.4.1 `addr-spec`), kept as written and compared without regard to case.
//!
//! Two things of an address are not kept as written: quotes that its local part does without, and a
//! domain's letters beyond ASCII, because mails carry A-labels (RFC 5890 §2.3.2.1).

use std::borrow::Cow;
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
    #[error("what stands behind the @ is no name that a domain can have (RFC 5891 §4.2)")]
    Domain,
}

/// One address. Two addresses are equal when they differ in case only; `\u{212a}`, the sign for kelvin, is no
/// k for that, though Unicode has it as its lower case.
#[derive(Clone)]
pub struct Address {
    written: String,
    folded: String,
}

/// An address in the form that comparison and indexes use: lower case, but where an ASCII letter would come of
/// one beyond ASCII.
#[must_use]
pub fn fold(address: &str) -> String {
    if address.contains(['\u{212a}', '\u{130}']) {
        address.to_ascii_lowercase()
    } else {
        address.to_lowercase()
    }
}

impl Address {
    /// Reads `local@domain`, with or without angle brackets around it. `"local"@domain` is the same
    /// mailbox (RFC 5321 §4.1.2), and keeps its quotes only where a letter needs them; what is no
    /// address without quotes but for its dots is refused.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = halves(text)?;
        let local = match local.strip_prefix('"').and_then(|local| local.strip_suffix('"')) {
            Some(inner) if inner.chars().all(is_quotable) => inner,
            Some(_) => return Err(AddressError::Character),
            None => local,
        };
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Shape);
        }
        let bad = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')' | '\\')
        };
        // U+FFFD stands for octets that nobody could read.
        if local.chars().chain(domain.chars()).any(|c| bad(c) || c == '\u{fffd}') || local.contains('@') {
            return Err(AddressError::Character);
        }
        let domain = a_labels(domain).ok_or(AddressError::Domain)?;
        let quote = if local.split('.').any(str::is_empty) { "\"" } else { "" };
        let written = format!("{quote}{local}{quote}@{domain}");
        if local.len() + 2 * quote.len() > 64 || written.len() > 254 {
            return Err(AddressError::Long);
        }
        Ok(Self { written, folded: fold(&format!("{local}@{domain}")) })
    }

    /// Reads an address that is on record. One from before domains were kept in A-labels, or that would
    /// be refused today, stays as it is: what is listed by address has it in that form.
    ///
    /// # Errors
    /// Where it never was an address.
    pub fn recorded(text: &str) -> Result<Self, AddressError> {
        let (_, domain) = halves(text)?;
        let as_it_is = || Self { written: text.to_owned(), folded: text.to_lowercase() };
        if domain.is_ascii() { Ok(Self::parse(text).unwrap_or_else(|_| as_it_is())) } else { Ok(as_it_is()) }
    }

    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether a text is this address, however it is written.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        fold(text) == self.folded || Self::parse(text).is_ok_and(|other| other == *self)
    }

    /// Whether a text has the address in it, however it is written there.
    #[must_use]
    pub fn stands_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let forms = [self.folded(), self.as_str(), &self.readable()];
        forms.iter().any(|form| text.contains(&form.to_lowercase()))
    }

    /// The address in lower case as people read it: the domain in U-labels (RFC 5890 §2.3.2.1).
    #[must_use]
    pub fn readable(&self) -> String {
        format!("{}@{}", self.local(), idna::domain_to_unicode(self.domain()).0)
    }

    /// The form that comparison uses: folded, and never with quotes.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// What stands before the last `@`, in lower case and without quotes.
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

/// What stands before and behind the last `@`.
fn halves(text: &str) -> Result<(&str, &str), AddressError> {
    let text = text.trim();
    let text = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
    text.rsplit_once('@').ok_or(AddressError::Shape)
}

/// Whether a character may stand in a quoted local part: what an atom may have (RFC 5322 §3.2.3,
/// RFC 6532 §3.2), and dots anywhere. All else that quotes allow is nobody's address in practice, and
/// would have to be escaped wherever an address is written.
pub(super) fn is_quotable(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

/// A domain with each label beyond ASCII as the A-label that mails carry (RFC 5891 §4); `None` where it
/// has none. Labels in ASCII stay as they are: real ones have underscores.
#[must_use]
pub fn a_labels(domain: &str) -> Option<Cow<'_, str>> {
    let label = |label: &str| {
        if label.is_ascii() {
            return Some(label.to_owned());
        }
        // A label that becomes ASCII, or several, is a disguise: `\u{212a}` for k, a wide dot for a dot.
        idna::domain_to_ascii_strict(label)
            .ok()
            .filter(|made| made.starts_with("xn--") && !made.contains('.'))
    };
    if domain.is_ascii() {
        return Some(Cow::Borrowed(domain));
    }
    domain.split('.').map(label).collect::<Option<Vec<_>>>().map(|labels| labels.join(".").into())
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

#[cfg(test)]
mod tests;
