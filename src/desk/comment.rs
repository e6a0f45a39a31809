//! Comments and notes that an agent writes in the tracker.

use super::act::{Form, Scene, nothing_more};
use super::undo::hold_back;
use super::{Desk, DeskError, letters};
use crate::tracker::{Body, Change, EventKind, EventNo, FormId, LetterKind, State, TicketId, Viewer};

impl Desk {
    /// Adds a public comment, mailed to every participant who is subscribed, and closes the ticket
    /// as well where `then_close` says so. `seen` is the last event that the form showed.
    ///
    /// # Errors
    /// [`DeskError::Newer`] where a customer or colleague wrote since; else as every action.
    #[allow(clippy::too_many_arguments, reason = "each is what the form sends")]
    pub async fn comment(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        seen: EventNo,
        text: String,
        then_close: bool,
    ) -> Result<(), DeskError> {
        let random = self.random.clone();
        let host = self.site.host.clone();
        let undo = self.undo;
        self.act(
            viewer,
            ticket,
            Form { id: form, seen: Some(seen) },
            move |scene| {
                let body = Body::Text(text.trim().to_owned());
                let mut events = scene.apply(Change::Comment { body, automatic: false })?;
                if then_close && scene.ticket.state != State::Closed {
                    events.extend(scene.apply(Change::Close)?);
                }
                Ok(events)
            },
            move |w, scene, events| {
                let written = events.iter().find(|e| matches!(e.kind, EventKind::Comment { .. }));
                if let Some(event) = written {
                    let letter = LetterKind::Comment { event: event.no };
                    letters::mail_everyone(w, &random, &host, &scene.ticket, letter, None, scene.now)?;
                    hold_back(w, ticket, event.no, undo, scene.now)?;
                }
                Ok(())
            },
        )
        .await
    }

    /// Adds an internal note, mailed to no customer.
    ///
    /// # Errors
    /// As every action.
    pub async fn note(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        text: String,
    ) -> Result<(), DeskError> {
        let decide =
            move |scene: &mut Scene| scene.apply(Change::Note { body: Body::Text(text.trim().to_owned()) });
        self.act(viewer, ticket, form.into(), decide, nothing_more).await
    }
}
