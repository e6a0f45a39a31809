//! What a customer sees behind the unsubscribe link.

use super::{Desk, DeskError};
use crate::mail::{Address, ReplyKey};
use crate::store::Look;
use crate::tracker::{Project, Ticket};
use crate::triage::KeyPurpose;

/// A subscription as its own customer may see it: no title, no text.
#[derive(Clone, Debug)]
pub struct SeenSubscription {
    pub project: Project,
    pub ticket: Ticket,
    pub address: Address,
    pub subscribed: bool,
    /// No mail at all goes to this address.
    pub suppressed: bool,
}

impl Desk {
    /// Shows the subscription behind a token. It changes nothing (RFC 8058 §3.1).
    ///
    /// # Errors
    /// [`DeskError::NotFound`] for a token that is unknown, revoked, or for something else.
    pub fn see_unsubscribe(&self, key: &ReplyKey) -> Result<SeenSubscription, DeskError> {
        let look = self.store.read()?;
        let fact = look.key(key)?.filter(|fact| !fact.revoked).ok_or(DeskError::NotFound)?;
        let KeyPurpose::Unsubscribe(no) = fact.purpose else { return Err(DeskError::NotFound) };
        let ticket = look.ticket(fact.ticket)?.ok_or(DeskError::NotFound)?;
        let project = look.project(ticket.project)?.ok_or(DeskError::NotFound)?;
        let person = ticket.participant(no).ok_or(DeskError::NotFound)?;
        let (address, subscribed) = (person.address.clone(), person.is_subscribed());
        let suppressed = look.suppressed(&address)?;
        Ok(SeenSubscription { project, ticket, address, subscribed, suppressed })
    }
}
