//! How much there is: octets on the disk, letters by state, mails that nobody has verified.

use std::sync::atomic::{AtomicU64, Ordering};

use super::key::{Key, Order};
use super::open::{Source, Store};
use super::reach::Reach;
use super::records::state_code;
use super::schema::Table;
use super::{RawError, StoreError, aside, outbox, reserve, tickets};
use crate::tracker::{OutboxRow, OutboxState, ProjectId};

/// Octets on the disk. What is not known is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// What the database takes up.
    pub database: Option<u64>,
    /// What the raw mails take up, packed.
    pub raw: Option<u64>,
    /// What is free for us on the database's disk.
    pub free: Option<u64>,
}

/// The size of the raw store: measured now and then, and counted on with every file in between.
#[derive(Debug)]
pub(super) struct RawSize(AtomicU64);

/// Not measured yet.
const UNKNOWN: u64 = u64::MAX;

impl Default for RawSize {
    fn default() -> Self {
        Self(AtomicU64::new(UNKNOWN))
    }
}

impl RawSize {
    /// A file more.
    pub fn add(&self, octets: u64) {
        let more = |size: u64| (size != UNKNOWN).then(|| size.saturating_add(octets));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    fn set(&self, octets: u64) {
        self.0.store(octets, Ordering::Relaxed);
    }

    fn get(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|size| *size != UNKNOWN)
    }
}

/// Every state of a letter.
const STATES: [OutboxState; 7] = [
    OutboxState::Waiting,
    OutboxState::Submitting,
    OutboxState::Sent,
    OutboxState::PresumedSent,
    OutboxState::Unknown,
    OutboxState::Failed,
    OutboxState::Withdrawn,
];

/// How many letters are in each state. Nearly all are sent, so these are what is left when the
/// others, which are few, have been counted.
pub(super) fn letters<L: Reach + ?Sized>(look: &L) -> Result<Vec<(OutboxState, u64)>, StoreError> {
    let mut rest = look.len(Table::Outbox)?;
    let mut counts = Vec::with_capacity(STATES.len());
    for state in STATES.into_iter().filter(|state| *state != OutboxState::Sent) {
        let span = Key::new().byte(state_code(state)).span();
        let count = look.scan(Table::OutboxByState, &span, Order::Up, usize::MAX)?.len() as u64;
        rest = rest.saturating_sub(count);
        counts.push((state, count));
    }
    counts.push((OutboxState::Sent, rest));
    Ok(counts)
}

/// The letter that has waited longest of those that are yet to leave.
pub(super) fn oldest_letter<L: Reach + ?Sized>(look: &L) -> Result<Option<OutboxRow>, StoreError> {
    let mut oldest = Vec::new();
    for state in [OutboxState::Waiting, OutboxState::Submitting] {
        oldest.extend(outbox::in_state(look, state, 1)?);
    }
    Ok(oldest.into_iter().min_by_key(|row| row.id))
}

/// How many mails on tickets of a project nobody has verified yet.
pub(super) fn unverified<L: Reach + ?Sized>(look: &L, project: ProjectId) -> Result<u64, StoreError> {
    Ok(tickets::unverified(look, project, usize::MAX)?.iter().map(|(_, count)| count).sum())
}

impl Store {
    /// What lies on the disk, as far as it is known without looking through folders.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let raw = self.raw().size().get();
        match self.shared.source() {
            Source::File(path) => Sizes {
                database: reserve::taken_up(path).ok(),
                raw,
                free: path.parent().and_then(|folder| reserve::free(folder).ok()),
            },
            Source::Backend(_) => Sizes { raw, ..Sizes::default() },
        }
    }

    /// Measures the raw store by looking through its folders, beside everything else.
    ///
    /// # Errors
    /// Where the disk fails.
    pub async fn measure_raw(&self) -> Result<u64, RawError> {
        let raw = self.raw().clone();
        let measured = aside(move || {
            let mut octets = 0_u64;
            for folder in raw.folders()? {
                for file in raw.files(&folder)? {
                    octets = octets.saturating_add(raw.size_of(&file));
                }
            }
            raw.size().set(octets);
            Ok(octets)
        });
        measured.await.unwrap_or(Ok(0))
    }

    /// Whether it can be read and written now.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        *self.writable().borrow()
    }
}
