//! Tickets, their numbers, and the entries that lead to them in lists.

use super::key::{Key, Order, as_u64, last_u64};
use super::lists::{self, Scope};
use super::reach::{Reach, number32, number64, record};
use super::schema::{Table, meta};
use super::{StoreError, Write, counts};
use crate::mail::Address;
use crate::tracker::{ProjectId, Ticket, TicketId};

fn key(id: TicketId) -> Key {
    Key::new().u64(id.0)
}

pub(super) fn get<L: Reach + ?Sized>(look: &L, id: TicketId) -> Result<Option<Ticket>, StoreError> {
    record(look, Table::Tickets, &key(id))
}

pub(super) fn number_key(project: ProjectId, number: u32) -> Key {
    Key::new().u32(project.0).u32(number)
}

pub(super) fn by_number<L: Reach + ?Sized>(
    look: &L,
    project: ProjectId,
    number: u32,
) -> Result<Option<TicketId>, StoreError> {
    let key = number_key(project, number);
    Ok(number64(look, Table::TicketNumbers, key.as_slice())?.map(TicketId))
}

/// The most merges that are followed; a chain that is longer is a circle.
const MOST_MERGES: usize = 64;

/// The ticket that a ticket was merged into at last, or itself.
pub(super) fn follow<L: Reach + ?Sized>(look: &L, id: TicketId) -> Result<TicketId, StoreError> {
    let mut at = id;
    for _ in 0..MOST_MERGES {
        match get(look, at)?.and_then(|ticket| ticket.merged_into) {
            Some(next) => at = next,
            None => return Ok(at),
        }
    }
    Ok(id)
}

/// The newest tickets in which an address takes part.
pub(super) fn of<L: Reach + ?Sized>(
    look: &L,
    address: &Address,
    limit: usize,
) -> Result<Vec<Ticket>, StoreError> {
    let span = Key::new().text(address.folded()).span();
    let mut tickets = Vec::new();
    for (key, _) in look.scan(Table::ByParticipant, &span, Order::Down, limit)? {
        tickets.extend(get(look, TicketId(last_u64(&key)))?);
    }
    Ok(tickets)
}

/// Where a ticket stands among those with mails that nobody has verified yet, and with how many.
pub(super) fn unverified_mark(ticket: &Ticket) -> Option<(Key, [u8; 8])> {
    let waits = ticket.unverified > 0 && is_listed(ticket);
    let key = || Key::new().u32(ticket.project.0).u64(ticket.id.0);
    waits.then(|| (key(), u64::from(ticket.unverified).to_be_bytes()))
}

/// The tickets of a project with mails that nobody has verified yet, each with how many.
pub(super) fn unverified<L: Reach + ?Sized>(
    look: &L,
    project: ProjectId,
    limit: usize,
) -> Result<Vec<(TicketId, u64)>, StoreError> {
    let found = look.scan(Table::Unverified, &Key::new().u32(project.0).span(), Order::Up, limit)?;
    let entry = |(key, count): &(Vec<u8>, Vec<u8>)| (TicketId(last_u64(key)), as_u64(count).unwrap_or(1));
    Ok(found.iter().map(entry).collect())
}

/// Whether a ticket is in any list: neither one that was merged nor one that was erased.
fn is_listed(ticket: &Ticket) -> bool {
    ticket.merged_into.is_none() && ticket.erased_at.is_none()
}

/// Every index entry of a ticket. A merged ticket is in no list; its target is.
pub(super) fn marks(ticket: &Ticket) -> Vec<(Table, Key)> {
    let mut marks = Vec::new();
    if is_listed(ticket) {
        for scope in [Scope::Everyone, Scope::of(ticket.assignee)] {
            marks.extend(lists::marks(scope, ticket));
        }
    }
    for person in ticket.present() {
        marks.push((Table::ByParticipant, Key::new().text(person.address.folded()).u64(ticket.id.0)));
    }
    marks
}

pub(super) fn counted(ticket: &Ticket) -> Option<Key> {
    is_listed(ticket).then(|| counts::tickets_key(&ticket.listed_in(), ticket.state))
}

impl Write<'_> {
    /// Draws the next ticket's id and its number in a project. Both are never drawn again.
    pub fn next_ticket(&mut self, project: ProjectId) -> Result<(TicketId, u32), StoreError> {
        let id = TicketId(self.next_number(meta::LAST_TICKET)?);
        Ok((id, self.next_ticket_number(project)?))
    }

    /// Draws the next number of a project alone, for a ticket that moves there.
    pub fn next_ticket_number(&mut self, project: ProjectId) -> Result<u32, StoreError> {
        let place = Key::new().u32(project.0);
        let number = number32(self, Table::LastNumbers, place.as_slice())?.unwrap_or(0) + 1;
        self.set(Table::LastNumbers, &place, &number.to_be_bytes())?;
        Ok(number)
    }

    fn put_unverified(&mut self, old: Option<&Ticket>, new: &Ticket) -> Result<(), StoreError> {
        let (before, after) = (old.and_then(unverified_mark), unverified_mark(new));
        if let Some((before, _)) =
            before.filter(|(before, _)| after.as_ref().is_none_or(|(key, _)| key != before))
        {
            self.unset(Table::Unverified, &before)?;
        }
        match after {
            Some((after, count)) => self.set(Table::Unverified, &after, &count),
            None => Ok(()),
        }
    }

    /// Puts a ticket, new or changed, and brings its lists and counters up to date.
    ///
    /// # Errors
    /// [`StoreError::Taken`] where its project and number lead to another ticket.
    pub fn put_ticket(&mut self, ticket: &Ticket) -> Result<(), StoreError> {
        let number = number_key(ticket.project, ticket.number);
        match by_number(self, ticket.project, ticket.number)? {
            Some(other) if other != ticket.id => {
                return Err(StoreError::Taken(format!("number {}", ticket.number).into()));
            }
            Some(_) => {}
            None => self.set(Table::TicketNumbers, &number, &ticket.id.0.to_be_bytes())?,
        }
        let old = get(self, ticket.id)?;
        let before = old.as_ref().map(marks).unwrap_or_default();
        let after = marks(ticket);
        for (table, key) in before.iter().filter(|mark| !after.contains(mark)) {
            self.unset(*table, key)?;
        }
        for (table, key) in after.iter().filter(|mark| !before.contains(mark)) {
            self.mark(*table, key)?;
        }
        self.recount(old.as_ref().and_then(counted), counted(ticket))?;
        self.put_unverified(old.as_ref(), ticket)?;
        self.set_record(Table::Tickets, &key(ticket.id), ticket)
    }
}
