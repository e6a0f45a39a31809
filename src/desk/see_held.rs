//! Held mails, as a viewer may see them.

use super::held::{OnTicket, on_ticket};
use super::{Desk, DeskError, visible};
use crate::mail::Address;
use crate::store::{Look, Read, StoreError};
use crate::tracker::{Action, MailRowId, Project, ProjectPath, Viewer};
use crate::triage::{HoldCause, MailRow, VerdictKind};

/// How many a page has.
const ROWS: usize = 30;

/// How many are looked through at most to find those that are the viewer's.
const SCAN: usize = 500;

/// How many characters of a mail's text stand in the preview.
const PREVIEW: usize = 600;

/// The mails that wait for this viewer.
#[derive(Clone, Debug)]
pub struct HeldMails {
    pub mails: Vec<HeldMail>,
    /// Where the next page goes on.
    pub next: Option<MailRowId>,
    /// The projects that a mail without one can be taken into.
    pub projects: Vec<Project>,
    /// All rows by verdict, for an admin.
    pub verdicts: Vec<(VerdictKind, u64)>,
}

/// One held mail.
#[derive(Clone, Debug)]
pub struct HeldMail {
    pub row: MailRow,
    pub cause: HoldCause,
    pub target: HeldTarget,
    /// Whether the viewer may also leave it as it is; one for no project is an admin's to leave.
    pub may_dismiss: bool,
    /// The first lines of its text.
    pub preview: Option<String>,
}

/// Where one click takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldTarget {
    Ticket(ProjectPath, u32),
    /// As a note.
    Note(ProjectPath, u32),
    Project(ProjectPath),
    /// A person has to choose.
    Choose,
}

impl Desk {
    /// Lists the held mails that are the viewer's to decide on, newest first.
    ///
    /// # Errors
    /// [`DeskError::Forbidden`] where the viewer decides nowhere.
    pub async fn see_held(&self, viewer: Viewer, after: Option<MailRowId>) -> Result<HeldMails, DeskError> {
        let Ok(slot) = self.rendering.clone().acquire_owned().await else { return Err(DeskError::NotFound) };
        let desk = self.clone();
        let seen = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            desk.read_held(viewer, after)
        });
        match seen.await {
            Ok(seen) => seen,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    fn read_held(&self, viewer: Viewer, after: Option<MailRowId>) -> Result<HeldMails, DeskError> {
        let look = self.store.read()?;
        let mut projects = visible::readable_projects(&look, viewer)?;
        projects.retain(|project| viewer.may(Action::Work, project));
        if projects.is_empty() && !viewer.admin {
            return Err(DeskError::Forbidden);
        }
        let anywhere = viewer.admin || !projects.is_empty();
        let found = look.held(after, SCAN)?;
        let scanned_all = found.len() < SCAN;
        let (mut mails, mut last, mut full) = (Vec::new(), after, false);
        for row in found {
            if mails.len() == ROWS {
                full = true;
                break;
            }
            last = Some(row.id);
            if !visible::may_decide(&look, viewer, anywhere, &row)? {
                continue;
            }
            if let VerdictKind::Hold(cause) = row.verdict {
                let target = target(&look, &row)?;
                let may_dismiss = viewer.admin || row.project.is_some() || row.ticket.is_some();
                mails.push(HeldMail { cause, target, may_dismiss, preview: self.preview(&row), row });
            }
        }
        // Those that are other people's to decide may fill all that was looked through.
        let next = last.filter(|_| full || !scanned_all);
        let verdicts = if viewer.admin { look.verdicts()? } else { Vec::new() };
        projects.retain(|project| project.on);
        Ok(HeldMails { mails, next, projects, verdicts })
    }

    /// How many held mails wait for this viewer, counted up to a bound; `None` where deciding is
    /// not this viewer's at all.
    ///
    /// # Errors
    /// The store.
    pub fn count_held(&self, viewer: Viewer) -> Result<Option<u64>, StoreError> {
        let look = self.store.read()?;
        if viewer.admin {
            return look.held_count().map(Some);
        }
        let projects = visible::readable_projects(&look, viewer)?;
        if !projects.iter().any(|project| viewer.may(Action::Work, project)) {
            return Ok(None);
        }
        let mut count = 0;
        for row in look.held(None, SCAN)? {
            count += u64::from(visible::may_decide(&look, viewer, true, &row)?);
        }
        Ok(Some(count))
    }

    /// The first lines, as plain text: no images, no links. Not for a mail that could not be read.
    fn preview(&self, row: &MailRow) -> Option<String> {
        if matches!(row.verdict, VerdictKind::Hold(cause) if cause.is_unread()) {
            return None;
        }
        let body = crate::tracker::Body::Mail { raw: row.raw, row: Some(row.id) };
        let text = self.texts.of(&self.store, &body, false);
        let text = text.text.trim();
        let mut preview: String = text.chars().take(PREVIEW).collect();
        if preview.len() < text.len() {
            preview.push_str(" …");
        }
        (!preview.is_empty()).then_some(preview)
    }
}

fn target(look: &Read, row: &MailRow) -> Result<HeldTarget, StoreError> {
    let from = row.from.as_deref().and_then(|from| Address::parse(from).ok());
    if let Some((ticket, as_what)) = on_ticket(look, row, from.as_ref())?
        && let Some(project) = look.project(ticket.project)?
    {
        return Ok(match as_what {
            OnTicket::Comment(_) => HeldTarget::Ticket(project.path, ticket.number),
            OnTicket::Note(_) => HeldTarget::Note(project.path, ticket.number),
        });
    }
    let project = match row.project {
        Some(id) => look.project(id)?,
        None => None,
    };
    Ok(project.map_or(HeldTarget::Choose, |project| HeldTarget::Project(project.path)))
}
