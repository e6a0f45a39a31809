//! The list of tickets, as a viewer may see it.

use super::{Desk, DeskError, visible};
use crate::store::{Look, StoreError};
use crate::tracker::query::{AssigneeFilter, Cursor, ListQuery, Query, Sort};
use crate::tracker::{AccountId, Handle, Project, ProjectId, ProjectPath, State, Ticket, Viewer};

/// How many rows a page has.
const ROWS: usize = 50;

/// A page of tickets with what stands around it.
#[derive(Clone, Debug)]
pub struct TicketList {
    pub rows: Vec<TicketRow>,
    pub next: Option<Cursor>,
    /// More rows had to be looked through than are; the rest was left out.
    pub cut: bool,
    /// The kept counters; `None` where the query says more than state and project.
    pub counts: Option<Counts>,
    /// The projects that the viewer may read, each with its open tickets, by path.
    pub projects: Vec<(Project, u64)>,
    /// Whether these projects have any ticket at all.
    pub any: bool,
}

/// One ticket of a list.
#[derive(Clone, Debug)]
pub struct TicketRow {
    pub ticket: Ticket,
    pub path: ProjectPath,
    pub assignee: Option<String>,
}

/// How many tickets there are in each state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    pub open: u64,
    pub on_hold: u64,
    pub closed: u64,
}

impl Counts {
    #[must_use]
    pub fn all(self) -> u64 {
        self.open + self.on_hold + self.closed
    }
}

impl Desk {
    /// Lists tickets of the projects that the viewer may read.
    ///
    /// # Errors
    /// The store.
    pub fn see_list(
        &self,
        viewer: Viewer,
        query: &Query,
        sort: Sort,
        after: Option<Cursor>,
    ) -> Result<TicketList, DeskError> {
        let look = self.store.read()?;
        let readable = visible::readable_projects(&look, viewer)?;
        let mut counted = Vec::with_capacity(readable.len());
        for project in readable {
            let counts = counts(&look, &[project.id])?;
            counted.push((project, counts));
        }
        let chosen: Vec<&(Project, Counts)> = match &query.project {
            // A project's former path finds it too, as everywhere.
            Some(path) => {
                let id = look.project_by_path(path)?.map(|project| project.id);
                counted.iter().filter(|(project, _)| Some(project.id) == id).collect()
            }
            None => counted.iter().collect(),
        };
        let only_state = query.assignee.is_none() && query.number.is_none() && query.words.is_empty();
        let ids: Vec<_> = chosen.iter().map(|(project, _)| project.id).collect();
        let counts = if only_state { Some(self::counts(&look, &ids)?) } else { None };
        let any = counted.iter().any(|(_, counts)| counts.all() > 0);
        let assignee = assignee(&look, viewer, query.assignee.as_ref())?;
        let (mut rows, mut next, mut cut) = (Vec::new(), None, false);
        if let (Ok(assignee), false) = (assignee, chosen.is_empty()) {
            let page = look.list(&ListQuery {
                projects: ids,
                state: query.state,
                assignee,
                number: query.number,
                words: query.words.clone(),
                sort,
                after,
                limit: ROWS,
            })?;
            (next, cut) = (page.next, page.cut);
            for ticket in page.tickets {
                // One that addressed several projects may have its place in one that is not the viewer's.
                let Some(project) = look.project(ticket.project)? else { continue };
                let assignee = match ticket.assignee {
                    Some(id) => look.account(id)?.map(|account| account.name),
                    None => None,
                };
                rows.push(TicketRow { path: project.path, assignee, ticket });
            }
        }
        let projects = counted.into_iter().map(|(project, counts)| (project, counts.open)).collect();
        Ok(TicketList { rows, next, cut, counts, projects, any })
    }
}

fn counts(look: &impl Look, projects: &[ProjectId]) -> Result<Counts, StoreError> {
    Ok(Counts {
        open: look.count(projects, State::Open)?,
        on_hold: look.count(projects, State::OnHold)?,
        closed: look.count(projects, State::Closed)?,
    })
}

/// Nobody has the handle that the query names, so nothing matches.
struct Unknown;

type Assignee = Option<Option<AccountId>>;

fn assignee(
    look: &impl Look,
    viewer: Viewer,
    filter: Option<&AssigneeFilter>,
) -> Result<Result<Assignee, Unknown>, StoreError> {
    let by_handle = |handle: &Handle| look.account_by_handle(handle);
    Ok(match filter {
        None => Ok(None),
        Some(AssigneeFilter::Nobody) => Ok(Some(None)),
        Some(AssigneeFilter::Me) => Ok(Some(Some(viewer.account))),
        Some(AssigneeFilter::Handle(handle)) => match by_handle(handle)? {
            Some(account) => Ok(Some(Some(account.id))),
            None => Err(Unknown),
        },
    })
}
