//! What can go wrong on the wire, and what each failure proves.

use std::io;

use thiserror::Error;
use url::Url;

/// Where a request was when its time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Connect,
    Answer,
    Body,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection",
            Self::Answer => "the answer",
            Self::Body => "the rest of the answer",
        })
    }
}

/// Why a request has no response.
#[derive(Debug, Error)]
pub enum WireError {
    #[error("{url} is not https, and only this machine is spoken to without it")]
    Insecure { url: Url },
    #[error("{url} names no host")]
    NoHost { url: Url },
    #[error("no connection to {host}")]
    Connect { host: String, source: io::Error },
    #[error("no TLS with {host}: its certificate or protocol was not accepted")]
    Tls { host: String, source: io::Error },
    #[error("{host} let us wait too long for {step}")]
    Timeout { host: String, step: Step, written: bool },
    #[error("the connection to {host} broke")]
    Lost { host: String, written: bool, source: hyper::Error },
    #[error("the answer of {host} is larger than {cap} octets")]
    TooLarge { host: String, cap: usize },
    #[error("{from} leads on to {to}, which is not followed: only the same host over the same protocol is")]
    Redirect { from: Url, to: String },
    #[error("{from} leads in circles")]
    Circle { from: Url },
    #[error("the request cannot be written")]
    Request(#[from] http::Error),
}

impl WireError {
    /// Whether it is proven that not one octet of the request left us. A redirect that was not
    /// followed, or an answer that was too large, came after a whole request.
    #[must_use]
    pub fn nothing_written(&self) -> bool {
        match self {
            Self::Insecure { .. }
            | Self::NoHost { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Request(_) => true,
            Self::Timeout { written, .. } | Self::Lost { written, .. } => !written,
            Self::TooLarge { .. } | Self::Redirect { .. } | Self::Circle { .. } => false,
        }
    }
}
