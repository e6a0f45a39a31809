//! What triage decided for one mail.

use super::{HoldCause, IgnoreCause};
use crate::mail::NameAddr;
use crate::tracker::{AccountId, Doubt, MailRowId, OutboxId, ParticipantNo, ProjectId, TicketId};

/// What triage decided for one mail, with what the desk needs to carry it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A new ticket.
    Open {
        project: ProjectId,
        /// Further projects that the mail addressed.
        also_for: Vec<ProjectId>,
        /// Who asks: the sender, where the mail has one, or whom a form of the project's names in
        /// Reply-To. Never an address of our own.
        requester: Option<NameAddr>,
        /// The ticket that the mail answers without its sender taking part in it.
        linked: Option<TicketId>,
        /// Whether a confirmation is due, and whether it may repeat the subject.
        confirmation: Option<Confirmation>,
        automatic: bool,
    },
    /// A participant's public text on a ticket.
    Comment { ticket: TicketId, participant: ParticipantNo, automatic: bool, reopen: bool },
    /// Public text of somebody whose domain the project trusts, and who takes part from now on.
    Join { ticket: TicketId, person: NameAddr, reopen: bool },
    /// Text on a ticket that is shown apart and mailed to nobody until an agent decides.
    Unverified { ticket: TicketId, doubt: Doubt, automatic: bool, reopen: bool },
    /// An agent's answer to a notice: a comment, or an internal note.
    AgentReply { ticket: TicketId, account: AccountId, note: bool },
    /// Ends a participant's subscription.
    Unsubscribe { ticket: TicketId, participant: ParticipantNo },
    /// A delivery report about a letter of ours.
    Bounce { letter: OutboxId, ticket: TicketId, outcome: Reported },
    /// A copy of a mail that was taken in before.
    Duplicate { of: MailRowId },
    /// Kept for a person to decide. `ticket` is where it would go.
    Hold { cause: HoldCause, ticket: Option<TicketId>, project: Option<ProjectId> },
    /// Filed away without becoming anything.
    Ignore { cause: IgnoreCause },
}

/// What a delivery report says of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It did not arrive; `reply` is the other server's own words. `permanent` counts towards
    /// pausing mail to the address.
    Failed { permanent: bool, reply: String },
    /// It is still being tried.
    Delayed,
    /// It arrived, or went on to a server that reports nothing.
    Passed,
}

/// How a confirmation may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The customer's subject may be repeated, because authentication passed.
    pub subject: bool,
}

/// The kind of a verdict, as records and counters keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VerdictKind {
    Open,
    Comment,
    Unverified,
    AgentReply,
    Unsubscribe,
    Bounce,
    Duplicate,
    Hold(HoldCause),
    Ignore(IgnoreCause),
}

impl VerdictKind {
    /// The word that counters and logs use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Comment => "comment",
            Self::Unverified => "unverified",
            Self::AgentReply => "agent-reply",
            Self::Unsubscribe => "unsubscribe",
            Self::Bounce => "bounce",
            Self::Duplicate => "duplicate",
            Self::Hold(_) => "hold",
            Self::Ignore(_) => "ignore",
        }
    }

    /// Whether such a mail counts for who wrote it: one that was taken in, and no copy.
    #[must_use]
    pub fn is_counted(self) -> bool {
        !self.is_set_aside() && self != Self::Duplicate
    }

    /// Whether such a mail was held because somebody with an account answered a notice with it.
    #[must_use]
    pub fn is_agents_answer(self) -> bool {
        use HoldCause::{AgentEmpty, AgentKey, AgentMayNot};
        matches!(self, Self::Hold(AgentKey | AgentMayNot | AgentEmpty))
    }

    /// Whether such a mail was not taken in, so that a copy of it is decided by itself.
    #[must_use]
    pub fn is_set_aside(self) -> bool {
        matches!(self, Self::Hold(_) | Self::Ignore(_))
    }
}

impl Verdict {
    #[must_use]
    pub fn kind(&self) -> VerdictKind {
        match self {
            Self::Open { .. } => VerdictKind::Open,
            Self::Comment { .. } | Self::Join { .. } => VerdictKind::Comment,
            Self::Unverified { .. } => VerdictKind::Unverified,
            Self::AgentReply { .. } => VerdictKind::AgentReply,
            Self::Unsubscribe { .. } => VerdictKind::Unsubscribe,
            Self::Bounce { .. } => VerdictKind::Bounce,
            Self::Duplicate { .. } => VerdictKind::Duplicate,
            Self::Hold { cause, .. } => VerdictKind::Hold(*cause),
            Self::Ignore { cause } => VerdictKind::Ignore(*cause),
        }
    }
}
