//! The page of the own account.

use serde::Serialize;

use super::Notice;

/// The page of the own account.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPage {
    pub name: String,
    pub handle: String,
    pub address: String,
    pub notices: Vec<Notice>,
    /// What the account may be mailed about.
    pub mails_about: Vec<Choice>,
}

/// One of several, of which one is chosen.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    pub value: &'static str,
    pub name: &'static str,
    pub chosen: bool,
}
