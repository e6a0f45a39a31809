//! Why there is no certificate, for the operator to read.

use std::error::Error;
use std::time::Duration;

use instant_acme::Error as ClientError;
use thiserror::Error;

use super::Acme;
use crate::config::ConfigError;
use crate::tls::TlsError;

/// Why an authority gave no certificate.
#[derive(Debug, Error)]
pub enum AcmeError {
    #[error("{authority} does not answer: {why}")]
    Unreachable { authority: String, why: String },
    #[error("{authority} answered, but not as ACME says ({why}); check `directory` in [tls.acme]")]
    Foreign { authority: String, why: String },
    #[error("{authority} refused: {detail}{remedy}")]
    Refused {
        authority: String,
        /// RFC 8555 §6.7, without the part that all of them begin with.
        kind: String,
        detail: String,
        remedy: &'static str,
        /// How long it asks us to wait.
        wait: Option<Duration>,
    },
    #[error("{authority} does not offer {challenge} for {host}; set another `challenge` in [tls.acme]")]
    NotOffered { authority: String, challenge: &'static str, host: String },
    #[error(
        "{authority} could not see by {challenge} that {host} is ours: {detail}; port {port} of {host} has to lead here"
    )]
    NotProven { authority: String, challenge: &'static str, host: String, port: u16, detail: String },
    #[error("{authority} did not finish the order: {why}")]
    Unfinished { authority: String, why: String },
    #[error("{authority} took longer than five minutes over the order")]
    Slow { authority: String },
    #[error("{authority} gave a certificate that is of no use: {why}")]
    Useless { authority: String, why: String },
    #[error("`tls.acme.external_account.key` is not base64url; write it as the authority shows it")]
    ExternalKey,
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl AcmeError {
    /// How long the authority asks us to wait, if it does.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Refused { wait, .. } => *wait,
            _ => None,
        }
    }

    /// Whether a nonce was refused, which says nothing about the order.
    pub(super) fn is_bad_nonce(&self) -> bool {
        matches!(self, Self::Refused { kind, .. } if kind == "badNonce")
    }

    /// Whether the account that we have is none at the authority, as after it was set up anew.
    pub(super) fn is_lost_account(&self) -> bool {
        matches!(self, Self::Refused { kind, .. } if kind == "accountDoesNotExist")
    }
}

/// What a step of the conversation could not do, from the client or from our wire below it.
#[derive(Debug, Error)]
pub(super) enum Unheard {
    #[error("{0}")]
    Silent(String),
    #[error("{0}")]
    Foreign(String),
}

impl Acme {
    /// What an error of the client's means. `wait` is what the last answer asked for.
    pub(super) fn explain(&self, error: ClientError, wait: Option<Duration>) -> AcmeError {
        let authority = self.authority().to_owned();
        match error {
            ClientError::Api(problem) => {
                let kind = problem.r#type.clone().unwrap_or_default();
                let kind = kind.rsplit(':').next().unwrap_or_default().to_owned();
                let remedy = remedy(&kind);
                AcmeError::Refused { authority, detail: detail(&problem), kind, remedy, wait }
            }
            ClientError::Other(other) => match other.downcast_ref::<Unheard>() {
                Some(Unheard::Silent(why)) => AcmeError::Unreachable { authority, why: why.clone() },
                Some(Unheard::Foreign(why)) => AcmeError::Foreign { authority, why: why.clone() },
                None => AcmeError::Unfinished { authority, why: chain(other.as_ref()) },
            },
            ClientError::Json(error) => AcmeError::Foreign { authority, why: error.to_string() },
            other => AcmeError::Unfinished { authority, why: chain(&other) },
        }
    }
}

/// What a problem document says (RFC 7807), on one line.
pub(super) fn detail(problem: &instant_acme::Problem) -> String {
    let kind = problem.r#type.as_deref().unwrap_or("no reason given");
    let mut text = problem.detail.clone().unwrap_or_else(|| kind.to_owned());
    for sub in &problem.subproblems {
        if let Some(detail) = &sub.detail {
            text.push_str("; ");
            text.push_str(detail);
        }
    }
    text.split(char::is_control).collect::<Vec<_>>().join(" ").chars().take(400).collect()
}

/// What to do about a kind of refusal (RFC 8555 §6.7).
fn remedy(kind: &str) -> &'static str {
    match kind {
        "externalAccountRequired" => "; set `external_account` in [tls.acme] to what it gave you",
        "invalidContact" | "unsupportedContact" => "; check `contact` in [tls.acme]",
        "caa" => "; the CAA record of the host's domain has to allow it",
        "rejectedIdentifier" => "; it gives no certificate for the host of `public_url`",
        "unauthorized" | "accountDoesNotExist" => "; check `external_account` in [tls.acme], if it wants one",
        _ => "",
    }
}

/// An error with what caused it, on one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(source) = at {
        let more = source.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        at = source.source();
    }
    text
}
