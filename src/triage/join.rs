//! Joining: which ticket a mail answers, and as what.

use super::questions::ids;
use super::{Facts, HoldCause, KeyFact, KeyPurpose, Verdict, guard};
use crate::mail::{Address, Authentication, Inbound};
use crate::tracker::{AccountId, ParticipantNo, State, Ticket, TicketId};

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
        Some((ticket, _)) => return Joined::Verdict(hold(HoldCause::Unverified, Some(ticket))),
        None => {}
    }
    match (by_key.first(), by_id.first()) {
        (Some(ticket), _) => Joined::Verdict(hold(HoldCause::Unverified, Some(ticket))),
        (None, Some(ticket)) => Joined::Linked(ticket.id),
        (None, None) => Joined::Nowhere,
    }
}

/// An agent's key counts only with that agent's address and authentication that passes.
pub(super) fn is_agents(mail: &Inbound, key: &KeyFact, facts: &Facts) -> bool {
    let (Some(account), Some(from)) = (agent_of(key), &mail.from) else { return false };
    guard::authentication(mail) == Authentication::Pass
        && facts.agents.iter().any(|(id, address)| *id == account && *address == from.address)
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
    let reopens = facts.project(ticket.project).is_some_and(|project| project.reopen);
    let reopen = !automatic && reopens && ticket.state == State::Closed;
    Verdict::Comment { ticket: ticket.id, participant, automatic, reopen }
}
