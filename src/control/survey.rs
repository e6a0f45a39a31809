//! What `check` wants to know of the store: told by the daemon that has it open, or read from a
//! store that nobody has open.

use serde::{Deserialize, Serialize};

use crate::store::{Look, StoreError};
use crate::tls::CertificateStanding;
use crate::tracker::StoreId;

/// What `check` wants to know of the store.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Survey {
    pub schema: u32,
    /// The store's id, from which the marks of test mails follow.
    pub store: [u8; 16],
    /// Whether the daemon can write at present.
    pub writable: bool,
    /// Adopted mailboxes: the account's id, and the role or name.
    pub adoptions: Vec<(String, String)>,
    /// Projects' own addresses: the project's path, and the address.
    pub aliases: Vec<(String, String)>,
    /// How the daemon's intake is doing, where one runs.
    pub intake: Option<String>,
    /// Every run of the store, and its last journal number: by these a marker is known as its own.
    #[serde(default)]
    pub runs: Vec<[u8; 16]>,
    #[serde(default)]
    pub last: u64,
    /// What the daemon saw that stopped mail in and out: another desk's marker.
    #[serde(default)]
    pub stopped: Option<String>,
    /// How the daemon's certificate stands, where one runs and shows one.
    #[serde(default)]
    pub certificate: Option<CertificateStanding>,
}

impl Survey {
    /// Reads what a store has.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(look: &impl Look, schema: u32) -> Result<Self, StoreError> {
        let adoptions = look.adoptions()?.into_iter().map(|adoption| (adoption.account, adoption.mailbox));
        let aliases = look.projects()?.into_iter().flat_map(|project| {
            let path = project.path.as_str().to_owned();
            project.aliases.into_iter().map(move |alias| (path.clone(), alias.as_str().to_owned()))
        });
        Ok(Self {
            schema,
            store: look.store_id()?.0,
            writable: true,
            adoptions: adoptions.collect(),
            aliases: aliases.collect(),
            intake: None,
            runs: look.runs()?.into_iter().map(|run| run.0).collect(),
            last: look.last_seq()?.0,
            stopped: None,
            certificate: None,
        })
    }

    #[must_use]
    pub fn store_id(&self) -> StoreId {
        StoreId(self.store)
    }
}
