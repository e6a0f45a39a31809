//! One person's data: what they wrote, and what was written to them. Nobody else's address or text
//! is in it, and no note, which is an agent's.

use serde_json::{Value, json};

use super::ticket::{head, letter_line, merge, text};
use super::{ExportError, Out};
use crate::mail::Address;
use crate::store::Look;
use crate::tracker::{Actor, Event, EventKind, Participant, ParticipantNo, Ticket};

pub(super) fn takes_part(ticket: &Ticket, address: &Address) -> bool {
    ticket.participants.iter().any(|person| person.address == *address)
}

/// A ticket as the person knows it.
pub(super) fn line(out: &mut Out<'_>, ticket: &Ticket, address: &Address) -> Result<Value, ExportError> {
    let of = |person: &&Participant| person.address == *address;
    let numbers: Vec<_> = ticket.participants.iter().filter(of).map(|person| person.no).collect();
    let name = ticket.participants.iter().find(of).and_then(|person| person.name.clone());
    let mut line = match numbers.is_empty() {
        false => head(out, ticket)?,
        // They answered a ticket that is not theirs: its title is not either.
        true => json!({ "opened": null }),
    };
    let mut events = Vec::new();
    for event in out.source.read.events(ticket.id)? {
        if let Some(seen) = seen(out, &event, &numbers, address)? {
            events.push(seen);
        }
    }
    let mut letters = Vec::new();
    for letter in out.source.read.letters_of(ticket.id)? {
        if letter.participant().is_some_and(|no| numbers.contains(&no)) {
            letters.push(letter_line(out, &letter)?);
        }
    }
    let person = json!({ "address": address.as_str(), "name": name });
    merge(&mut line, json!({ "person": person, "events": events, "letters": letters }));
    Ok(line)
}

/// A line of the timeline, where it is theirs or was written to them.
fn seen(
    out: &mut Out<'_>,
    event: &Event,
    numbers: &[ParticipantNo],
    address: &Address,
) -> Result<Option<Value>, ExportError> {
    let theirs = match (&event.kind, event.actor) {
        (EventKind::Unverified { from, .. }, _) => from.as_ref().is_some_and(|from| from.address == *address),
        (_, Actor::Participant(no)) => numbers.contains(&no),
        (EventKind::Comment { .. }, Actor::Account(_)) if !numbers.is_empty() => {
            let mut line = json!({ "no": event.no.0, "at": event.at.to_string(), "by": "the desk" });
            if let Some(body) = event.kind.body() {
                merge(&mut line, text(out, body)?);
            }
            return Ok(Some(line));
        }
        _ => false,
    };
    if !theirs {
        return Ok(None);
    }
    let mut line = json!({ "no": event.no.0, "at": event.at.to_string(), "by": "the person" });
    match event.kind.body() {
        Some(body) => merge(&mut line, text(out, body)?),
        None => merge(&mut line, json!({ "kind": bare(&event.kind) })),
    }
    Ok(Some(line))
}

/// What a person does without a text.
fn bare(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Unsubscribed { .. } => "unsubscribed",
        EventKind::Subscribed { .. } => "subscribed",
        EventKind::Status { .. } => "status",
        _ => "other",
    }
}
