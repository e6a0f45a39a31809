//! The record of an account.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable, address};
use crate::tracker::{Account, AccountId, Handle, Notices};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredAccount {
    #[n(0)]
    id: u32,
    #[n(1)]
    handle: String,
    #[n(2)]
    #[cbor(default)]
    name: String,
    #[n(3)]
    address: String,
    #[n(4)]
    #[cbor(default)]
    admin: bool,
    #[n(5)]
    #[cbor(default)]
    disabled: bool,
    #[n(6)]
    password: Option<String>,
    #[n(7)]
    #[cbor(default)]
    created_at: Stamp,
    /// Missing where nobody has chosen.
    #[n(8)]
    notices: Option<u8>,
}

impl Record for Account {
    type Stored = StoredAccount;

    fn to_stored(&self) -> StoredAccount {
        StoredAccount {
            id: self.id.0,
            handle: self.handle.as_str().to_owned(),
            name: self.name.clone(),
            address: self.address.to_string(),
            admin: self.admin,
            disabled: self.disabled,
            password: self.password.clone(),
            created_at: Stamp(self.created_at),
            notices: Some(match self.notices {
                Notices::Nothing => 0,
                Notices::Assigned => 1,
                Notices::All => 2,
            }),
        }
    }

    fn from_stored(stored: StoredAccount) -> Result<Self, Unreadable> {
        let handle = Handle::parse(&stored.handle);
        Ok(Self {
            id: AccountId(stored.id),
            handle: handle.ok_or_else(|| Unreadable(format!("no handle: {}", stored.handle)))?,
            name: stored.name,
            address: address(&stored.address)?,
            admin: stored.admin,
            disabled: stored.disabled,
            password: stored.password,
            created_at: stored.created_at.0,
            notices: match stored.notices {
                None => Notices::default(),
                Some(0) => Notices::Nothing,
                Some(1) => Notices::Assigned,
                Some(2) => Notices::All,
                Some(other) => return Err(Unreadable(format!("no choice of notices: {other}"))),
            },
        })
    }
}
