//! Links: what stands in mails and pages as an address of this desk. They follow `public_url`
//! alone, never a request's Host header.

use crate::mail::ReplyKey;
use crate::secret::Token;
use crate::tracker::ProjectPath;

/// Makes links from the public address of the web tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// Scheme, host and port, without a slash at the end.
    base: String,
}

impl Links {
    /// Takes the public URL; a slash at its end is dropped.
    #[must_use]
    pub fn new(public_url: &str) -> Self {
        Self { base: public_url.trim_end_matches('/').to_owned() }
    }

    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host, as people know this desk.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.base.split_once("://").map_or(self.base.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// Whether links are https, which a one-click unsubscribe demands (RFC 8058 §3.1).
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.base.starts_with("https://")
    }

    #[must_use]
    pub fn ticket(&self, path: &ProjectPath, number: u32) -> String {
        format!("{}/p/{path}/{number}", self.base)
    }

    /// The page of the own account.
    #[must_use]
    pub fn account(&self) -> String {
        format!("{}/account", self.base)
    }

    #[must_use]
    pub fn unsubscribe(&self, token: &ReplyKey) -> String {
        format!("{}/u/{token}", self.base)
    }

    /// Where a one-time link leads: choosing a password.
    #[must_use]
    pub fn welcome(&self, token: &Token) -> String {
        format!("{}/welcome/{}", self.base, token.as_str())
    }
}
