//! What a mail is: addresses, ids, headers, bodies, and how one is written.
//!
//! Values in, values out: no clock, no randomness, no files. A broken mail is still a mail: a
//! value plus its defects.

mod address;
mod inbound;
mod message_id;
mod reply_key;

pub use address::{Address, AddressError, NameAddr};
pub use inbound::{Attachment, Authentication, Automatic, Defect, Inbound, ScanHeader, Scanned};
pub use message_id::MessageId;
pub use reply_key::ReplyKey;
