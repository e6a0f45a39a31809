//! Answers the questions of triage.

use jiff::{SignedDuration, Timestamp};

use super::reach::Reach;
use super::{StoreError, accounts, events, keys, mailrows, outbox, projects, site, tickets};
use crate::mail::Address;
use crate::tracker::{Account, Actor, Event, Project, ProjectId, Recipient, TicketId};
use crate::triage::is_check_mail;
use crate::triage::{
    AgentFact, Counts, Facts, KeyPurpose, LetterFact, MailFact, MailRow, ProjectFact, Questions, SeenMail,
    TicketFact,
};

pub(super) fn answer<L: Reach + ?Sized>(
    look: &L,
    questions: &Questions,
    now: Timestamp,
) -> Result<Facts, StoreError> {
    let mut facts = Facts { raw: questions.raw, ..Facts::default() };
    facts.seen = seen(look, questions)?;
    facts.ours = is_ours(look, questions)?;
    facts.check = is_check(look, questions)?;
    for key in &questions.keys {
        facts.keys.extend(keys::get(look, key)?);
    }
    facts.mails = mails(look, questions)?;
    facts.letter = reported(look, questions)?;
    facts.tickets = led_to(look, &facts)?;
    facts.default_project = site::default_project(look)?;
    facts.projects = addressed(look, questions, &facts)?;
    facts.agents = agents(look, &facts)?;
    facts.sender = match &questions.sender {
        Some(sender) => counts(look, Some(sender), now)?,
        None => nobodys(look, now)?,
    };
    facts.reply_to = counts(look, questions.reply_to.as_ref(), now)?;
    Ok(facts)
}

/// What mails without a sender have caused of late, all together: each of them may be anybody's.
fn nobodys<L: Reach + ?Sized>(look: &L, now: Timestamp) -> Result<Counts, StoreError> {
    let mails_last_hour = mailrows::taken_since(look, mailrows::NOBODY, hour_before(now))?;
    Ok(Counts { mails_last_hour, ..Counts::default() })
}

fn hour_before(now: Timestamp) -> Timestamp {
    site::before(now, SignedDuration::from_hours(1))
}

/// What an address has caused of late.
fn counts<L: Reach + ?Sized>(
    look: &L,
    address: Option<&Address>,
    now: Timestamp,
) -> Result<Counts, StoreError> {
    let Some(address) = address else { return Ok(Counts::default()) };
    let hour_ago = hour_before(now);
    let day_ago = site::before(now, SignedDuration::from_hours(24));
    let mut counts = Counts {
        mails_last_hour: mailrows::taken_since(look, address.folded(), hour_ago)?,
        confirmations_last_hour: site::confirmations_since(look, address, hour_ago)?,
        confirmations_last_day: site::confirmations_since(look, address, day_ago)?,
        confirmations_unattended: 0,
    };
    if counts.confirmations_last_day > 0 {
        let attended = attended(look, address, day_ago)?.unwrap_or(day_ago);
        counts.confirmations_unattended = site::confirmations_since(look, address, attended)?;
    }
    Ok(counts)
}

/// How many of a sender's tickets are looked at for what people did.
const ATTENDED: usize = 50;

/// When a person last acted on a ticket of this sender, if that was since then.
fn attended<L: Reach + ?Sized>(
    look: &L,
    sender: &Address,
    since: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let mut last = None;
    for ticket in tickets::of(look, sender, ATTENDED)? {
        let by_person = |event: &Event| {
            matches!(event.actor, Actor::Account(_)).then_some(event.at).filter(|at| *at >= since)
        };
        last = events::of(look, ticket.id)?.iter().filter_map(by_person).max().max(last);
    }
    Ok(last)
}

/// Rows with the same octets or the same Message-ID, each once.
fn seen<L: Reach + ?Sized>(look: &L, questions: &Questions) -> Result<Vec<SeenMail>, StoreError> {
    let mut rows: Vec<MailRow> = Vec::new();
    if let Some(raw) = &questions.raw {
        rows.extend(mailrows::by_raw(look, raw)?);
    }
    if let Some(id) = &questions.message_id {
        let known: Vec<_> = rows.iter().map(|row| row.id).collect();
        rows.extend(mailrows::by_message_id(look, id)?.into_iter().filter(|row| !known.contains(&row.id)));
    }
    Ok(rows.into_iter().map(seen_mail).collect())
}

fn seen_mail(row: MailRow) -> SeenMail {
    SeenMail {
        row: row.id,
        raw: row.raw,
        message_id: row.message_id,
        from: row.from,
        date: row.date,
        body_hash: row.body_hash,
        set_aside: row.verdict.is_set_aside(),
    }
}

/// Whether the mail's own Message-ID is one of ours: of a letter, or of a mail that we noted as such.
fn is_ours<L: Reach + ?Sized>(look: &L, questions: &Questions) -> Result<bool, StoreError> {
    let Some(id) = &questions.message_id else { return Ok(false) };
    if outbox::by_message_id(look, id)?.is_some() {
        return Ok(true);
    }
    Ok(events::tickets_of_id(look, id)?.iter().any(|(_, ours)| *ours))
}

/// Whether the mail has the mark of a test mail of this store's desk.
fn is_check<L: Reach + ?Sized>(look: &L, questions: &Questions) -> Result<bool, StoreError> {
    let (Some(id), Some(mark)) = (&questions.message_id, &questions.check) else { return Ok(false) };
    Ok(is_check_mail(&site::store_id(look)?, id, mark))
}

fn mails<L: Reach + ?Sized>(look: &L, questions: &Questions) -> Result<Vec<MailFact>, StoreError> {
    let mut mails: Vec<MailFact> = Vec::new();
    for id in &questions.ids {
        for (ticket, ours) in events::tickets_of_id(look, id)? {
            let letter = if ours { outbox::by_message_id(look, id)? } else { None };
            let notice = letter.and_then(|letter| match letter.to {
                Recipient::Agent { account, .. } => Some(account),
                Recipient::Participant { .. } | Recipient::Account(_) => None,
            });
            let fact = MailFact { id: id.clone(), ticket: tickets::follow(look, ticket)?, ours, notice };
            if !mails.contains(&fact) {
                mails.push(fact);
            }
        }
    }
    Ok(mails)
}

/// The accounts of agents' keys and of notices, each once.
fn agents<L: Reach + ?Sized>(look: &L, facts: &Facts) -> Result<Vec<AgentFact>, StoreError> {
    let of_keys = facts.keys.iter().filter_map(|key| match key.purpose {
        KeyPurpose::AgentComment(id) | KeyPurpose::AgentNote(id) => Some(id),
        KeyPurpose::Reply(_) | KeyPurpose::Unsubscribe(_) => None,
    });
    let mut agents: Vec<AgentFact> = Vec::new();
    for id in of_keys.chain(facts.mails.iter().filter_map(|mail| mail.notice)) {
        if !agents.iter().any(|agent| agent.account == id)
            && let Some(Account { address, disabled, .. }) = accounts::get(look, id)?
        {
            agents.push(AgentFact { account: id, address, disabled });
        }
    }
    Ok(agents)
}

/// The letter that a delivery report is about.
fn reported<L: Reach + ?Sized>(look: &L, questions: &Questions) -> Result<Option<LetterFact>, StoreError> {
    let Some(id) = &questions.reported else { return Ok(None) };
    let Some(row) = outbox::by_message_id(look, id)? else { return Ok(None) };
    // A letter about an account belongs to no ticket: its report is for a person to see.
    let Some(ticket) = row.ticket() else { return Ok(None) };
    let to = match row.to {
        Recipient::Participant { no, .. } => {
            let found = tickets::get(look, ticket)?;
            found.and_then(|found| found.participant(no).map(|person| person.address.clone()))
        }
        Recipient::Agent { account: id, .. } | Recipient::Account(id) => {
            accounts::get(look, id)?.map(|account| account.address)
        }
    };
    Ok(to.map(|to| LetterFact { letter: row.id, ticket, to }))
}

/// The tickets of keys and ids, each once.
fn led_to<L: Reach + ?Sized>(look: &L, facts: &Facts) -> Result<Vec<TicketFact>, StoreError> {
    let of_keys = facts.keys.iter().map(|key| key.ticket);
    let mut ids: Vec<TicketId> = Vec::new();
    let of_letter = facts.letter.iter().map(|letter| letter.ticket);
    for id in of_keys.chain(facts.mails.iter().map(|mail| mail.ticket)).chain(of_letter) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut found = Vec::new();
    for id in ids {
        found.extend(tickets::get(look, id)?.map(|ticket| TicketFact { ticket }));
    }
    Ok(found)
}

/// The projects that addresses may lead to, those of the tickets, and the default one, each once.
fn addressed<L: Reach + ?Sized>(
    look: &L,
    questions: &Questions,
    facts: &Facts,
) -> Result<Vec<ProjectFact>, StoreError> {
    let mut found: Vec<Project> = Vec::new();
    for alias in &questions.aliases {
        found.extend(projects::by_alias(look, alias)?);
    }
    let numbers = questions.numbers.iter().copied();
    let of_tickets = facts.tickets.iter().map(|fact| fact.ticket.project);
    for path in &questions.paths {
        found.extend(projects::by_path(look, path)?);
    }
    for (slug, suffix) in &questions.suffixes {
        let project = projects::by_slug(look, slug)?;
        found.extend(project.filter(|project| project.suffix.as_ref() == Some(suffix)));
    }
    for id in numbers.chain(of_tickets).chain(facts.default_project) {
        found.extend(projects::get(look, id)?);
    }
    let mut known: Vec<ProjectId> = Vec::new();
    found.retain(|project| {
        let new = !known.contains(&project.id);
        known.push(project.id);
        new
    });
    Ok(found.into_iter().map(project_fact).collect())
}

fn project_fact(project: Project) -> ProjectFact {
    let mut paths = vec![project.path];
    paths.extend(project.former_paths);
    ProjectFact {
        id: project.id,
        on: project.on,
        confirm: project.confirm,
        reopen: project.reopen,
        joining: project.joining,
        paths,
        aliases: project.aliases,
        suffix: project.suffix,
    }
}
