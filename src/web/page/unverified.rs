//! An unverified mail as the theme takes it: shown apart until an agent decides, and a comment like
//! any other once it is accepted.

use crate::desk::{SeenEntry, Who};
use crate::theme::page::{Entry, Text, Unverified};
use crate::tracker::{Decision, Doubt, EventKind, Ruling, initials};

pub(super) fn entry(entry: &SeenEntry, text: Text, may_work: bool) -> Entry {
    let EventKind::Unverified { from, doubt, automatic, decision, .. } = &entry.event.kind else {
        return Entry::Comment(text);
    };
    let mut text = text;
    if !matches!(entry.who, Who::Participant(_)) {
        let who = from.as_ref().map_or("Somebody", |f| f.name.as_deref().unwrap_or(f.address.as_str()));
        text.address = from.as_ref().filter(|f| f.name.is_some()).map(|f| f.address.to_string());
        text.initials = initials(who);
        who.clone_into(&mut text.who);
    }
    let by = entry.refs.decided_by.as_deref().unwrap_or("Somebody");
    match decision {
        Some(decision) if decision.accepts() => {
            text.defects.insert(0, format!("This mail came unverified. {by} accepted it."));
            if *automatic { Entry::Automatic(text) } else { Entry::Comment(text) }
        }
        decision => Entry::Unverified(Unverified {
            why: why(*doubt, *decision, by, entry, may_work),
            open: decision.is_none(),
            addable: *doubt == Doubt::Stranger && from.is_some(),
            text: Text { delivery: None, ..text },
        }),
    }
}

fn why(doubt: Doubt, decision: Option<Decision>, by: &str, entry: &SeenEntry, may_work: bool) -> String {
    let what = match doubt {
        Doubt::Stranger => "its sender is not a participant",
        Doubt::Unauthenticated => "it may not come from the participant that it names: authentication failed",
    };
    let then = match decision.map(|decision| decision.ruling) {
        Some(Ruling::OwnTicket(_)) => {
            let ticket = entry.refs.ticket.as_ref().map(|(path, number)| format!("{path}#{number}"));
            format!(
                " {by} made it a ticket of its own, {}.",
                ticket.unwrap_or("which is elsewhere".to_owned())
            )
        }
        Some(_) => format!(" {by} left it aside."),
        None if may_work => " Decide what it is:".to_owned(),
        None => " An agent has to decide what it is.".to_owned(),
    };
    format!("This mail answers the ticket, but {what}. It was mailed to nobody.{then}")
}
