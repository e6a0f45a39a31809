//! Projects: what customers write to.

use std::fmt;

use jiff::Timestamp;
use thiserror::Error;

use super::{AccountId, Joining, ProjectId, Role};
use crate::mail::Address;

/// Why a text is not a project path. The sentences are shown to the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProjectPathError {
    #[error("a path is empty, or has an empty part between two slashes")]
    Empty,
    #[error(
        "a part of a path has letters, digits, `-`, `_` and `.`, and starts and ends with a letter or digit"
    )]
    Character,
    #[error("a part of a path must not consist of digits only, because ticket numbers do")]
    Digits,
    #[error("a path has at most 200 characters")]
    Long,
}

/// Where a project stands, such as `acme/web`. Compared without regard to case, kept in lower case.
///
/// No part is all digits or `-`, so that `/p/<path>/<number>` and `/p/<path>/-/…` stay distinct.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectPath(String);

impl ProjectPath {
    /// Reads a path.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, ProjectPathError> {
        let text = text.trim().to_lowercase();
        if text.len() > 200 {
            return Err(ProjectPathError::Long);
        }
        for part in text.split('/') {
            let alnum = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            if part.is_empty() {
                return Err(ProjectPathError::Empty);
            }
            if !part.chars().all(|c| alnum(c) || matches!(c, '-' | '_' | '.'))
                || !part.starts_with(alnum)
                || !part.ends_with(alnum)
            {
                return Err(ProjectPathError::Character);
            }
            if part.chars().all(|c| c.is_ascii_digit()) {
                return Err(ProjectPathError::Digits);
            }
        }
        Ok(Self(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form of the path that fits into a mail address: `/` becomes `-`.
    #[must_use]
    pub fn slug(&self) -> Slug {
        Slug(self.0.replace('/', "-"))
    }
}

impl fmt::Display for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A project's path with `-` for `/`, as it stands in its current address. No two projects share
/// one, present or former.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// Takes a text for a slug as it is, lower-cased; whether a project has it is the store's to say.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The last part of a suffix address, `[a-z0-9_]+`, at most 255 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Suffix(String);

impl Suffix {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let fits = (1..=255).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        fits.then_some(Self(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whose name stands in the From of a comment's letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FromName {
    /// The agent who wrote the comment.
    #[default]
    Agent,
    /// The project's display name.
    Project,
}

/// What customers write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub path: ProjectPath,
    /// Paths the project had before; their addresses go on working.
    pub former_paths: Vec<ProjectPath>,
    /// The display name that customers see.
    pub name: String,
    /// A project that is off takes no new tickets; its tickets still take replies.
    pub on: bool,
    /// Addresses of the project's own, such as `support@example.com`; the first is shown.
    pub aliases: Vec<Address>,
    pub suffix: Option<Suffix>,
    pub members: Vec<(AccountId, Role)>,
    pub from_name: FromName,
    /// Whether a mail that opens a ticket is answered with a confirmation.
    pub confirm: bool,
    /// Whether a comment by mail opens a closed ticket again.
    pub reopen: bool,
    /// Whether participants are told when an agent closes a ticket without an answer.
    pub tell_closed: bool,
    pub joining: Joining,
    /// Closed tickets are erased when nothing happened on them for so many days; none for never.
    pub keep_closed_days: Option<u32>,
    pub created_at: Timestamp,
}

impl Project {
    /// The role of an account in this project, if it is a member.
    #[must_use]
    pub fn role_of(&self, account: AccountId) -> Option<Role> {
        self.members.iter().find(|(id, _)| *id == account).map(|(_, role)| *role)
    }

    /// Present and former slugs, the present one first.
    pub fn slugs(&self) -> impl Iterator<Item = Slug> + '_ {
        std::iter::once(self.path.slug()).chain(self.former_paths.iter().map(ProjectPath::slug))
    }
}

#[cfg(test)]
mod tests;
