//! The methods, one file each family. A method reads its arguments, asks or changes the world,
//! and answers; it is never interrupted by another.

pub mod changes;
pub mod core;
pub mod email_get;
pub mod email_import;
pub mod email_query;
pub mod email_set;
pub mod identity;
pub mod mailbox_get;
pub mod mailbox_query;
pub mod mailbox_set;
pub mod quota;
pub mod submission_get;
pub mod submission_set;
pub mod thread;

use serde::Deserialize;

/// The arguments that every `/get` takes (RFC 8620 §5.1).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Get {
    pub account_id: String,
    pub ids: Option<Vec<String>>,
    pub properties: Option<Vec<String>>,
}
