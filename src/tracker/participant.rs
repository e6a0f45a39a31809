//! Participants: the customers on a ticket.

use jiff::Timestamp;

use super::ParticipantNo;
use crate::mail::Address;

/// Whether a participant is mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscription {
    Subscribed,
    /// Asked for no more mail about this ticket.
    Unsubscribed {
        at: Timestamp,
    },
}

/// A customer's address on a ticket: the requester or someone added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    pub no: ParticipantNo,
    pub address: Address,
    /// The display name that the person's own mail gave, if any.
    pub name: Option<String>,
    pub subscription: Subscription,
    pub added_at: Timestamp,
}

impl Participant {
    /// What to call the person: the display name, else the address.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.address.as_str())
    }

    /// Whether letters may go to this participant, as far as the ticket knows.
    #[must_use]
    pub fn is_subscribed(&self) -> bool {
        self.subscription == Subscription::Subscribed
    }
}
