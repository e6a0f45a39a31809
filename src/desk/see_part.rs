//! A file that came with a mail of a ticket.

use super::see_ticket::body;
use super::{Desk, DeskError, visible};
use crate::mail;
use crate::store::Look;
use crate::tracker::{Action, Body, EventNo, ProjectPath, Viewer};

/// A part of a mail as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPart {
    /// As the mail has it; never used as a path.
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

impl Desk {
    /// One part of the mail behind a ticket's entry.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where there is none, or the viewer may not read the ticket.
    pub async fn see_part(
        &self,
        viewer: Viewer,
        path: &ProjectPath,
        number: u32,
        event: EventNo,
        part: u32,
    ) -> Result<SeenPart, DeskError> {
        let raw = {
            let look = self.store.read()?;
            let id = visible::ticket_at(&look, path, number)?;
            visible::ticket_for(&look, viewer, Action::Read, id)?;
            match look.event(id, event)?.as_ref().and_then(body) {
                Some(Body::Mail { raw, .. }) => *raw,
                _ => return Err(DeskError::NotFound),
            }
        };
        let Ok(slot) = self.rendering.clone().acquire_owned().await else { return Err(DeskError::NotFound) };
        let store = self.store.clone();
        let found = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            match store.raw().get(&raw) {
                Ok(bytes) => mail::part(&bytes, part),
                Err(error) => {
                    tracing::error!(%error, raw = %raw, "a raw mail cannot be read");
                    None
                }
            }
        });
        let part = found.await.ok().flatten().ok_or(DeskError::NotFound)?;
        Ok(SeenPart { name: part.name, content_type: part.content_type, bytes: part.bytes })
    }
}
