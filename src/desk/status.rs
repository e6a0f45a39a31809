//! Closing, reopening and assigning by an agent.

use super::act::{Scene, nothing_more};
use super::letters::mail_everyone;
use super::{Desk, DeskError};
use crate::store::Look;
use crate::tracker::{AccountId, Action, Change, FormId, LetterKind, TicketId, Viewer};

impl Desk {
    /// Closes a ticket. Participants are mailed where their project wants that.
    ///
    /// # Errors
    /// As every action.
    pub async fn close(&self, viewer: Viewer, ticket: TicketId, form: FormId) -> Result<(), DeskError> {
        let (random, host) = (self.random.clone(), self.site.host.clone());
        let decide = |scene: &mut Scene| scene.apply(Change::Close);
        self.act(viewer, ticket, form.into(), decide, move |w, scene, events| {
            for event in events.iter().filter(|_| scene.project.tell_closed) {
                let letter = LetterKind::Closed { event: event.no };
                mail_everyone(w, &random, &host, &scene.ticket, letter, None, scene.now)?;
            }
            Ok(())
        })
        .await
    }

    /// Opens a closed ticket again.
    ///
    /// # Errors
    /// As every action.
    pub async fn reopen(&self, viewer: Viewer, ticket: TicketId, form: FormId) -> Result<(), DeskError> {
        self.act(viewer, ticket, form.into(), |scene: &mut Scene| scene.apply(Change::Reopen), nothing_more)
            .await
    }

    /// Gives the ticket to someone who may work on it, and is told so, or to nobody.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] where that account may not work in the project; else as every action.
    pub async fn assign(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        to: Option<AccountId>,
    ) -> Result<(), DeskError> {
        let accounts = self.store.read()?.accounts()?;
        let decide = move |scene: &mut Scene| {
            if let Some(id) = to {
                let able = accounts.iter().any(|account| {
                    let assignee = Viewer { account: account.id, admin: account.admin };
                    account.id == id && !account.disabled && assignee.may(Action::Work, &scene.project)
                });
                if !able {
                    let why = "this account cannot work on tickets of this project".to_owned();
                    return Err(DeskError::Invalid(why));
                }
            }
            scene.apply(Change::Assign(to))
        };
        let desk = self.clone();
        self.act(viewer, ticket, form.into(), decide, move |w, scene, events| {
            for event in events {
                desk.notify(w, &scene.ticket, event, None, scene.now)?;
            }
            Ok(())
        })
        .await
    }
}
