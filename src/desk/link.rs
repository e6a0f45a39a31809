//! Two tickets that belong together: a line in the timeline of each.

use jiff::Timestamp;

use super::DeskError;
use super::subscribe::record;
use crate::store::{Look, Write};
use crate::tracker::{Actor, Change, LinkKind, TicketId, apply};

/// Notes on both that the mail which began `new` answers `answered`.
pub(super) fn link(
    w: &mut Write<'_>,
    new: TicketId,
    answered: TicketId,
    actor: Actor,
    now: Timestamp,
) -> Result<(), DeskError> {
    for (on, other, how) in [(new, answered, LinkKind::Answers), (answered, new, LinkKind::AnsweredBy)] {
        if let Some(mut ticket) = w.ticket(on)? {
            let events = apply(&mut ticket, Change::Link { ticket: other, how }, actor, now)?;
            record(w, &ticket, &events)?;
        }
    }
    Ok(())
}
