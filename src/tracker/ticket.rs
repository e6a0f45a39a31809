//! Tickets: one conversation with customers each.

use jiff::Timestamp;

use super::{AccountId, EventNo, LabelId, Participant, ParticipantNo, ProjectId, TicketId};
use crate::mail::Address;

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    Open,
    /// Set aside until `hold_until`.
    OnHold,
    Closed,
}

/// One conversation with customers in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub id: TicketId,
    pub project: ProjectId,
    /// `12` of `acme/web#12`; never used again in its project.
    pub number: u32,
    pub title: String,
    pub state: State,
    pub hold_until: Option<Timestamp>,
    pub due: Option<Timestamp>,
    pub spam: bool,
    /// The ticket that this one was merged into; its page redirects there.
    pub merged_into: Option<TicketId>,
    pub assignee: Option<AccountId>,
    pub labels: Vec<LabelId>,
    /// In order of their numbers; the first is the requester. Empty where a mail had no sender.
    pub participants: Vec<Participant>,
    /// Further projects that the opening mail addressed, or a copy of it; their members may read the
    /// ticket, and their lists show it.
    pub also_for: Vec<ProjectId>,
    pub opened_at: Timestamp,
    /// When a comment, note or status last changed what people see in a list.
    pub active_at: Timestamp,
    /// Since when it is our turn; `None` when it is the customer's.
    pub owed_since: Option<Timestamp>,
    /// The number of the last event.
    pub last_event: EventNo,
    /// Public texts, the opening one included.
    pub comments: u32,
    pub notes: u32,
    /// Unverified mails on which an agent has yet to decide.
    pub unverified: u32,
    /// When everything on it was erased. It keeps its number and is in no list.
    pub erased_at: Option<Timestamp>,
}

impl Ticket {
    /// The projects whose lists show it, in order: its own, and those its first mail also addressed.
    #[must_use]
    pub fn listed_in(&self) -> Vec<ProjectId> {
        let mut projects: Vec<_> =
            std::iter::once(self.project).chain(self.also_for.iter().copied()).collect();
        projects.sort_unstable();
        projects.dedup();
        projects
    }

    #[must_use]
    pub fn requester(&self) -> Option<&Participant> {
        self.participants.first()
    }

    #[must_use]
    pub fn participant(&self, no: ParticipantNo) -> Option<&Participant> {
        self.participants.iter().find(|p| p.no == no)
    }

    pub fn participant_mut(&mut self, no: ParticipantNo) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|p| p.no == no)
    }

    /// Who takes part, in order of their numbers.
    pub fn present(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter().filter(|p| p.takes_part())
    }

    /// The participant with this address; comparison ignores case.
    #[must_use]
    pub fn participant_by_address(&self, address: &Address) -> Option<&Participant> {
        self.present().find(|p| p.address == *address)
    }
}
