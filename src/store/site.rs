//! What there is once for the whole site: its id, its runs, its default project, adopted mailboxes,
//! Emails in hand, suppressed addresses, confirmations that were due.

use jiff::{SignedDuration, Timestamp};

use super::key::{Key, Order, Span, as_i64};
use super::reach::{Reach, number32, number64, record, records};
use super::records::malformed;
use super::schema::{Table, meta};
use super::{StoreError, Write};
use crate::mail::Address;
use crate::tracker::{ProjectId, RunId, StoreId, Subject};
use crate::triage::{Adoption, InHand};

pub(super) fn store_id<L: Reach + ?Sized>(look: &L) -> Result<StoreId, StoreError> {
    let octets = look.get(Table::Meta, meta::STORE_ID)?.unwrap_or_default();
    octets.try_into().map(StoreId).map_err(|_| malformed(Table::Meta, "the store has no id"))
}

pub(super) fn runs<L: Reach + ?Sized>(look: &L) -> Result<Vec<RunId>, StoreError> {
    let read = |octets: &[u8]| octets.try_into().map(RunId).map_err(|_| malformed(Table::Runs, "no run id"));
    look.scan(Table::Runs, &Span::all(), Order::Up, usize::MAX)?.iter().map(|(key, _)| read(key)).collect()
}

/// Whether the last run ended in order; so it did where there was none.
pub(super) fn ended_cleanly<L: Reach + ?Sized>(look: &L) -> Result<bool, StoreError> {
    Ok(look.get(Table::Meta, meta::CLEAN_END)?.is_some() || runs(look)?.is_empty())
}

pub(super) fn default_project<L: Reach + ?Sized>(look: &L) -> Result<Option<ProjectId>, StoreError> {
    Ok(number32(look, Table::Meta, meta::DEFAULT_PROJECT)?.map(ProjectId))
}

fn adoption_key(account: &str, mailbox: &str) -> Key {
    Key::new().text(account).text(mailbox)
}

pub(super) fn adoption<L: Reach + ?Sized>(
    look: &L,
    account: &str,
    mailbox: &str,
) -> Result<Option<Adoption>, StoreError> {
    record(look, Table::Adoptions, &adoption_key(account, mailbox))
}

pub(super) fn adoptions<L: Reach + ?Sized>(look: &L) -> Result<Vec<Adoption>, StoreError> {
    records(look, Table::Adoptions, &Span::all(), Order::Up, usize::MAX)
}

pub(super) fn in_hand<L: Reach + ?Sized>(look: &L) -> Result<Vec<InHand>, StoreError> {
    records(look, Table::InHand, &Span::all(), Order::Up, usize::MAX)
}

fn address_key(address: &Address) -> Key {
    Key::new().text(address.folded())
}

pub(super) fn suppressed<L: Reach + ?Sized>(look: &L, address: &Address) -> Result<bool, StoreError> {
    Ok(unwanted(look, address)? || super::bounces::paused(look, address)?)
}

/// Whether the person wishes for no mail at all.
fn unwanted<L: Reach + ?Sized>(look: &L, address: &Address) -> Result<bool, StoreError> {
    Ok(look.get(Table::Suppressed, address_key(address).as_slice())?.is_some()
        || look.get(Table::Suppressed, super::erasures::hashed(look, address)?.as_slice())?.is_some())
}

pub(super) fn suppressions<L: Reach + ?Sized>(look: &L) -> Result<Vec<(String, Timestamp)>, StoreError> {
    since_when(look, Table::Suppressed)
}

/// The addresses in a table of them, and since when each stands there.
pub(super) fn since_when<L: Reach + ?Sized>(
    look: &L,
    table: Table,
) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let bad = || malformed(table, "no address and time");
    look.scan(table, &Span::all(), Order::Up, usize::MAX)?
        .iter()
        .map(|(key, value)| {
            let address = key.get(4..).and_then(|octets| std::str::from_utf8(octets).ok()).ok_or_else(bad)?;
            let millis = as_i64(value).ok_or_else(bad)?;
            Ok((address.to_owned(), Timestamp::from_millisecond(millis).map_err(|_| bad())?))
        })
        .collect()
}

/// How many confirmations were due to an address since then.
pub(super) fn confirmations_since<L: Reach + ?Sized>(
    look: &L,
    address: &Address,
    since: Timestamp,
) -> Result<u32, StoreError> {
    let of = address_key(address);
    let from = of.clone().time(since);
    let found = look.scan(Table::Confirmations, &of.span_from(from), Order::Up, MOST_COUNTED)?;
    Ok(u32::try_from(found.len()).unwrap_or(u32::MAX))
}

/// No budget is larger, so counting may stop here.
pub(super) const MOST_COUNTED: usize = 1_000;

impl Write<'_> {
    /// Puts a run of the daemon on the list. Until [`Write::end_run`] it has not ended cleanly.
    pub fn add_run(&mut self, run: RunId) -> Result<(), StoreError> {
        self.unset(Table::Meta, &Key::new().octets(meta::CLEAN_END))?;
        self.mark(Table::Runs, &Key::new().octets(&run.0))
    }

    /// Notes that the run ended in order, everything in hand finished.
    pub fn end_run(&mut self) -> Result<(), StoreError> {
        self.set(Table::Meta, &Key::new().octets(meta::CLEAN_END), &[1])
    }

    pub fn set_default_project(&mut self, project: Option<ProjectId>) -> Result<(), StoreError> {
        let key = Key::new().octets(meta::DEFAULT_PROJECT);
        match project {
            Some(id) => self.set(Table::Meta, &key, &id.0.to_be_bytes())?,
            None => {
                self.unset(Table::Meta, &key)?;
            }
        }
        self.journal_now(Subject::Site).map(drop)
    }

    pub fn put_adoption(&mut self, adoption: &Adoption) -> Result<(), StoreError> {
        self.set_record(Table::Adoptions, &adoption_key(&adoption.account, &adoption.mailbox), adoption)
    }

    /// Replaces the list of Emails in hand; none clears it.
    pub fn set_in_hand(&mut self, emails: &[InHand]) -> Result<(), StoreError> {
        for (key, _) in self.scan(Table::InHand, &Span::all(), Order::Up, usize::MAX)? {
            self.unset(Table::InHand, &Key::new().octets(&key))?;
        }
        for (place, email) in (0u32..).zip(emails) {
            self.set_record(Table::InHand, &Key::new().u32(place), email)?;
        }
        Ok(())
    }

    /// No letter goes to this address any more, from the whole site. The first time stands.
    pub fn suppress(&mut self, address: &Address, now: Timestamp) -> Result<(), StoreError> {
        if unwanted(self, address)? {
            return Ok(());
        }
        self.set(Table::Suppressed, &address_key(address), Key::new().time(now).as_slice())
    }

    /// Lifts it again; false where it was not suppressed.
    pub fn unsuppress(&mut self, address: &Address) -> Result<bool, StoreError> {
        if !unwanted(self, address)? {
            return Ok(false);
        }
        let hashed = super::erasures::hashed(self, address)?;
        self.unset(Table::Suppressed, &hashed)?;
        self.unset(Table::Suppressed, &address_key(address))?;
        Ok(true)
    }

    /// Notes that a confirmation is due to this sender, for the budgets of the hour and the day;
    /// what no budget looks at any more is dropped.
    pub fn note_confirmation(&mut self, sender: &Address, now: Timestamp) -> Result<(), StoreError> {
        let of = address_key(sender);
        let day_ago = before(now, SignedDuration::from_hours(24));
        for (key, _) in self.scan(
            Table::Confirmations,
            &of.span_before(of.clone().time(day_ago)),
            Order::Up,
            MOST_COUNTED,
        )? {
            self.unset(Table::Confirmations, &Key::new().octets(&key))?;
        }
        let number = self.next_number(meta::LAST_CONFIRMATION)?;
        self.mark(Table::Confirmations, &of.time(now).u64(number))
    }
}

/// `now - duration`, held at the beginning of representable time.
pub(super) fn before(now: Timestamp, duration: SignedDuration) -> Timestamp {
    now.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

/// The last journal number and its like.
pub(super) fn last<L: Reach + ?Sized>(look: &L, word: &[u8]) -> Result<u64, StoreError> {
    Ok(number64(look, Table::Meta, word)?.unwrap_or(0))
}
