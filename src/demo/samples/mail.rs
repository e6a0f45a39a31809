//! The sample mails. Each is a file as a mail program wrote it, with places for the address, the
//! date and the Message-ID.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

use crate::mail::ReplyKey;

/// What a sample mail is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleTo {
    /// An address of a project's own.
    Alias(&'static str),
    /// The current address of the project with this path.
    Current(&'static str),
    /// The wildcard address with this key, which nobody has.
    Key(&'static str),
}

/// A mail that waits to be delivered.
#[derive(Clone, Copy, Debug)]
pub struct SampleMail {
    pub name: &'static str,
    pub to: SampleTo,
    /// Which customer wrote it; none of them, where it is empty.
    pub customer: &'static str,
    /// How long ago its Date says it was written.
    pub ago: Duration,
    source: &'static str,
}

impl SampleMail {
    /// The mail as octets.
    #[must_use]
    pub fn raw(&self, to: &str, now: Timestamp, id: &ReplyKey) -> Vec<u8> {
        let ago = SignedDuration::try_from(self.ago).unwrap_or_default();
        let written = now.checked_sub(ago).unwrap_or(now);
        let date = DateTimePrinter::new().timestamp_to_string(&written).unwrap_or_default();
        let filled =
            self.source.replace("{{to}}", to).replace("{{date}}", &date).replace("{{id}}", id.as_str());
        filled.replace('\n', "\r\n").into_bytes()
    }
}

macro_rules! mails {
    ($($name:literal, $customer:literal, $to:expr, $minutes:literal;)+) => {
        const ALL: &[SampleMail] = &[$(SampleMail {
            name: $name,
            to: $to,
            customer: $customer,
            ago: Duration::from_secs($minutes * 60),
            source: include_str!(concat!("mails/", $name, ".eml")),
        }),+];
        ALL
    };
}

/// All sample mails, in the order in which they arrive.
#[must_use]
pub fn mails() -> &'static [SampleMail] {
    use SampleTo::{Alias, Current, Key};
    mails! {
        "quote-two", "oskar", Alias("support@acme.example"), 312;
        "invoice-de", "hanna", Alias("support@acme.example"), 287;
        "download-ja", "yuko", Current("acme/web"), 241;
        "limits-html", "priya", Alias("api@acme.example"), 203;
        "list-mail", "", Alias("support@acme.example"), 170;
        "address-fr", "eleonore", Alias("support@acme.example"), 128;
        "camera-en", "priya", Current("acme/mobile"), 96;
        "out-of-office", "", Alias("support@acme.example"), 61;
        "unknown-key", "giulia", Key("acme-shop-99-issue-"), 34;
        "no-subject", "oskar", Alias("support@acme.example"), 9;
    }
}
