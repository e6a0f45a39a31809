//! Lists of tickets: pages by a sort key, out of indexes, several projects merged.
//!
//! Each sort order has one index: scope, project, state, sort key, ticket. The scope is everyone's
//! tickets, nobody's, or one assignee's, so that a list by assignee needs no filtering. A list is
//! the merge of one run for each project and state; words and numbers are filtered while reading,
//! at most [`MOST_SCANNED`] rows a page.

use std::collections::VecDeque;

use super::StoreError;
use super::key::{Key, Order, Span, as_i64, last_u64};
use super::reach::Reach;
use super::records::{malformed, ticket_state_code};
use super::schema::Table;
use super::tickets;
use crate::tracker::query::{Cursor, ListQuery, Sort, StateFilter};
use crate::tracker::{AccountId, ProjectId, State, Ticket, TicketId};

/// The most rows that one page looks at.
pub const MOST_SCANNED: usize = 10_000;

/// The most tickets on one page.
const MOST_LISTED: usize = 500;

/// How many index entries of a run are read at once.
const CHUNK: usize = 64;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Page {
    pub tickets: Vec<Ticket>,
    /// Where the next page begins; `None` at the end of the list.
    pub next: Option<Cursor>,
    /// Whether more than 10,000 rows would have had to be looked at for a full page. `next` then
    /// goes on from where looking stopped.
    pub cut: bool,
}

/// Whose tickets an index entry lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Everyone,
    Nobody,
    Assignee(AccountId),
}

impl Scope {
    pub fn of(assignee: Option<AccountId>) -> Self {
        assignee.map_or(Self::Nobody, Self::Assignee)
    }

    fn key(self) -> Key {
        match self {
            Self::Everyone => Key::new().byte(0).u32(0),
            Self::Nobody => Key::new().byte(1).u32(0),
            Self::Assignee(id) => Key::new().byte(2).u32(id.0),
        }
    }
}

const SORTS: [Sort; 3] = [Sort::Activity, Sort::Opened, Sort::Waiting];

fn table(sort: Sort) -> Table {
    match sort {
        Sort::Activity => Table::ByActivity,
        Sort::Opened => Table::ByOpened,
        Sort::Waiting => Table::ByWaiting,
    }
}

/// What comes first: the newest, or who has waited longest.
fn order(sort: Sort) -> Order {
    match sort {
        Sort::Activity | Sort::Opened => Order::Down,
        Sort::Waiting => Order::Up,
    }
}

/// Milliseconds; a ticket for which nobody waits comes after all for which someone does.
fn sort_key(sort: Sort, ticket: &Ticket) -> i64 {
    match sort {
        Sort::Activity => ticket.active_at.as_millisecond(),
        Sort::Opened => ticket.opened_at.as_millisecond(),
        Sort::Waiting => ticket.owed_since.map_or(i64::MAX, |since| since.as_millisecond()),
    }
}

fn run_key(scope: Scope, project: ProjectId, state: State) -> Key {
    scope.key().u32(project.0).byte(ticket_state_code(state))
}

/// The index entries of a ticket in one scope, in each project that lists it.
pub(super) fn marks(scope: Scope, ticket: &Ticket) -> impl Iterator<Item = (Table, Key)> {
    ticket.listed_in().into_iter().flat_map(move |project| {
        SORTS.into_iter().map(move |sort| {
            let key = run_key(scope, project, ticket.state);
            (table(sort), key.i64(sort_key(sort, ticket)).u64(ticket.id.0))
        })
    })
}

/// The entries of one project and state, read ahead in chunks.
struct Run {
    rest: Option<Span>,
    ahead: VecDeque<(i64, TicketId)>,
}

impl Run {
    fn new(scope: Scope, project: ProjectId, state: State, sort: Sort, after: Option<Cursor>) -> Self {
        let of = run_key(scope, project, state);
        let span = match after {
            None => of.span(),
            Some(Cursor { key, ticket }) => {
                let mark = of.clone().i64(key).u64(ticket.0);
                match order(sort) {
                    Order::Up => of.span_after(mark),
                    Order::Down => of.span_before(mark),
                }
            }
        };
        Self { rest: Some(span), ahead: VecDeque::new() }
    }

    fn head<L: Reach + ?Sized>(
        &mut self,
        look: &L,
        sort: Sort,
    ) -> Result<Option<(i64, TicketId)>, StoreError> {
        if self.ahead.is_empty()
            && let Some(span) = self.rest.take()
        {
            let pairs = look.scan(table(sort), &span, order(sort), CHUNK)?;
            for (key, _) in &pairs {
                self.ahead.push_back(entry(sort, key)?);
            }
            if pairs.len() == CHUNK {
                self.rest = pairs.into_iter().next_back().map(|(key, _)| span.resume(order(sort), key));
            }
        }
        Ok(self.ahead.front().copied())
    }
}

fn entry(sort: Sort, key: &[u8]) -> Result<(i64, TicketId), StoreError> {
    let sort_key = key.len().checked_sub(16).and_then(|at| key.get(at..at + 8)).and_then(as_i64);
    let sort_key = sort_key.ok_or_else(|| malformed(table(sort), "a key is too short"))?;
    Ok((sort_key, TicketId(last_u64(key))))
}

fn states(filter: StateFilter) -> &'static [State] {
    match filter {
        StateFilter::Open => &[State::Open],
        StateFilter::OnHold => &[State::OnHold],
        StateFilter::Closed => &[State::Closed],
        StateFilter::All => &[State::Open, State::OnHold, State::Closed],
    }
}

pub(super) fn list<L: Reach + ?Sized>(look: &L, query: &ListQuery) -> Result<Page, StoreError> {
    match query.number {
        Some(number) => by_number(look, query, number),
        None if query.unverified => unverified(look, query),
        None => merged(look, query),
    }
}

/// Tickets with mails that nobody has verified yet are few, so they are all looked at.
fn unverified<L: Reach + ?Sized>(look: &L, query: &ListQuery) -> Result<Page, StoreError> {
    let mut found: Vec<(Cursor, Ticket)> = Vec::new();
    let mut cut = false;
    for project in &query.projects {
        let waiting = tickets::unverified(look, *project, MOST_SCANNED)?;
        cut |= waiting.len() == MOST_SCANNED;
        for (id, _) in waiting {
            let Some(ticket) = tickets::get(look, id)? else { continue };
            let wanted = states(query.state).contains(&ticket.state)
                && query.assignee.is_none_or(|assignee| assignee == ticket.assignee)
                && has_words(&ticket, &query.words);
            if wanted {
                found.push((Cursor { key: sort_key(query.sort, &ticket), ticket: ticket.id }, ticket));
            }
        }
    }
    let place = |cursor: &Cursor| (cursor.key, cursor.ticket);
    found.sort_by_key(|(cursor, _)| place(cursor));
    if order(query.sort) == Order::Down {
        found.reverse();
    }
    if let Some(after) = &query.after {
        found.retain(|(cursor, _)| match order(query.sort) {
            Order::Up => place(cursor) > place(after),
            Order::Down => place(cursor) < place(after),
        });
    }
    let limit = query.limit.clamp(1, MOST_LISTED);
    let next = (found.len() > limit).then(|| found.get(limit - 1).map(|(cursor, _)| *cursor)).flatten();
    let tickets = found.into_iter().take(limit).map(|(_, ticket)| ticket).collect();
    Ok(Page { tickets, next, cut })
}

/// `#12` names at most one ticket of each project. Numbers lead to where a ticket was merged or
/// moved to, as its page does.
fn by_number<L: Reach + ?Sized>(look: &L, query: &ListQuery, number: u32) -> Result<Page, StoreError> {
    let mut found: Vec<Ticket> = Vec::new();
    for project in &query.projects {
        let Some(id) = tickets::by_number(look, *project, number)? else { continue };
        let Some(ticket) = tickets::get(look, tickets::follow(look, id)?)? else { continue };
        let wanted = ticket.listed_in().iter().any(|project| query.projects.contains(project))
            && states(query.state).contains(&ticket.state)
            && query.assignee.is_none_or(|assignee| assignee == ticket.assignee)
            && (!query.unverified || ticket.unverified > 0)
            && has_words(&ticket, &query.words);
        if wanted && found.iter().all(|known| known.id != ticket.id) {
            found.push(ticket);
        }
    }
    found.sort_by_key(|ticket| (sort_key(query.sort, ticket), ticket.id));
    if order(query.sort) == Order::Down {
        found.reverse();
    }
    Ok(Page { tickets: found, next: None, cut: false })
}

fn merged<L: Reach + ?Sized>(look: &L, query: &ListQuery) -> Result<Page, StoreError> {
    let scope = query.assignee.map_or(Scope::Everyone, Scope::of);
    let limit = query.limit.clamp(1, MOST_LISTED);
    let mut projects = query.projects.clone();
    projects.sort_unstable();
    projects.dedup();
    let mut runs: Vec<Run> = projects
        .iter()
        .flat_map(|project| states(query.state).iter().map(|state| (*project, *state)))
        .map(|(project, state)| Run::new(scope, project, state, query.sort, query.after))
        .collect();

    let mut page = Page::default();
    let (mut scanned, mut last_scanned, mut last_listed) = (0, None, None);
    while let Some((key, id)) = pop_first(look, &mut runs, query.sort)? {
        let full = page.tickets.len() == limit;
        // One that several of the projects list is the head of several runs, one after the other.
        if last_scanned == Some(Cursor { key, ticket: id }) {
            continue;
        }
        if scanned == MOST_SCANNED {
            page.cut = !full;
            page.next = if full { last_listed } else { last_scanned };
            break;
        }
        scanned += 1;
        last_scanned = Some(Cursor { key, ticket: id });
        let Some(ticket) = tickets::get(look, id)?.filter(|ticket| has_words(ticket, &query.words)) else {
            continue;
        };
        // A full page goes on to one ticket more, so that no page that is offered is empty.
        if full {
            page.next = last_listed;
            break;
        }
        page.tickets.push(ticket);
        last_listed = last_scanned;
    }
    Ok(page)
}

/// Takes the entry that comes first among all runs.
fn pop_first<L: Reach + ?Sized>(
    look: &L,
    runs: &mut [Run],
    sort: Sort,
) -> Result<Option<(i64, TicketId)>, StoreError> {
    let mut first: Option<((i64, TicketId), usize)> = None;
    for (place, run) in runs.iter_mut().enumerate() {
        let Some(head) = run.head(look, sort)? else { continue };
        let earlier = match (order(sort), first) {
            (_, None) => true,
            (Order::Up, Some((known, _))) => head < known,
            (Order::Down, Some((known, _))) => head > known,
        };
        if earlier {
            first = Some((head, place));
        }
    }
    if let Some(run) = first.and_then(|(_, place)| runs.get_mut(place)) {
        run.ahead.pop_front();
    }
    Ok(first.map(|(entry, _)| entry))
}

/// Whether the title or a participant contains every word. Words are in lower case already.
fn has_words(ticket: &Ticket, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let mut text = ticket.title.to_lowercase();
    for person in &ticket.participants {
        text.push('\n');
        text.push_str(&person.address.folded().to_lowercase());
        if person.address.domain().contains("xn--") {
            text.push('\n');
            text.push_str(&person.address.readable());
        }
        if let Some(name) = &person.name {
            text.push('\n');
            text.push_str(&name.to_lowercase());
        }
    }
    words.iter().all(|word| text.contains(word.as_str()))
}
