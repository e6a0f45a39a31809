//! Carries the operator's commands out, in the daemon or in a command that found none.

use super::request::{AccountAdd, Answer, ProjectAdd, ProjectEdit, Request};
use super::{Survey, keeping, privacy};
use crate::desk::{self, Desk, DeskError, IntakeStanding, Listening, NewAccount, NewProject};
use crate::intake::Intake;
use crate::mail::Address;
use crate::store::{Look, VERSION};
use crate::tracker::{FromName, Handle, OutboxState, Project, ProjectPath, Role, Suffix, TrustedDomain};
use crate::triage::{AdoptHow, VerdictKind};

/// What the operator's commands work with.
#[derive(Clone)]
pub struct Operator {
    pub desk: Desk,
    pub intake: Intake,
    /// Whether this is the daemon; else a command that found none.
    pub running: bool,
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
        Request::AccountAdd(add) => account_add(desk, add).await,
        Request::AccountList => account_list(desk),
        Request::AccountPassword { handle, password } => account_password(desk, &handle, password).await,
        Request::Adopt { how } => adopt(operator, &how).await,
        // Answered before, by more than lines.
        Request::Survey | Request::Snapshot => Ok(Vec::new()),
        Request::Pause => keeping::pause(desk).await,
        Request::Resume => keeping::resume(desk).await,
        Request::Replay { since } => keeping::replay(operator, since).await,
        Request::Erase { address, dry_run } => privacy::erase(operator, &address, dry_run).await,
        Request::Redact { ticket, event, text } => privacy::redact(operator, &ticket, event, &text).await,
        Request::TakeOver => take_over(operator).await,
        Request::Status => status(desk, operator.running),
    }
}

fn survey(desk: &Desk) -> Result<Survey, String> {
    let read = desk.store.read().map_err(|error| error.to_string())?;
    let survey = Survey::read(&read, VERSION).map_err(|error| error.to_string())?;
    let intake = intake_line(&desk.standing().get().intake);
    Ok(Survey { writable: *desk.store.writable().borrow(), intake: Some(intake), ..survey })
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
        reply_all_joins: edit.reply_all_joins,
        cc_participants: edit.cc_participants,
        trust: domains(&edit.trust)?,
        distrust: domains(&edit.distrust)?,
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

async fn account_add(desk: &Desk, add: AccountAdd) -> Result<Vec<String>, String> {
    let projects = add.projects.iter().map(|text| {
        let (at, role) = text.split_once('=').unwrap_or((text, "agent"));
        Ok((path(at)?, role_of(role)?))
    });
    let new = NewAccount {
        handle: handle(&add.handle)?,
        name: add.name,
        address: address(&add.address)?,
        admin: add.admin,
        projects: projects.collect::<Result<_, String>>()?,
    };
    let (account, token) = desk.add_account(new).await.map_err(|error| sentence(&error))?;
    Ok(vec![
        format!("@{} {} <{}>", account.handle, account.name, account.address),
        "This link works once, for seven days; its owner chooses a password there:".to_owned(),
        desk.links().welcome(&token),
    ])
}

fn account_list(desk: &Desk) -> Result<Vec<String>, String> {
    let accounts = desk.accounts().map_err(|error| sentence(&error))?;
    if accounts.is_empty() {
        return Ok(vec!["no accounts yet; `postdesk admin create` makes the first".to_owned()]);
    }
    let line = |account: &crate::tracker::Account| {
        let admin = if account.admin { "  admin" } else { "" };
        let state = match (account.disabled, &account.password) {
            (true, _) => "  disabled",
            (false, None) => "  has not chosen a password yet",
            (false, Some(_)) => "",
        };
        format!("@{}  {} <{}>{admin}{state}", account.handle, account.name, account.address)
    };
    Ok(accounts.iter().map(line).collect())
}

async fn account_password(desk: &Desk, who: &str, password: Option<String>) -> Result<Vec<String>, String> {
    let who = handle(who)?;
    let unknown = |error: DeskError| match error {
        DeskError::NotFound => "there is no such account; `postdesk account list` shows all".to_owned(),
        other => sentence(&other),
    };
    let Some(password) = password else {
        let token = desk.new_password_link(who).await.map_err(unknown)?;
        return Ok(vec!["This link works once, for 30 minutes:".to_owned(), desk.links().welcome(&token)]);
    };
    desk.give_password(who, &password).await.map_err(unknown)?;
    Ok(vec!["the password is set".to_owned()])
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
    Ok(vec![
        "The mailbox is this desk's: mail comes in and goes out again.".to_owned(),
        "Another desk that served it stops when it next looks; switch it off.".to_owned(),
    ])
}

/// What to do about another desk's marker.
const HOW_TO_TAKE_OVER: &str =
    "if the other desk is switched off for good, `postdesk adopt --take-over` gives the mailbox to this one";

fn status(desk: &Desk, running: bool) -> Result<Vec<String>, String> {
    let mut lines = if running {
        of_the_streets(desk)
    } else {
        vec!["no daemon runs on this data folder, so no mail comes in or goes out".to_owned()]
    };
    let read = desk.store.read().map_err(|error| error.to_string())?;
    lines.extend(keeping::standing(&read).map_err(|error| error.to_string())?);
    let verdicts = read.verdicts().map_err(|error| error.to_string())?;
    let waiting = read.letters_in(OutboxState::Waiting, 10_000).map_err(|error| error.to_string())?;
    lines.push(format!("letters waiting: {}", waiting.len()));
    let taken: u64 = verdicts.iter().map(|(_, count)| count).sum();
    lines.push(format!("mails taken: {taken}"));
    let erasures = read.erasures().map_err(|error| error.to_string())?;
    if !erasures.is_empty() {
        lines.push(format!("erasures that are not done yet: {}", erasures.len()));
    }
    lines.extend(by_word(&verdicts));
    Ok(lines)
}

/// How mail comes in and goes out.
fn of_the_streets(desk: &Desk) -> Vec<String> {
    let standing = desk.standing().get();
    let intake = match standing.stopped {
        Some(_) => "stopped".to_owned(),
        None => intake_line(&standing.intake),
    };
    let listening = match standing.listening {
        Some(Listening::Push) => "by push",
        Some(Listening::Poll) => "by polling",
        None => "not yet",
    };
    let sending = match standing.sending_trouble {
        _ if standing.stopped.is_some() => "stopped".to_owned(),
        Some(why) => format!("in trouble: {why}"),
        None => "running".to_owned(),
    };
    let mut lines = Vec::new();
    if let Some(other) = &standing.stopped {
        lines.push(format!("stopped, mail in and out: {other}"));
        lines.push(format!("  {HOW_TO_TAKE_OVER}"));
    }
    lines.extend([
        format!("mail in: {intake}"),
        format!("listening: {listening}"),
        format!("mail out: {sending}"),
    ]);
    lines.extend(standing.stopped_lanes.iter().map(|lane| format!("mail out: {}", lane.sentence())));
    lines
}

fn intake_line(standing: &IntakeStanding) -> String {
    match standing {
        IntakeStanding::Starting => "starting".to_owned(),
        IntakeStanding::NotAdopted { waiting } => {
            format!("off: the mailbox holds {waiting} mails from before; see `postdesk adopt --help`")
        }
        IntakeStanding::Running => "running".to_owned(),
        IntakeStanding::Trouble { why, since } => {
            format!("in trouble since {}: {why}", since.strftime("%Y-%m-%d %H:%M:%S UTC"))
        }
    }
}

/// One line for each kind of verdict, with its causes: `hold 3 (H01 1, H02 2)`.
fn by_word(verdicts: &[(VerdictKind, u64)]) -> Vec<String> {
    let mut words: Vec<&str> = verdicts.iter().map(|(kind, _)| kind.word()).collect();
    words.dedup();
    let line = |word: &&str| {
        let of_word = || verdicts.iter().filter(|(kind, _)| kind.word() == *word);
        let causes: Vec<_> = of_word()
            .filter_map(|(kind, count)| match kind {
                VerdictKind::Hold(cause) => Some(format!("{} {count}", cause.number())),
                VerdictKind::Ignore(cause) => Some(format!("{} {count}", cause.number())),
                _ => None,
            })
            .collect();
        let causes = if causes.is_empty() { String::new() } else { format!(" ({})", causes.join(", ")) };
        format!("  {word} {}{causes}", of_word().map(|(_, count)| count).sum::<u64>())
    };
    words.iter().map(line).collect()
}

fn sentence(error: &DeskError) -> String {
    error.to_string()
}

fn path(text: &str) -> Result<ProjectPath, String> {
    ProjectPath::parse(text).map_err(|error| format!("\"{text}\" is no project path: {error}"))
}

fn address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| format!("\"{text}\" is no address: {error}"))
}

fn addresses(texts: &[String]) -> Result<Vec<Address>, String> {
    texts.iter().map(|text| address(text)).collect()
}

fn suffix(text: &str) -> Result<Suffix, String> {
    Suffix::parse(text)
        .ok_or_else(|| format!("\"{text}\" is no suffix: a suffix has letters, digits and `_` only"))
}

fn handle(text: &str) -> Result<Handle, String> {
    Handle::parse(text).ok_or_else(|| {
        format!(
            "\"{text}\" is no handle: a handle starts with a letter and has letters, digits, `-` and `_` only"
        )
    })
}

fn role_of(text: &str) -> Result<Role, String> {
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
