//! Deciding what an unverified mail is, and whose turn it is then.

use jiff::Timestamp;

use super::{Actor, Decision, Event, EventKind, Refusal, Ruling, State, Ticket};

/// Puts an agent's decision into the event of an unverified mail. `others` is the whole timeline:
/// what is left aside, or goes elsewhere, leaves the turn to what else was written.
///
/// # Errors
/// [`Refusal::Decided`] where there is nothing to decide any more.
pub fn decide(
    ticket: &mut Ticket,
    event: &mut Event,
    decision: Decision,
    others: &[Event],
) -> Result<(), Refusal> {
    let EventKind::Unverified { decision: decided @ None, automatic, from, .. } = &mut event.kind else {
        return Err(Refusal::Decided);
    };
    *decided = Some(decision);
    ticket.unverified = ticket.unverified.saturating_sub(1);
    if decision.accepts() {
        ticket.comments += 1;
        if !*automatic && ticket.state != State::Closed {
            ticket.owed_since = ticket.owed_since.or(Some(event.at));
        }
    } else if ticket.state != State::Closed {
        ticket.owed_since = turn(others.iter().filter(|other| other.no != event.no));
    }
    // Whoever takes part is the one who wrote it.
    let writer = match decision.ruling {
        Ruling::Added(no) => Some(no),
        Ruling::Once => from.as_ref().and_then(|f| ticket.participant_by_address(&f.address)).map(|p| p.no),
        Ruling::OwnTicket(_) | Ruling::Aside => None,
    };
    if let Some(no) = writer {
        event.actor = Actor::Participant(no);
    }
    Ok(())
}

/// Since when it is our turn, by what was written.
pub(super) fn turn<'e>(events: impl Iterator<Item = &'e Event>) -> Option<Timestamp> {
    let (mut since, mut pending) = (None, None);
    for event in events {
        match (&event.kind, event.actor) {
            (EventKind::Opened { .. }, _)
            | (EventKind::Comment { automatic: false, .. }, Actor::Participant(_)) => {
                since = since.or(Some(event.at));
            }
            (EventKind::Unverified { automatic: false, decision, .. }, _) => match decision {
                Some(decision) if decision.accepts() => since = since.or(Some(event.at)),
                Some(_) => {}
                None => pending = pending.or(Some(event.at)),
            },
            (EventKind::Comment { automatic: false, .. }, Actor::Account(_) | Actor::Postdesk)
            | (EventKind::Status { to: State::Closed, .. }, _) => since = None,
            _ => {}
        }
    }
    since.or(pending)
}
