//! The typed content of the webmail's page.

use jiff::Timestamp;
use serde::Serialize;

use crate::theme::page::MailLine;
use crate::theme::{Frame, Html, Page};

/// The one page: who one is, a list of mails, and a mail, or a form to write one.
#[derive(Debug, Serialize)]
pub struct MailboxPage {
    pub who: Person,
    pub people: Vec<Person>,
    pub desk: String,
    /// `inbox`, `sent` or `write`.
    pub place: &'static str,
    pub unread: usize,
    pub rows: Vec<Row>,
    pub open: Option<Open>,
    pub write: Option<Written>,
    /// Addresses that projects have, with the projects' names.
    pub addresses: Vec<(&'static str, &'static str)>,
    pub trouble: Option<String>,
    pub told: Option<&'static str>,
}

impl Page for MailboxPage {
    const NAME: &'static str = "demo/mailbox";
}

#[derive(Clone, Debug, Serialize)]
pub struct Person {
    pub href: String,
    pub name: &'static str,
    pub address: &'static str,
    pub language: &'static str,
    pub current: bool,
}

/// A line of the list.
#[derive(Debug, Serialize)]
pub struct Row {
    pub href: String,
    pub current: bool,
    pub unread: bool,
    /// Who wrote it; in the sent mails, whom it went to.
    pub party: String,
    pub at: Timestamp,
    pub subject: String,
    pub preview: String,
}

/// A mail that is open.
#[derive(Debug, Serialize)]
pub struct Open {
    pub href: String,
    pub subject: String,
    pub facts: Vec<(&'static str, String)>,
    pub at: Timestamp,
    pub html: Html,
    pub quoted: Option<Html>,
    pub files: Vec<File>,
    /// Those headers that make a mail program behave, as they stand in the mail.
    pub headers: String,
    pub unread: bool,
    pub unsubscribe: Option<Unsubscribe>,
    /// Whom an answer goes to; nobody, where there is no sender.
    pub answer: Option<String>,
    /// What was written and could not be sent.
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct File {
    pub href: String,
    pub name: String,
    pub kind: String,
    pub size: u64,
}

/// How this mail can be stopped, as a mail program offers it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Unsubscribe {
    /// The page that the mail's header names.
    pub link: Option<String>,
    /// Where one click goes (RFC 8058).
    pub one_click: Option<String>,
    /// Whether a mail does it.
    pub by_mail: bool,
}

/// A new mail, as far as it is written.
#[derive(Debug, Default, Serialize)]
pub struct Written {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// The theme's frame, of which this page uses nothing but the time.
pub fn frame(now: Timestamp) -> Frame {
    Frame {
        version: env!("CARGO_PKG_VERSION"),
        now,
        viewer: None,
        section: "",
        held: None,
        mail: MailLine::default(),
        csrf: String::new(),
        form: String::new(),
    }
}
