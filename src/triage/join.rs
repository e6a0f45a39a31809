//! Joining: which ticket a mail answers, and as what.

use super::questions::ids;
use super::route::Hit;
use super::{Facts, HoldCause, KeyFact, KeyPurpose, Verdict, guard};
use crate::mail::{Address, Authentication, Inbound, NameAddr};
use crate::tracker::{AccountId, Doubt, ParticipantNo, State, Ticket, TicketId};

/// What keys and ids come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// They decide the mail.
    Verdict(Verdict),
    /// Ids alone, and a sender who does not take part: a new ticket, linked to this one.
    Linked(TicketId),
    /// They lead to no ticket.
    Nowhere,
}

/// Joins by customers' keys, in scan order, and by ids.
pub(super) fn join(mail: &Inbound, keys: &[&KeyFact], facts: &Facts) -> Joined {
    let by_key: Vec<&Ticket> = keys.iter().filter_map(|key| facts.ticket(key.ticket)).collect();
    let by_id: Vec<&Ticket> = ids(mail)
        .iter()
        .flat_map(|id| facts.mails.iter().filter(move |fact| fact.id == *id))
        .filter_map(|fact| facts.ticket(fact.ticket))
        .collect();
    let sender = mail.from.as_ref().map(|from| &from.address);
    let theirs = by_key.iter().chain(&by_id).find_map(|ticket| Some((*ticket, part(ticket, sender?)?)));
    let verified = guard::authentication(mail) != Authentication::Fail;
    match theirs {
        Some((ticket, no)) if verified => return Joined::Verdict(comment(mail, ticket, no, facts)),
        Some((ticket, _)) => {
            return Joined::Verdict(unverified(mail, ticket, Doubt::Unauthenticated, facts));
        }
        None => {}
    }
    if let Some(verdict) = by_key.iter().find_map(|ticket| trusted(mail, ticket, facts)) {
        return Joined::Verdict(verdict);
    }
    let reply_to_all = by_id.iter().find(|ticket| is_reply_to_all(mail, ticket, facts));
    match (by_key.first().or(reply_to_all), by_id.first()) {
        (Some(ticket), _) => Joined::Verdict(unverified(mail, ticket, Doubt::Stranger, facts)),
        (None, Some(ticket)) => Joined::Linked(ticket.id),
        (None, None) => Joined::Nowhere,
    }
}

/// An agent's key counts only with that agent's address and authentication that passes.
pub(super) fn agents(mail: &Inbound, key: &KeyFact, facts: &Facts) -> Option<Verdict> {
    let account = agent_of(key)?;
    let from = &mail.from.as_ref()?.address;
    let counts = guard::authentication(mail) == Authentication::Pass
        && facts.agents.iter().any(|agent| agent.is(account, from) && !agent.disabled);
    let note = matches!(key.purpose, KeyPurpose::AgentNote(_));
    counts.then_some(Verdict::AgentReply { ticket: key.ticket, account, note })
}

/// The ticket of the notice to an agent that a mail answers or sends on, by an agent's key or by the
/// notice's Message-ID.
pub(super) fn notice(mail: &Inbound, hits: &[Hit<'_>], facts: &Facts) -> Option<TicketId> {
    notices(mail, hits, facts).next().map(|(_, ticket)| ticket)
}

/// The same, where the mail says that it comes from the account which that notice told.
pub(super) fn own_notice(mail: &Inbound, hits: &[Hit<'_>], facts: &Facts) -> Option<TicketId> {
    let from = &mail.from.as_ref()?.address;
    let mut told = notices(mail, hits, facts);
    told.find(|(account, _)| facts.agents.iter().any(|a| a.is(*account, from))).map(|(_, ticket)| ticket)
}

/// Whom each such notice told, and of which ticket: those of keys first.
fn notices<'a>(
    mail: &Inbound,
    hits: &'a [Hit<'_>],
    facts: &'a Facts,
) -> impl Iterator<Item = (AccountId, TicketId)> + 'a {
    let ids = ids(mail);
    let by_key = hits.iter().filter_map(|hit| match hit {
        Hit::Key(key) | Hit::Notice(key) => Some((agent_of(key)?, key.ticket)),
        _ => None,
    });
    let by_id = facts.mails.iter().filter(move |fact| ids.contains(&fact.id));
    by_key.chain(by_id.filter_map(|fact| Some((fact.notice?, fact.ticket))))
}

/// Whose key it is, if it is an agent's.
pub(super) fn agent_of(key: &KeyFact) -> Option<AccountId> {
    match key.purpose {
        KeyPurpose::AgentComment(account) | KeyPurpose::AgentNote(account) => Some(account),
        KeyPurpose::Reply(_) | KeyPurpose::Unsubscribe(_) => None,
    }
}

/// Ends the subscription that a key belongs to. Who holds the key may, as with the link.
pub(super) fn unsubscribe(key: &KeyFact, facts: &Facts) -> Verdict {
    let ticket = facts.ticket(key.ticket);
    match key.purpose {
        KeyPurpose::Reply(participant) | KeyPurpose::Unsubscribe(participant)
            if ticket.is_some_and(|ticket| ticket.participant(participant).is_some()) =>
        {
            Verdict::Unsubscribe { ticket: key.ticket, participant }
        }
        _ => hold(HoldCause::UnknownKey, ticket),
    }
}

/// A mail held where it would have gone.
pub(super) fn hold(cause: HoldCause, ticket: Option<&Ticket>) -> Verdict {
    Verdict::Hold { cause, ticket: ticket.map(|t| t.id), project: ticket.map(|t| t.project) }
}

fn part(ticket: &Ticket, sender: &Address) -> Option<ParticipantNo> {
    ticket.participant_by_address(sender).map(|participant| participant.no)
}

/// An automatic mail is shown on the ticket and changes nothing there.
fn comment(mail: &Inbound, ticket: &Ticket, participant: ParticipantNo, facts: &Facts) -> Verdict {
    let automatic = mail.automatic.is_some();
    Verdict::Comment { ticket: ticket.id, participant, automatic, reopen: reopens(mail, ticket, facts) }
}

/// An unverified mail is work to do like any other, so it opens a closed ticket as well.
fn unverified(mail: &Inbound, ticket: &Ticket, doubt: Doubt, facts: &Facts) -> Verdict {
    let automatic = mail.automatic.is_some();
    Verdict::Unverified { ticket: ticket.id, doubt, automatic, reopen: reopens(mail, ticket, facts) }
}

fn reopens(mail: &Inbound, ticket: &Ticket, facts: &Facts) -> bool {
    let wanted = facts.project(ticket.project).is_some_and(|project| project.reopen);
    wanted && mail.automatic.is_none() && ticket.state == State::Closed
}

/// A colleague of a participant, of a domain that the project trusts, with a key. One whom an agent
/// took off the ticket does not come back that way: only a person brings them back.
fn trusted(mail: &Inbound, ticket: &Ticket, facts: &Facts) -> Option<Verdict> {
    let person = mail.from.as_ref()?;
    let joining = &facts.project(ticket.project)?.joining;
    let domain = joining.trusted.iter().find(|domain| domain.has(&person.address))?;
    let joins = mail.automatic.is_none()
        && guard::authentication(mail) == Authentication::Pass
        && ticket.present().any(|participant| domain.has(&participant.address))
        && !ticket.participants.iter().any(|known| known.address == person.address);
    joins.then(|| Verdict::Join {
        ticket: ticket.id,
        person: person.clone(),
        reopen: reopens(mail, ticket, facts),
    })
}

/// Somebody who answers to all, a participant among them, where the project wants to see that on
/// the ticket.
fn is_reply_to_all(mail: &Inbound, ticket: &Ticket, facts: &Facts) -> bool {
    let wanted = facts.project(ticket.project).is_some_and(|project| project.joining.reply_all);
    let written_to = |person: &NameAddr| ticket.participant_by_address(&person.address).is_some();
    wanted && mail.to.iter().chain(&mail.cc).any(written_to)
}
