//! Where mail and tracker meet: what is to become of one mail.
//!
//! `questions(&Inbound, &Site)` says what has to be looked up, the store answers with [`Facts`],
//! and `decide(&Inbound, &Facts, now)` gives the [`Verdict`]. All of it is values.

mod adoption;
mod cause;
mod facts;
mod row;
mod site;
mod verdict;

pub use adoption::{AdoptHow, Adoption};
pub use cause::{HoldCause, IgnoreCause};
pub use facts::{Facts, KeyFact, KeyPurpose, MailFact, ProjectFact, Questions, SeenMail, TicketFact};
pub use row::{EmailRef, InHand, MailRow};
pub use site::{Site, Wildcard, WildcardError};
pub use verdict::{Confirmation, Verdict, VerdictKind};
