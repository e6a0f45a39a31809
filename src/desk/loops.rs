//! The guard against mail programs that answer each other through a ticket.

use jiff::{SignedDuration, Timestamp};

use crate::store::{Look, StoreError};
use crate::tracker::{Actor, EventKind, TicketId};

/// So many comments of customers are mailed on within [`WINDOW`] while no agent does anything.
const MOST_COMMENTS: usize = 5;
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// How far back is looked; other events than comments are rare.
const LOOKED_AT: usize = 100;

/// Whether a ticket looks like a loop: more than five customers' comments in ten minutes without a
/// person in between, the one just recorded included.
pub(super) fn is_loop(look: &impl Look, ticket: TicketId, now: Timestamp) -> Result<bool, StoreError> {
    let mut comments = 0;
    for event in look.newest_events(ticket, LOOKED_AT)? {
        if now.duration_since(event.at) > WINDOW || matches!(event.actor, Actor::Account(_)) {
            break;
        }
        let by_customer = matches!(event.actor, Actor::Participant(_));
        comments +=
            usize::from(by_customer && matches!(event.kind, EventKind::Comment { automatic: false, .. }));
    }
    Ok(comments > MOST_COMMENTS)
}
