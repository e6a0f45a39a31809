//! The mails that wait for a decision.

use std::collections::HashMap;

use axum::extract::{Query as Params, State};
use axum::response::Response;

use crate::desk::{HeldMail, HeldMails, HeldTarget, Junk, JunkMail};
use crate::theme::page::{Balance, Held, HeldRow, JunkPart, JunkRow, Notice, ProjectChoice};
use crate::tracker::MailRowId;
use crate::triage::{HoldCause, VerdictKind};
use crate::web::Web;
use crate::web::answer::{Fault, page};
use crate::web::frame::grouped;
use crate::web::gate::Signed;

pub(in crate::web) async fn show(
    State(web): State<Web>,
    signed: Signed,
    Params(params): Params<HashMap<String, String>>,
) -> Result<Response, Fault> {
    let after = params.get("after").and_then(|after| after.parse().ok()).map(MailRowId);
    let notice = match params.get("done").map(String::as_str) {
        Some("asked") => Some("The mail server is being asked for that mail once more."),
        Some("fetched") => {
            Some("That mail is being fetched out of Junk, and is taken in as if it had come now.")
        }
        Some("left") => Some("The mail was left as it is. It stays in the mailbox."),
        Some("gone") => Some("Somebody else decided about that mail meanwhile."),
        _ => None,
    };
    let notice = notice.map(|text| Notice { text: text.to_owned(), bad: false, link: None });
    let held = web.desk().see_held(signed.viewer, after).await?;
    let junk = web.desk().see_junk(signed.viewer)?;
    page(&web, &signed, "held", &content(held, junk, notice))
}

fn content(held: HeldMails, junk: Option<Junk>, notice: Option<Notice>) -> Held {
    let taken: u64 = held.verdicts.iter().map(|(_, count)| count).sum();
    Held {
        notices: notice.into_iter().collect(),
        rows: held.mails.into_iter().map(row).collect(),
        projects: held
            .projects
            .iter()
            .map(|project| ProjectChoice { id: project.id.0, path: project.path.to_string() })
            .collect(),
        older: held.next.map(|next| format!("/held?after={next}")),
        taken: grouped(taken),
        balance: if taken == 0 { Vec::new() } else { balance(&held.verdicts) },
        junk: junk.map(junk_part),
    }
}

fn junk_part(junk: Junk) -> JunkPart {
    let row = |mail: JunkMail| JunkRow {
        email: mail.email,
        subject: mail.subject,
        from: mail.from,
        at: mail.received_at,
        size: mail.size,
    };
    JunkPart { total: grouped(junk.total), rows: junk.newest.into_iter().map(row).collect() }
}

/// The sum of all mails by what became of them, largest first; held mails come last.
fn balance(verdicts: &[(VerdictKind, u64)]) -> Vec<Balance> {
    let mut sums: Vec<(&'static str, u64)> = Vec::new();
    for (verdict, count) in verdicts {
        let word = match verdict {
            VerdictKind::Open => "tickets",
            VerdictKind::Comment | VerdictKind::AgentReply => "comments",
            VerdictKind::Unverified => "unverified",
            VerdictKind::Unsubscribe => "unsubscribed",
            VerdictKind::Bounce => "bounces",
            VerdictKind::Duplicate => "duplicates",
            VerdictKind::Hold(_) => "held",
            VerdictKind::Ignore(_) => "left or ignored",
        };
        match sums.iter_mut().find(|(known, _)| *known == word) {
            Some((_, sum)) => *sum += count,
            None => sums.push((word, *count)),
        }
    }
    sums.retain(|(_, sum)| *sum > 0);
    sums.sort_by_key(|(word, sum)| (*word == "held", std::cmp::Reverse(*sum)));
    sums.into_iter().map(|(word, sum)| Balance { word: counted(word, sum), count: grouped(sum) }).collect()
}

/// The word as it stands behind a number.
fn counted(word: &'static str, count: u64) -> &'static str {
    match (word, count) {
        ("tickets", 1) => "ticket",
        ("comments", 1) => "comment",
        ("bounces", 1) => "bounce",
        ("duplicates", 1) => "duplicate",
        _ => word,
    }
}

fn row(mail: HeldMail) -> HeldRow {
    HeldRow {
        id: mail.row.id.0,
        cause: mail.cause.number(),
        sentence: mail.cause.sentence(),
        subject: mail.row.subject,
        from: mail.row.from_label,
        to: mail.row.to_label,
        at: mail.row.source.received_at,
        size: mail.row.source.size,
        preview: mail.preview,
        target: match mail.target {
            HeldTarget::Ticket(path, number) => Some(format!("{path}#{number}")),
            HeldTarget::Note(path, number) => Some(format!("{path}#{number} as a note")),
            HeldTarget::Project(path) => Some(path.to_string()),
            HeldTarget::Choose => None,
        },
        unread: mail.cause.is_unread(),
        again: mail.cause == HoldCause::NoContent,
        may_dismiss: mail.may_dismiss,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::IgnoreCause;

    #[test]
    fn the_balance_adds_up_and_ends_with_what_is_held() {
        let parts = balance(&[
            (VerdictKind::Hold(HoldCause::NoProject), 2),
            (VerdictKind::Open, 3),
            (VerdictKind::Hold(HoldCause::Bounce), 1_000),
            (VerdictKind::Ignore(IgnoreCause::OurOwn), 7),
            (VerdictKind::Comment, 1),
            (VerdictKind::Duplicate, 0),
        ]);
        let text: Vec<_> = parts.iter().map(|part| format!("{} {}", part.count, part.word)).collect();
        assert_eq!(text, ["7 left or ignored", "3 tickets", "1 comment", "1,002 held"]);
    }
}
