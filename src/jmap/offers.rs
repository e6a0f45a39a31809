//! What the session says that this login may do, for `check` to show.

use super::Jmap;

/// What the server offers to this login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offers {
    /// Mail (RFC 8621 §1.3.1), in the account that was chosen.
    pub mail: bool,
    /// Sending (RFC 8621 §1.3.2).
    pub submission: bool,
    /// How much of the account is used (RFC 9425 §3).
    pub quota: bool,
    /// The account can be read, and nothing in it changed (RFC 8620 §2 `isReadOnly`).
    pub read_only: bool,
}

impl Jmap {
    /// What tells of the server's make: the names of its capabilities, and of what it is made with.
    #[must_use]
    pub fn marks(&self) -> Vec<String> {
        self.current().marks.clone()
    }

    #[must_use]
    pub fn offers(&self) -> Offers {
        self.current().offers
    }
}
