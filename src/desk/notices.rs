//! Notices: accounts are told what happened on tickets, as each has chosen.

use jiff::Timestamp;

use super::letters::{add, may_be_mailed, row_for};
use super::loops::is_loop;
use super::{Desk, visible};
use crate::store::{Look, StoreError, Write};
use crate::tracker::{
    Account, AccountId, Action, Actor, Body, Event, EventKind, LetterKind, MailRowId, Notices, Occasion,
    Project, Recipient, Ticket, TicketId,
};
use crate::triage::KeyPurpose;

/// How far back the event of a mail that was just taken in is looked for.
const LOOKED_AT: usize = 100;

impl Desk {
    /// Makes notices due about a mail that was taken in, but for the person `by` whom it was taken in.
    /// Of what may be a loop nobody is told, nor of what stands on no ticket.
    pub(super) fn notify_of_mail(
        &self,
        w: &mut Write<'_>,
        (row, ticket): (MailRowId, Option<TicketId>),
        by: Option<AccountId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(ticket) = ticket.map(|id| w.ticket(id)).transpose()?.flatten() else { return Ok(()) };
        let events = w.newest_events(ticket.id, LOOKED_AT)?;
        let Some(event) = events.iter().find(|event| is_mail(event, row)) else { return Ok(()) };
        if is_loop(w, ticket.id, now)? {
            return Ok(());
        }
        self.notify(w, &ticket, event, by, now)
    }

    /// Makes a notice due to each account that wants to know of an event, and has neither done it nor
    /// gets the same text as a participant.
    pub(super) fn notify(
        &self,
        w: &mut Write<'_>,
        ticket: &Ticket,
        event: &Event,
        by: Option<AccountId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(occasion) = Occasion::of(event) else { return Ok(()) };
        let Some(project) = w.project(ticket.project)? else { return Ok(()) };
        for account in w.accounts()? {
            let mine = ticket.assignee == Some(account.id);
            let did_it = by == Some(account.id) || event.actor == Actor::Account(account.id);
            if account.notices.wants(occasion, mine)
                && !did_it
                && !knows(w, ticket, event, &account)?
                && may_be_told(w, &project, &account)?
                && !self.is_own(w, &account)?
            {
                let letter = LetterKind::Notice { event: event.no };
                let to = Recipient::Agent { ticket: ticket.id, account: account.id };
                let row = row_for(&self.random, &self.site.host, to, letter, now);
                add(w, ticket, row, purposes(occasion, account.id))?;
            }
        }
        Ok(())
    }

    /// A notice to an address of our own would come back.
    fn is_own(&self, look: &impl Look, account: &Account) -> Result<bool, StoreError> {
        self.is_of_this_desk(look, &account.address)
    }
}

/// What the answer to a notice becomes. Who answers one about an unverified mail writes to its sender,
/// whom a comment would not reach.
fn purposes(occasion: Occasion, account: AccountId) -> [KeyPurpose; 2] {
    let note = KeyPurpose::AgentNote(account);
    match occasion {
        Occasion::Unverified => [note, note],
        Occasion::NewTicket | Occasion::Comment | Occasion::Assigned => {
            [KeyPurpose::AgentComment(account), note]
        }
    }
}

/// Whether an account may be mailed about tickets of a project: it is in use, may read them, and its
/// address takes mail.
pub(super) fn may_be_told(
    look: &impl Look,
    project: &Project,
    account: &Account,
) -> Result<bool, StoreError> {
    let reads = visible::as_viewer(account).may(Action::Read, project);
    Ok(!account.disabled && reads && !look.suppressed(&account.address)?)
}

/// Whether a notice may still leave.
pub(super) fn still_wanted(
    look: &impl Look,
    ticket: TicketId,
    account: AccountId,
) -> Result<bool, StoreError> {
    let Some(ticket) = look.ticket(ticket)?.filter(|ticket| ticket.erased_at.is_none()) else {
        return Ok(false);
    };
    match (look.project(ticket.project)?, look.account(account)?) {
        (Some(project), Some(account)) if account.notices != Notices::Nothing => {
            may_be_told(look, &project, &account)
        }
        _ => Ok(false),
    }
}

fn is_mail(event: &Event, row: MailRowId) -> bool {
    matches!(event.kind.body(), Some(Body::Mail { row: Some(of), .. }) if *of == row)
}

/// Whether the account's owner wrote it as a customer, or gets it as a participant.
fn knows(look: &impl Look, ticket: &Ticket, event: &Event, account: &Account) -> Result<bool, StoreError> {
    if let EventKind::Unverified { from: Some(from), .. } = &event.kind
        && from.address == account.address
    {
        return Ok(true);
    }
    let Some(person) = ticket.participant_by_address(&account.address) else { return Ok(false) };
    let mailed = matches!(event.kind, EventKind::Comment { .. }) && may_be_mailed(look, person)?;
    Ok(mailed || event.actor == Actor::Participant(person.no))
}
