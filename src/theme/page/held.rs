//! The page of the mails that wait for a decision.

use jiff::Timestamp;
use serde::Serialize;

use super::{Notice, ProjectChoice};

/// The mails that wait for a decision.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    pub notices: Vec<Notice>,
    pub rows: Vec<HeldRow>,
    /// Where a mail without a project of its own can be taken into.
    pub projects: Vec<ProjectChoice>,
    pub older: Option<String>,
    /// All mails taken in, and what became of them; empty where the viewer may not know.
    pub taken: String,
    pub balance: Vec<Balance>,
    /// What the mail server took for junk; nothing where there is none.
    pub junk: Option<JunkPart>,
}

/// What lies in the mail server's Junk.
#[derive(Clone, Debug, Serialize)]
pub struct JunkPart {
    pub total: String,
    /// The newest of them.
    pub rows: Vec<JunkRow>,
}

/// One mail in Junk.
#[derive(Clone, Debug, Serialize)]
pub struct JunkRow {
    /// The mail server's id of it.
    pub email: String,
    pub subject: String,
    pub from: String,
    pub at: Timestamp,
    pub size: u64,
}

/// One held mail.
#[derive(Clone, Debug, Serialize)]
pub struct HeldRow {
    pub id: u64,
    pub cause: &'static str,
    pub sentence: &'static str,
    pub subject: String,
    pub from: String,
    pub to: String,
    pub at: Timestamp,
    pub size: u64,
    /// The first lines, as plain text.
    pub preview: Option<String>,
    /// The ticket or project that one click takes it into; nothing where a person has to choose.
    pub target: Option<String>,
    /// Nobody looked into it: who wrote it, and to whom, may be unknown.
    pub unread: bool,
    /// The mail server did not give it, and can be asked once more.
    pub again: bool,
    pub may_dismiss: bool,
}

/// One part of the sum of all mails.
#[derive(Clone, Debug, Serialize)]
pub struct Balance {
    pub word: &'static str,
    pub count: String,
}
