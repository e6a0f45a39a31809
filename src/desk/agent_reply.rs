//! An agent's answer by mail: a comment as on the web, or an internal note.

use jiff::Timestamp;

use super::letters::mail_everyone;
use super::receive::Arrived;
use super::subscribe::record;
use super::{Desk, DeskError, visible};
use crate::store::{Look, StoreError, Write};
use crate::tracker::{
    AccountId, Action, Actor, Body, Change, LetterKind, MailRowId, Ticket, TicketId, apply,
};
use crate::triage::{HoldCause, Verdict};

/// Whoever may not answer on the web may not by mail: the verdict of such an answer is to hold it.
pub(super) fn refuse_agent(look: &impl Look, verdict: Verdict) -> Result<Verdict, StoreError> {
    let Verdict::AgentReply { ticket: id, account, .. } = verdict else { return Ok(verdict) };
    let ticket = look.ticket(id)?;
    let project = ticket.as_ref().map(|ticket| look.project(ticket.project)).transpose()?.flatten();
    let account = look.account(account)?.filter(|account| !account.disabled);
    let may = match (&ticket, &project, &account) {
        (Some(ticket), Some(project), Some(account)) => {
            ticket.erased_at.is_none() && visible::as_viewer(account).may(Action::Work, project)
        }
        _ => false,
    };
    if may {
        return Ok(verdict);
    }
    Ok(Verdict::Hold {
        cause: HoldCause::AgentMayNot,
        ticket: ticket.map(|ticket| ticket.id),
        project: project.map(|project| project.id),
    })
}

impl Desk {
    /// Puts an agent's answer on its ticket. A comment is mailed to every participant but the agent's
    /// own address; a note to nobody. Its Message-ID is on no list: customers' letters would name it.
    pub(super) fn agent_reply(
        &self,
        w: &mut Write<'_>,
        arrived: &Arrived,
        row: MailRowId,
        ticket: TicketId,
        (account, note): (AccountId, bool),
        now: Timestamp,
    ) -> Result<Ticket, DeskError> {
        let mut ticket = w.ticket(ticket)?.ok_or(DeskError::NotFound)?;
        let body = Body::Mail { raw: arrived.raw, row: Some(row) };
        let change = if note { Change::Note { body } } else { Change::Comment { body, automatic: false } };
        let events = apply(&mut ticket, change, Actor::Account(account), now)?;
        record(w, &ticket, &events)?;
        let written = events.first().filter(|_| !note && !arrived.quiet);
        if let Some(event) = written {
            let letter = LetterKind::Comment { event: event.no };
            let from = arrived.inbound.from.as_ref();
            let own = from.and_then(|from| ticket.participant_by_address(&from.address)).map(|own| own.no);
            mail_everyone(w, &self.random, &self.site.host, &ticket, letter, own, now)?;
        }
        Ok(ticket)
    }
}
