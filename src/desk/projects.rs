//! Adding and editing projects.

use super::{Desk, DeskError};
use crate::mail::Address;
use crate::store::{Look, Write};
use crate::tracker::{
    AccountId, FromName, Handle, Joining, Project, ProjectId, ProjectPath, Role, Suffix, TrustedDomain,
};
use crate::triage::ProjectNames;

/// What a new project needs.
#[derive(Clone, Debug)]
pub struct NewProject {
    pub path: ProjectPath,
    /// The display name; the path where it is left out.
    pub name: Option<String>,
    pub aliases: Vec<Address>,
    pub suffix: Option<Suffix>,
    /// Whether mail that leads to no project goes here.
    pub default: bool,
}

/// What is to change about a project; what is `None` or empty stays.
#[derive(Clone, Debug, Default)]
pub struct ProjectEdit {
    /// A new path; the former one goes on working.
    pub path: Option<ProjectPath>,
    pub name: Option<String>,
    pub on: Option<bool>,
    pub add_aliases: Vec<Address>,
    pub remove_aliases: Vec<Address>,
    pub suffix: Option<Suffix>,
    pub members: Vec<(Handle, Role)>,
    pub remove_members: Vec<Handle>,
    pub from_name: Option<FromName>,
    pub confirm: Option<bool>,
    pub reopen: Option<bool>,
    pub tell_closed: Option<bool>,
    pub reply_all_joins: Option<bool>,
    pub cc_participants: Option<bool>,
    pub trust: Vec<TrustedDomain>,
    pub distrust: Vec<TrustedDomain>,
    pub add_form_senders: Vec<Address>,
    pub remove_form_senders: Vec<Address>,
    /// Erase closed tickets after so many days; 0 for never.
    pub keep_closed_days: Option<u32>,
    pub default: Option<bool>,
}

impl Desk {
    /// Adds a project.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] with a sentence where a path, slug or alias is taken or too long.
    pub async fn add_project(&self, new: NewProject) -> Result<Project, DeskError> {
        let desk = self.clone();
        let now = self.clock.now();
        let added = self.store.write(move |w| {
            let mut project = Project {
                id: ProjectId(0),
                path: new.path.clone(),
                former_paths: Vec::new(),
                name: new.name.clone().unwrap_or_else(|| new.path.as_str().to_owned()),
                on: true,
                aliases: new.aliases.clone(),
                suffix: new.suffix.clone(),
                members: Vec::new(),
                from_name: FromName::default(),
                confirm: true,
                reopen: true,
                tell_closed: false,
                joining: Joining::default(),
                keep_closed_days: None,
                created_at: now,
            };
            desk.refuse_clashes(w, None, &project)?;
            project.id = w.add_project(&project)?;
            desk.refuse_bad_address(None, &project)?;
            if new.default {
                w.set_default_project(Some(project.id))?;
            }
            Ok::<_, DeskError>(project)
        });
        Ok(added.await?)
    }

    /// Every project, by path. For the command line, which asks as the operator.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn projects(&self) -> Result<Vec<Project>, DeskError> {
        Ok(self.store.read()?.projects()?)
    }

    /// Changes a project.
    ///
    /// # Errors
    /// [`DeskError::NotFound`]; [`DeskError::Invalid`] as for a new one.
    pub async fn edit_project(&self, path: ProjectPath, edit: ProjectEdit) -> Result<Project, DeskError> {
        let desk = self.clone();
        let edited = self.store.write(move |w| {
            let mut project = w.project_by_path(&path)?.ok_or(DeskError::NotFound)?;
            let id = project.id;
            let before = project.clone();
            change_project(w, &mut project, &edit)?;
            desk.refuse_clashes(w, Some(&before), &project)?;
            desk.refuse_bad_address(Some(&before), &project)?;
            w.put_project(&project)?;
            match edit.default {
                Some(true) => w.set_default_project(Some(id))?,
                Some(false) if w.default_project()? == Some(id) => w.set_default_project(None)?,
                Some(false) | None => {}
            }
            Ok::<_, DeskError>(project)
        });
        Ok(edited.await?)
    }

    /// Two projects never share a slug, present or former, a path or an alias, and none has an alias that
    /// another one's suffix makes on a catch-all domain: the alias would win. Of a project that there
    /// was `before`, only what is new is looked at: what the site's configuration says by now must
    /// not stand in the way of another edit.
    fn refuse_clashes(
        &self,
        look: &impl Look,
        before: Option<&Project>,
        project: &Project,
    ) -> Result<(), DeskError> {
        let taken = |what: &str, by: &Project| {
            Err(DeskError::Invalid(format!("{what} belongs to the project {}; choose another", by.path)))
        };
        let had = |alias: &Address| before.is_some_and(|before| before.aliases.contains(alias));
        for slug in project.slugs().filter(|_| is_renamed(before, project)) {
            if let Some(other) = look.project_by_slug(&slug)?.filter(|other| other.id != project.id) {
                return taken(&format!("the path {} (as {slug} in addresses)", project.path), &other);
            }
        }
        for alias in project.aliases.iter().filter(|alias| !had(alias)) {
            if let Some(other) = look.project_by_alias(alias)?.filter(|other| other.id != project.id) {
                return taken(&format!("the address {alias}"), &other);
            }
            let every = look.projects()?;
            let mut others = every.iter().filter(|other| other.id != project.id);
            if let Some(other) = others.find(|other| self.site.every_suffixed(other).contains(alias)) {
                return taken(&format!("the address {alias}"), other);
            }
            if self.site.is_ours(alias, &ProjectNames::default()) {
                let why = format!(
                    "{alias} is an address of the whole desk; a project that is the default gets its mail"
                );
                return Err(DeskError::Invalid(why));
            }
        }
        let of_before = before.map(|before| self.site.every_suffixed(before)).unwrap_or_default();
        for made in self.site.every_suffixed(project).iter().filter(|made| !of_before.contains(made)) {
            if let Some(other) = look.project_by_alias(made)?.filter(|other| other.id != project.id) {
                return taken(&format!("the address {made}, which the suffix would make,"), &other);
            }
        }
        Ok(())
    }

    /// What mail servers would not take in a generated address: a local part of more than 64 octets
    /// (RFC 5321 §4.5.3.1.1), or one that is no dot-string (§4.1.2).
    fn refuse_bad_address(&self, before: Option<&Project>, project: &Project) -> Result<(), DeskError> {
        let renamed = is_renamed(before, project);
        if renamed && project.path.as_str().contains("..") {
            return Err(DeskError::Invalid(format!(
                "the path {} has two dots in a row, which no mail address may have",
                project.path
            )));
        }
        let suffixed = self.site.suffix_wildcard.is_some() && project.suffix.is_some();
        let changed = renamed || before.is_some_and(|before| before.suffix != project.suffix);
        if suffixed && changed && self.site.suffixed(project).is_none() {
            return Err(DeskError::Invalid(format!(
                "path and suffix of {} are too long: the suffix address would have more than 64 characters \
                 before the @",
                project.path
            )));
        }
        if renamed && self.site.current(project).is_none() {
            return Err(DeskError::Invalid(format!(
                "the path {} is too long: its mail address would have more than 64 characters before the @",
                project.path
            )));
        }
        Ok(())
    }
}

/// Whether the path is another than before, or the first one.
fn is_renamed(before: Option<&Project>, project: &Project) -> bool {
    before.is_none_or(|before| before.path != project.path)
}

fn change_project(w: &Write<'_>, project: &mut Project, edit: &ProjectEdit) -> Result<(), DeskError> {
    if let Some(path) = edit.path.clone().filter(|path| *path != project.path) {
        let former = std::mem::replace(&mut project.path, path);
        project.former_paths.retain(|p| *p != project.path && *p != former);
        project.former_paths.push(former);
    }
    if let Some(name) = &edit.name {
        project.name.clone_from(name);
    }
    project.on = edit.on.unwrap_or(project.on);
    project.confirm = edit.confirm.unwrap_or(project.confirm);
    project.reopen = edit.reopen.unwrap_or(project.reopen);
    project.tell_closed = edit.tell_closed.unwrap_or(project.tell_closed);
    change_joining(&mut project.joining, edit);
    if let Some(days) = edit.keep_closed_days {
        project.keep_closed_days = (days > 0).then_some(days);
    }
    project.from_name = edit.from_name.unwrap_or(project.from_name);
    if edit.suffix.is_some() {
        project.suffix.clone_from(&edit.suffix);
    }
    for alias in &mut project.aliases {
        // One from before domains were kept in A-labels, which no mail carries.
        *alias = Address::parse(alias.as_str()).unwrap_or_else(|_| alias.clone());
    }
    project.aliases.retain(|alias| !edit.remove_aliases.contains(alias));
    for alias in &edit.add_aliases {
        if !project.aliases.contains(alias) {
            project.aliases.push(alias.clone());
        }
    }
    for handle in &edit.remove_members {
        let id = account(w, handle)?;
        project.members.retain(|(member, _)| *member != id);
    }
    for (handle, role) in &edit.members {
        let id = account(w, handle)?;
        project.members.retain(|(member, _)| *member != id);
        project.members.push((id, *role));
    }
    Ok(())
}

fn change_joining(joining: &mut Joining, edit: &ProjectEdit) {
    joining.reply_all = edit.reply_all_joins.unwrap_or(joining.reply_all);
    joining.cc = edit.cc_participants.unwrap_or(joining.cc);
    joining.trusted.retain(|domain| !edit.distrust.contains(domain));
    for domain in &edit.trust {
        if !joining.trusted.contains(domain) {
            joining.trusted.push(domain.clone());
        }
    }
    joining.form_senders.retain(|sender| !edit.remove_form_senders.contains(sender));
    for sender in &edit.add_form_senders {
        if !joining.form_senders.contains(sender) {
            joining.form_senders.push(sender.clone());
        }
    }
}

fn account(look: &impl Look, handle: &Handle) -> Result<AccountId, DeskError> {
    look.account_by_handle(handle)?.map(|account| account.id).ok_or_else(|| {
        DeskError::Invalid(format!("there is no account @{handle}; `postdesk account list` shows all"))
    })
}
