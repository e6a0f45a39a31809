//! What every action of an agent on a ticket has in common: the form counts once, the ticket is
//! there, the viewer may.

use jiff::Timestamp;

use super::{Desk, DeskError};
use crate::store::{Look, Write};
use crate::tracker::{
    Action, Actor, Change, Event, EventKind, EventNo, FormId, Project, Ticket, TicketId, Viewer, apply,
};

/// A ticket and its project as an action finds them, within its transaction.
pub(super) struct Scene {
    pub(super) ticket: Ticket,
    pub(super) project: Project,
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
}

impl Scene {
    /// Applies one change to the ticket in hand. Nothing is written yet.
    pub(super) fn apply(&mut self, change: Change) -> Result<Vec<Event>, DeskError> {
        Ok(apply(&mut self.ticket, change, self.actor, self.now)?)
    }
}

/// What a browser sends with every action.
pub(super) struct Form {
    pub(super) id: FormId,
    /// The last event that the form showed, where what others wrote since must be read first.
    pub(super) seen: Option<EventNo>,
}

impl From<FormId> for Form {
    fn from(id: FormId) -> Self {
        Self { id, seen: None }
    }
}

impl Desk {
    /// Runs one action of an agent: `decide` changes the ticket in hand and may refuse; what it
    /// gives back is then written with the ticket, in the same commit as the form's id. `after`
    /// writes what follows from the events.
    pub(super) async fn act(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: Form,
        mut decide: impl FnMut(&mut Scene) -> Result<Vec<Event>, DeskError> + Send + 'static,
        mut after: impl FnMut(&mut Write<'_>, &Scene, &[Event]) -> Result<(), DeskError> + Send + 'static,
    ) -> Result<(), DeskError> {
        let now = self.clock.now();
        self.store
            .write(move |w| {
                let mut scene = scene(w, viewer, ticket, &form, now)?;
                let events = decide(&mut scene)?;
                w.use_form(&form.id, now)?;
                w.put_ticket(&scene.ticket)?;
                for event in &events {
                    w.put_event(event)?;
                }
                after(w, &scene, &events)
            })
            .await?;
        self.ring_outbox();
        Ok(())
    }
}

/// Reads what an action needs, and refuses what cannot be.
pub(super) fn scene(
    look: &impl Look,
    viewer: Viewer,
    id: TicketId,
    form: &Form,
    now: Timestamp,
) -> Result<Scene, DeskError> {
    let ticket = look.ticket(id)?.ok_or(DeskError::NotFound)?;
    let project = look.project(ticket.project)?.ok_or(DeskError::NotFound)?;
    if !viewer.may(Action::Work, &project) {
        let reads = viewer.may_read(&ticket, &look.projects()?);
        return Err(if reads { DeskError::Forbidden } else { DeskError::NotFound });
    }
    if look.form_used(&form.id)? {
        return Err(DeskError::Done);
    }
    if let Some(seen) = form.seen.filter(|seen| *seen < ticket.last_event) {
        let newer = unseen_texts(look, viewer, id, seen)?;
        if !newer.is_empty() {
            return Err(DeskError::Newer(newer));
        }
    }
    Ok(Scene { ticket, project, actor: Actor::Account(viewer.account), now })
}

/// What others wrote since the form was shown. Other events do not stop an answer.
fn unseen_texts(
    look: &impl Look,
    viewer: Viewer,
    ticket: TicketId,
    seen: EventNo,
) -> Result<Vec<Event>, DeskError> {
    let mut events = look.events(ticket)?;
    events.retain(|event| {
        event.no > seen
            && event.actor != Actor::Account(viewer.account)
            && matches!(event.kind, EventKind::Comment { .. } | EventKind::Note { .. })
    });
    Ok(events)
}

/// What an action does when nothing follows from its events.
pub(super) fn nothing_more(_: &mut Write<'_>, _: &Scene, _: &[Event]) -> Result<(), DeskError> {
    Ok(())
}
