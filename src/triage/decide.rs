//! What becomes of one mail. The order of the questions below is the order of precedence.

use jiff::Timestamp;

use super::join::{Joined, agent_of, agents, hold, join, notice, own_notice, unsubscribe};
use super::report::report;
use super::requester::requester;
use super::route::{Hit, hits, pointers};
use super::{Facts, HoldCause, IgnoreCause, KeyFact, ProjectFact, ProjectNames, Site, Verdict, guard};
use crate::mail::{Automatic, Defect, Inbound};
use crate::tracker::{ProjectId, TicketId};

/// Decides one mail. `received_at` is when our mail server took it.
#[must_use]
pub fn decide(mail: &Inbound, site: &Site, facts: &Facts, received_at: Timestamp, now: Timestamp) -> Verdict {
    if facts.check {
        return Verdict::Ignore { cause: IgnoreCause::Check };
    }
    if facts.ours {
        return Verdict::Ignore { cause: IgnoreCause::OurOwn };
    }
    if let Some(of) = guard::seen_before(mail, facts) {
        return Verdict::Duplicate { of };
    }
    if mail.defects.contains(&Defect::Unparsable) {
        return hold(HoldCause::Unparsable, None);
    }
    let hits = hits(&pointers(mail, site), facts);
    if mail.automatic == Some(Automatic::Report) {
        return report(mail, keys(&hits).next(), projects(&hits).next(), facts);
    }
    let own = is_from_us(mail, site, facts);
    if own && !is_own_form(mail, site, &hits, facts) {
        return at(HoldCause::OwnAddress, projects(&hits).next());
    }
    let verdict = by_privileged_key(mail, &hits, facts)
        .unwrap_or_else(|| by_ticket_or_project(mail, site, &hits, facts, received_at, now));
    match verdict {
        Verdict::Open { .. } | Verdict::Hold { .. } => verdict,
        // A form asks for somebody anew, and never answers in their place.
        _ if own => at(HoldCause::OwnAddress, projects(&hits).next()),
        _ => verdict,
    }
}

/// Unsubscribe keys and agents' keys come before all else. An agent's key that does not count
/// leaves the mail to the next hit; but what a program answers to a notice is nothing for customers
/// or their tickets, whoever runs it.
fn by_privileged_key(mail: &Inbound, hits: &[Hit<'_>], facts: &Facts) -> Option<Verdict> {
    let found = hits.iter().find_map(|hit| match hit {
        Hit::Unsubscribe(key) => Some(unsubscribe(key, facts)),
        Hit::Key(key) => agents(mail, key, facts),
        _ => None,
    });
    let program = mail.automatic.is_some() && notice(mail, hits, facts).is_some();
    match found {
        Some(Verdict::AgentReply { .. }) | None if program => {
            Some(Verdict::Ignore { cause: IgnoreCause::AgentAutomatic })
        }
        Some(Verdict::AgentReply { ticket, .. }) if mail.says_nothing() => {
            Some(hold(HoldCause::AgentEmpty, facts.ticket(ticket)))
        }
        other => other,
    }
}

fn by_ticket_or_project(
    mail: &Inbound,
    site: &Site,
    hits: &[Hit<'_>],
    facts: &Facts,
    received_at: Timestamp,
    now: Timestamp,
) -> Verdict {
    let customers: Vec<&KeyFact> = keys(hits).filter(|key| agent_of(key).is_none()).collect();
    let joined = join(mail, &customers, facts);
    // An agent who takes part as well is mailed both ways. What they answer to a notice goes to no
    // customer, whether or not it is certain that it is theirs: the notice told them so.
    if matches!(joined, Joined::Verdict(_))
        && let Some(ticket) = own_notice(mail, hits, facts)
    {
        return hold(HoldCause::AgentKey, facts.ticket(ticket));
    }
    let linked = match joined {
        // Who has a key must not fill a ticket with what an agent has to decide.
        Joined::Verdict(Verdict::Unverified { ticket, .. }) if guard::is_flood(site, facts.sender) => {
            return hold(HoldCause::Flood, facts.ticket(ticket));
        }
        Joined::Verdict(verdict) => return verdict,
        Joined::Linked(ticket) => Some(ticket),
        Joined::Nowhere => None,
    };
    match destination(mail, hits, linked, facts) {
        Ok(project) => {
            let asks = requester(mail, &project.joining, site, facts);
            if guard::is_flood(site, asks.counts) {
                return at(HoldCause::Flood, Some(project));
            }
            Verdict::Open {
                project: project.id,
                also_for: also_for(hits, project.id),
                confirmation: guard::confirmation(mail, &asks, project.confirm, site, received_at, now),
                requester: asks.person,
                linked,
                automatic: mail.automatic.is_some(),
            }
        }
        Err(Verdict::Hold { cause, ticket, project }) => {
            Verdict::Hold { cause, ticket: ticket.or(linked), project }
        }
        Err(verdict) => verdict,
    }
}

/// The project of a new ticket: the first one addressed that takes tickets; else, where no address
/// of ours says anything, that of the ticket which the mail answers, else the default project.
fn destination<'f>(
    mail: &Inbound,
    hits: &[Hit<'f>],
    linked: Option<TicketId>,
    facts: &'f Facts,
) -> Result<&'f ProjectFact, Verdict> {
    if let Some(project) = projects(hits).find(|project| project.on) {
        return Ok(project);
    }
    // An agent's answer always has the ids of the notice it answers, and where no mail is
    // authenticated it would become a customer's ticket. So ids alone do not carry it there.
    if let Some(ticket) = notice(mail, hits, facts) {
        return Err(hold(HoldCause::AgentKey, facts.ticket(ticket)));
    }
    if let Some(astray) = hits.iter().find_map(astray) {
        return Err(astray);
    }
    let answered = linked.and_then(|ticket| facts.ticket(ticket)).and_then(|t| facts.project(t.project));
    match answered.or_else(|| facts.project(facts.default_project?)) {
        Some(project) if project.on => Ok(project),
        Some(project) => Err(at(HoldCause::ProjectOff, Some(project))),
        None => Err(at(HoldCause::NoProject, None)),
    }
}

fn astray(hit: &Hit<'_>) -> Option<Verdict> {
    match hit {
        Hit::Astray(cause, project) => Some(at(*cause, *project)),
        Hit::Project(project) => Some(at(HoldCause::ProjectOff, Some(project))),
        Hit::Unsubscribe(_) | Hit::Key(_) | Hit::Notice(_) => None,
    }
}

/// The projects that a mail addresses beside the one in which a person takes it in.
#[must_use]
pub fn also_addressed(mail: &Inbound, site: &Site, facts: &Facts, into: ProjectId) -> Vec<ProjectId> {
    also_for(&hits(&pointers(mail, site), facts), into)
}

/// The other projects that were addressed, also those that are off: their members may read.
fn also_for(hits: &[Hit<'_>], first: ProjectId) -> Vec<ProjectId> {
    let mut others: Vec<ProjectId> = Vec::new();
    for project in projects(hits) {
        if project.id != first && !others.contains(&project.id) {
            others.push(project.id);
        }
    }
    others
}

/// Nobody takes part in a ticket from one of our own addresses: what we sent would come back.
fn is_from_us(mail: &Inbound, site: &Site, facts: &Facts) -> bool {
    let names = ProjectNames::of_facts(&facts.projects);
    mail.from.as_ref().is_some_and(|from| site.is_ours(&from.address, &names))
}

/// Whether a mail from one of our own addresses is a form's of the project in which it would begin a
/// ticket, and names somebody else who asks. No letter of ours does: an answer to each comes here.
fn is_own_form(mail: &Inbound, site: &Site, hits: &[Hit<'_>], facts: &Facts) -> bool {
    let first = projects(hits).find(|project| project.on).or_else(|| projects(hits).next());
    let names = |project: &ProjectFact| requester(mail, &project.joining, site, facts).person.is_some();
    mail.check.is_none() && keys(hits).next().is_none() && first.is_some_and(names)
}

pub(super) fn at(cause: HoldCause, project: Option<&ProjectFact>) -> Verdict {
    Verdict::Hold { cause, ticket: None, project: project.map(|project| project.id) }
}

fn projects<'a, 'f>(hits: &'a [Hit<'f>]) -> impl Iterator<Item = &'f ProjectFact> + 'a {
    hits.iter().filter_map(|hit| match hit {
        Hit::Project(project) => Some(*project),
        _ => None,
    })
}

fn keys<'a, 'f>(hits: &'a [Hit<'f>]) -> impl Iterator<Item = &'f KeyFact> + 'a {
    hits.iter().filter_map(|hit| match hit {
        Hit::Key(key) => Some(*key),
        _ => None,
    })
}
