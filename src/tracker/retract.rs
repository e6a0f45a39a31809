//! Taking a reply back that nobody has been mailed yet: the ticket is as if it had not been written.

use jiff::Timestamp;

use super::change::number;
use super::{Actor, Event, EventKind, EventNo, Refusal, State, Ticket};

/// Takes the comment with this number back. `events` is the ticket's whole timeline.
///
/// # Errors
/// [`Refusal::NothingToTakeBack`] where it is no reply of an agent's, or was taken back before.
pub fn retract(
    ticket: &mut Ticket,
    events: &[Event],
    comment: EventNo,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let known = events.iter().find(|event| event.no == comment).filter(|event| is_reply(event));
    let written = known.filter(|_| !retracted(events).any(|no| no == comment));
    let written = written.ok_or(Refusal::NothingToTakeBack)?;
    let mut kinds = vec![EventKind::Retracted { event: comment }];
    if closed_with(events, written) && ticket.state == State::Closed {
        ticket.state = State::Open;
        kinds.push(EventKind::Status { from: State::Closed, to: State::Open });
    }
    ticket.comments = ticket.comments.saturating_sub(1);
    ticket.active_at = now;
    if ticket.state != State::Closed {
        ticket.owed_since = owed_without(events, comment);
    }
    Ok(number(ticket, kinds, actor, now))
}

/// The comments that were taken back.
pub fn retracted(events: &[Event]) -> impl Iterator<Item = EventNo> {
    events.iter().filter_map(|event| match event.kind {
        EventKind::Retracted { event } => Some(event),
        _ => None,
    })
}

fn is_reply(event: &Event) -> bool {
    matches!((&event.kind, event.actor), (EventKind::Comment { .. }, Actor::Account(_)))
}

/// Whether the same click closed the ticket, and nobody has changed its state since.
fn closed_with(events: &[Event], comment: &Event) -> bool {
    let status = |event: &&Event| event.no > comment.no && matches!(event.kind, EventKind::Status { .. });
    let mut since = events.iter().filter(status);
    let first = since.next().is_some_and(|event| {
        event.no.0 == comment.no.0 + 1
            && event.actor == comment.actor
            && event.at == comment.at
            && matches!(event.kind, EventKind::Status { to: State::Closed, .. })
    });
    first && since.next().is_none()
}

/// Since when it is our turn, by the texts that are left.
fn owed_without(events: &[Event], comment: EventNo) -> Option<Timestamp> {
    let gone: Vec<EventNo> = retracted(events).chain([comment]).collect();
    let mut owed = None;
    for event in events.iter().filter(|event| !gone.contains(&event.no)) {
        match (&event.kind, event.actor) {
            (EventKind::Opened { .. }, _) => owed = Some(event.at),
            (EventKind::Comment { automatic: false, .. }, Actor::Participant(_)) => {
                owed = owed.or(Some(event.at));
            }
            (EventKind::Comment { automatic: false, .. }, _) => owed = None,
            (EventKind::Status { to: State::Closed, .. }, _) if event.no < comment => owed = None,
            _ => {}
        }
    }
    owed
}
