//! Sample projects, accounts, customers and mails: an invented company, its customers in several
//! languages, and the kinds of mail that a desk gets. Every domain is one that cannot exist
//! (RFC 2606).

mod mail;
mod people;

pub use mail::{SampleMail, SampleTo, mails};
pub use people::{Customer, SampleAccount, SampleProject, accounts, customers, projects};
