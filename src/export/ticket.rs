//! One ticket as one line of JSON, with everything that the desk knows of it.

use serde_json::{Value, json};

use super::{ExportError, Out};
use crate::store::Look;
use crate::tracker::{
    AccountId, Actor, Body, Delivery, Event, EventKind, LetterKind, LinkKind, OutboxRow, OutboxState,
    ParticipantNo, ProjectId, Recipient, Ruling, State, Subscription, Ticket, TicketId,
};

pub(super) fn line(out: &mut Out<'_>, ticket: &Ticket) -> Result<Value, ExportError> {
    let mut line = head(out, ticket)?;
    let mut events = Vec::new();
    for event in out.source.read.events(ticket.id)? {
        events.push(event_line(out, &event)?);
    }
    let mut letters = Vec::new();
    for letter in out.source.read.letters_of(ticket.id)? {
        letters.push(letter_line(out, &letter)?);
    }
    let participants = ticket.participants.iter().map(|person| {
        json!({
            "no": person.no.0,
            "address": person.address.as_str(),
            "name": person.name,
            "added": person.added_at.to_string(),
            "subscription": match person.subscription {
                Subscription::Subscribed => "subscribed",
                Subscription::Unsubscribed { .. } => "unsubscribed",
                Subscription::Removed { .. } => "removed",
            },
        })
    });
    let participants: Vec<Value> = participants.collect();
    let more = json!({ "participants": participants, "events": events, "letters": letters });
    if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
        line.extend(more);
    }
    Ok(line)
}

/// What stands above a ticket's timeline.
pub(super) fn head(out: &Out<'_>, ticket: &Ticket) -> Result<Value, ExportError> {
    Ok(json!({
        "ticket": name(out, ticket.id)?,
        "project": path(out, ticket.project)?,
        "number": ticket.number,
        "title": ticket.title,
        "state": word(ticket.state),
        "opened": ticket.opened_at.to_string(),
        "active": ticket.active_at.to_string(),
        "hold_until": ticket.hold_until.map(|at| at.to_string()),
        "due": ticket.due.map(|at| at.to_string()),
        "spam": ticket.spam,
        "assignee": ticket.assignee.map(|id| handle(out, id)).transpose()?,
        "merged_into": ticket.merged_into.map(|id| name(out, id)).transpose()?,
    }))
}

fn event_line(out: &mut Out<'_>, event: &Event) -> Result<Value, ExportError> {
    let by = match event.actor {
        Actor::Postdesk => json!("postdesk"),
        Actor::Participant(no) => json!({ "participant": no.0 }),
        Actor::Account(id) => json!({ "account": handle(out, id)? }),
    };
    let mut line = json!({ "no": event.no.0, "at": event.at.to_string(), "by": by });
    let mut more = kind(out, &event.kind)?;
    if let Some(body) = event.kind.body() {
        merge(&mut more, text(out, body)?);
    }
    merge(&mut line, more);
    Ok(line)
}

/// A text, and where its mail stands in the mbox.
pub(super) fn text(out: &mut Out<'_>, body: &Body) -> Result<Value, ExportError> {
    Ok(match body {
        Body::Text(markdown) => json!({ "markdown": markdown }),
        Body::Mail { raw, .. } => json!({ "mail": out.mail(raw)?, "text": out.text_of(raw) }),
    })
}

pub(super) fn merge(line: &mut Value, more: Value) {
    if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
        line.extend(more);
    }
}

fn kind(out: &Out<'_>, kind: &EventKind) -> Result<Value, ExportError> {
    let of = |kind: &str, participant: ParticipantNo| json!({ "kind": kind, "participant": participant.0 });
    Ok(match kind {
        EventKind::Opened { .. } => json!({ "kind": "opened" }),
        EventKind::Comment { automatic, .. } => json!({ "kind": "comment", "automatic": automatic }),
        EventKind::Note { .. } => json!({ "kind": "note" }),
        EventKind::Status { from, to } => json!({ "kind": "status", "from": word(*from), "to": word(*to) }),
        EventKind::Assigned { from, to } => {
            let who = |id: &Option<AccountId>| id.map(|id| handle(out, id)).transpose();
            json!({ "kind": "assigned", "from": who(from)?, "to": who(to)? })
        }
        EventKind::ParticipantAdded { participant } => of("participant-added", *participant),
        EventKind::ParticipantRemoved { participant } => of("participant-removed", *participant),
        EventKind::Unsubscribed { participant } => of("unsubscribed", *participant),
        EventKind::Subscribed { participant } => of("subscribed", *participant),
        EventKind::Confirmed { participant } => of("confirmed", *participant),
        EventKind::DeliveryFailed { participant, reply } => {
            json!({ "kind": "delivery-failed", "participant": participant.0, "reply": reply })
        }
        EventKind::Retracted { event } => json!({ "kind": "retracted", "event": event.0 }),
        EventKind::Unverified { from, automatic, decision, .. } => json!({
            "kind": "unverified",
            "from": from.as_ref().map(|from| from.address.as_str()),
            "name": from.as_ref().and_then(|from| from.name.as_deref()),
            "automatic": automatic,
            "decision": decision.map(|decision| ruling(decision.ruling)),
        }),
        EventKind::Linked { ticket, how } => json!({
            "kind": if *how == LinkKind::Answers { "answers" } else { "answered-by" },
            "ticket": name(out, *ticket)?,
        }),
        EventKind::NotMailed { event } => json!({ "kind": "not mailed", "event": event.0 }),
        EventKind::Moved { from, number } => {
            json!({ "kind": "moved", "from": path(out, *from)?, "number": number })
        }
    })
}

fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Once => "accepted once",
        Ruling::Added(_) => "sender added",
        Ruling::OwnTicket(_) => "a ticket of its own",
        Ruling::Aside => "set aside",
    }
}

pub(super) fn letter_line(out: &mut Out<'_>, row: &OutboxRow) -> Result<Value, ExportError> {
    Ok(json!({
        "to": row.participant().map(|no| no.0),
        "account": match row.to {
            Recipient::Agent { account, .. } => handle(out, account)?,
            Recipient::Participant { .. } | Recipient::Account(_) => None,
        },
        "kind": match row.letter {
            LetterKind::Confirmation { .. } => "confirmation",
            LetterKind::Comment { .. } => "comment",
            LetterKind::ParticipantAdded { .. } => "participant added",
            LetterKind::Closed { .. } => "closed",
            LetterKind::Notice { .. } => "notice",
            LetterKind::Invitation | LetterKind::NewPassword => "account",
        },
        "event": row.letter.event().map(|event| event.0),
        "state": match row.state {
            OutboxState::Waiting => "waiting",
            OutboxState::Submitting => "submitting",
            OutboxState::Sent => "sent",
            OutboxState::PresumedSent => "presumed sent",
            OutboxState::Unknown => "unknown",
            OutboxState::Failed => "failed",
            OutboxState::Withdrawn => "withdrawn",
        },
        "delivery": match &row.delivery {
            Delivery::Unknown => "unknown",
            Delivery::Queued => "queued",
            Delivery::Delivered => "delivered",
            Delivery::Refused { .. } => "refused",
        },
        "message_id": row.message_id.as_str(),
        "created": row.created_at.to_string(),
        "mail": row.draft.map(|draft| out.mail(&draft.raw)).transpose()?.flatten(),
    }))
}

fn word(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::OnHold => "on hold",
        State::Closed => "closed",
    }
}

fn path(out: &Out<'_>, id: ProjectId) -> Result<Option<String>, ExportError> {
    Ok(out.source.read.project(id)?.map(|project| project.path.to_string()))
}

fn name(out: &Out<'_>, id: TicketId) -> Result<Option<String>, ExportError> {
    let Some(ticket) = out.source.read.ticket(id)? else { return Ok(None) };
    Ok(path(out, ticket.project)?.map(|path| format!("{path}#{}", ticket.number)))
}

fn handle(out: &Out<'_>, id: AccountId) -> Result<Option<String>, ExportError> {
    Ok(out.source.read.account(id)?.map(|account| account.handle.to_string()))
}
