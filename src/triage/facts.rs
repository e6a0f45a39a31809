//! What triage has to know about the world, asked and answered as values.

use jiff::Timestamp;

use crate::mail::{Address, MessageId, ReplyKey};
use crate::tracker::{
    AccountId, Joining, MailRowId, OutboxId, ParticipantNo, ProjectId, ProjectPath, RawHash, Slug, Suffix,
    Ticket, TicketId,
};

/// What is to be looked up for one mail. Duplicates are left out; order is scan order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Questions {
    pub raw: Option<RawHash>,
    /// The mail's own Message-ID.
    pub message_id: Option<MessageId>,
    /// The mark of a test mail.
    pub check: Option<String>,
    /// Reply, unsubscribe and agents' keys of any form.
    pub keys: Vec<ReplyKey>,
    /// In-Reply-To first, then References from the last to the first; at most 21.
    pub ids: Vec<MessageId>,
    /// Every address that may be an alias: those that were scanned, what they are sub-addresses of,
    /// and the sender's, who may be ourselves.
    pub aliases: Vec<Address>,
    /// Project numbers of the current form.
    pub numbers: Vec<ProjectId>,
    /// Paths of the legacy form, present or former.
    pub paths: Vec<ProjectPath>,
    /// Slug and suffix of the suffix form, the sender's address included.
    pub suffixes: Vec<(Slug, Suffix)>,
    /// The Message-ID of the mail that a delivery report is about.
    pub reported: Option<MessageId>,
    /// Whose mails of the last hour are to be counted.
    pub sender: Option<Address>,
    /// The first Reply-To, where it is not the sender: whose mails count where the sender is a form
    /// of the project's, which is known only when the project is.
    pub reply_to: Option<Address>,
}

/// What a key on record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// A participant's answer by mail.
    Reply(ParticipantNo),
    /// A participant's unsubscribe link or address.
    Unsubscribe(ParticipantNo),
    /// An agent's comment by mail.
    AgentComment(AccountId),
    /// An agent's note by mail.
    AgentNote(AccountId),
}

/// A key on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFact {
    pub key: ReplyKey,
    /// The ticket it was issued for, followed through merges.
    pub ticket: TicketId,
    pub purpose: KeyPurpose,
    pub revoked: bool,
}

/// A Message-ID on record, of a mail in or out that belongs to a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFact {
    pub id: MessageId,
    /// Followed through merges.
    pub ticket: TicketId,
    /// Whether we wrote that mail.
    pub ours: bool,
    /// Whom it told, where it is a notice to an agent.
    pub notice: Option<AccountId>,
}

/// An account whose key, or a notice to which, is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFact {
    pub account: AccountId,
    pub address: Address,
    /// Who left answers no more, and is still no customer.
    pub disabled: bool,
}

/// A project that an address of the mail may lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFact {
    pub id: ProjectId,
    pub on: bool,
    /// Whether a mail that opens a ticket is answered with a confirmation.
    pub confirm: bool,
    /// Whether a comment by mail opens a closed ticket again.
    pub reopen: bool,
    pub joining: Joining,
    /// Present and former paths, the present one first.
    pub paths: Vec<ProjectPath>,
    pub aliases: Vec<Address>,
    pub suffix: Option<Suffix>,
}

/// A ticket that a key or id leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketFact {
    pub ticket: Ticket,
}

/// A letter of ours that a delivery report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterFact {
    pub letter: OutboxId,
    pub ticket: TicketId,
    /// Whom it was sent to.
    pub to: Address,
}

/// An earlier record that this mail may be a copy of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenMail {
    pub row: MailRowId,
    pub raw: RawHash,
    pub message_id: Option<MessageId>,
    /// The sender's address, lower-cased.
    pub from: Option<String>,
    pub date: Option<Timestamp>,
    pub body_hash: [u8; 32],
    /// Whether its present verdict is Hold or Ignore: such a mail was not taken in.
    pub set_aside: bool,
}

/// What one address has caused of late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many mails of it were taken in within the last hour.
    pub mails_last_hour: u32,
    /// How many confirmations it was due in the last hour, and in the last day.
    pub confirmations_last_hour: u32,
    pub confirmations_last_day: u32,
    /// How many of the last day since a person acted on a ticket of it.
    pub confirmations_unattended: u32,
}

/// The answers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    /// The hash of the raw mail in hand.
    pub raw: Option<RawHash>,
    /// Earlier rows with the same raw hash or the same Message-ID.
    pub seen: Vec<SeenMail>,
    /// Whether the mail's own Message-ID is one that we wrote.
    pub ours: bool,
    /// Whether it is a test mail that this desk wrote to itself.
    pub check: bool,
    pub keys: Vec<KeyFact>,
    pub mails: Vec<MailFact>,
    /// Every ticket that `keys` and `mails` lead to.
    pub tickets: Vec<TicketFact>,
    /// Every project that the questions ask for by alias, number, path or suffix, those of
    /// `tickets`, and the default project.
    pub projects: Vec<ProjectFact>,
    pub default_project: Option<ProjectId>,
    /// The letter that the report is about, if it left this desk.
    pub letter: Option<LetterFact>,
    /// Every account that `keys` and `mails` name, once.
    pub agents: Vec<AgentFact>,
    /// What the sender has caused, and the first Reply-To.
    pub sender: Counts,
    pub reply_to: Counts,
}

impl AgentFact {
    pub(super) fn is(&self, account: AccountId, address: &Address) -> bool {
        self.account == account && self.address == *address
    }
}

impl ProjectFact {
    /// Whether a slug is the project's, now or formerly.
    #[must_use]
    pub fn has_slug(&self, slug: &Slug) -> bool {
        self.paths.iter().any(|path| path.slug() == *slug)
    }
}

impl Facts {
    #[must_use]
    pub fn project(&self, id: ProjectId) -> Option<&ProjectFact> {
        self.projects.iter().find(|fact| fact.id == id)
    }

    #[must_use]
    pub fn ticket(&self, id: TicketId) -> Option<&Ticket> {
        self.tickets.iter().map(|fact| &fact.ticket).find(|ticket| ticket.id == id)
    }

    /// The key, if it is on record and not revoked.
    #[must_use]
    pub fn key(&self, key: &ReplyKey) -> Option<&KeyFact> {
        self.keys.iter().find(|fact| fact.key == *key && !fact.revoked)
    }
}
