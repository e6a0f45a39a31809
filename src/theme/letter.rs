//! The typed content of each mail that goes out.

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::Html;

/// Answers the mail that opened a ticket. It never quotes the customer's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfirmationLetter {
    pub project_name: String,
    pub project_path: String,
    pub number: u32,
    /// `acme/web#12`.
    pub reference: String,
    /// The customer's subject, where it may be repeated: authentication passed.
    pub subject: Option<String>,
    /// The address that the customer wrote to, where it is known.
    pub wrote_to: Option<String>,
    pub unsubscribe_url: Option<String>,
}

/// A public comment that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommentLetter {
    pub project_name: String,
    pub project_path: String,
    pub number: u32,
    /// `acme/web#12`.
    pub reference: String,
    pub title: String,
    /// Who wrote it, as customers may know the person.
    pub author: String,
    pub text: String,
    pub html: Html,
    /// The names of files that are too large to go along.
    pub left_out: Vec<String>,
    pub unsubscribe_url: Option<String>,
}

/// To somebody whom an agent has added to a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParticipantAddedLetter {
    pub project_name: String,
    pub project_path: String,
    pub number: u32,
    /// `acme/web#12`.
    pub reference: String,
    /// What the ticket is about, where that may be repeated to somebody else.
    pub title: Option<String>,
    /// Who added this person, as customers may know the agent.
    pub by: String,
    pub unsubscribe_url: Option<String>,
}

/// An agent has closed the ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosedLetter {
    pub project_name: String,
    pub project_path: String,
    pub number: u32,
    /// `acme/web#12`.
    pub reference: String,
    /// What the ticket is about, where that may be repeated.
    pub title: Option<String>,
    /// Whether an answer opens the ticket again.
    pub reopens: bool,
    pub unsubscribe_url: Option<String>,
}

/// Tells an account what happened on a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeLetter {
    /// `new`, `comment`, `unverified` or `assigned`.
    pub occasion: &'static str,
    pub project_name: String,
    pub project_path: String,
    pub number: u32,
    /// `acme/web#12`.
    pub reference: String,
    pub title: String,
    /// Who did it.
    pub by: String,
    /// Who wrote the text, with the address, where that is known.
    pub writer: Option<String>,
    /// Of an unverified mail: whether its sender only is not known on the ticket.
    pub authenticated: bool,
    /// What the customer wrote, without what was quoted; empty where there is nothing to show.
    pub text: String,
    pub html: Html,
    /// The ticket's page.
    pub url: String,
    pub ways: NoticeWays,
    /// Where its reader chooses which mails to get.
    pub settings_url: String,
    /// What the mail begins with where it can be answered: what stands below it goes to nobody.
    pub above: &'static str,
    /// Such a letter has none; the frame of all letters asks.
    pub unsubscribe_url: Option<String>,
}

/// How a notice can be answered by mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeWays {
    /// Whether its reader may answer at all.
    pub works: bool,
    /// An answer becomes a comment, sent to everybody on the ticket.
    pub comment: bool,
    /// An answer becomes an internal note.
    pub note: bool,
    /// Where to write a note, beside that.
    pub note_to: Option<String>,
}

/// A link that opens an account: an invitation, or for a new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountLetter {
    pub name: String,
    /// The address that the account signs in with.
    pub address: String,
    /// The host of this desk's pages.
    pub desk: String,
    pub link: String,
    /// Such a letter has none; the frame of all letters asks.
    pub unsubscribe_url: Option<String>,
}

/// One letter before rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    Confirmation(ConfirmationLetter),
    Comment(CommentLetter),
    ParticipantAdded(ParticipantAddedLetter),
    Closed(ClosedLetter),
    Notice(NoticeLetter),
    Invitation(AccountLetter),
    NewPassword(AccountLetter),
}

impl Letter {
    /// Its folder in the theme.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Confirmation(_) => "confirmation",
            Self::Comment(_) => "comment",
            Self::ParticipantAdded(_) => "participant_added",
            Self::Closed(_) => "closed",
            Self::Notice(_) => "notice",
            Self::Invitation(_) => "invitation",
            Self::NewPassword(_) => "new_password",
        }
    }

    pub(super) fn context(&self) -> Value {
        match self {
            Self::Confirmation(letter) => Value::from(Serde(letter)),
            Self::Comment(letter) => Value::from(Serde(letter)),
            Self::ParticipantAdded(letter) => Value::from(Serde(letter)),
            Self::Closed(letter) => Value::from(Serde(letter)),
            Self::Notice(letter) => Value::from(Serde(letter)),
            Self::Invitation(letter) | Self::NewPassword(letter) => Value::from(Serde(letter)),
        }
    }
}

/// A letter as mail::compose takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}
