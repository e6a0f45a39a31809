//! Erasing a person: found everywhere, replaced on record ticket by ticket, and what is left then,
//! copies on the mail server and files, listed to be removed.
//!
//! An erasure goes over many commits, so it is on record itself. It has the address until no record
//! names the person any more; a run that ends in the middle is gone on with by the next.

use std::collections::HashSet;

use jiff::Timestamp;

use super::erase_ticket::{Busy, Whom, erase_row, erase_ticket};
use super::{Desk, DeskError};
use crate::mail::{self, Address, RemoteImages};
use crate::store::{Look, Read, Store, StoreError, WriteError, aside, is_from};
use crate::tracker::{Erased, Erasure, ErasureId, MailRowId, OutboxState, State, Ticket, TicketId};
use crate::triage::{MailRow, VerdictKind};

/// How many records are read at once.
const CHUNK: usize = 500;
/// How many mails without a ticket are replaced in one commit.
const BATCH: usize = 50;
/// How many tickets one round of retention erases at most.
const ROUND: usize = 100;

/// Where a person, or old tickets, are found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub tickets: Vec<TicketId>,
    /// Mails with the ticket that each became part of.
    pub mails: Vec<(MailRowId, Option<TicketId>)>,
}

/// How far an erasure has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasing {
    pub id: ErasureId,
    pub erased: Erased,
    /// Whether no record names the person any more. Else a letter is on its way, and it goes on in a
    /// minute.
    pub records_done: bool,
    /// The person had asked for no mail at all; that stays known, by a hash.
    pub stays_suppressed: bool,
}

impl Desk {
    /// What an erasure would find. Nothing is changed.
    ///
    /// # Errors
    /// As [`Desk::erase_person`].
    pub async fn find_person(&self, address: Address) -> Result<(Found, Erased), DeskError> {
        self.refuse_our_own(&address)?;
        let store = self.store.clone();
        let found = aside(move || {
            let found = find(&store, &address)?;
            let mut erased = Erased { mails: found.mails.len() as u64, ..Erased::default() };
            for id in &found.tickets {
                let read = store.read()?;
                erased += super::erase_ticket::would_erase(&read, *id, &Whom::Person(address.clone()))?;
            }
            Ok::<_, StoreError>((found, erased))
        });
        Ok(found.await.map_err(|_| StoreError::Closed)??)
    }

    /// Erases a person on record, or goes on with that. What is left to be removed then is on the
    /// list of this erasure. May be repeated.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] where the address is an account's or the desk's own.
    pub async fn erase_person(&self, address: Address) -> Result<Erasing, DeskError> {
        self.refuse_our_own(&address)?;
        let now = self.clock.now();
        let begun = self.store.write(move |w| {
            let known = w.erasures()?.into_iter().find(|known| known.address.as_ref() == Some(&address));
            if let Some(known) = known {
                return Ok(known);
            }
            let address = Some(address.clone());
            let erasure = Erasure { id: ErasureId::default(), at: now, address, erased: Erased::default() };
            let id = w.add_erasure(&erasure)?;
            Ok::<_, StoreError>(Erasure { id, ..erasure })
        });
        let begun = begun.await.map_err(WriteError::flatten)?;
        Ok(self.erase_records(&begun).await?)
    }

    /// Goes through the records of an erasure that was begun.
    ///
    /// # Errors
    /// Where the store cannot write; what was done until then is done.
    pub async fn erase_records(&self, erasure: &Erasure) -> Result<Erasing, StoreError> {
        let id = erasure.id;
        let Some(address) = erasure.address.clone() else {
            let erased = erasure.erased;
            return Ok(Erasing { id, erased, records_done: true, stays_suppressed: false });
        };
        let busy = self.erase_found(id, &address).await?;
        let now_clear = !busy && {
            // What came in meanwhile is found by the second look.
            self.find(&address).await?.is_empty() || !self.erase_found(id, &address).await?
        };
        let done = self.store.write(move |w| {
            let Some(mut erasure) = w.erasure(id)? else {
                return Ok((Erased::default(), false));
            };
            let mut stays = false;
            if now_clear {
                stays = w.forget_address(&address)?;
                erasure.address = None;
                w.put_erasure(&erasure)?;
            }
            Ok::<_, StoreError>((erasure.erased, stays))
        });
        let (erased, stays_suppressed) = done.await.map_err(WriteError::flatten)?;
        if now_clear {
            tracing::info!(erasure = id.0, "a person was erased on record; copies and files follow");
        }
        Ok(Erasing { id, erased, records_done: now_clear, stays_suppressed })
    }

    async fn find(&self, address: &Address) -> Result<Found, StoreError> {
        let (store, address) = (self.store.clone(), address.clone());
        aside(move || find(&store, &address)).await.map_err(|_| StoreError::Closed)?
    }

    /// Replaces everything that is found now; whether something could not be.
    async fn erase_found(&self, id: ErasureId, address: &Address) -> Result<bool, StoreError> {
        let found = self.find(address).await?;
        self.erase_all(id, found, &Whom::Person(address.clone())).await
    }

    async fn erase_all(&self, id: ErasureId, found: Found, whom: &Whom) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut busy = false;
        let on_tickets: HashSet<_> = found.tickets.iter().copied().collect();
        for ticket in found.tickets {
            let of = |(row, of): &(MailRowId, Option<TicketId>)| (*of == Some(ticket)).then_some(*row);
            let rows: Vec<_> = found.mails.iter().filter_map(of).collect();
            let whom = whom.clone();
            let done = self.store.write(move |w| erase_ticket(w, id, ticket, &rows, &whom, now));
            match done.await {
                Ok(()) => {}
                Err(WriteError::Refused(Busy::Letter)) => busy = true,
                Err(WriteError::Refused(Busy::Store(error)) | WriteError::Store(error)) => return Err(error),
            }
        }
        let apart = |(_, ticket): &(MailRowId, Option<TicketId>)| {
            ticket.is_none_or(|ticket| !on_tickets.contains(&ticket))
        };
        let rest: Vec<_> = found.mails.into_iter().filter(apart).map(|(row, _)| row).collect();
        for rows in rest.chunks(BATCH) {
            let rows = rows.to_vec();
            let done = self.store.write(move |w| {
                let mut erased = Erased::default();
                for row in &rows {
                    erased.mails += u64::from(erase_row(w, id, *row)?);
                }
                super::erase_ticket::count(w, id, erased)
            });
            done.await.map_err(WriteError::flatten)?;
        }
        self.texts.forget_all();
        Ok(busy)
    }

    /// Erases tickets that were closed for longer than their projects keep them, some at a time.
    /// Whether there may be more.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn erase_old_tickets(&self) -> Result<bool, StoreError> {
        let (store, now) = (self.store.clone(), self.clock.now());
        let old = aside(move || find_old(&store, now)).await.map_err(|_| StoreError::Closed)??;
        if old.tickets.is_empty() {
            return Ok(false);
        }
        let tickets = old.tickets.len();
        let begun = self.store.write(move |w| {
            let erasure =
                Erasure { id: ErasureId::default(), at: now, address: None, erased: Erased::default() };
            w.add_erasure(&erasure)
        });
        let id = begun.await.map_err(WriteError::flatten)?;
        let busy = self.erase_all(id, old, &Whom::Everybody).await?;
        tracing::info!(tickets, "closed tickets were erased, as their projects keep them no longer");
        Ok(tickets == ROUND && !busy)
    }

    fn refuse_our_own(&self, address: &Address) -> Result<(), DeskError> {
        let read = self.store.read()?;
        if let Some(account) = read.account_by_address(address)? {
            return Err(DeskError::Invalid(format!(
                "{address} is the address of the account @{}; people who work here are not erased as customers",
                account.handle
            )));
        }
        if self.is_of_this_desk(&read, address)? {
            return Err(DeskError::Invalid(format!("{address} is an address of this desk itself")));
        }
        Ok(())
    }
}

impl Found {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tickets.is_empty() && self.mails.is_empty()
    }
}

/// Where a person is found: tickets with them, mails from them, reports on letters to them, and what agents
/// answered about them that is held.
fn find(store: &Store, address: &Address) -> Result<Found, StoreError> {
    let mut tickets = HashSet::new();
    each_ticket(store, |ticket| {
        if ticket.participants.iter().any(|person| person.address == *address) {
            tickets.insert(ticket.id);
        }
        Ok(true)
    })?;
    let with_them = tickets.clone();
    let mut mails = Vec::new();
    each_row(store, |row| {
        let theirs = is_from(row, address) || {
            let about = row.verdict == VerdictKind::Bounce || row.verdict.is_agents_answer();
            about && row.ticket.is_some_and(|id| with_them.contains(&id)) && names(store, row, address)
        };
        if theirs {
            tickets.extend(row.ticket);
            mails.push((row.id, row.ticket));
        }
        Ok(true)
    })?;
    let mut tickets: Vec<_> = tickets.into_iter().collect();
    tickets.sort_unstable();
    Ok(Found { tickets, mails })
}

/// Whether a mail has the address in it, as it is written or as it is read.
fn names(store: &Store, row: &MailRow, address: &Address) -> bool {
    let Ok(octets) = store.raw().get(&row.raw) else { return false };
    let read = mail::render(&octets, RemoteImages::Blocked);
    [String::from_utf8_lossy(&octets).into_owned(), read.text, read.html, read.quoted.unwrap_or_default()]
        .iter()
        .any(|text| address.stands_in(text))
}

/// Tickets that are closed for longer than their projects keep them, and their mails.
fn find_old(store: &Store, now: Timestamp) -> Result<Found, StoreError> {
    let keep: Vec<_> = store
        .read()?
        .projects()?
        .into_iter()
        .filter_map(|project| Some((project.id, days_before(now, project.keep_closed_days?))))
        .collect();
    if keep.is_empty() {
        return Ok(Found::default());
    }
    let mut tickets = Vec::new();
    each_ticket(store, |ticket| {
        let until = keep.iter().find(|(project, _)| *project == ticket.project).map(|(_, until)| *until);
        let old = until.is_some_and(|until| ticket.active_at < until);
        let held = || under_way(&store.read()?, ticket.id);
        if old && ticket.state == State::Closed && ticket.erased_at.is_none() && !held()? {
            tickets.push(ticket.id);
        }
        Ok(tickets.len() < ROUND)
    })?;
    let among: HashSet<_> = tickets.iter().copied().collect();
    let mut mails = Vec::new();
    if !tickets.is_empty() {
        each_row(store, |row| {
            if row.ticket.is_some_and(|ticket| among.contains(&ticket)) {
                mails.push((row.id, row.ticket));
            }
            Ok(true)
        })?;
    }
    Ok(Found { tickets, mails })
}

/// Whether a letter of the ticket has yet to leave.
fn under_way(read: &Read, ticket: TicketId) -> Result<bool, StoreError> {
    let leaving = |state| matches!(state, OutboxState::Waiting | OutboxState::Submitting);
    Ok(read.letters_of(ticket)?.iter().any(|letter| leaving(letter.state)))
}

/// So many days before, held at the beginning of representable time.
pub(crate) fn days_before(now: Timestamp, days: u32) -> Timestamp {
    let hours = jiff::SignedDuration::from_hours(i64::from(days) * 24);
    now.checked_sub(hours).unwrap_or(Timestamp::MIN)
}

fn each_ticket(
    store: &Store,
    mut visit: impl FnMut(&Ticket) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut last = TicketId::default();
    loop {
        // A snapshot for each part, so that none is held for long.
        let tickets = store.read()?.tickets_after(last, CHUNK)?;
        let Some(end) = tickets.last() else { return Ok(()) };
        last = end.id;
        for ticket in &tickets {
            if !visit(ticket)? {
                return Ok(());
            }
        }
    }
}

fn each_row(
    store: &Store,
    mut visit: impl FnMut(&MailRow) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut last = MailRowId::default();
    loop {
        let rows = store.read()?.mail_rows_after(last, CHUNK)?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = end.id;
        for row in &rows {
            if !visit(row)? {
                return Ok(());
            }
        }
    }
}
