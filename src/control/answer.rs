//! Carries the operator's commands out, in the daemon or in a command that found none.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::accounts;
use super::request::{Answer, ProjectAdd, ProjectEdit, Request};
use super::{Survey, keeping, privacy, status};
use crate::desk::{self, Desk, DeskError, IntakeStanding, NewProject};
use crate::intake::Intake;
use crate::mail::Address;
use crate::store::VERSION;
use crate::tracker::{FromName, Handle, Project, ProjectPath, Role, Suffix, TrustedDomain};
use crate::triage::AdoptHow;

/// Reads the daemon's configuration again: lines to print, or a sentence that says what is wrong.
pub type Reload = Arc<dyn Fn() -> BoxFuture<'static, Result<Vec<String>, String>> + Send + Sync>;

/// What the operator's commands work with.
#[derive(Clone)]
pub struct Operator {
    pub desk: Desk,
    pub intake: Intake,
    /// Whether this is the daemon; else a command that found none.
    pub running: bool,
    /// `None` where no daemon runs.
    pub reload: Option<Reload>,
}

impl Operator {
    /// Whether a letter that becomes due now is likely to leave soon.
    pub(super) fn mails(&self) -> bool {
        let standing = self.desk.standing().get();
        self.running
            && standing.intake == IntakeStanding::Running
            && standing.stopped.is_none()
            && standing.sending_trouble.is_none()
    }
}

/// Carries one command out and says what came of it.
pub async fn answer(operator: &Operator, request: Request) -> Answer {
    if request == Request::Survey {
        return survey(&operator.desk)
            .map_or_else(Answer::Refused, |survey| Answer::Survey(Box::new(survey)));
    }
    match carry_out(operator, request).await {
        Ok(lines) => Answer::Done(lines),
        Err(why) => Answer::Refused(why),
    }
}

async fn carry_out(operator: &Operator, request: Request) -> Result<Vec<String>, String> {
    let desk = &operator.desk;
    match request {
        Request::ProjectAdd(add) => project_add(desk, add).await,
        Request::ProjectList => project_list(desk),
        Request::ProjectEdit(edit) => project_edit(desk, *edit).await,
        Request::AccountAdd(add) => accounts::add(operator, add).await,
        Request::AccountList => accounts::list(desk),
        Request::AccountPassword { handle, password, link } => {
            accounts::password(operator, &handle, password, link).await
        }
        Request::Adopt { how } => adopt(operator, &how).await,
        // Answered before, by more than lines.
        Request::Survey | Request::Snapshot => Ok(Vec::new()),
        Request::Pause => keeping::pause(desk).await,
        Request::Resume => keeping::resume(desk).await,
        Request::Replay { since } => keeping::replay(operator, since).await,
        Request::Erase { address, dry_run } => privacy::erase(operator, &address, dry_run).await,
        Request::Redact { ticket, event, text } => privacy::redact(operator, &ticket, event, &text).await,
        Request::TakeOver => take_over(operator).await,
        Request::Status => Ok(status::lines(desk, operator.running)),
        Request::StatusJson => status::json(desk, operator.running),
        Request::Reload => match &operator.reload {
            Some(reload) => reload().await,
            None => Err("no daemon runs; it reads its configuration when it is started".to_owned()),
        },
    }
}

fn survey(desk: &Desk) -> Result<Survey, String> {
    let read = desk.store.read().map_err(|error| error.to_string())?;
    let survey = Survey::read(&read, VERSION).map_err(|error| error.to_string())?;
    let standing = desk.standing().get();
    let stopped = standing.stopped.as_ref().map(ToString::to_string);
    let intake = Some(status::intake_line(&standing.intake));
    let writable = *desk.store.writable().borrow();
    Ok(Survey { writable, intake, stopped, certificate: standing.certificate, ..survey })
}

async fn project_add(desk: &Desk, add: ProjectAdd) -> Result<Vec<String>, String> {
    let new = NewProject {
        path: path(&add.path)?,
        name: add.name,
        aliases: addresses(&add.aliases)?,
        suffix: add.suffix.as_deref().map(suffix).transpose()?,
        default: add.default,
    };
    let project = desk.add_project(new).await.map_err(|error| sentence(&error))?;
    Ok(describe(desk, &project))
}

fn project_list(desk: &Desk) -> Result<Vec<String>, String> {
    let projects = desk.projects().map_err(|error| sentence(&error))?;
    if projects.is_empty() {
        return Ok(vec!["no projects yet; `postdesk project add PATH` makes the first".to_owned()]);
    }
    Ok(projects.iter().flat_map(|project| describe(desk, project)).collect())
}

/// The project with the addresses that lead to it.
fn describe(desk: &Desk, project: &Project) -> Vec<String> {
    let state = if project.on { "" } else { "  (off: takes no new tickets)" };
    let mut lines = vec![format!("{}  {}{state}", project.path, project.name)];
    lines.extend(project.aliases.iter().map(|alias| format!("  {alias}")));
    lines.extend(desk.site().current(project).map(|address| format!("  {address}")));
    lines.extend(desk.site().suffixed(project).map(|address| format!("  {address}")));
    if project.tell_closed {
        lines.push("  participants are told when a ticket is closed".to_owned());
    }
    let joining = &project.joining;
    if joining.reply_all {
        lines.push("  strangers who reply to all are shown on the ticket, unverified".to_owned());
    }
    if joining.cc {
        lines.push("  people in Cc become participants".to_owned());
    }
    lines.extend(
        project.keep_closed_days.map(|days| format!("  closed tickets are erased after {days} days")),
    );
    lines.extend(joining.trusted.iter().map(|domain| format!("  trusts {domain}")));
    lines.extend(
        joining
            .form_senders
            .iter()
            .map(|sender| format!("  takes {sender} for a form that names the customer")),
    );
    lines
}

async fn project_edit(desk: &Desk, edit: ProjectEdit) -> Result<Vec<String>, String> {
    let change = desk::ProjectEdit {
        path: edit.new_path.as_deref().map(path).transpose()?,
        name: edit.name,
        on: edit.on,
        add_aliases: addresses(&edit.add_aliases)?,
        remove_aliases: addresses(&edit.remove_aliases)?,
        suffix: edit.suffix.as_deref().map(suffix).transpose()?,
        members: edit.members.iter().map(|member| member_of(member)).collect::<Result<_, _>>()?,
        remove_members: edit.remove_members.iter().map(|h| handle(h)).collect::<Result<_, _>>()?,
        from_name: edit.from_name.as_deref().map(from_name).transpose()?,
        confirm: edit.confirm,
        reopen: edit.reopen,
        tell_closed: edit.tell_closed,
        reply_all_joins: edit.reply_all_joins,
        cc_participants: edit.cc_participants,
        trust: domains(&edit.trust)?,
        distrust: domains(&edit.distrust)?,
        add_form_senders: addresses(&edit.add_form_senders)?,
        remove_form_senders: addresses(&edit.remove_form_senders)?,
        keep_closed_days: edit.keep_closed_days,
        default: edit.default,
    };
    let edited = desk.edit_project(path(&edit.path)?, change).await.map_err(|error| match error {
        DeskError::NotFound => {
            format!("there is no project {}; `postdesk project list` shows all", edit.path)
        }
        other => sentence(&other),
    })?;
    Ok(describe(desk, &edited))
}

fn domains(texts: &[String]) -> Result<Vec<TrustedDomain>, String> {
    let read = |text: &String| TrustedDomain::parse(text).map_err(|error| format!("{text}: {error}"));
    texts.iter().map(read).collect()
}

async fn adopt(operator: &Operator, how: &str) -> Result<Vec<String>, String> {
    let how = [AdoptHow::Leave, AdoptHow::Import, AdoptHow::New]
        .into_iter()
        .find(|choice| choice.as_str() == how)
        .ok_or_else(|| format!("\"{how}\" is not one of leave, import, new"))?;
    operator.intake.adopt(how).await.map_err(|error| error.whole())?;
    let what = match how {
        AdoptHow::Leave => "what lay in the mailbox was moved to \"Earlier\"",
        AdoptHow::Import => "what lies in the mailbox becomes tickets, without any letter",
        _ => "what lies in the mailbox is treated as if it came now",
    };
    Ok(vec![format!("The mailbox is adopted: {what}.")])
}

async fn take_over(operator: &Operator) -> Result<Vec<String>, String> {
    operator.intake.take_over().await.map_err(|error| error.to_string())?;
    let first = if operator.desk.standing().get().paused {
        "The mailbox is this desk's. The desk is paused still: `postdesk resume` lets mail come in and go out."
    } else {
        "The mailbox is this desk's: mail comes in and goes out again."
    };
    Ok(vec![
        first.to_owned(),
        "Another desk that served it stops when it next looks; switch it off.".to_owned(),
    ])
}

pub(super) fn sentence(error: &DeskError) -> String {
    error.to_string()
}

pub(super) fn path(text: &str) -> Result<ProjectPath, String> {
    ProjectPath::parse(text).map_err(|error| format!("\"{text}\" is no project path: {error}"))
}

pub(super) fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| format!("\"{text}\" is no address: {error}"))
}

fn addresses(texts: &[String]) -> Result<Vec<Address>, String> {
    texts.iter().map(|text| address(text)).collect()
}

fn suffix(text: &str) -> Result<Suffix, String> {
    Suffix::parse(text)
        .ok_or_else(|| format!("\"{text}\" is no suffix: a suffix has letters, digits and `_` only"))
}

pub(super) fn handle(text: &str) -> Result<Handle, String> {
    Handle::parse(text).ok_or_else(|| {
        format!(
            "\"{text}\" is no handle: a handle starts with a letter and has letters, digits, `-` and `_` only"
        )
    })
}

pub(super) fn role_of(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("\"{text}\" is no role: viewer, agent or manager"))
}

fn member_of(text: &str) -> Result<(Handle, Role), String> {
    let (who, role) = text.split_once('=').unwrap_or((text, "agent"));
    Ok((handle(who)?, role_of(role)?))
}

fn from_name(text: &str) -> Result<FromName, String> {
    match text {
        "agent" => Ok(FromName::Agent),
        "project" => Ok(FromName::Project),
        _ => Err(format!("\"{text}\" is not one of agent, project")),
    }
}
