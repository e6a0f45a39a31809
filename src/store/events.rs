//! Events: the lines of a ticket's timeline; and its thread, the Message-IDs of its mails.

use super::key::{Key, Order, last_u64};
use super::reach::{Reach, record, records};
use super::records::malformed;
use super::schema::Table;
use super::{StoreError, Write};
use crate::mail::MessageId;
use crate::tracker::{Body, Event, EventNo, RawHash, Seq, Subject, TicketId};

fn key(ticket: TicketId, no: EventNo) -> Key {
    Key::new().u64(ticket.0).u32(no.0)
}

pub(super) fn of<L: Reach + ?Sized>(look: &L, ticket: TicketId) -> Result<Vec<Event>, StoreError> {
    records(look, Table::Events, &Key::new().u64(ticket.0).span(), Order::Up, usize::MAX)
}

/// The newest lines, the newest first.
pub(super) fn newest<L: Reach + ?Sized>(
    look: &L,
    ticket: TicketId,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    records(look, Table::Events, &Key::new().u64(ticket.0).span(), Order::Down, limit)
}

pub(super) fn get<L: Reach + ?Sized>(
    look: &L,
    ticket: TicketId,
    no: EventNo,
) -> Result<Option<Event>, StoreError> {
    record(look, Table::Events, &key(ticket, no))
}

/// The Message-IDs of a ticket's mails in the order in which they were put, and whether we wrote them.
pub(super) fn thread<L: Reach + ?Sized>(
    look: &L,
    ticket: TicketId,
) -> Result<Vec<(MessageId, bool)>, StoreError> {
    let bad = || malformed(Table::Threads, "no Message-ID");
    look.scan(Table::Threads, &Key::new().u64(ticket.0).span(), Order::Up, usize::MAX)?
        .iter()
        .map(|(_, value)| {
            let (ours, id) = value.split_first().ok_or_else(bad)?;
            let id = std::str::from_utf8(id).ok().and_then(MessageId::parse).ok_or_else(bad)?;
            Ok((id, *ours == 1))
        })
        .collect()
}

/// The tickets to which a Message-ID belongs, and whether we wrote that mail.
pub(super) fn tickets_of_id<L: Reach + ?Sized>(
    look: &L,
    id: &MessageId,
) -> Result<Vec<(TicketId, bool)>, StoreError> {
    let found = look.scan(Table::MailIds, &Key::new().text(id.as_str()).span(), Order::Up, 20)?;
    Ok(found.iter().map(|(key, value)| (TicketId(last_u64(key)), value.as_slice() == [1])).collect())
}

/// The raw file that an event's text lies in.
fn raw_of(event: &Event) -> Option<RawHash> {
    match event.kind.body()? {
        Body::Mail { raw, .. } => Some(*raw),
        Body::Text(_) => None,
    }
}

/// The entry that says that an event uses a raw file.
pub(super) fn used(event: &Event) -> Option<Key> {
    let raw = raw_of(event)?;
    Some(Key::new().octets(&raw.0).byte(USED_BY_EVENT).u64(event.ticket.0).u32(event.no.0))
}

/// The events whose text lies in a raw file.
pub(super) fn with_raw<L: Reach + ?Sized>(
    look: &L,
    raw: &RawHash,
) -> Result<Vec<(TicketId, EventNo)>, StoreError> {
    let of = Key::new().octets(&raw.0).byte(USED_BY_EVENT);
    let found = look.scan(Table::RawUses, &of.span(), Order::Up, usize::MAX)?;
    let place = |(key, _): &super::reach::Pair| {
        let (head, no) = key.split_last_chunk::<4>()?;
        Some((TicketId(last_u64(head)), EventNo(u32::from_be_bytes(*no))))
    };
    Ok(found.iter().filter_map(place).collect())
}

/// What names a raw file, in the keys of [`Table::RawUses`].
pub(super) const USED_BY_EVENT: u8 = 1;
pub(super) const USED_BY_DRAFT: u8 = 2;

impl Write<'_> {
    /// Puts a line of a timeline and its entry in the journal. An event of the same number is
    /// replaced, which is for redaction and for a decision about an unverified mail.
    pub fn put_event(&mut self, event: &Event) -> Result<Seq, StoreError> {
        let key = key(event.ticket, event.no);
        let old: Option<Event> = record(self, Table::Events, &key)?;
        self.move_mark(Table::RawUses, old.as_ref().and_then(used), used(event))?;
        self.set_record(Table::Events, &key, event)?;
        self.journal(event.at, Subject::Ticket { ticket: event.ticket, event: event.no })
    }

    /// Notes that a mail belongs to a ticket, at the end of its thread. A second time changes
    /// nothing.
    pub fn add_mail_id(&mut self, id: &MessageId, ticket: TicketId, ours: bool) -> Result<(), StoreError> {
        let key = Key::new().text(id.as_str()).u64(ticket.0);
        if self.get(Table::MailIds, key.as_slice())?.is_some() {
            return Ok(());
        }
        let of = Key::new().u64(ticket.0);
        let last = self.scan(Table::Threads, &of.span(), Order::Down, 1)?;
        let place = last.first().map_or(0, |(key, _)| last_u64(key)) + 1;
        let mut entry = vec![u8::from(ours)];
        entry.extend(id.as_str().as_bytes());
        self.set(Table::Threads, &of.u64(place), &entry)?;
        self.set(Table::MailIds, &key, &[u8::from(ours)])
    }
}
