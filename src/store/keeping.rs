//! Whether the desk is paused, was restored, or has a clock that jumped.

use jiff::Timestamp;

use super::key::{Key, Order, Span, as_i64};
use super::reach::{Reach, number32, record};
use super::schema::{Table, meta};
use super::{StoreError, Write};
use crate::tracker::{ClockJump, Pause, ProjectId, Restored, Subject};

fn word(word: &[u8]) -> Key {
    Key::new().octets(word)
}

pub(super) fn pause<L: Reach + ?Sized>(look: &L) -> Result<Option<Pause>, StoreError> {
    record(look, Table::Meta, &word(meta::PAUSED))
}

pub(super) fn restored<L: Reach + ?Sized>(look: &L) -> Result<Option<Restored>, StoreError> {
    record(look, Table::Meta, &word(meta::RESTORED))
}

pub(super) fn clock_jump<L: Reach + ?Sized>(look: &L) -> Result<Option<ClockJump>, StoreError> {
    record(look, Table::Meta, &word(meta::CLOCK_JUMP))
}

pub(super) fn clock_seen<L: Reach + ?Sized>(look: &L) -> Result<Option<Timestamp>, StoreError> {
    let seen = look.get(Table::Meta, meta::CLOCK_SEEN)?;
    Ok(seen.and_then(|octets| as_i64(&octets)).and_then(|millis| Timestamp::from_millisecond(millis).ok()))
}

impl Write<'_> {
    /// Pauses the desk, or lets it go on.
    pub fn set_pause(&mut self, pause: Option<&Pause>) -> Result<(), StoreError> {
        self.set_word(meta::PAUSED, pause)?;
        self.journal_now(Subject::Site).map(drop)
    }

    /// Notes that this store was restored from a backup.
    pub fn set_restored(&mut self, restored: &Restored) -> Result<(), StoreError> {
        self.set_record(Table::Meta, &word(meta::RESTORED), restored)
    }

    /// Notes that the clock jumped, or that a person has looked.
    pub fn set_clock_jump(&mut self, jump: Option<&ClockJump>) -> Result<(), StoreError> {
        self.set_word(meta::CLOCK_JUMP, jump)
    }

    /// Notes what the clock says.
    pub fn set_clock_seen(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.set(Table::Meta, &word(meta::CLOCK_SEEN), Key::new().time(now).as_slice())
    }

    fn set_word<R: super::records::Record>(
        &mut self,
        at: &[u8],
        value: Option<&R>,
    ) -> Result<(), StoreError> {
        match value {
            Some(value) => self.set_record(Table::Meta, &word(at), value),
            None => self.unset(Table::Meta, &word(at)).map(drop),
        }
    }

    /// Empties the list of runs: a marker that names one of them is not this store's any longer.
    pub fn forget_runs(&mut self) -> Result<(), StoreError> {
        for (run, _) in self.scan(Table::Runs, &Span::all(), Order::Up, usize::MAX)? {
            self.unset(Table::Runs, &Key::new().octets(&run))?;
        }
        self.unset(Table::Meta, &word(meta::CLEAN_END)).map(drop)
    }

    /// Leaves a gap in the numbers of a project's tickets: the next one is the first beyond a
    /// thousand that lies at least a thousand ahead, such as 2001 after 57.
    pub fn skip_ticket_numbers(&mut self, project: ProjectId) -> Result<(), StoreError> {
        let place = Key::new().u32(project.0);
        let last = number32(self, Table::LastNumbers, place.as_slice())?.unwrap_or(0);
        let ahead = last.saturating_add(GAP).checked_next_multiple_of(GAP).unwrap_or(u32::MAX - GAP);
        self.set(Table::LastNumbers, &place, &ahead.max(last).to_be_bytes())
    }
}

/// More tickets than any project opens between two backups.
const GAP: u32 = 1000;
