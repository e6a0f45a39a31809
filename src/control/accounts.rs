//! The operator's commands about accounts.

use super::answer::{Operator, address, handle, path, role_of, sentence};
use super::request::AccountAdd;
use crate::desk::{Desk, DeskError, NewAccount};
use crate::store::Look;
use crate::tracker::{Account, Delivery, LetterKind, OutboxRow, OutboxState, Recipient};

/// Among how many of the last letters to accounts those of the listed ones are looked for.
const LETTERS: usize = 5000;

pub(super) async fn add(operator: &Operator, add: AccountAdd) -> Result<Vec<String>, String> {
    let desk = &operator.desk;
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
    let named = |account: &Account| format!("@{} {} <{}>", account.handle, account.name, account.address);
    if !add.link && operator.mails() {
        let account = desk.invite_account(new).await.map_err(|error| sentence(&error))?;
        return Ok(vec![
            named(&account),
            "An invitation goes to this address; its link works once, for seven days, and leads to where its owner \
             chooses a password."
                .to_owned(),
        ]);
    }
    let (account, token) = desk.add_account(new).await.map_err(|error| sentence(&error))?;
    let mut lines = vec![named(&account)];
    lines.extend(no_mail(add.link));
    lines.push("This link works once, for seven days; its owner chooses a password there:".to_owned());
    lines.push(desk.links().welcome(&token));
    Ok(lines)
}

pub(super) async fn password(
    operator: &Operator,
    who: &str,
    password: Option<String>,
    link: bool,
) -> Result<Vec<String>, String> {
    let (desk, who) = (&operator.desk, handle(who)?);
    let unknown = |error: DeskError| match error {
        DeskError::NotFound => "there is no such account; `postdesk account list` shows all".to_owned(),
        other => sentence(&other),
    };
    if let Some(password) = password {
        desk.give_password(who, &password).await.map_err(unknown)?;
        return Ok(vec!["the password is set".to_owned()]);
    }
    if !link && operator.mails() {
        let account = desk.mail_new_password(who).await.map_err(unknown)?;
        return Ok(vec![format!(
            "A mail goes to {}; its link works once, for 30 minutes, and leads to where its owner chooses a password.",
            account.address
        )]);
    }
    let token = desk.new_password_link(who).await.map_err(unknown)?;
    let mut lines: Vec<String> = no_mail(link).into_iter().collect();
    lines.push("This link works once, for 30 minutes:".to_owned());
    lines.push(desk.links().welcome(&token));
    Ok(lines)
}

/// Why there is a link in place of a mail, where nobody asked for it.
fn no_mail(asked: bool) -> Option<String> {
    let why = "No mail goes out at present (`postdesk status` says why), so here is the link itself.";
    (!asked).then(|| why.to_owned())
}

pub(super) fn list(desk: &Desk) -> Result<Vec<String>, String> {
    let accounts = desk.accounts().map_err(|error| sentence(&error))?;
    if accounts.is_empty() {
        return Ok(vec!["no accounts yet; `postdesk admin create` makes the first".to_owned()]);
    }
    let read = desk.store.read().map_err(|error| error.to_string())?;
    let letters = read.letters_to_accounts(LETTERS).map_err(|error| error.to_string())?;
    let lines = accounts.iter().flat_map(|account| {
        let admin = if account.admin { "  admin" } else { "" };
        let state = match (account.disabled, &account.password) {
            (true, _) => "  disabled",
            (false, None) => "  has not chosen a password yet",
            (false, Some(_)) => "",
        };
        let line = format!("@{}  {} <{}>{admin}{state}", account.handle, account.name, account.address);
        let last = letters.iter().find(|letter| letter.to == Recipient::Account(account.id));
        [Some(line), last.and_then(|letter| trouble(account, letter))].into_iter().flatten()
    });
    Ok(lines.collect())
}

/// What became of the last letter to an account, where its owner may be waiting for it.
fn trouble(account: &Account, letter: &OutboxRow) -> Option<String> {
    let what = match letter.letter {
        LetterKind::Invitation if account.password.is_some() => return None,
        LetterKind::Invitation => "the invitation",
        _ => "the mail with a link for a new password",
    };
    let because = letter.trouble.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    let said = match (letter.state, &letter.delivery) {
        (OutboxState::Sent, Delivery::Refused { reply }) => format!("could not be delivered: {reply}"),
        (OutboxState::Sent, _) => return None,
        (OutboxState::Failed, _) => format!("was not sent{because}"),
        (OutboxState::Withdrawn, _) => format!("was withdrawn{because}"),
        (OutboxState::PresumedSent | OutboxState::Unknown, _) => "may have been lost".to_owned(),
        (OutboxState::Waiting | OutboxState::Submitting, _) => format!("waits to be sent{because}"),
    };
    Some(format!("  {what} {said}"))
}
