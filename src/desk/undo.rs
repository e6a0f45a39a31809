//! A reply waits a few seconds before it leaves. Until then it can be taken back, or sent at once.

use std::time::Duration;

use jiff::Timestamp;

use super::act::{Scene, scene};
use super::subscribe::record;
use super::{Desk, DeskError};
use crate::clock::after;
use crate::store::{Look, StoreError, Write};
use crate::tracker::{
    EventNo, FormId, LetterKind, OutboxRow, OutboxState, Refusal, TicketId, Viewer, retract,
};

/// Makes a comment's letters wait so long that it can be taken back.
pub(super) fn hold_back(
    w: &mut Write<'_>,
    ticket: TicketId,
    comment: EventNo,
    undo: Duration,
    now: Timestamp,
) -> Result<(), StoreError> {
    if undo.is_zero() {
        return Ok(());
    }
    for mut row in letters(w, ticket, comment)? {
        row.not_before = after(now, undo);
        w.put_letter(&row)?;
    }
    Ok(())
}

/// Whether a comment with these letters can be taken back: some of them wait, and none may have
/// left. One that was submitted before and is to leave again may have.
#[must_use]
pub fn may_be_undone(letters: &[OutboxRow]) -> bool {
    let still_here = |row: &OutboxRow| match row.state {
        OutboxState::Waiting => row.submitted_at.is_none(),
        // Unsubscribed or suppressed meanwhile.
        OutboxState::Withdrawn => true,
        _ => false,
    };
    letters.iter().all(still_here) && letters.iter().any(|row| row.state == OutboxState::Waiting)
}

fn letters(look: &impl Look, ticket: TicketId, comment: EventNo) -> Result<Vec<OutboxRow>, StoreError> {
    let mut rows = look.letters_of(ticket)?;
    rows.retain(|row| row.letter == LetterKind::Comment { event: comment });
    Ok(rows)
}

impl Desk {
    /// Takes a reply back of which no letter has left: every one is withdrawn, and the ticket is as
    /// if it had not been written. Its text stays on record for its writer to go on with.
    ///
    /// # Errors
    /// [`Refusal::HasLeft`] where a letter has left or may have; else as every action.
    pub async fn undo(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        comment: EventNo,
    ) -> Result<(), DeskError> {
        let now = self.clock.now();
        self.store
            .write(move |w| {
                let mut scene = scene(w, viewer, ticket, &form.clone().into(), now)?;
                let rows = letters(w, ticket, comment)?;
                if !may_be_undone(&rows) {
                    return Err(Refusal::HasLeft.into());
                }
                let events = retract(&mut scene.ticket, &w.events(ticket)?, comment, scene.actor, now)?;
                w.use_form(&form, now)?;
                record(w, &scene.ticket, &events)?;
                for mut row in rows {
                    row.state = OutboxState::Withdrawn;
                    row.trouble = Some("it was taken back".to_owned());
                    w.put_letter(&row)?;
                }
                Ok::<_, DeskError>(())
            })
            .await?;
        self.ring_outbox();
        Ok(())
    }

    /// Lets a reply leave that waits to be taken back.
    ///
    /// # Errors
    /// As every action.
    pub async fn send_now(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        comment: EventNo,
    ) -> Result<(), DeskError> {
        let decide = |_: &mut Scene| Ok(Vec::new());
        self.act(viewer, ticket, form.into(), decide, move |w, scene, _| {
            for mut row in letters(w, ticket, comment)? {
                // One that met trouble keeps its own time.
                if row.state == OutboxState::Waiting && row.trouble.is_none() && row.not_before > scene.now {
                    row.not_before = scene.now;
                    w.put_letter(&row)?;
                }
            }
            Ok(())
        })
        .await
    }
}
