//! The records of sessions and of links that work once.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable, fixed};
use crate::tracker::{AccountId, AccountLink, OutboxId, Session};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredSession {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    token_hash: Vec<u8>,
    #[n(1)]
    account: u32,
    #[n(2)]
    #[cbor(default)]
    created_at: Stamp,
    #[n(3)]
    #[cbor(default)]
    seen_at: Stamp,
}

impl Record for Session {
    type Stored = StoredSession;

    fn to_stored(&self) -> StoredSession {
        StoredSession {
            token_hash: self.token_hash.to_vec(),
            account: self.account.0,
            created_at: Stamp(self.created_at),
            seen_at: Stamp(self.seen_at),
        }
    }

    fn from_stored(stored: StoredSession) -> Result<Self, Unreadable> {
        Ok(Self {
            token_hash: fixed(&stored.token_hash, "a token's hash")?,
            account: AccountId(stored.account),
            created_at: stored.created_at.0,
            seen_at: stored.seen_at.0,
        })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredLink {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    token_hash: Vec<u8>,
    #[n(1)]
    account: u32,
    #[n(2)]
    #[cbor(default)]
    expires_at: Stamp,
    #[n(3)]
    letter: Option<u64>,
}

impl Record for AccountLink {
    type Stored = StoredLink;

    fn to_stored(&self) -> StoredLink {
        StoredLink {
            token_hash: self.token_hash.to_vec(),
            account: self.account.0,
            expires_at: Stamp(self.expires_at),
            letter: self.letter.map(|id| id.0),
        }
    }

    fn from_stored(stored: StoredLink) -> Result<Self, Unreadable> {
        Ok(Self {
            token_hash: fixed(&stored.token_hash, "a token's hash")?,
            account: AccountId(stored.account),
            expires_at: stored.expires_at.0,
            letter: stored.letter.map(OutboxId),
        })
    }
}
