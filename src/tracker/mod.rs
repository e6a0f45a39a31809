//! What a ticket is: projects, accounts, participants, tickets, their events, and the letters due.
//!
//! Everything here is a value. A [`change`] takes a ticket and returns the events it causes or a
//! [`Refusal`]; nothing in this module knows the time, draws a random value or touches a file.

mod account;
pub mod change;
pub mod doubt;
mod erasure;
mod event;
mod id;
pub mod joining;
mod journal;
mod keeping;
mod notice;
pub mod outbox;
mod participant;
pub mod permission;
mod project;
mod public_domains;
pub mod query;
mod retract;
mod session;
mod ticket;

pub use account::{Account, Handle, initials};
pub use change::{Change, Refusal, apply};
pub use erasure::{ERASED_TEXT, Erased, Erasure, ErasureId, Leftover, erased_address, is_erased};
pub use event::{Actor, Body, Decision, Doubt, Event, EventKind, LinkKind, Ruling};
pub use id::{
    AccountId, EventNo, LabelId, MailRowId, OutboxId, ParticipantNo, ProjectId, RawHash, RunId, Seq, StoreId,
    TicketId,
};
pub use joining::{DomainError, Joining, TrustedDomain};
pub use journal::{JournalEntry, Subject};
pub use keeping::{ClockJump, Pause, PauseWhy, Restored};
pub use notice::{Notices, Occasion};
pub use outbox::{Delivery, Lane, LetterKind, OutboxRow, OutboxState, Recipient};
pub use participant::{Participant, Subscription};
pub use permission::{Action, Role, Viewer};
pub use project::{FromName, Project, ProjectPath, ProjectPathError, Slug, Suffix};
pub use retract::{answered, retract, retracted};
pub use session::{AccountLink, FormId, Session};
pub use ticket::{State, Ticket};
