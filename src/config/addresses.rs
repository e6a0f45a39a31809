//! The site's own addresses.

use serde::Deserialize;

use super::read;
use crate::triage::Wildcard;

/// The desk's own addresses. A wildcard has `{key}` (or `%{key}`) once, before its `@`; the mail
/// server has to deliver it, with anything in place of the key, to the desk's account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// The address that customers' answers come back to, and that projects' addresses are made of;
    /// `{key}@desk.example.com` for a domain that takes every address.
    ///
    /// ```toml
    /// wildcard = "support+{key}@example.com"
    /// ```
    #[serde(deserialize_with = "read::wildcard")]
    pub wildcard: Wildcard,
    /// For project addresses with a suffix, such as `contact+acme-web-help@example.com`.
    ///
    /// ```toml
    /// suffix_wildcard = "contact+{key}@example.com"
    /// ```
    #[serde(default, deserialize_with = "read::some_wildcard")]
    pub suffix_wildcard: Option<Wildcard>,
    /// Wildcards of former times; mail to them still finds its place.
    ///
    /// ```toml
    /// former = ["incoming+{key}@old.example.com"]
    /// ```
    #[serde(default, deserialize_with = "read::wildcards")]
    pub former: Vec<Wildcard>,
    /// The name under which the mail server writes Authentication-Results (RFC 8601 §2.5). Without
    /// it nothing is believed, and the senders of all mails count as unknown.
    ///
    /// ```toml
    /// authserv_id = "mail.example.com"
    /// ```
    #[serde(default)]
    pub authserv_id: Option<String>,
    /// What the Reply-To of a letter is, and so how an answer finds its ticket.
    ///
    /// ```toml
    /// reply_to = "plus"
    /// ```
    #[serde(default)]
    pub reply_to: ReplyTo,
}

/// What the Reply-To of a letter is, and so how an answer finds its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyTo {
    /// The wildcard address with a reply key: `support+<key>@…`.
    #[default]
    Plus,
    /// The same for a domain that takes every address: `<key>@…`.
    CatchAll,
    /// The plain address; answers are joined by In-Reply-To and References alone.
    Plain,
}
