//! What a project wants of mails from people who do not take part in a ticket yet.

use std::fmt;

use thiserror::Error;

use super::public_domains::is_public;
use crate::mail::{Address, a_labels};

/// The most participants that one mail's Cc adds.
pub const MOST_CC_OF_A_MAIL: usize = 6;
/// With so many participants, Cc adds no more to a ticket.
pub const MOST_CC_ON_A_TICKET: usize = 10;

/// Why a text is no domain to trust. The sentences are shown to the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DomainError {
    #[error("a domain has a form such as customer.example, without an `@`")]
    Shape,
    #[error("no domain can have such a name (RFC 5891 §4.2)")]
    Name,
    #[error("anybody can have an address there, so to trust this domain would be to trust everybody")]
    Public,
}

/// A domain whose authenticated senders may join a ticket of one of their own. Lower case, in A-labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustedDomain(String);

impl TrustedDomain {
    /// Reads a domain; a public mail domain is refused.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let text = text.trim().trim_end_matches('.');
        let text = a_labels(text).ok_or(DomainError::Name)?.to_ascii_lowercase();
        let part = |part: &str| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if !text.contains('.') || text.len() > 253 || !text.split('.').all(part) {
            return Err(DomainError::Shape);
        }
        if is_public(&text) {
            return Err(DomainError::Public);
        }
        Ok(Self(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an address is of this domain itself; a subdomain may be somebody else's.
    #[must_use]
    pub fn has(&self, address: &Address) -> bool {
        address.domain() == self.0
    }
}

impl fmt::Display for TrustedDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a project wants of mails from people who do not take part in a ticket yet.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Joining {
    /// Whether a stranger's mail that answers a ticket by its ids alone, with a participant in To or
    /// Cc, is shown on that ticket as unverified, in place of beginning one of its own.
    pub reply_all: bool,
    /// Whether the people in a mail's Cc become participants.
    pub cc: bool,
    pub trusted: Vec<TrustedDomain>,
    /// Addresses of web forms: of a mail from one of them the first Reply-To is the requester.
    pub form_senders: Vec<Address>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_public_in_every_country_and_what_looks_like_one_is_not() {
        let public = [
            "aol.com",
            "aol.de",
            "att.net",
            "bk.ru",
            "daum.net",
            "foxmail.com",
            "gmx.at",
            "gmx.co.uk",
            "gmx.net",
            "hanmail.net",
            "hotmail.co.uk",
            "hotmail.com",
            "hotmail.es",
            "inbox.ru",
            "list.ru",
            "live.com",
            "live.com.au",
            "live.fr",
            "o2.pl",
            "onet.pl",
            "outlook.com",
            "outlook.com.br",
            "outlook.de",
            "rocketmail.com",
            "sbcglobal.net",
            "sfr.fr",
            "tiscali.it",
            "ukr.net",
            "virgilio.it",
            "wanadoo.fr",
            "yahoo.co.jp",
            "yahoo.com",
            "yahoo.com.br",
            "yahoo.es",
            "yahoo.it",
            "yandex.com.tr",
            "yandex.ru",
            "139.com",
            "abv.bg",
            "bigpond.com",
            "charter.net",
            "cox.net",
            "fastmail.fm",
            "interia.pl",
            "protonmail.ch",
            "rambler.ru",
            "sky.com",
            "tuta.io",
            "ya.ru",
            "yeah.net",
        ];
        for domain in public {
            assert_eq!(TrustedDomain::parse(domain), Err(DomainError::Public), "{domain}");
        }
        let own = [
            "live-music.example",
            "live.customer.example",
            "mail.yahoo.customer.example",
            "my-yahoo.it",
            "outlook.customer.co.uk",
            "yahoo.acme.example.org",
        ];
        for domain in own {
            assert!(TrustedDomain::parse(domain).is_ok(), "{domain}");
        }
    }

    #[test]
    fn a_domain_is_read_in_lower_case_and_has_a_form() {
        let good = TrustedDomain::parse(" Customer.Example. ").unwrap();
        assert_eq!(good.as_str(), "customer.example");
        assert!(good.has(&Address::parse("ann@CUSTOMER.example").unwrap()));
        assert!(!good.has(&Address::parse("ann@eu.customer.example").unwrap()));
        let international = TrustedDomain::parse("M\u{dc}LLER.example").unwrap();
        assert_eq!(international.as_str(), "xn--mller-kva.example");
        assert!(international.has(&Address::parse("ann@m\u{fc}ller.example").unwrap()));
        for bad in ["ban\u{212a}.example", "m\u{fc}_ller.example"] {
            assert_eq!(TrustedDomain::parse(bad), Err(DomainError::Name), "{bad:?}");
        }
        for bad in ["", "example", "a@b.example", ".example", "a..example", "-a.example", "a b.example"] {
            assert_eq!(TrustedDomain::parse(bad), Err(DomainError::Shape), "{bad:?}");
        }
    }
}
