//! The records of a pause, a restore and a jump of the clock, which lie under words of their own.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable};
use crate::tracker::{ClockJump, Pause, PauseWhy, Restored, Seq};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredPause {
    #[n(0)]
    #[cbor(default)]
    since: Stamp,
    #[n(1)]
    #[cbor(default)]
    why: u8,
}

impl Record for Pause {
    type Stored = StoredPause;

    fn to_stored(&self) -> StoredPause {
        let why = match self.why {
            PauseWhy::Asked => 0,
            PauseWhy::Restored => 1,
        };
        StoredPause { since: Stamp(self.since), why }
    }

    fn from_stored(stored: StoredPause) -> Result<Self, Unreadable> {
        // Whatever a newer Postdesk paused for, it is a pause.
        let why = if stored.why == 1 { PauseWhy::Restored } else { PauseWhy::Asked };
        Ok(Self { since: stored.since.0, why })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredRestored {
    #[n(0)]
    #[cbor(default)]
    at: Stamp,
    #[n(1)]
    #[cbor(default)]
    backup: Stamp,
    #[n(2)]
    #[cbor(default)]
    last: u64,
    #[n(3)]
    #[cbor(default)]
    letters: u64,
}

impl Record for Restored {
    type Stored = StoredRestored;

    fn to_stored(&self) -> StoredRestored {
        let Self { at, backup, last, letters } = *self;
        StoredRestored { at: Stamp(at), backup: Stamp(backup), last: last.0, letters }
    }

    fn from_stored(stored: StoredRestored) -> Result<Self, Unreadable> {
        let StoredRestored { at, backup, last, letters } = stored;
        Ok(Self { at: at.0, backup: backup.0, last: Seq(last), letters })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredJump {
    #[n(0)]
    #[cbor(default)]
    expected: Stamp,
    #[n(1)]
    #[cbor(default)]
    found: Stamp,
}

impl Record for ClockJump {
    type Stored = StoredJump;

    fn to_stored(&self) -> StoredJump {
        StoredJump { expected: Stamp(self.expected), found: Stamp(self.found) }
    }

    fn from_stored(stored: StoredJump) -> Result<Self, Unreadable> {
        Ok(Self { expected: stored.expected.0, found: stored.found.0 })
    }
}
