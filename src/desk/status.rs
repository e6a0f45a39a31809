//! Closing, reopening and assigning by an agent.

use super::act::{Scene, nothing_more};
use super::{Desk, DeskError};
use crate::store::Look;
use crate::tracker::{AccountId, Action, Change, FormId, TicketId, Viewer};

impl Desk {
    /// Closes a ticket. Nobody is mailed.
    ///
    /// # Errors
    /// As every action.
    pub async fn close(&self, viewer: Viewer, ticket: TicketId, form: FormId) -> Result<(), DeskError> {
        self.act(viewer, ticket, form.into(), |scene: &mut Scene| scene.apply(Change::Close), nothing_more)
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

    /// Gives the ticket to someone who may work on it, or to nobody.
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
        self.act(viewer, ticket, form.into(), decide, nothing_more).await
    }
}
