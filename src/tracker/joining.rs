//! What a project wants of mails from people who do not take part in a ticket yet.

use std::fmt;

use thiserror::Error;

use crate::mail::Address;

/// The most participants that one mail's Cc adds.
pub const MOST_CC_OF_A_MAIL: usize = 6;
/// With so many participants, Cc adds no more to a ticket.
pub const MOST_CC_ON_A_TICKET: usize = 10;

/// Domains where anybody has an address: to trust one would be to trust everybody.
const PUBLIC: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "arcor.de",
    "bluewin.ch",
    "bol.com.br",
    "btinternet.com",
    "comcast.net",
    "duck.com",
    "email.cz",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "hotmail.it",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.de",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "naver.com",
    "online.de",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "seznam.cz",
    "sina.com",
    "t-online.de",
    "tuta.com",
    "tutanota.com",
    "uol.com.br",
    "verizon.net",
    "vodafone.de",
    "web.de",
    "wp.pl",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// Why a text is no domain to trust. The sentences are shown to the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DomainError {
    #[error("a domain has a form such as customer.example, without an `@`")]
    Shape,
    #[error("anybody can have an address there, so to trust this domain would be to trust everybody")]
    Public,
}

/// A domain whose authenticated senders may join a ticket of one of their own. Lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustedDomain(String);

impl TrustedDomain {
    /// Reads a domain; a public mail domain is refused.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let text = text.trim().trim_end_matches('.').to_lowercase();
        let part = |part: &str| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        if !text.contains('.') || text.len() > 253 || !text.split('.').all(part) {
            return Err(DomainError::Shape);
        }
        if PUBLIC.binary_search(&text.as_str()).is_ok() {
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
    fn public_mail_domains_are_in_order_and_refused() {
        assert!(PUBLIC.is_sorted());
        for domain in PUBLIC {
            assert_eq!(TrustedDomain::parse(&domain.to_uppercase()), Err(DomainError::Public), "{domain}");
        }
    }

    #[test]
    fn a_domain_is_read_in_lower_case_and_has_a_form() {
        let good = TrustedDomain::parse(" Customer.Example. ").unwrap();
        assert_eq!(good.as_str(), "customer.example");
        assert!(good.has(&Address::parse("ann@CUSTOMER.example").unwrap()));
        assert!(!good.has(&Address::parse("ann@eu.customer.example").unwrap()));
        for bad in ["", "example", "a@b.example", ".example", "a..example", "-a.example", "a b.example"] {
            assert_eq!(TrustedDomain::parse(bad), Err(DomainError::Shape), "{bad:?}");
        }
    }
}
