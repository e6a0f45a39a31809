//! What a mail is: addresses, ids, headers, bodies, and how one is written.
//!
//! Values in, values out: no clock, no randomness, no files. A broken mail is still a mail: a
//! value plus its defects.
//!
//! ```text
//! octets ─▶ header ─▶ structure ─▶ choose ─▶ plain, html ─▶ parse (Inbound), body (a page)
//!              └─ scan, automatic, authentication
//! Draft ─▶ compose ─▶ octets          Markdown ─▶ markdown ─▶ HTML and text
//! ```

// Words.
mod address;
mod inbound;
mod message_id;
mod reply_key;

// Reading: octets, header, parts.
mod charset;
mod decode;
mod header;
mod mailboxes;
mod structure;

mod authentication;
mod automatic;
mod bounce;
mod provenance;
mod scan;
mod traces;

// Reading: text and HTML.
mod attribution;
mod bounds;
mod choose;
mod html;
mod html_quote;
mod images;
mod linkify;
mod plain;
mod quote;
mod tags;

mod body;
mod parse;

// Writing.
mod compose;
pub mod markdown;
mod redact;

#[cfg(test)]
mod testing;

pub use address::{Address, AddressError, NameAddr, a_labels, fold};
pub use body::{FilePart, RemoteImages, RenderedBody, part, render, render_own};
pub use bounce::{DeliveryReport, ReportedAction, ReportedRecipient};
pub use compose::{Draft, DraftFile, compose};
pub use inbound::{Attachment, Authentication, Automatic, Defect, Inbound, ScanHeader, Scanned};
pub use message_id::MessageId;
pub use parse::parse;
pub use provenance::{CHECK_HEADER, Provenance, provenance};
pub use quote::ABOVE;
pub use redact::{REDACTED, redact, redact_text};
pub use reply_key::ReplyKey;
pub use traces::{
    COMMENT_HEADER, CommentTrace, NOTICE_HEADER, NoticeTrace, SOURCE_HEADER, Traces, source_mark, traces,
};
