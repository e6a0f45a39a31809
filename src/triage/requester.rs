//! Who asks: the sender of a mail, or whom it names where the sender is a form of the project's.

use super::guard::authentication;
use super::{Counts, Facts, ProjectNames, Site};
use crate::mail::{Authentication, Inbound, NameAddr};
use crate::tracker::Joining;

/// Who asks in a mail that begins a ticket, and what is known of that person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requester {
    /// Nobody, where the mail has no sender or comes from one of our own addresses, unless that is a
    /// form's and the mail names somebody else.
    pub person: Option<NameAddr>,
    pub(super) authentication: Authentication,
    pub(super) counts: Counts,
}

/// Who asks in a mail that begins a ticket in a project that joins mails like this.
#[must_use]
pub fn requester(mail: &Inbound, joining: &Joining, site: &Site, facts: &Facts) -> Requester {
    let names = ProjectNames::of_facts(&facts.projects);
    let others = |person: &&NameAddr| !site.is_ours(&person.address, &names);
    // The form may send from one of our own addresses, as many do.
    let is_form = mail.from.as_ref().is_some_and(|from| joining.form_senders.contains(&from.address));
    let judged = authentication(mail);
    match reply_to(mail).filter(others) {
        Some(person) if is_form => Requester {
            person: Some(person.clone()),
            // Whoever filled the form in may have given any address. So what vouches for the form
            // does not vouch for the person, but what speaks against the form does against both.
            authentication: if judged == Authentication::Fail { judged } else { Authentication::Unknown },
            counts: facts.reply_to,
        },
        _ => Requester {
            person: mail.from.as_ref().filter(others).cloned(),
            authentication: judged,
            counts: facts.sender,
        },
    }
}

/// The first Reply-To, where it is not the sender.
pub(super) fn reply_to(mail: &Inbound) -> Option<&NameAddr> {
    let from = mail.from.as_ref().map(|from| &from.address);
    mail.reply_to.first().filter(|person| Some(&person.address) != from)
}
