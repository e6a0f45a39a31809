//! What the command line can ask for, and what it is told.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Survey;

/// A command of the operator. Texts are as typed; they are read where they are used.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Request {
    ProjectAdd(ProjectAdd),
    ProjectList,
    ProjectEdit(Box<ProjectEdit>),
    AccountAdd(AccountAdd),
    AccountList,
    /// A one-time link for a new password, by mail or to print, or the password itself, read from
    /// standard input.
    AccountPassword {
        handle: String,
        password: Option<String>,
        #[serde(default)]
        link: bool,
    },
    /// `leave`, `import` or `new`.
    Adopt {
        how: String,
    },
    /// The mailbox is ours, whatever marker lies in it.
    TakeOver,
    Status,
    /// The same as JSON.
    StatusJson,
    /// Read the configuration again.
    Reload,
    /// For `check`: what the store has.
    Survey,
    /// A copy of the database, and raw mails that stay, until the connection ends.
    Snapshot,
    /// Mail neither comes in nor goes out.
    Pause,
    /// It does again, and what is old may be removed again.
    Resume,
    /// Erases a person, or says what would be found.
    Erase {
        address: String,
        dry_run: bool,
    },
    /// Takes a passage out of a text: `acme/web#12`, the number of the event, the passage.
    Redact {
        ticket: String,
        event: u32,
        text: String,
    },
    /// Takes filed mails in again that came since then; since the backup that was restored where
    /// nothing is said.
    Replay {
        since: Option<jiff::Timestamp>,
    },
}

impl Request {
    /// How long the daemon may take to answer.
    pub(super) fn patience(&self) -> Duration {
        match self {
            // It only reads, and `check` has to say soon that a daemon hangs.
            Self::Survey => Duration::from_secs(10),
            Self::Replay { .. } | Self::Erase { .. } | Self::Redact { .. } => Duration::from_hours(24),
            _ => Duration::from_mins(10),
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct ProjectAdd {
    pub path: String,
    pub name: Option<String>,
    pub aliases: Vec<String>,
    pub suffix: Option<String>,
    pub default: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct ProjectEdit {
    pub path: String,
    pub new_path: Option<String>,
    pub name: Option<String>,
    pub on: Option<bool>,
    pub add_aliases: Vec<String>,
    pub remove_aliases: Vec<String>,
    pub suffix: Option<String>,
    /// `handle=role`
    pub members: Vec<String>,
    pub remove_members: Vec<String>,
    /// `agent` or `project`
    pub from_name: Option<String>,
    pub confirm: Option<bool>,
    pub reopen: Option<bool>,
    #[serde(default)]
    pub tell_closed: Option<bool>,
    #[serde(default)]
    pub reply_all_joins: Option<bool>,
    #[serde(default)]
    pub cc_participants: Option<bool>,
    #[serde(default)]
    pub trust: Vec<String>,
    #[serde(default)]
    pub distrust: Vec<String>,
    #[serde(default)]
    pub add_form_senders: Vec<String>,
    #[serde(default)]
    pub remove_form_senders: Vec<String>,
    #[serde(default)]
    pub keep_closed_days: Option<u32>,
    pub default: Option<bool>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct AccountAdd {
    pub handle: String,
    pub name: Option<String>,
    pub address: String,
    pub admin: bool,
    /// `path=role`
    pub projects: Vec<String>,
    /// Print the link in any case, in place of mailing it.
    #[serde(default)]
    pub link: bool,
}

/// What the operator is told: lines to print, or a sentence that says what is wrong.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Done(Vec<String>),
    Refused(String),
    Survey(Box<Survey>),
    Snapshot { database: PathBuf },
}
