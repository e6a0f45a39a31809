//! Why the desk did not do what it was asked.

use thiserror::Error;

use crate::store::{RawError, StoreError, WriteError};
use crate::tracker::{Event, Refusal};

/// Why the desk did not do what it was asked.
#[derive(Debug, Error)]
pub enum DeskError {
    /// There is no such thing, or this viewer may not know that there is.
    #[error("there is no such thing here")]
    NotFound,
    /// The viewer may see it and may not do this.
    #[error("your role in this project does not allow that")]
    Forbidden,
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Other events happened since the form was shown; they are to be seen before sending.
    #[error("something new happened on this ticket since you opened it")]
    Newer(Vec<Event>),
    /// This very form was sent before, and what it asked for is done.
    #[error("this was done already")]
    Done,
    /// A setting or name that cannot be; the sentence says why and what to do.
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A raw mail cannot be read.
    #[error(transparent)]
    Raw(#[from] RawError),
}

impl From<WriteError<DeskError>> for DeskError {
    fn from(error: WriteError<DeskError>) -> Self {
        match error {
            WriteError::Refused(error) => error,
            WriteError::Store(error) => Self::Store(error),
        }
    }
}
