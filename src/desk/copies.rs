//! Copies of one mail: a server may hand one over for each address, and each names its own.

use jiff::Timestamp;

use super::Desk;
use super::receive::Arrived;
use crate::store::{Look, StoreError, Write};
use crate::tracker::{EventKind, ProjectId, TicketId};
use crate::triage::{HoldCause, MailRow, VerdictKind, also_addressed, copies_set_aside, questions};

impl Desk {
    /// A held copy of a mail that has now been taken in needs no decision any more. Those for whom it
    /// was held, in a project that takes no tickets, read what it became.
    pub(super) fn supersede_held_copies(
        &self,
        w: &mut Write<'_>,
        arrived: &Arrived,
        taken: &MailRow,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let facts = w.facts(&questions(&arrived.inbound, &self.site, arrived.raw), now)?;
        let mut readers = Vec::new();
        for id in copies_set_aside(&arrived.inbound, &facts) {
            if let Some(mut copy) = w.mail_row(id)?.filter(|row| matches!(row.verdict, VerdictKind::Hold(_)))
            {
                if copy.verdict == VerdictKind::Hold(HoldCause::ProjectOff) {
                    readers.extend(copy.project);
                }
                copy.verdict = VerdictKind::Duplicate;
                copy.ticket = taken.ticket;
                copy.filed = false;
                w.put_mail_row(&copy)?;
            }
        }
        match taken.ticket.filter(|_| taken.verdict == VerdictKind::Open) {
            Some(ticket) => widen(w, ticket, &readers),
            None => Ok(()),
        }
    }

    /// The members of every project that a mail was addressed to may read its ticket, also of one that
    /// only a later copy names: in a blind copy, each recipient's Email has that address alone.
    pub(super) fn read_by_more(
        &self,
        w: &mut Write<'_>,
        arrived: &Arrived,
        ticket: TicketId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mail = &arrived.inbound;
        let Some(id) = &mail.message_id else { return Ok(()) };
        let mut copies = w.mail_rows_by_message_id(id)?;
        copies.retain(|row| row.ticket == Some(ticket) && row.body_hash == mail.body_hash);
        let opened = copies.iter().any(|row| row.verdict == VerdictKind::Open);
        // The very same octets say nothing new; what an alias leads to may have changed since. Of what
        // was erased there is no Message-ID any more.
        let known = copies.iter().any(|row| row.raw == arrived.raw);
        let Some(found) = w.ticket(ticket)?.filter(|_| opened && !known) else { return Ok(()) };
        let facts = w.facts(&questions(mail, &self.site, arrived.raw), now)?;
        widen(w, ticket, &also_addressed(mail, &self.site, &facts, found.project))
    }
}

/// Lets the members of these projects read a ticket, but for projects that a person moved it from.
fn widen(w: &mut Write<'_>, ticket: TicketId, projects: &[ProjectId]) -> Result<(), StoreError> {
    let Some(mut ticket) = w.ticket(ticket)?.filter(|_| !projects.is_empty()) else { return Ok(()) };
    let events = w.events(ticket.id)?;
    let left = |id: ProjectId| {
        events.iter().any(|event| matches!(event.kind, EventKind::Moved { from, .. } if from == id))
    };
    for id in projects {
        if *id != ticket.project && !ticket.also_for.contains(id) && !left(*id) {
            ticket.also_for.push(*id);
        }
    }
    w.put_ticket(&ticket)
}
