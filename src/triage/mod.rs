//! Where mail and tracker meet: what is to become of one mail.
//!
//! [`questions`] says what has to be looked up, the store answers with [`Facts`], and [`decide`]
//! gives the [`Verdict`]. All of it is values.

mod addresses;
mod adoption;
mod budgets;
mod cause;
mod check_mail;
mod decide;
mod facts;
mod forms;
mod guard;
mod join;
mod marker;
mod questions;
mod report;
mod requester;
mod route;
mod row;
mod site;
mod verdict;

#[cfg(test)]
mod tests;

pub use addresses::ProjectNames;
pub use adoption::{AdoptHow, Adoption};
pub use budgets::Budgets;
pub use cause::{HoldCause, IgnoreCause};
pub use check_mail::{CHECK_ID, check_mark, is_check_mail};
pub use decide::{also_addressed, decide};
pub use facts::{
    AgentFact, Counts, Facts, KeyFact, KeyPurpose, LetterFact, MailFact, ProjectFact, Questions, SeenMail,
    TicketFact,
};
pub use forms::KeyForm;
pub use guard::{authentication, confirmation, copies_set_aside};
pub use marker::{Claim, Foreign, Marker, OtherMarker, Us, judge};
pub use questions::questions;
pub use requester::{Requester, requester};
pub use row::{EmailRef, InHand, MailRow};
pub use site::{Site, Wildcard, WildcardError};
pub use verdict::{Confirmation, Reported, Verdict, VerdictKind};
