//! The rows of Emails taken from the intake mailbox, and what leads to them.

use jiff::Timestamp;

use super::key::{Key, Order, Span, last_u64};
use super::reach::{Pair, Reach, record};
use super::schema::{Table, meta};
use super::{StoreError, Write, counts, site};
use crate::mail::{MessageId, fold};
use crate::tracker::{MailRowId, RawHash};
use crate::triage::{MailRow, VerdictKind};

fn key(id: MailRowId) -> Key {
    Key::new().u64(id.0)
}

pub(super) fn get<L: Reach + ?Sized>(look: &L, id: MailRowId) -> Result<Option<MailRow>, StoreError> {
    record(look, Table::MailRows, &key(id))
}

/// The rows that index entries end with.
fn rows<L: Reach + ?Sized>(look: &L, entries: &[Pair]) -> Result<Vec<MailRow>, StoreError> {
    let mut rows = Vec::with_capacity(entries.len());
    for (key, _) in entries {
        rows.extend(get(look, MailRowId(last_u64(key)))?);
    }
    Ok(rows)
}

fn under<L: Reach + ?Sized>(look: &L, table: Table, of: &Key) -> Result<Vec<MailRow>, StoreError> {
    rows(look, &look.scan(table, &of.span(), Order::Up, site::MOST_COUNTED)?)
}

pub(super) fn by_source<L: Reach + ?Sized>(
    look: &L,
    account: &str,
    email: &str,
) -> Result<Vec<MailRow>, StoreError> {
    under(look, Table::MailBySource, &Key::new().text(account).text(email))
}

pub(super) fn by_raw<L: Reach + ?Sized>(look: &L, raw: &RawHash) -> Result<Vec<MailRow>, StoreError> {
    under(look, Table::MailByRaw, &Key::new().octets(&raw.0))
}

pub(super) fn by_message_id<L: Reach + ?Sized>(look: &L, id: &MessageId) -> Result<Vec<MailRow>, StoreError> {
    under(look, Table::MailByMessageId, &Key::new().text(id.as_str()))
}

/// Rows whose Email has not left the intake mailbox, the oldest first.
pub(super) fn unfiled<L: Reach + ?Sized>(look: &L, limit: usize) -> Result<Vec<MailRow>, StoreError> {
    rows(look, &look.scan(Table::MailUnfiled, &Span::all(), Order::Up, limit)?)
}

/// Held rows, the newest first, after a row of the page before.
pub(super) fn held<L: Reach + ?Sized>(
    look: &L,
    after: Option<MailRowId>,
    limit: usize,
) -> Result<Vec<MailRow>, StoreError> {
    let all = Key::new();
    let span = after.map_or_else(|| all.span(), |id| all.span_before(key(id)));
    rows(look, &look.scan(Table::MailHeld, &span, Order::Down, limit)?)
}

/// The name of the raw mail where a row was erased: it says no more who wrote it, but somebody did.
const ERASED: RawHash = RawHash([0; 32]);

/// Under what mails without a sender count together. It is no address.
pub(super) const NOBODY: &str = "nobody";

/// How many mails of a sender were taken in since then: those held, ignored or taken before do not
/// count, or a sender beyond the budget would never come back into it.
pub(super) fn taken_since<L: Reach + ?Sized>(
    look: &L,
    from: &str,
    since: Timestamp,
) -> Result<u32, StoreError> {
    let of = Key::new().text(from);
    let span = of.span_from(of.clone().time(since));
    let found = look.scan(Table::MailBySender, &span, Order::Up, site::MOST_COUNTED)?;
    Ok(u32::try_from(found.len()).unwrap_or(u32::MAX))
}

/// Where a mail stands that counts for nobody. Stores have this entry of what was taken in since
/// such mails have a budget; of an earlier one nothing asks for it.
pub(super) fn nobodys_mark(row: &MailRow) -> Option<(Table, Key)> {
    let erased = row.raw == ERASED;
    let counts = row.verdict.is_counted() && counted(row).is_none() && !erased;
    counts.then(|| by_sender(NOBODY, row))
}

fn by_sender(who: &str, row: &MailRow) -> (Table, Key) {
    (Table::MailBySender, Key::new().text(who).time(row.taken_at).u64(row.id.0))
}

/// Whom a mail counts for: what answers a ticket for whoever sent it, whomever it names.
fn counted(row: &MailRow) -> Option<&String> {
    row.requester.as_ref().filter(|_| row.verdict == VerdictKind::Open).or(row.from.as_ref())
}

/// Every index entry that a row must have.
pub(super) fn marks(row: &MailRow) -> Vec<(Table, Key)> {
    let id = row.id.0;
    let mut marks = vec![
        (Table::MailByRaw, Key::new().octets(&row.raw.0).u64(id)),
        (Table::MailBySource, Key::new().text(&row.source.account).text(&row.source.email).u64(id)),
    ];
    if let Some(message_id) = &row.message_id {
        marks.push((Table::MailByMessageId, Key::new().text(message_id.as_str()).u64(id)));
    }
    if let Some(who) = counted(row).filter(|_| row.verdict.is_counted()) {
        marks.push(by_sender(&fold(who), row));
    }
    if !row.filed {
        marks.push((Table::MailUnfiled, key(row.id)));
    }
    if matches!(row.verdict, VerdictKind::Hold(_)) {
        marks.push((Table::MailHeld, key(row.id)));
    }
    marks
}

impl Write<'_> {
    /// Adds a row under an id of its own; the one in `row` is not looked at.
    pub fn add_mail_row(&mut self, mut row: MailRow) -> Result<MailRowId, StoreError> {
        row.id = MailRowId(self.next_number(meta::LAST_MAIL_ROW)?);
        self.save_mail_row(None, &row)?;
        Ok(row.id)
    }

    /// Replaces a row; its indexes and the counters of verdicts follow.
    pub fn put_mail_row(&mut self, row: &MailRow) -> Result<(), StoreError> {
        let old = get(self, row.id)?.ok_or_else(|| StoreError::Missing {
            table: Table::MailRows.name(),
            key: row.id.to_string().into(),
        })?;
        self.save_mail_row(Some(&old), row)
    }

    fn save_mail_row(&mut self, old: Option<&MailRow>, new: &MailRow) -> Result<(), StoreError> {
        let every = |row| marks(row).into_iter().chain(nobodys_mark(row)).collect::<Vec<_>>();
        let before = old.map(every).unwrap_or_default();
        let after = every(new);
        for (table, key) in before.iter().filter(|mark| !after.contains(mark)) {
            self.unset(*table, key)?;
        }
        for (table, key) in after.iter().filter(|mark| !before.contains(mark)) {
            self.mark(*table, key)?;
        }
        let counted = |row: &MailRow| counts::verdict_key(row.verdict);
        self.recount(old.map(counted), Some(counted(new)))?;
        self.set_record(Table::MailRows, &key(new.id), new)
    }
}
