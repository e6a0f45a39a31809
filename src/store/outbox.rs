//! The outbox: letters, which of them are due, and who waits behind whom.
//!
//! Letters to one participant or account about one ticket, or about one account, leave in the order of their ids: one
//! that waits or is being submitted holds those behind it. [`Table::OutboxQueues`] has those that
//! hold, so the head of a queue is the first entry under its recipient. No ticket has the id 0, under
//! which those to accounts stand.

use jiff::Timestamp;

use super::events::USED_BY_DRAFT;
use super::key::{Key, Order, Span, last_u64};
use super::reach::{Pair, Reach, number64, record};
use super::records::{lane_code, state_code};
use super::schema::{Table, meta};
use super::{StoreError, Write};
use crate::mail::MessageId;
use crate::tracker::{Lane, OutboxId, OutboxRow, OutboxState, Recipient, Subject, TicketId};

/// In the order in which due letters are returned: people wait for people's.
const LANES: [Lane; 3] = [Lane::People, Lane::Notices, Lane::Automatic];

/// How many entries are read at once while looking for heads of queues.
const CHUNK: usize = 256;

fn key(id: OutboxId) -> Key {
    Key::new().u64(id.0)
}

pub(super) fn get<L: Reach + ?Sized>(look: &L, id: OutboxId) -> Result<Option<OutboxRow>, StoreError> {
    record(look, Table::Outbox, &key(id))
}

fn rows<L: Reach + ?Sized>(look: &L, entries: &[Pair]) -> Result<Vec<OutboxRow>, StoreError> {
    let mut rows = Vec::with_capacity(entries.len());
    for (key, _) in entries {
        rows.extend(get(look, OutboxId(last_u64(key)))?);
    }
    Ok(rows)
}

pub(super) fn of_ticket<L: Reach + ?Sized>(look: &L, ticket: TicketId) -> Result<Vec<OutboxRow>, StoreError> {
    let span = Key::new().u64(ticket.0).span();
    rows(look, &look.scan(Table::OutboxByTicket, &span, Order::Up, usize::MAX)?)
}

pub(super) fn in_state<L: Reach + ?Sized>(
    look: &L,
    state: OutboxState,
    limit: usize,
) -> Result<Vec<OutboxRow>, StoreError> {
    let span = Key::new().byte(state_code(state)).span();
    rows(look, &look.scan(Table::OutboxByState, &span, Order::Up, limit)?)
}

pub(super) fn by_message_id<L: Reach + ?Sized>(
    look: &L,
    id: &MessageId,
) -> Result<Option<OutboxRow>, StoreError> {
    match number64(look, Table::OutboxByMessageId, Key::new().text(id.as_str()).as_slice())? {
        Some(id) => get(look, OutboxId(id)),
        None => Ok(None),
    }
}

fn queue(row: &OutboxRow) -> Key {
    match row.to {
        Recipient::Participant { ticket, no } => Key::new().u64(ticket.0).u16(no.0),
        // No participant has the number 0.
        Recipient::Agent { ticket, account } => Key::new().u64(ticket.0).u16(0).u64(account.0.into()),
        Recipient::Account(id) => Key::new().u64(0).u16(0).u64(id.0.into()),
    }
}

/// Letters to accounts, the newest first.
pub(super) fn to_accounts<L: Reach + ?Sized>(look: &L, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
    let span = Key::new().u64(0).span();
    rows(look, &look.scan(Table::OutboxByTicket, &span, Order::Down, limit)?)
}

/// Whether nobody stands before a row in its queue.
fn is_head<L: Reach + ?Sized>(look: &L, row: &OutboxRow) -> Result<bool, StoreError> {
    let first = look.scan(Table::OutboxQueues, &queue(row).span(), Order::Up, 1)?;
    Ok(first.first().is_some_and(|(key, _)| last_u64(key) == row.id.0))
}

/// Waiting letters that may leave now, by lane and within it by the time since when they may, at
/// most `limit` of each lane, so that no lane crowds out another.
pub(super) fn due<L: Reach + ?Sized>(
    look: &L,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<OutboxRow>, StoreError> {
    let mut due = Vec::new();
    for lane in LANES {
        due.extend(due_in(look, lane, now, limit)?);
    }
    Ok(due)
}

/// The same for one lane.
pub(super) fn due_in<L: Reach + ?Sized>(
    look: &L,
    lane: Lane,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<OutboxRow>, StoreError> {
    heads(look, lane, Some(now), limit)
}

/// When the next waiting letter may leave, of those that nobody holds.
pub(super) fn next_due<L: Reach + ?Sized>(look: &L) -> Result<Option<Timestamp>, StoreError> {
    let mut next = None;
    for lane in LANES {
        next = [next, next_due_in(look, lane)?].into_iter().flatten().min();
    }
    Ok(next)
}

/// The same for one lane.
pub(super) fn next_due_in<L: Reach + ?Sized>(look: &L, lane: Lane) -> Result<Option<Timestamp>, StoreError> {
    Ok(heads(look, lane, None, 1)?.first().map(|row| row.not_before))
}

/// Sent letters whose delivery is to be asked about now, the longest overdue first.
pub(super) fn to_look_at<L: Reach + ?Sized>(
    look: &L,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<OutboxRow>, StoreError> {
    let until = Key::new().i64(now.as_millisecond().saturating_add(1));
    rows(look, &look.scan(Table::OutboxLooks, &Key::new().span_before(until), Order::Up, limit)?)
}

/// When the first of them is due.
pub(super) fn next_look<L: Reach + ?Sized>(look: &L) -> Result<Option<Timestamp>, StoreError> {
    let first = look.scan(Table::OutboxLooks, &Span::all(), Order::Up, 1)?;
    let row = rows(look, &first)?.pop();
    Ok(row.and_then(|row| row.next_look))
}

/// The first waiting letters of a lane that stand at the head of their queues.
fn heads<L: Reach + ?Sized>(
    look: &L,
    lane: Lane,
    until: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<OutboxRow>, StoreError> {
    let of = Key::new().byte(lane_code(lane));
    let mut rest: Option<Span> = Some(match until {
        // The index is to the millisecond, so the one that has begun belongs to it.
        Some(now) => of.span_before(of.clone().i64(now.as_millisecond().saturating_add(1))),
        None => of.span(),
    });
    let mut heads = Vec::new();
    while let Some(span) = rest.take() {
        let entries = look.scan(Table::OutboxDue, &span, Order::Up, CHUNK)?;
        for row in rows(look, &entries)? {
            if heads.len() == limit {
                return Ok(heads);
            }
            if until.is_none_or(|now| row.not_before <= now) && is_head(look, &row)? {
                heads.push(row);
            }
        }
        if entries.len() == CHUNK {
            rest = entries.into_iter().next_back().map(|(key, _)| span.resume(Order::Up, key));
        }
    }
    Ok(heads)
}

/// Every index entry of a row.
pub(super) fn marks(row: &OutboxRow) -> Vec<(Table, Key)> {
    let id = row.id.0;
    let mut marks = vec![
        (Table::OutboxByState, Key::new().byte(state_code(row.state)).u64(id)),
        (Table::OutboxByTicket, Key::new().u64(row.ticket().unwrap_or_default().0).u64(id)),
    ];
    if row.state.holds_others() {
        marks.push((Table::OutboxQueues, queue(row).u64(id)));
    }
    if row.state == OutboxState::Waiting {
        let lane = Key::new().byte(lane_code(row.letter.lane()));
        marks.push((Table::OutboxDue, lane.time(row.not_before).u64(id)));
    }
    if let Some(at) = row.next_look {
        marks.push((Table::OutboxLooks, Key::new().time(at).u64(id)));
    }
    if let Some(draft) = &row.draft {
        marks.push((Table::RawUses, Key::new().octets(&draft.raw.0).byte(USED_BY_DRAFT).u64(id)));
    }
    marks
}

impl Write<'_> {
    /// Adds a letter under an id of its own; the one in `row` is not looked at.
    ///
    /// # Errors
    /// [`StoreError::Taken`] where another letter has its Message-ID; likewise in `put_letter`.
    pub fn add_letter(&mut self, mut row: OutboxRow) -> Result<OutboxId, StoreError> {
        row.id = OutboxId(self.next_number(meta::LAST_LETTER)?);
        self.save_letter(None, &row)?;
        Ok(row.id)
    }

    /// Replaces a letter's row.
    pub fn put_letter(&mut self, row: &OutboxRow) -> Result<(), StoreError> {
        let old = get(self, row.id)?.ok_or_else(|| StoreError::Missing {
            table: Table::Outbox.name(),
            key: row.id.to_string().into(),
        })?;
        self.save_letter(Some(&old), row)
    }

    fn save_letter(&mut self, old: Option<&OutboxRow>, new: &OutboxRow) -> Result<(), StoreError> {
        let named = Key::new().text(new.message_id.as_str());
        if number64(self, Table::OutboxByMessageId, named.as_slice())?.is_some_and(|id| id != new.id.0) {
            return Err(StoreError::Taken("the letter's Message-ID".into()));
        }
        if let Some(old) = old.filter(|old| old.message_id != new.message_id) {
            self.unset(Table::OutboxByMessageId, &Key::new().text(old.message_id.as_str()))?;
        }
        self.set(Table::OutboxByMessageId, &named, &new.id.0.to_be_bytes())?;
        let before = old.map(marks).unwrap_or_default();
        let after = marks(new);
        for (table, key) in before.iter().filter(|mark| !after.contains(mark)) {
            self.unset(*table, key)?;
        }
        for (table, key) in after.iter().filter(|mark| !before.contains(mark)) {
            self.mark(*table, key)?;
        }
        self.set_record(Table::Outbox, &key(new.id), new)?;
        let shown = |row: &OutboxRow| (row.state, row.delivery.clone(), row.trouble.clone(), row.not_before);
        if old.map(shown) != Some(shown(new)) {
            self.journal_now(match new.to {
                Recipient::Participant { ticket, .. } | Recipient::Agent { ticket, .. } => {
                    Subject::Letters(ticket)
                }
                Recipient::Account(id) => Subject::Account(id),
            })?;
        }
        Ok(())
    }
}
