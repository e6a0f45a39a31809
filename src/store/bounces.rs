//! Addresses that take no mail: which of our letters came back from them, and since when mail to
//! them is paused. What a person wished for ("no mail at all") is kept apart, and stays when the
//! pause is lifted.

use jiff::{SignedDuration, Timestamp};

use super::key::{Key, Order, as_i64};
use super::reach::Reach;
use super::schema::Table;
use super::site::{MOST_COUNTED, before, since_when};
use super::{StoreError, Write};
use crate::mail::Address;
use crate::tracker::OutboxId;

/// Within which time several letters have to come back.
const WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many letters have to come back for good before mail to an address is paused.
const ENOUGH: usize = 2;

fn of(address: &Address) -> Key {
    Key::new().text(address.folded())
}

/// Whether mail to this address is paused because letters came back.
pub(super) fn paused<L: Reach + ?Sized>(look: &L, address: &Address) -> Result<bool, StoreError> {
    Ok(look.get(Table::Paused, of(address).as_slice())?.is_some())
}

pub(super) fn pauses<L: Reach + ?Sized>(look: &L) -> Result<Vec<(String, Timestamp)>, StoreError> {
    since_when(look, Table::Paused)
}

impl Write<'_> {
    /// Notes that a letter to this address came back for good, and pauses mail to the address where
    /// that has happened too often. Whether it is paused now.
    ///
    /// # Errors
    /// As every change.
    pub fn note_bounce(
        &mut self,
        address: &Address,
        letter: OutboxId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        // One letter counts once, however many reports there are about it.
        self.set(Table::Bounced, &of(address).u64(letter.0), Key::new().time(now).as_slice())?;
        let since = before(now, WITHIN).as_millisecond();
        let all = self.scan(Table::Bounced, &of(address).span(), Order::Up, MOST_COUNTED)?;
        let (recent, old): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, when)| as_i64(when).is_some_and(|when| when >= since));
        for (key, _) in old {
            self.unset(Table::Bounced, &Key::new().octets(&key))?;
        }
        if recent.len() >= ENOUGH && !paused(self, address)? {
            self.set(Table::Paused, &of(address), Key::new().time(now).as_slice())?;
        }
        paused(self, address)
    }

    /// Mails the address again, and forgets what came back; false where it was not paused.
    ///
    /// # Errors
    /// As every change.
    pub fn lift_pause(&mut self, address: &Address) -> Result<bool, StoreError> {
        for (key, _) in self.scan(Table::Bounced, &of(address).span(), Order::Up, MOST_COUNTED)? {
            self.unset(Table::Bounced, &Key::new().octets(&key))?;
        }
        if !paused(self, address)? {
            return Ok(false);
        }
        self.unset(Table::Paused, &of(address))
    }
}
