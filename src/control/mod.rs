//! The socket that the command line speaks to: one JSON request a line, one JSON answer a line.
//!
//! It lies in a folder that only the desk's own user may enter; whoever can open it is the
//! operator. A command that finds no daemon answers the same request itself.

mod accounts;
mod answer;
mod keeping;
mod privacy;
mod request;
mod snapshot;
mod socket;
mod status;
mod survey;

pub use answer::{Operator, Reload, answer};
pub use request::{AccountAdd, Answer, ProjectAdd, ProjectEdit, Request};
pub use snapshot::{TakeError, Taken, take_snapshot};
pub use socket::{ControlError, ask, serve};
pub use survey::Survey;
