//! The record of an adopted mailbox.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable};
use crate::triage::{AdoptHow, Adoption};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredAdoption {
    #[n(0)]
    account: String,
    #[n(1)]
    mailbox: String,
    #[n(2)]
    how: String,
    #[n(3)]
    #[cbor(default)]
    at: Stamp,
}

impl Record for Adoption {
    type Stored = StoredAdoption;

    fn to_stored(&self) -> StoredAdoption {
        StoredAdoption {
            account: self.account.clone(),
            mailbox: self.mailbox.clone(),
            how: self.how.as_str().to_owned(),
            at: Stamp(self.at),
        }
    }

    fn from_stored(stored: StoredAdoption) -> Result<Self, Unreadable> {
        let how = [AdoptHow::Empty, AdoptHow::Leave, AdoptHow::Import, AdoptHow::New]
            .into_iter()
            .find(|how| how.as_str() == stored.how)
            .ok_or_else(|| Unreadable(format!("no way of adopting: {}", stored.how)))?;
        Ok(Self { account: stored.account, mailbox: stored.mailbox, how, at: stored.at.0 })
    }
}
