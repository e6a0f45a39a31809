//! Projects, and the names that lead to them.

use super::key::{Key, Order, Span};
use super::reach::{Reach, number32, record, records};
use super::schema::{Table, meta};
use super::{StoreError, Write};
use crate::mail::Address;
use crate::tracker::{Project, ProjectId, ProjectPath, Slug, Subject};

fn key(id: ProjectId) -> Key {
    Key::new().u32(id.0)
}

pub(super) fn get<L: Reach + ?Sized>(look: &L, id: ProjectId) -> Result<Option<Project>, StoreError> {
    record(look, Table::Projects, &key(id))
}

pub(super) fn all<L: Reach + ?Sized>(look: &L) -> Result<Vec<Project>, StoreError> {
    records(look, Table::Projects, &Span::all(), Order::Up, usize::MAX)
}

fn named<L: Reach + ?Sized>(look: &L, table: Table, name: &str) -> Result<Option<Project>, StoreError> {
    match number32(look, table, name.as_bytes())? {
        Some(id) => get(look, ProjectId(id)),
        None => Ok(None),
    }
}

pub(super) fn by_path<L: Reach + ?Sized>(
    look: &L,
    path: &ProjectPath,
) -> Result<Option<Project>, StoreError> {
    named(look, Table::ProjectPaths, path.as_str())
}

pub(super) fn by_slug<L: Reach + ?Sized>(look: &L, slug: &Slug) -> Result<Option<Project>, StoreError> {
    named(look, Table::ProjectSlugs, slug.as_str())
}

pub(super) fn by_alias<L: Reach + ?Sized>(look: &L, alias: &Address) -> Result<Option<Project>, StoreError> {
    named(look, Table::ProjectAliases, alias.folded())
}

/// Every name that leads to a project, with the table that it stands in.
pub(super) fn names(project: &Project) -> Vec<(Table, String)> {
    let paths = std::iter::once(&project.path).chain(&project.former_paths);
    let paths = paths.map(|path| (Table::ProjectPaths, path.as_str().to_owned()));
    let slugs = project.slugs().map(|slug| (Table::ProjectSlugs, slug.as_str().to_owned()));
    let aliases = project.aliases.iter().map(|alias| (Table::ProjectAliases, alias.folded().to_owned()));
    paths.chain(slugs).chain(aliases).collect()
}

impl Write<'_> {
    /// Adds a project under an id of its own; the one in `project` is not looked at.
    ///
    /// # Errors
    /// [`StoreError::Taken`] where another project has one of its names; likewise in `put_project`.
    pub fn add_project(&mut self, project: &Project) -> Result<ProjectId, StoreError> {
        self.refuse_taken_names(&names(project), None)?;
        let id = ProjectId(u32::try_from(self.next_number(meta::LAST_PROJECT)?).unwrap_or(u32::MAX));
        let project = Project { id, ..project.clone() };
        self.save_project(None, &project)?;
        Ok(id)
    }

    /// Replaces a project's record. Names that it no longer lists lead to it no longer.
    pub fn put_project(&mut self, project: &Project) -> Result<(), StoreError> {
        let old = get(self, project.id)?.ok_or_else(|| StoreError::Missing {
            table: Table::Projects.name(),
            key: project.id.to_string().into(),
        })?;
        self.refuse_taken_names(&names(project), Some(project.id.0))?;
        self.save_project(Some(&old), project)
    }

    /// Refuses names that lead to another project or account than `owner`.
    pub(super) fn refuse_taken_names(
        &self,
        names: &[(Table, String)],
        owner: Option<u32>,
    ) -> Result<(), StoreError> {
        for (table, name) in names {
            if number32(self, *table, name.as_bytes())?.is_some_and(|known| Some(known) != owner) {
                return Err(StoreError::Taken(format!("`{name}`").into()));
            }
        }
        Ok(())
    }

    fn save_project(&mut self, old: Option<&Project>, new: &Project) -> Result<(), StoreError> {
        let before = old.map(names).unwrap_or_default();
        let after = names(new);
        for (table, name) in before.iter().filter(|name| !after.contains(name)) {
            self.unset(*table, &Key::new().octets(name.as_bytes()))?;
        }
        for (table, name) in &after {
            self.set(*table, &Key::new().octets(name.as_bytes()), &new.id.0.to_be_bytes())?;
        }
        self.set_record(Table::Projects, &key(new.id), new)?;
        self.journal_now(Subject::Project(new.id)).map(drop)
    }
}
