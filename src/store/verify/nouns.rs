//! What each noun must have beside its record, noun by noun.

use std::collections::{BTreeMap, HashSet};

use super::tally::Tally;
use crate::store::events::used;
use crate::store::key::{Key, as_u32, as_u64, last_u64};
use crate::store::reach::{Reach, number32, number64};
use crate::store::schema::{Table, meta};
use crate::store::{Look, StoreError, accounts, counts, mailrows, outbox, projects, tickets};
use crate::tracker::{
    Account, AccountLink, Erasure, ErasureId, Event, JournalEntry, Leftover, OutboxRow, Project, RawHash,
    Session, Subject, Ticket, TicketId,
};
use crate::triage::{Adoption, InHand, KeyFact, MailRow};

type Done = Result<(), StoreError>;

/// Counted records, by their keys in [`Table::Counts`].
type Counted = BTreeMap<Vec<u8>, u64>;

pub(super) fn all(tally: &mut Tally<'_>, has_raw: &mut dyn FnMut(&RawHash) -> bool) -> Done {
    let mut counted = Counted::new();
    people_and_projects(tally)?;
    of_tickets(tally, &mut counted)?;
    of_events(tally)?;
    of_mails(tally, &mut counted)?;
    of_letters(tally)?;
    of_threads(tally)?;
    counters(tally, &counted)?;
    journal(tally)?;
    rest(tally)?;
    for table in INDEXES {
        tally.nothing_more(table)?;
    }
    raw_files(tally, has_raw)
}

/// The tables whose every entry follows from a record.
pub(in crate::store) const INDEXES: [Table; 25] = [
    Table::ProjectPaths,
    Table::ProjectSlugs,
    Table::ProjectAliases,
    Table::AccountAddresses,
    Table::AccountHandles,
    Table::ByActivity,
    Table::ByOpened,
    Table::ByWaiting,
    Table::ByParticipant,
    Table::Unverified,
    Table::MailIds,
    Table::MailByRaw,
    Table::MailByMessageId,
    Table::MailBySource,
    Table::MailBySender,
    Table::MailUnfiled,
    Table::MailHeld,
    Table::OutboxByState,
    Table::OutboxDue,
    Table::OutboxQueues,
    Table::OutboxByTicket,
    Table::OutboxLooks,
    Table::OutboxByMessageId,
    Table::RawUses,
    Table::FormsByTime,
];

fn people_and_projects(tally: &mut Tally<'_>) -> Done {
    tally.records(Table::Projects, |tally, project: Project, _| {
        for (table, name) in projects::names(&project) {
            let key = Key::new().octets(name.as_bytes());
            tally.expect(
                table,
                &key,
                Some(&project.id.0.to_be_bytes()),
                &format!("project {}", project.path),
            )?;
        }
        given_out(tally, Table::Projects, meta::LAST_PROJECT, u64::from(project.id.0))
    })?;
    tally.records(Table::Accounts, |tally, account: Account, _| {
        for (table, name) in accounts::names(&account) {
            let key = Key::new().octets(name.as_bytes());
            tally.expect(
                table,
                &key,
                Some(&account.id.0.to_be_bytes()),
                &format!("account @{}", account.handle),
            )?;
        }
        given_out(tally, Table::Accounts, meta::LAST_ACCOUNT, u64::from(account.id.0))
    })
}

/// A number that is in use must have been given out, or it is given out again.
fn given_out(tally: &mut Tally<'_>, table: Table, word: &[u8], number: u64) -> Done {
    if number64(tally.read, Table::Meta, word)?.unwrap_or(0) < number {
        tally.find(table, format!("number {number} is in use and would be given out again"));
    }
    Ok(())
}

fn of_tickets(tally: &mut Tally<'_>, counted: &mut Counted) -> Done {
    tally.records(Table::Tickets, |tally, ticket: Ticket, _| {
        let of = format!("ticket {}", ticket.id.0);
        for (table, key) in tickets::marks(&ticket) {
            tally.expect(table, &key, None, &of)?;
        }
        if let Some((key, count)) = tickets::unverified_mark(&ticket) {
            tally.expect(Table::Unverified, &key, Some(&count), &of)?;
        }
        if let Some(key) = tickets::counted(&ticket) {
            *counted.entry(key.as_slice().to_vec()).or_default() += 1;
        }
        if tally.read.ticket_by_number(ticket.project, ticket.number)? != Some(ticket.id) {
            tally.find(Table::TicketNumbers, format!("the number of {of} leads elsewhere"));
        }
        let last = number32(tally.read, Table::LastNumbers, Key::new().u32(ticket.project.0).as_slice())?;
        if last.unwrap_or(0) < ticket.number {
            tally.find(Table::LastNumbers, format!("number {} would be given out again", ticket.number));
        }
        if tally.read.get(Table::Projects, Key::new().u32(ticket.project.0).as_slice())?.is_none() {
            tally.find(Table::Tickets, format!("{of} is in a project that is not on record"));
        }
        given_out(tally, Table::Tickets, meta::LAST_TICKET, ticket.id.0)
    })?;
    // Numbers of tickets that moved on are kept for ever.
    tally.each(Table::TicketNumbers, |tally, (_, value)| {
        let id = as_u64(&value).map(TicketId).unwrap_or_default();
        known(tally, Table::TicketNumbers, id, &"a number")
    })
}

/// A ticket that something names has to be there.
fn known(tally: &mut Tally<'_>, table: Table, ticket: TicketId, of: &dyn std::fmt::Display) -> Done {
    if tally.read.get(Table::Tickets, Key::new().u64(ticket.0).as_slice())?.is_none() {
        tally.find(table, format!("{of} names ticket {}, which is not on record", ticket.0));
    }
    Ok(())
}

fn of_events(tally: &mut Tally<'_>) -> Done {
    tally.records(Table::Events, |tally, event: Event, _| {
        let of = format!("line {} of ticket {}", event.no.0, event.ticket.0);
        if let Some(key) = used(&event) {
            tally.expect(Table::RawUses, &key, None, &of)?;
        }
        match tally.read.ticket(event.ticket) {
            Ok(Some(ticket)) if ticket.last_event < event.no => {
                tally.find(Table::Events, format!("{of} is behind the ticket's last one"));
            }
            Ok(Some(_)) | Err(_) => {}
            Ok(None) => known(tally, Table::Events, event.ticket, &of)?,
        }
        Ok(())
    })
}

fn of_mails(tally: &mut Tally<'_>, counted: &mut Counted) -> Done {
    tally.records(Table::MailRows, |tally, row: MailRow, _| {
        let of = format!("mail {}", row.id.0);
        for (table, key) in mailrows::marks(&row) {
            tally.expect(table, &key, None, &of)?;
        }
        if let Some((table, key)) = mailrows::nobodys_mark(&row) {
            tally.allow(table, &key)?;
        }
        *counted.entry(counts::verdict_key(row.verdict).as_slice().to_vec()).or_default() += 1;
        if let Some(ticket) = row.ticket {
            known(tally, Table::MailRows, ticket, &of)?;
        }
        given_out(tally, Table::MailRows, meta::LAST_MAIL_ROW, row.id.0)
    })
}

fn of_letters(tally: &mut Tally<'_>) -> Done {
    tally.records(Table::Outbox, |tally, row: OutboxRow, _| {
        let of = format!("letter {}", row.id.0);
        for (table, key) in outbox::marks(&row) {
            tally.expect(table, &key, None, &of)?;
        }
        let named = Key::new().text(row.message_id.as_str());
        tally.expect(Table::OutboxByMessageId, &named, Some(&row.id.0.to_be_bytes()), &of)?;
        if let Some(ticket) = row.ticket() {
            known(tally, Table::Outbox, ticket, &of)?;
        }
        given_out(tally, Table::Outbox, meta::LAST_LETTER, row.id.0)
    })?;
    tally.records(Table::Keys, |tally, key: KeyFact, _| known(tally, Table::Keys, key.ticket, &"a reply key"))
}

/// Message-IDs lead to tickets, and tickets list them in order.
fn of_threads(tally: &mut Tally<'_>) -> Done {
    tally.each(Table::Threads, |tally, (key, value)| {
        let ticket = key.get(..8).map_or(0, last_u64);
        let of = format!("the thread of ticket {ticket}");
        let Some((ours, id)) = value.split_first() else {
            tally.find(Table::Threads, format!("{of} has an empty line"));
            return Ok(());
        };
        let id = String::from_utf8_lossy(id).into_owned();
        tally.expect(Table::MailIds, &Key::new().text(&id).u64(ticket), Some(&[*ours]), &of)?;
        known(tally, Table::Threads, TicketId(ticket), &of)
    })
}

fn counters(tally: &mut Tally<'_>, counted: &Counted) -> Done {
    let mut kept = Counted::new();
    tally.each(Table::Counts, |_, (key, value)| {
        kept.insert(key, as_u64(&value).unwrap_or(u64::MAX));
        Ok(())
    })?;
    let keys: std::collections::BTreeSet<_> = kept.keys().chain(counted.keys()).collect();
    for key in keys {
        let (kept, counted) = (kept.get(key).copied(), counted.get(key).copied());
        if kept.unwrap_or(0) != counted.unwrap_or(0) {
            let (kept, counted) = (kept.unwrap_or(0), counted.unwrap_or(0));
            tally.find(Table::Counts, format!("a counter says {kept}, and {counted} are there"));
        }
    }
    Ok(())
}

fn journal(tally: &mut Tally<'_>) -> Done {
    let mut last = 0;
    tally.records(Table::Journal, |tally, entry: JournalEntry, key| {
        if as_u64(key) != Some(entry.seq.0) {
            tally.find(Table::Journal, format!("entry {} stands under another number", entry.seq.0));
        }
        last = last.max(entry.seq.0);
        match entry.subject {
            Subject::Ticket { ticket, .. } | Subject::Letters(ticket) => {
                known(tally, Table::Journal, ticket, &format!("entry {}", entry.seq.0))
            }
            Subject::Project(_) | Subject::Account(_) | Subject::Site => Ok(()),
        }
    })?;
    given_out(tally, Table::Journal, meta::LAST_SEQ, last)
}

fn rest(tally: &mut Tally<'_>) -> Done {
    let account = |tally: &mut Tally<'_>, table, id: crate::tracker::AccountId| {
        if tally.read.get(Table::Accounts, Key::new().u32(id.0).as_slice())?.is_none() {
            tally.find(table, format!("one is of account {}, which is not on record", id.0));
        }
        Ok(())
    };
    tally.records(Table::Sessions, |tally, session: Session, _| {
        account(tally, Table::Sessions, session.account)
    })?;
    tally.records(Table::AccountLinks, |tally, link: AccountLink, _| {
        account(tally, Table::AccountLinks, link.account)
    })?;
    tally.records(Table::Adoptions, |_, _: Adoption, _| Ok(()))?;
    tally.records(Table::InHand, |_, _: InHand, _| Ok(()))?;
    tally.records(Table::Erasures, |tally, erasure: Erasure, _| {
        given_out(tally, Table::Erasures, meta::LAST_ERASURE, erasure.id.0)
    })?;
    tally.records(Table::Leftovers, |tally, _: Leftover, key| {
        let of = key.get(..8).map_or(0, last_u64);
        if tally.read.erasure(ErasureId(of))?.is_none() {
            tally.find(Table::Leftovers, format!("one is of erasure {of}, which is not on record"));
        }
        Ok(())
    })?;
    tally.each(Table::LastNumbers, |tally, (_, value)| {
        if as_u32(&value).is_none() {
            tally.find(Table::LastNumbers, "one is no number");
        }
        Ok(())
    })?;
    tally.each(Table::Forms, |tally, (form, at)| {
        let key = Key::new().octets(&at).octets(&form);
        tally.expect(Table::FormsByTime, &key, None, &"a form")
    })
}

/// A mail that was too large to be kept has no file.
const NOT_KEPT: RawHash = RawHash([0; 32]);

/// What names a raw file, in two tables whose keys begin with its hash.
fn raw_files(tally: &mut Tally<'_>, has_raw: &mut dyn FnMut(&RawHash) -> bool) -> Done {
    let mut seen = HashSet::new();
    for table in [Table::MailByRaw, Table::RawUses] {
        tally.each(table, |tally, (key, _)| {
            let Some(hash) = key.first_chunk::<32>().map(|hash| RawHash(*hash)) else { return Ok(()) };
            if hash == NOT_KEPT || !seen.insert(hash) {
                return Ok(());
            }
            tally.report.raw += 1;
            if !has_raw(&hash) {
                tally.find(table, format!("the raw file {hash} is missing or damaged"));
            }
            Ok(())
        })?;
    }
    Ok(())
}
