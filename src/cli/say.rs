//! What is said to the terminal, or to whoever reads a command's output.
//!
//! A reader may end before the command does (`postdesk check | head`), and nobody may read at all. The
//! command then goes on and ends with its own status; `println!` would end it in a panic.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

/// A line to standard output.
pub(super) fn out(line: impl Display) {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            err(format_args!("postdesk: standard output fails: {error}"));
        }
        Ok(()) | Err(_) => {}
    }
}

/// A line to standard error.
pub(super) fn err(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
