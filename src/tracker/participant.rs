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
    /// Taken off the ticket by an agent. The number stays, and is nobody else's.
    Removed {
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
    /// Came by Cc: mailed from the first comment of an agent on.
    pub waits: bool,
}

impl Participant {
    /// What to call the person: the display name, else the address.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.address.as_str())
    }

    /// Whether the person takes part still.
    #[must_use]
    pub fn takes_part(&self) -> bool {
        !matches!(self.subscription, Subscription::Removed { .. })
    }

    /// Whether letters may go to this participant, as far as the ticket knows.
    #[must_use]
    pub fn is_subscribed(&self) -> bool {
        self.subscription == Subscription::Subscribed
    }
}
