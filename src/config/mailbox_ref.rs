//! A mailbox as the operator names it: by role, or by name.

use std::fmt;

use thiserror::Error;

/// Why a text names no mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MailboxRefError {
    #[error("a role is a word in lower case, such as `role:inbox` or `role:sent`")]
    Role,
    #[error("a mailbox name has no empty part between two slashes")]
    Name,
}

/// A mailbox: `role:inbox`, or a name such as `Postdesk/Handled`, whose parts are nested.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MailboxRef {
    /// RFC 8621 §2 `role`, in lower case.
    Role(String),
    /// The names from the outermost mailbox to the innermost; never empty.
    Name(Vec<String>),
}

impl MailboxRef {
    /// Reads what the configuration file says.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, MailboxRefError> {
        let text = text.trim();
        if let Some(role) = text.strip_prefix("role:") {
            let fits = !role.is_empty() && role.bytes().all(|b| b.is_ascii_lowercase());
            return if fits { Ok(Self::Role(role.to_owned())) } else { Err(MailboxRefError::Role) };
        }
        let parts: Vec<String> = text.split('/').map(|part| part.trim().to_owned()).collect();
        let fits = parts.iter().all(|part| !part.is_empty() && !part.chars().any(char::is_control));
        if fits { Ok(Self::Name(parts)) } else { Err(MailboxRefError::Name) }
    }
}

impl fmt::Display for MailboxRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Name(parts) => f.write_str(&parts.join("/")),
        }
    }
}
