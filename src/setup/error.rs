//! Why a set-up ended before its time.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::{ConfigError, WrittenError};

/// Nothing was written, unless the sentence says so.
#[derive(Debug, Error)]
pub enum SetupError {
    #[error("{} is there already; --replace replaces it, and keeps it as postdesk.toml.before", file.display())]
    Exists { file: PathBuf },
    #[error("nothing was written; {} stays as it is", file.display())]
    Kept { file: PathBuf },
    #[error("with --yes nothing is asked, and {flag} was not given")]
    Missing { flag: &'static str },
    #[error("standard input ended before all was answered; nothing was written")]
    Ended,
    #[error(
        "{} cannot be read by the service, whose user is postdesk and which sees neither home folders nor /tmp",
        file.display()
    )]
    Unreadable { file: PathBuf },
    #[error("{0}")]
    Refused(String),
    #[error("the terminal cannot be used")]
    Terminal(#[from] io::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Written(#[from] WrittenError),
    #[error("`{command}` failed; the configuration is written, and that command can be tried again")]
    Command { command: String },
}
