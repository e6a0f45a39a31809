//! The demo: a mail server, its customers' mailboxes and sample mails, so that Postdesk can be
//! tried with nothing installed. Tests use the server, too.
//!
//! [`Stage`] is everything around the desk; [`Demo`] starts it, builds the real daemon on it, and has
//! the sample mails delivered once the desk has taken its mailbox over.

mod run;
pub mod samples;
pub mod server;
mod stage;
mod sweep;
pub mod webmail;

pub use run::{Demo, DemoError};
pub use stage::{MailFacts, Stage};
