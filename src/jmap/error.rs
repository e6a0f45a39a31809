//! What can go wrong with the mail server, and which of three ways it ends.

use std::time::Duration;

use http::StatusCode;
use thiserror::Error;
use url::Url;

use super::{MethodErrorType, MethodFault, SetErrorType, SetFault};
use crate::wire::WireError;

/// How a failure ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// To be tried again, not before the server's own time where it gave one.
    Temporary { retry_after: Option<Duration> },
    /// The same again would fail the same way; a person has to look.
    Permanent,
    /// The server does not let us in; a person has to look at the login.
    Credentials,
}

impl Failure {
    /// How long the server wants to be left alone, where it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Temporary { retry_after } => *retry_after,
            Self::Permanent | Self::Credentials => None,
        }
    }
}

/// A request that the server refused as a whole (RFC 8620 §3.6.1, RFC 7807).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the mail server answered {status}{}", problem_text(problem.as_deref(), detail.as_deref()))]
pub struct HttpFault {
    pub status: StatusCode,
    /// The problem's type, where the answer is a problem document.
    pub problem: Option<String>,
    /// With the type `…:limit`: which limit.
    pub limit: Option<String>,
    pub detail: Option<String>,
    pub retry_after: Option<Duration>,
}

fn problem_text(problem: Option<&str>, detail: Option<&str>) -> String {
    // That type says no more than the status (RFC 7807 §4.2).
    match (problem.filter(|kind| *kind != "about:blank"), detail) {
        (Some(problem), Some(detail)) => format!(" ({problem}: {detail})"),
        (Some(one), None) | (None, Some(one)) => format!(" ({one})"),
        (None, None) => String::new(),
    }
}

/// Why the mail server did not do what it was asked.
#[derive(Debug, Error)]
pub enum JmapError {
    #[error("the mail server could not be reached")]
    Wire(#[from] WireError),
    #[error(transparent)]
    Http(#[from] HttpFault),
    #[error(transparent)]
    Method(#[from] MethodFault),
    #[error("{what}: {fault}")]
    Set { what: String, fault: SetFault },
    #[error("the mail server's answer to {what} cannot be understood: {why}")]
    Malformed { what: String, why: String },
    #[error("{0}")]
    Session(String),
    /// The session names a server that may not see the login.
    #[error(
        "the session at {session} names {url}, which is another server; the login is sent there only if \
         `trusted_origins` in [mail] lists \"{origin}\""
    )]
    OtherServer { session: Box<Url>, url: Box<Url>, origin: String },
    /// The login has several mail accounts, or not the one that was asked for.
    #[error("{why}: {}", names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", "))]
    Accounts { why: String, names: Vec<String> },
    #[error("{0}")]
    Credentials(String),
    #[error("{what} has {size} octets, and the mail server takes at most {limit}")]
    TooLarge { what: String, size: u64, limit: u64 },
    /// By HTTP status 413 (RFC 9110 §15.5.14), which does not say how much would be taken.
    #[error(
        "the mail has {size} octets, and what stands before the mail server does not take as many; raise the limit \
         of the proxy there, or send smaller files"
    )]
    TooLargeOnTheWay { size: u64 },
    #[error("the account has no mailbox {0}")]
    NoMailbox(String),
    #[error("the request cannot be written")]
    Encode(#[from] serde_json::Error),
}

impl JmapError {
    pub(super) fn malformed(what: &str, why: &dyn std::fmt::Display) -> Self {
        Self::Malformed { what: what.to_owned(), why: why.to_string() }
    }

    /// Which of the three ways it ends. What is not known is temporary.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let again = Failure::Temporary { retry_after: None };
        match self {
            Self::Wire(error) => match error {
                WireError::Insecure { .. }
                | WireError::NoHost { .. }
                | WireError::Redirect { .. }
                | WireError::Circle { .. }
                | WireError::TooLarge { .. }
                | WireError::Request(_) => Failure::Permanent,
                WireError::Connect { .. }
                | WireError::Tls { .. }
                | WireError::Timeout { .. }
                | WireError::Lost { .. } => again,
            },
            Self::Http(fault) => fault.failure(),
            Self::Method(fault) => method_failure(&fault.kind),
            Self::Set { fault, .. } => fault.failure(),
            Self::Malformed { .. } => again,
            Self::Credentials(_) => Failure::Credentials,
            Self::Session(_)
            | Self::OtherServer { .. }
            | Self::Accounts { .. }
            | Self::TooLarge { .. }
            | Self::TooLargeOnTheWay { .. }
            | Self::NoMailbox(_)
            | Self::Encode(_) => Failure::Permanent,
        }
    }

    /// Whether what was asked for is not there: a blob or an Email that is gone.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Http(fault) => fault.status == StatusCode::NOT_FOUND,
            Self::Set { fault, .. } => fault.is_not_found(),
            _ => false,
        }
    }

    /// The sentence with all its causes, for a log or a person.
    #[must_use]
    pub fn whole(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl HttpFault {
    fn failure(&self) -> Failure {
        let retry_after = self.retry_after;
        match self.status.as_u16() {
            401 | 403 => Failure::Credentials,
            408 | 425 | 429 | 500..=599 => Failure::Temporary { retry_after },
            // Too many requests at once is a matter of time, everything else of the request.
            400 if self.limit.as_deref().is_some_and(|limit| limit.starts_with("maxConcurrent")) => {
                Failure::Temporary { retry_after }
            }
            300..=499 => Failure::Permanent,
            _ => Failure::Temporary { retry_after },
        }
    }
}

fn method_failure(kind: &MethodErrorType) -> Failure {
    match kind {
        MethodErrorType::UnknownMethod
        | MethodErrorType::InvalidArguments
        | MethodErrorType::InvalidResultReference
        | MethodErrorType::Forbidden
        | MethodErrorType::AccountNotSupportedByMethod
        | MethodErrorType::AccountReadOnly
        | MethodErrorType::RequestTooLarge
        | MethodErrorType::UnsupportedSort
        | MethodErrorType::UnsupportedFilter => Failure::Permanent,
        // Cyrus makes an account's mailboxes with its first mail; until then it has no account.
        MethodErrorType::AccountNotFound
        | MethodErrorType::ServerUnavailable
        | MethodErrorType::ServerFail
        | MethodErrorType::ServerPartialFail
        | MethodErrorType::StateMismatch
        | MethodErrorType::AnchorNotFound
        | MethodErrorType::CannotCalculateChanges
        | MethodErrorType::TooManyChanges
        | MethodErrorType::Other(_) => Failure::Temporary { retry_after: None },
    }
}

impl SetFault {
    /// Which of the three ways it ends. What is not known is temporary.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self.kind {
            SetErrorType::OverQuota
            | SetErrorType::RateLimit
            | SetErrorType::BlobNotFound
            | SetErrorType::ServerFail
            | SetErrorType::ServerUnavailable
            | SetErrorType::Other(_) => Failure::Temporary { retry_after: None },
            _ => Failure::Permanent,
        }
    }
}
