//! People in a mail's Cc, where their project wants them to take part.

use jiff::Timestamp;

use super::{Desk, DeskError};
use crate::mail::{Authentication, Inbound};
use crate::store::Look;
use crate::tracker::joining::{MOST_CC_OF_A_MAIL, MOST_CC_ON_A_TICKET};
use crate::tracker::{Actor, Change, Event, Ticket, answered, apply};
use crate::triage::{ProjectNames, authentication};

impl Desk {
    /// Adds the people in Cc to the ticket in hand, as far as the limits allow. None of them is
    /// mailed before an agent's first comment, so nobody can make this desk write to strangers.
    pub(super) fn add_from_cc(
        &self,
        look: &impl Look,
        ticket: &mut Ticket,
        mail: &Inbound,
        now: Timestamp,
    ) -> Result<Vec<Event>, DeskError> {
        let wanted = look.project(ticket.project)?.is_some_and(|project| project.joining.cc);
        let believed = mail.automatic.is_none() && authentication(mail) != Authentication::Fail;
        if !wanted || !believed || mail.cc.is_empty() {
            return Ok(Vec::new());
        }
        let names = ProjectNames::of(&look.projects()?);
        let answered = answered(&look.events(ticket.id)?);
        let (mut events, mut added) = (Vec::new(), 0);
        for person in &mail.cc {
            if added == MOST_CC_OF_A_MAIL || ticket.present().count() >= MOST_CC_ON_A_TICKET {
                break;
            }
            // One who was on the ticket, and was taken off by an agent, stays off.
            let known = ticket.participants.iter().any(|known| known.address == person.address);
            if known || self.site.is_ours(&person.address, &names) {
                continue;
            }
            let change = Change::AddFromCc { person: person.clone(), answered };
            events.extend(apply(ticket, change, Actor::Postdesk, now)?);
            added += 1;
        }
        Ok(events)
    }
}
