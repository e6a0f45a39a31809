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
