//! One parsed mail that came in.

use jiff::Timestamp;

use super::{Address, DeliveryReport, MessageId, NameAddr, ReplyKey, quote};

/// Where an address or key was found, in the order in which headers are scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScanHeader {
    To,
    References,
    DeliveredTo,
    XDeliveredTo,
    EnvelopeTo,
    XEnvelopeTo,
    Received,
    XOriginalTo,
    XForwardedTo,
    Cc,
}

/// One thing that may say what a mail is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// An address of any of the scanned headers but References.
    Address(Address),
    /// `<reply-KEY@host>` in References.
    ReplyMark { key: ReplyKey, host: String },
}

/// Why a mail counts as automatic (RFC 3834 §2, RFC 2919, RFC 5321 §4.5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Automatic {
    /// `Auto-Submitted` other than `no`, or one of its forerunners.
    AutoSubmitted,
    /// A list: List-Id, or Precedence list, bulk or junk.
    List,
    /// The null sender: `Return-Path: <>`.
    NullSender,
    /// A delivery status notification (RFC 3464) or another multipart/report.
    Report,
}

/// What the receiving server found out about the sender (RFC 8601).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Authentication {
    Pass,
    Fail,
    /// No result of the configured authserv-id.
    #[default]
    Unknown,
}

/// What is wrong with a mail; shown beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// Not understood at all; the raw text is shown.
    Unparsable,
    NoSender,
    SeveralSenders,
    NoSubject,
    NoDate,
    NoMessageId,
    NoText,
    /// More parts than are looked at.
    TooManyParts,
}

/// A file that came with a mail. It stays a part of the raw mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Which part of the mail it is, as the parser counts.
    pub part: u32,
    /// As the mail has it; never used as a path.
    pub name: String,
    pub content_type: String,
    /// Decoded, in octets.
    pub size: u64,
    /// Content-ID without angle brackets, for an image that the text shows.
    pub content_id: Option<String>,
}

impl Inbound {
    /// Whether it has neither a text of its own nor a file.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        self.attachments.is_empty() && quote::is_all_quoted(&self.text)
    }

    /// Stands for a mail that nobody has looked into.
    #[must_use]
    pub fn unread() -> Self {
        Self {
            message_id: None,
            in_reply_to: Vec::new(),
            references: Vec::new(),
            from: None,
            reply_to: Vec::new(),
            to: Vec::new(),
            cc: Vec::new(),
            date: None,
            subject: String::new(),
            scanned: Vec::new(),
            automatic: None,
            report: None,
            authentication: Authentication::Unknown,
            text: String::new(),
            attachments: Vec::new(),
            body_hash: [0; 32],
            check: None,
            defects: vec![Defect::Unparsable],
        }
    }
}

/// One parsed mail that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    pub message_id: Option<MessageId>,
    pub in_reply_to: Vec<MessageId>,
    /// At most 20, the last ones.
    pub references: Vec<MessageId>,
    /// The sender: the first From.
    pub from: Option<NameAddr>,
    pub reply_to: Vec<NameAddr>,
    pub to: Vec<NameAddr>,
    pub cc: Vec<NameAddr>,
    pub date: Option<Timestamp>,
    /// Decoded, on one line, at most 500 characters; empty where there is none.
    pub subject: String,
    /// What may say what the mail is for, in scan order.
    pub scanned: Vec<(ScanHeader, Scanned)>,
    pub automatic: Option<Automatic>,
    /// What a delivery status notification says (RFC 3464).
    pub report: Option<DeliveryReport>,
    pub authentication: Authentication,
    /// The text for people, without what was quoted.
    pub text: String,
    pub attachments: Vec<Attachment>,
    /// BLAKE3 over the mail's body octets, trace headers left out.
    pub body_hash: [u8; 32],
    /// What marks it as a test mail of a desk to itself; whose is for triage to ask.
    pub check: Option<String>,
    pub defects: Vec<Defect>,
}
