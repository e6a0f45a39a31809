//! Everything that can be counted or read off at one moment.

use serde::Serialize;

/// How many there are of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// As in `open`, `sent`.
    pub kind: &'static str,
    /// The number of a cause, such as `H01`, where the kind has causes.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub cause: &'static str,
    pub count: u64,
}

/// What is on record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Kept {
    /// Mails by what became of them.
    pub mails: Vec<Count>,
    /// The sum of these: every mail ever taken in.
    pub taken: u64,
    pub tickets: Vec<Count>,
    pub letters: Vec<Count>,
    /// Letters that are yet to leave, and how many seconds the oldest of them has waited.
    pub outbox: u64,
    pub outbox_oldest_seconds: f64,
    /// Mails that wait for a person: held, and unverified on a ticket.
    pub held: u64,
    pub unverified: u64,
}

/// How the desk stands at present.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stand {
    /// `ok`, `attention` or `failing`.
    pub health: &'static str,
    /// `starting`, `not-adopted`, `running`, `trouble`, `stopped` or `paused`.
    pub mail_in: &'static str,
    /// `running`, `trouble`, `stopped` or `paused`.
    pub mail_out: &'static str,
    /// `push` or `poll`; nothing before the mail server was reached.
    pub listening: Option<&'static str>,
    pub store_writable: bool,
    pub disk_full: bool,
    /// Another desk's marker lies in the mailbox.
    pub stopped: bool,
    pub paused: bool,
    /// Streets that stand still.
    pub still: Vec<&'static str>,
    /// Since the intake mailbox was last swept to its end; else since the start.
    pub sweep_age_seconds: f64,
    pub uptime_seconds: f64,
    /// Mails in the intake mailbox that could not be downloaded so far.
    pub not_downloaded: u64,
    /// Mails in the mail server's Junk mailbox, where it has one and it was looked at.
    pub junk: Option<u64>,
    /// How many days the tracker's certificate is still good; negative where it has expired.
    pub certificate_days: Option<f64>,
    pub store_bytes: Option<u64>,
    pub raw_bytes: Option<u64>,
    pub disk_free_bytes: Option<u64>,
    /// What the mail account takes up at the mail server, where that tells.
    pub account_bytes: Option<u64>,
    /// What it may take up there at the most, where there is such a limit.
    pub account_limit_bytes: Option<u64>,
}

/// Everything at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    pub version: &'static str,
    pub stand: Stand,
    /// Nothing where the store cannot be read.
    pub kept: Option<Kept>,
}
