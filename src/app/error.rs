//! Why the daemon did not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::ConfigError;
use crate::store::{OpenError, StoreError};
use crate::theme::ThemeError;
use crate::tls::TlsError;

/// Why the daemon did not start. The sentences are for the operator.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Theme(#[from] ThemeError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{address} cannot be listened on: {error}; `{setting}` in the configuration says where")]
    Listen { address: SocketAddr, setting: &'static str, error: io::Error },
    #[error("the control socket {} cannot be made: {error}", path.display())]
    Control { path: PathBuf, error: io::Error },
}

impl StartError {
    /// Whether only a person can help: trying again would meet the same, until the configuration or
    /// the program is another.
    #[must_use]
    pub fn needs_a_person(&self) -> bool {
        match self {
            Self::Theme(_) | Self::Tls(_) | Self::Config(_) => true,
            Self::Open(error) => matches!(
                error,
                OpenError::Newer { .. } | OpenError::NoWay { .. } | OpenError::Unfinished { .. }
            ),
            Self::Store(_) | Self::Listen { .. } | Self::Control { .. } => false,
        }
    }
}
