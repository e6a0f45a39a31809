//! The records of an erasure and of what it has yet to remove.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable, address, fixed, message_id};
use crate::tracker::{Erased, Erasure, ErasureId, Leftover, RawHash};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredErasure {
    #[n(0)]
    id: u64,
    #[n(1)]
    #[cbor(default)]
    at: Stamp,
    #[n(2)]
    address: Option<String>,
    #[n(3)]
    #[cbor(default)]
    whole: u64,
    #[n(4)]
    #[cbor(default)]
    shared: u64,
    #[n(5)]
    #[cbor(default)]
    texts: u64,
    #[n(6)]
    #[cbor(default)]
    mails: u64,
    #[n(7)]
    #[cbor(default)]
    letters: u64,
}

impl Record for Erasure {
    type Stored = StoredErasure;

    fn to_stored(&self) -> StoredErasure {
        let Erased { whole, shared, texts, mails, letters } = self.erased;
        StoredErasure {
            id: self.id.0,
            at: Stamp(self.at),
            address: self.address.as_ref().map(ToString::to_string),
            whole,
            shared,
            texts,
            mails,
            letters,
        }
    }

    fn from_stored(stored: StoredErasure) -> Result<Self, Unreadable> {
        let StoredErasure { id, at, address: of, whole, shared, texts, mails, letters } = stored;
        Ok(Self {
            id: ErasureId(id),
            at: at.0,
            address: of.map(|text| address(&text)).transpose()?,
            erased: Erased { whole, shared, texts, mails, letters },
        })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub enum StoredLeftover {
    #[n(0)]
    Raw(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
    #[n(1)]
    Email {
        #[n(0)]
        account: String,
        #[n(1)]
        email: String,
        #[n(2)]
        blob: String,
        #[n(3)]
        size: u64,
        #[n(4)]
        #[cbor(default)]
        received_at: Stamp,
    },
    #[n(2)]
    Letter {
        #[n(0)]
        message_id: String,
        #[n(1)]
        email: Option<String>,
        #[n(2)]
        #[cbor(default)]
        since: Stamp,
    },
}

impl Record for Leftover {
    type Stored = StoredLeftover;

    fn to_stored(&self) -> StoredLeftover {
        match self {
            Self::Raw(raw) => StoredLeftover::Raw(raw.0.to_vec()),
            Self::Email { account, email, blob, size, received_at } => StoredLeftover::Email {
                account: account.clone(),
                email: email.clone(),
                blob: blob.clone(),
                size: *size,
                received_at: Stamp(*received_at),
            },
            Self::Letter { message_id, email, since } => StoredLeftover::Letter {
                message_id: message_id.as_str().to_owned(),
                email: email.clone(),
                since: Stamp(*since),
            },
        }
    }

    fn from_stored(stored: StoredLeftover) -> Result<Self, Unreadable> {
        Ok(match stored {
            StoredLeftover::Raw(raw) => Self::Raw(RawHash(fixed(&raw, "a raw hash")?)),
            StoredLeftover::Email { account, email, blob, size, received_at } => {
                Self::Email { account, email, blob, size, received_at: received_at.0 }
            }
            StoredLeftover::Letter { message_id: id, email, since } => {
                Self::Letter { message_id: message_id(&id)?, email, since: since.0 }
            }
        })
    }
}
