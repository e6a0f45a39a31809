//! Accounts: the people who sign in. Customers never have one.

use std::fmt;

use jiff::Timestamp;

use super::{AccountId, Notices};
use crate::mail::Address;

/// The name by which an account is mentioned: `@jane`. Lower-case letters, digits, `-` and `_`,
/// 1 to 32 characters, starting with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(String);

impl Handle {
    /// Reads a handle, with or without its `@`; upper case is folded.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('@').to_ascii_lowercase();
        let fits = (1..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
        fits.then_some(Self(text))
    }

    /// The handle without its `@`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Someone who signs in: a member of projects, or an admin of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub handle: Handle,
    /// The name that colleagues see, and customers where the project shows agents' names.
    pub name: String,
    /// Where the account signs in with and gets its own mail.
    pub address: Address,
    /// An admin is manager of every project.
    pub admin: bool,
    /// A disabled account keeps its past and cannot sign in.
    pub disabled: bool,
    /// The argon2id hash in PHC form; `None` until the first password is set.
    pub password: Option<String>,
    /// What the account is mailed about.
    pub notices: Notices,
    pub created_at: Timestamp,
}

impl Account {
    /// Up to two capitals that stand for the person where there is no room for a name.
    #[must_use]
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// The first letters of the first and the last word, upper-cased.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}
