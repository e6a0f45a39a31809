//! Erasing a person, by the operator.

use super::Operator;
use crate::desk::DeskError;
use crate::intake::Cleared;
use crate::mail::Address;
use crate::tracker::{Erased, EventNo, ProjectPath};

pub(super) async fn erase(operator: &Operator, address: &str, dry_run: bool) -> Result<Vec<String>, String> {
    let address = Address::parse(address).map_err(|error| format!("{address}: {error}"))?;
    if dry_run {
        let found = operator.desk.find_person(address.clone()).await.map_err(|error| error.to_string())?;
        let mut lines = vec![format!("{address} is found so; nothing was changed:")];
        lines.extend(counted(&found.1));
        lines.extend(NOT_FOUND.map(str::to_owned));
        return Ok(lines);
    }
    let erasing = operator.desk.erase_person(address.clone()).await.map_err(|error| error.to_string())?;
    let cleared = operator.intake.clear_leftovers(Some(erasing.id)).await.map_err(|error| error.whole())?;
    let mut lines = vec![format!("{address} was erased:")];
    lines.extend(counted(&erasing.erased));
    lines.extend(told(&cleared));
    if !erasing.records_done {
        lines.push("A letter of theirs is just being sent; the rest is erased when it has left.".to_owned());
    }
    if erasing.stays_suppressed {
        lines.push(
            "They wished for no mail at all. That is kept, as a hash that tells nobody the address."
                .to_owned(),
        );
    }
    if !cleared.is_done() || !erasing.records_done {
        lines.push(
            "What is left is done by itself while the desk runs; `postdesk status` shows it.".to_owned(),
        );
    }
    lines.extend(NOT_FOUND.map(str::to_owned));
    Ok(lines)
}

pub(super) async fn redact(
    operator: &Operator,
    ticket: &str,
    event: u32,
    text: &str,
) -> Result<Vec<String>, String> {
    let wrong = || format!("{ticket} names no ticket; write it as acme/web#12");
    let (path, number) = ticket.rsplit_once('#').ok_or_else(wrong)?;
    let path = ProjectPath::parse(path).map_err(|error| format!("{ticket}: {error}"))?;
    let number = number.parse().map_err(|_| wrong())?;
    let done = operator.desk.redact(&path, number, EventNo(event), text).await;
    let id = done.map_err(|error| match error {
        DeskError::NotFound => format!("there is no event {event} on {ticket}"),
        other => other.to_string(),
    })?;
    let cleared = operator.intake.clear_leftovers(Some(id)).await.map_err(|error| error.whole())?;
    let mut lines = vec![format!("The passage was taken out of event {event} of {ticket}:")];
    lines.extend(told(&cleared));
    if !cleared.is_done() {
        lines.push(
            "What is left is done by itself while the desk runs; `postdesk status` shows it.".to_owned(),
        );
    }
    lines.push("Not looked into: attachments, and quotes in other mails and comments. Backups made before still have it.".to_owned());
    Ok(lines)
}

fn counted(erased: &Erased) -> [String; 4] {
    [
        format!(
            "  tickets: {}; {} with nobody else, wholly; {} with others, whose mails stay",
            erased.whole + erased.shared,
            erased.whole,
            erased.shared
        ),
        format!("  texts on tickets: {}", erased.texts),
        format!("  mails that came in: {}", erased.mails),
        format!("  letters to them, or with their texts: {}", erased.letters),
    ]
}

fn told(cleared: &Cleared) -> Vec<String> {
    let left = |left: u64| if left == 0 { String::new() } else { format!("; {left} are left") };
    let mut lines = vec![
        format!("  copies on the mail server: {} gone{}", cleared.copies, left(cleared.copies_left)),
        format!("  files of raw mails: {} gone{}", cleared.files, left(cleared.files_left)),
    ];
    if cleared.files_left > 0 {
        lines
            .push("    (files of the last ten minutes, and all while a backup is made, go later)".to_owned());
    }
    lines.extend(cleared.trouble.iter().map(|why| format!("    the mail server: {why}")));
    lines
}

/// What no program can find.
const NOT_FOUND: [&str; 3] = [
    "Not found by this: their words quoted in mails and comments of others, and mails in mailboxes that",
    "the desk does not take in. `postdesk redact` takes a passage out of one mail or comment.",
    "Backups made before still have everything; remove them, or erase again after a restore.",
];
