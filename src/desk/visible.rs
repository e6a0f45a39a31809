//! What a viewer may see and work on: the questions that several `see_*` share.

use super::DeskError;
use crate::store::{Look, StoreError};
use crate::tracker::{Account, Action, Project, ProjectPath, Ticket, TicketId, Viewer};
use crate::triage::MailRow;

/// The projects that the viewer may read, by path.
pub(crate) fn readable_projects(look: &impl Look, viewer: Viewer) -> Result<Vec<Project>, StoreError> {
    let mut projects = look.projects()?;
    projects.retain(|project| viewer.may(Action::Read, project));
    projects.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(projects)
}

/// A ticket with its project, for someone who wants to do something with it.
///
/// A ticket that the viewer may not read does not exist for that viewer.
pub(crate) fn ticket_for(
    look: &impl Look,
    viewer: Viewer,
    action: Action,
    id: TicketId,
) -> Result<(Ticket, Project), DeskError> {
    let ticket = look.ticket(id)?.ok_or(DeskError::NotFound)?;
    let projects = projects_of(look, &ticket)?;
    if !viewer.may_read(&ticket, &projects) {
        return Err(DeskError::NotFound);
    }
    let own = projects.into_iter().find(|p| p.id == ticket.project).ok_or(DeskError::NotFound)?;
    if action != Action::Read && !viewer.may(action, &own) {
        return Err(DeskError::Forbidden);
    }
    Ok((ticket, own))
}

/// The id behind `/p/<path>/<number>`, merges followed. The path may be a former one.
pub(crate) fn ticket_at(look: &impl Look, path: &ProjectPath, number: u32) -> Result<TicketId, DeskError> {
    let project = look.project_by_path(path)?.ok_or(DeskError::NotFound)?;
    let id = look.ticket_by_number(project.id, number)?.ok_or(DeskError::NotFound)?;
    Ok(look.follow(id)?)
}

/// The ticket's own project and those its opening mail also addressed.
pub(crate) fn projects_of(look: &impl Look, ticket: &Ticket) -> Result<Vec<Project>, StoreError> {
    let mut projects = Vec::new();
    for id in std::iter::once(&ticket.project).chain(&ticket.also_for) {
        projects.extend(look.project(*id)?);
    }
    Ok(projects)
}

/// The account as somebody who looks or works.
pub(crate) fn as_viewer(account: &Account) -> Viewer {
    Viewer { account: account.id, admin: account.admin }
}

/// Whether the viewer works in any project.
pub(crate) fn works_anywhere(look: &impl Look, viewer: Viewer) -> Result<bool, StoreError> {
    Ok(viewer.admin || look.projects()?.iter().any(|any| viewer.may(Action::Work, any)))
}

/// Whether this held mail is the viewer's to decide on: work in the project that it is for. One
/// that is for none may be taken by whoever works `anywhere`.
pub(crate) fn may_decide(
    look: &impl Look,
    viewer: Viewer,
    anywhere: bool,
    row: &MailRow,
) -> Result<bool, StoreError> {
    let project = match (row.ticket, row.project) {
        (Some(ticket), _) => look.ticket(ticket)?.map(|ticket| ticket.project),
        (None, project) => project,
    };
    let Some(id) = project else {
        return Ok(anywhere);
    };
    Ok(look.project(id)?.is_some_and(|project| viewer.may(Action::Work, &project)))
}
