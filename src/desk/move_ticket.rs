//! A ticket goes to another project.

use super::act::{Form, scene};
use super::{Desk, DeskError};
use crate::store::{Look, StoreError};
use crate::tracker::{AccountId, Action, Change, FormId, Project, ProjectId, Refusal, TicketId, Viewer};

impl Desk {
    /// Moves a ticket to another project, where it gets the next number. Its keys and Message-IDs
    /// stay its own, so answers to earlier mails find it; its former address leads to the new one.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] where the other project is off, [`DeskError::Forbidden`] where the
    /// viewer does not work there; else as every action.
    pub async fn move_ticket(
        &self,
        viewer: Viewer,
        ticket: TicketId,
        form: FormId,
        to: ProjectId,
    ) -> Result<(), DeskError> {
        let now = self.clock.now();
        let form = Form::from(form);
        self.store
            .write(move |w| {
                let mut scene = scene(w, viewer, ticket, &form, now)?;
                let target = w.project(to)?.filter(|project| viewer.may(Action::Read, project));
                let target = target.ok_or(DeskError::NotFound)?;
                if !viewer.may(Action::Work, &target) {
                    return Err(DeskError::Forbidden);
                }
                if !target.on {
                    let why = format!("{} takes no new tickets at present", target.path);
                    return Err(DeskError::Invalid(why));
                }
                if to == scene.ticket.project {
                    return Err(Refusal::SameProject.into());
                }
                let number = w.next_ticket_number(to)?;
                let mut events = scene.apply(Change::Move { to, number })?;
                if let Some(assignee) = scene.ticket.assignee
                    && !can_work(w, assignee, &target)?
                {
                    events.extend(scene.apply(Change::Assign(None))?);
                }
                w.use_form(&form.id, now)?;
                Ok(super::subscribe::record(w, &scene.ticket, &events)?)
            })
            .await?;
        Ok(())
    }
}

fn can_work(look: &impl Look, id: AccountId, project: &Project) -> Result<bool, StoreError> {
    let able = |account: crate::tracker::Account| {
        !account.disabled && Viewer { account: id, admin: account.admin }.may(Action::Work, project)
    };
    Ok(look.account(id)?.is_some_and(able))
}
