//! Delivery reports: which letter of ours one is about, and what it says of it.
//!
//! Anyone can write a report. It counts where it carries the Message-ID of a letter of ours, which
//! nobody can guess, and names the one person whom that letter was for. Any other is held.

use super::decide::at;
use super::join::hold;
use super::{Facts, HoldCause, KeyFact, ProjectFact, Reported, Verdict};
use crate::mail::{Inbound, ReportedAction};

/// Decides a report. `key` and `project` are what its addresses lead to.
pub(super) fn report(
    mail: &Inbound,
    key: Option<&KeyFact>,
    project: Option<&ProjectFact>,
    facts: &Facts,
) -> Verdict {
    about_ours(mail, facts).unwrap_or_else(|| held(mail, key, project, facts))
}

fn about_ours(mail: &Inbound, facts: &Facts) -> Option<Verdict> {
    let letter = facts.letter.as_ref()?;
    let report = mail.report.as_ref()?;
    let said = report.recipients.iter().find(|recipient| recipient.addresses.contains(&letter.to))?;
    let outcome = match said.action {
        ReportedAction::Failed => Reported::Failed { permanent: said.is_permanent(), reply: said.words() },
        ReportedAction::Delayed => Reported::Delayed,
        ReportedAction::Passed => Reported::Passed,
    };
    Some(Verdict::Bounce { letter: letter.letter, ticket: letter.ticket, outcome })
}

/// One that is not about a letter of ours, or does not say whose it was, waits for a person, beside
/// the ticket that its key or ids name.
fn held(mail: &Inbound, key: Option<&KeyFact>, project: Option<&ProjectFact>, facts: &Facts) -> Verdict {
    let ids = super::questions::ids(mail);
    let by_id = || ids.iter().find_map(|id| facts.mails.iter().find(|fact| fact.id == *id));
    let by_letter = || facts.letter.as_ref().map(|letter| letter.ticket);
    let ticket = key.map(|key| key.ticket).or_else(|| by_id().map(|fact| fact.ticket)).or_else(by_letter);
    match ticket.and_then(|ticket| facts.ticket(ticket)) {
        Some(ticket) => hold(HoldCause::Bounce, Some(ticket)),
        None => at(HoldCause::Bounce, project),
    }
}
