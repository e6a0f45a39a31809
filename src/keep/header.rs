//! The first entry of a backup: what it is, of which store, and how much.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::KeepError;
use crate::store::CopyFacts;
use crate::tracker::StoreId;

/// Its name in the archive.
pub(super) const NAME: &str = "postdesk-backup.json";
/// The longest that is read, in octets.
pub(super) const LONGEST: u64 = 64 * 1024;

const FORMAT: &str = "postdesk-backup";
/// Raised where an older Postdesk would misread what a newer one wrote.
const VERSION: u32 = 1;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    format: String,
    version: u32,
    /// The version of the Postdesk that made it.
    pub postdesk: String,
    /// The store's id in hexadecimal.
    pub store: String,
    /// The schema's version.
    pub schema: u32,
    /// The last journal number in it.
    pub journal: u64,
    pub created: Timestamp,
    /// Octets of all files in it, about.
    pub octets: u64,
}

impl Header {
    #[must_use]
    pub fn new(facts: &CopyFacts, created: Timestamp) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            postdesk: env!("CARGO_PKG_VERSION").to_owned(),
            store: facts.store.to_string(),
            schema: facts.version,
            journal: facts.last.0,
            created,
            octets: 0,
        }
    }

    /// The store's id; `None` where it cannot be read.
    #[must_use]
    pub fn store_id(&self) -> Option<StoreId> {
        StoreId::from_hex(&self.store)
    }

    pub(super) fn read(octets: &[u8], file: &str) -> Result<Self, KeepError> {
        let none = |why: String| KeepError::NoBackup { file: file.to_owned(), why };
        let header: Self = serde_json::from_slice(octets).map_err(|error| none(error.to_string()))?;
        if header.format != FORMAT {
            return Err(none(format!("it calls itself `{}`", header.format)));
        }
        if header.version > VERSION {
            return Err(KeepError::Newer {
                file: file.to_owned(),
                postdesk: header.postdesk,
                found: header.version,
                known: VERSION,
            });
        }
        Ok(header)
    }

    pub(super) fn to_octets(&self) -> Vec<u8> {
        let mut octets = serde_json::to_vec_pretty(self).unwrap_or_default();
        octets.push(b'\n');
        octets
    }
}
