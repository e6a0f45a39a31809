//! How a command failed: a sentence, and the status that it ends with.

use std::process::ExitCode;

use super::say;

/// A command that failed.
#[derive(Debug)]
pub(super) struct Failure {
    why: String,
    status: u8,
}

/// The configuration is wrong (`EX_CONFIG` of sysexits.h): to start again would meet the same. The
/// service's unit knows this status.
const CONFIGURATION: u8 = 78;

impl Failure {
    /// One that only a person can help.
    pub(super) fn of_configuration(why: String) -> Self {
        Self { why, status: CONFIGURATION }
    }

    /// Says why, and gives the status to end with.
    pub(super) fn told(self) -> ExitCode {
        say::err(format_args!("postdesk: {}", self.why));
        ExitCode::from(self.status)
    }
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self { why, status: 1 }
    }
}
