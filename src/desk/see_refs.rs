//! What a line of the timeline refers to beyond its own ticket, as far as the viewer may know.

use super::visible;
use crate::store::Look;
use crate::store::{Read, StoreError};
use crate::tracker::{Action, Event, EventKind, Project, ProjectPath, Ruling, Ticket, TicketId, Viewer};

/// What a line refers to. What the viewer may not read is left out.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SeenRefs {
    /// Another ticket: a linked one, or the one that an unverified mail became.
    pub ticket: Option<(ProjectPath, u32)>,
    /// The project that a ticket came from.
    pub project: Option<ProjectPath>,
    /// Who decided about an unverified mail.
    pub decided_by: Option<String>,
}

pub(super) fn refs(look: &Read, viewer: Viewer, event: &Event) -> Result<SeenRefs, StoreError> {
    let mut refs = SeenRefs::default();
    match &event.kind {
        EventKind::Linked { ticket, .. } => refs.ticket = place(look, viewer, *ticket)?,
        EventKind::Moved { from, .. } => {
            let project = look.project(*from)?.filter(|project| viewer.may(Action::Read, project));
            refs.project = project.map(|project| project.path);
        }
        EventKind::Unverified { decision: Some(decision), .. } => {
            if let Ruling::OwnTicket(ticket) = decision.ruling {
                refs.ticket = place(look, viewer, ticket)?;
            }
            refs.decided_by = look.account(decision.by)?.map(|account| account.name);
        }
        _ => {}
    }
    Ok(refs)
}

/// Where a ticket is now, merges followed.
fn place(look: &Read, viewer: Viewer, id: TicketId) -> Result<Option<(ProjectPath, u32)>, StoreError> {
    let Some(ticket) = look.ticket(look.follow(id)?)? else { return Ok(None) };
    let projects = visible::projects_of(look, &ticket)?;
    let own = projects.iter().find(|project| project.id == ticket.project);
    let seen = own.filter(|_| viewer.may_read(&ticket, &projects));
    Ok(seen.map(|project| (project.path.clone(), ticket.number)))
}

/// The projects that the viewer may move a ticket to.
pub(super) fn targets(look: &Read, viewer: Viewer, ticket: &Ticket) -> Result<Vec<Project>, StoreError> {
    let mut projects = visible::readable_projects(look, viewer)?;
    projects
        .retain(|project| project.on && project.id != ticket.project && viewer.may(Action::Work, project));
    Ok(projects)
}
