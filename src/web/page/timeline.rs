//! A ticket's timeline as the theme takes it.

use jiff::Timestamp;

use super::{delivery, unverified};
use crate::desk::{SeenEntry, SeenText, SeenTicket, Who};
use crate::mail::{Attachment, Defect};
use crate::theme::Html;
use crate::theme::page::{Entry, File, Line, Pending, Text};
use crate::tracker::{
    Body, EventKind, EventNo, LinkKind, OutboxState, ParticipantNo, State, Ticket, initials,
};
use crate::web::place;

/// All entries that the page shows. `since` marks what came after a form had been shown.
pub(super) fn entries(seen: &SeenTicket, href: &str, since: Option<EventNo>, now: Timestamp) -> Vec<Entry> {
    let shown = |entry: &&SeenEntry| !matches!(entry.event.kind, EventKind::Retracted { .. });
    seen.entries.iter().filter(shown).map(|entry| one(entry, seen, href, since, now)).collect()
}

fn one(entry: &SeenEntry, seen: &SeenTicket, href: &str, since: Option<EventNo>, now: Timestamp) -> Entry {
    let ticket = &seen.ticket;
    match &entry.event.kind {
        EventKind::Opened { .. } => Entry::Comment(text(entry, ticket, href, since, now)),
        EventKind::Comment { automatic: true, .. } => Entry::Automatic(text(entry, ticket, href, since, now)),
        // Its text is with whoever took it back.
        kind @ EventKind::Comment { .. } if entry.retracted => Entry::Event(line(kind, entry, ticket, now)),
        EventKind::Comment { .. } => Entry::Comment(text(entry, ticket, href, since, now)),
        EventKind::Note { .. } => {
            Entry::Comment(Text { note: true, ..text(entry, ticket, href, since, now) })
        }
        EventKind::Unverified { .. } => {
            unverified::entry(entry, text(entry, ticket, href, since, now), seen.may_work)
        }
        kind => Entry::Event(line(kind, entry, ticket, now)),
    }
}

fn name(who: &Who) -> &str {
    match who {
        Who::Postdesk => "Postdesk",
        Who::Account { name, .. } => name,
        Who::Participant(person) => person.label(),
        Who::Somebody => "Somebody",
    }
}

fn text(entry: &SeenEntry, ticket: &Ticket, href: &str, since: Option<EventNo>, now: Timestamp) -> Text {
    let who = name(&entry.who);
    let no = entry.event.no;
    let (agent, address) = match &entry.who {
        Who::Participant(person) => (false, person.name.is_some().then(|| person.address.to_string())),
        Who::Account { .. } => (true, None),
        Who::Postdesk | Who::Somebody => (false, None),
    };
    let nothing = SeenText::default();
    let pending = entry.may_undo.then(|| pending(entry, ticket, now));
    let leaves_later = pending.as_ref().is_some_and(|pending| pending.at.is_some());
    let text = entry.text.as_deref().unwrap_or(&nothing);
    Text {
        no: no.0,
        who: who.to_owned(),
        address,
        initials: initials(who),
        agent,
        by_mail: agent && matches!(entry.event.kind.body(), Some(Body::Mail { row: Some(_), .. })),
        note: false,
        fresh: since.is_some_and(|since| no > since),
        at: entry.event.at,
        html: Html::sanitised(text.html.clone()),
        quoted: text.quoted.clone().map(Html::sanitised),
        remote_images: if text.images_shown { 0 } else { text.remote_images },
        images_shown: text.images_shown,
        defects: defects(text),
        files: text.attachments.iter().map(|file| self::file(file, no, href)).collect(),
        delivery: if leaves_later { None } else { delivery::foot(&entry.letters, ticket, now) },
        pending,
    }
}

/// What is said of a reply that has not left yet.
fn pending(entry: &SeenEntry, ticket: &Ticket, now: Timestamp) -> Pending {
    let waits = || entry.letters.iter().filter(|letter| letter.state == OutboxState::Waiting);
    let name = |no: ParticipantNo| ticket.participant(no).map_or("somebody", |person| person.label());
    let whom: Vec<&str> = waits().filter_map(|letter| letter.participant().map(name)).collect();
    let trouble = waits().find_map(|letter| letter.trouble.as_deref()).map(crate::web::answer::sentence);
    let at = waits().map(|letter| letter.not_before).min().filter(|at| *at > now && trouble.is_none());
    Pending { at, whom: whom.join(", "), trouble }
}

fn file(file: &Attachment, no: EventNo, href: &str) -> File {
    let end = file.name.rsplit_once('.').map(|(_, end)| end).unwrap_or_default();
    let kind: String = end.chars().filter(char::is_ascii_alphanumeric).take(4).collect();
    let name = if file.name.trim().is_empty() { "file without a name" } else { file.name.as_str() };
    File {
        href: format!("{href}/file/{no}/{}", file.part),
        name: name.to_owned(),
        kind: if kind.is_empty() { "FILE".to_owned() } else { kind.to_uppercase() },
        size: file.size,
    }
}

/// What a reader has to know of a broken mail. What harms nobody is not said.
fn defects(text: &SeenText) -> Vec<String> {
    if text.missing {
        return vec![
            "The mail cannot be read at present; an administrator finds the cause in the log.".to_owned(),
        ];
    }
    let say = |defect: &Defect| match defect {
        Defect::Unparsable => Some("This mail could not be understood, so its raw text is shown."),
        Defect::NoSender => Some("This mail names no sender."),
        Defect::SeveralSenders => Some("This mail names several senders; the first one counts."),
        Defect::NoText => Some("This mail has no text."),
        Defect::TooManyParts => {
            Some("This mail has more parts than are looked at; some may be missing here.")
        }
        Defect::NoSubject | Defect::NoDate | Defect::NoMessageId => None,
    };
    text.defects.iter().filter_map(say).map(str::to_owned).collect()
}

fn line(kind: &EventKind, entry: &SeenEntry, ticket: &Ticket, now: Timestamp) -> Line {
    let person = |no: &ParticipantNo| ticket.participant(*no).map_or("somebody", |p| p.label()).to_owned();
    let who = name(&entry.who).to_owned();
    let plain = |icon, who: String, what: &str| Line {
        no: entry.event.no.0,
        icon,
        who,
        what: what.to_owned(),
        whom: None,
        href: None,
        detail: None,
        bad: false,
        at: entry.event.at,
    };
    match kind {
        EventKind::Status { to: State::Closed, .. } => plain("check", who, "closed the ticket"),
        EventKind::Status { to: State::OnHold, .. } => plain("clock", who, "set the ticket aside"),
        EventKind::Status { to: State::Open, .. } => plain("open", who, "opened the ticket again"),
        EventKind::Assigned { to: None, .. } => plain("person", who, "took the ticket from its assignee"),
        EventKind::Assigned { to: Some(to), .. } => {
            let itself = matches!(&entry.who, Who::Account { id, .. } if id == to);
            let whom = (!itself).then(|| entry.to.clone().unwrap_or_else(|| "somebody".to_owned()));
            let what = if itself { "took the ticket" } else { "assigned the ticket to" };
            Line { whom, ..plain("person", who, what) }
        }
        EventKind::ParticipantAdded { participant } => {
            Line { whom: Some(person(participant)), ..plain("mail", who, "added the participant") }
        }
        EventKind::Unsubscribed { participant } => plain("mail-off", person(participant), "unsubscribed"),
        EventKind::Subscribed { participant } => plain("mail", person(participant), "gets mails again"),
        EventKind::Confirmed { participant } => {
            let state = entry.letters.first().map(|letter| delivery::clause(letter, now));
            let bad = state.as_ref().is_some_and(|(_, bad)| *bad);
            let whom = Some(person(participant));
            let detail = state.map(|(line, _)| line);
            Line { whom, detail, bad, ..plain("sent", "Confirmation".to_owned(), "for") }
        }
        EventKind::DeliveryFailed { participant, reply } => Line {
            whom: Some(person(participant)),
            detail: (!reply.is_empty()).then(|| reply.clone()),
            bad: true,
            ..plain("alert", "Delivery failed".to_owned(), "for")
        },
        EventKind::Comment { .. } if entry.retracted => {
            plain("undo", who, "wrote a reply and took it back before it left")
        }
        EventKind::Retracted { .. } => plain("undo", who, "took a reply back"),
        EventKind::ParticipantRemoved { participant } => {
            Line { whom: Some(person(participant)), ..plain("mail-off", who, "took off the ticket") }
        }
        EventKind::Linked { how, .. } => {
            let what = match how {
                LinkKind::Answers => "This ticket answers",
                LinkKind::AnsweredBy => "A mail that answers this ticket began",
            };
            let place = entry.refs.ticket.as_ref();
            let named = place.map(|(path, number)| format!("{path}#{number}"));
            let whom = Some(named.unwrap_or_else(|| "a ticket of another project".to_owned()));
            let href = place.map(|(path, number)| place::ticket(path, *number));
            Line { whom, href, ..plain("open", String::new(), what) }
        }
        EventKind::NotMailed { .. } => Line {
            detail: Some(
                "There were more than five comments of customers within ten minutes, and nobody of the team in \
                 between: two mail programs may be answering each other. A reply of yours ends this."
                    .to_owned(),
            ),
            ..plain("mail-off", who, "did not mail this comment to the other participants")
        },
        EventKind::Moved { number, .. } => {
            let from = entry.refs.project.as_ref().map(|path| format!("{path}#{number}"));
            let whom = Some(from.unwrap_or_else(|| "another project".to_owned()));
            Line { whom, ..plain("open", who, "moved the ticket here from") }
        }
        // Texts have entries of their own.
        EventKind::Opened { .. }
        | EventKind::Comment { .. }
        | EventKind::Note { .. }
        | EventKind::Unverified { .. } => plain("mail", who, "wrote"),
    }
}
