//! How the streets are doing, for the pages, the command line and `/healthz` to show.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::tls::CertificateStanding;
use crate::tracker::Lane;
use crate::triage::OtherMarker;

/// How new mail is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    /// The server tells (RFC 8620 §7.3).
    Push,
    /// The server has no push: it is asked every few seconds.
    Poll,
}

/// What the street of incoming mail is doing.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum IntakeStanding {
    /// The mail server has not answered yet.
    #[default]
    Starting,
    /// The intake mailbox holds mails from before, and nobody said what to do with them.
    NotAdopted { waiting: u64 },
    /// Mail is taken in.
    Running,
    /// The mail server or the disk stands in the way; it is tried again by itself.
    Trouble { why: String, since: Timestamp },
}

/// How the streets are doing.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Standing {
    pub intake: IntakeStanding,
    /// Another desk's marker lies in the mailbox: nothing is taken in or sent until a person decides.
    pub stopped: Option<OtherMarker>,
    pub listening: Option<Listening>,
    /// When the intake mailbox was last seen empty of new mail.
    pub last_sweep: Option<Timestamp>,
    /// The tracker's certificate, where it shows one.
    pub certificate: Option<CertificateStanding>,
    /// Why letters do not leave at present, if something is in the way.
    pub sending_trouble: Option<String>,
    /// A person paused mail in and out.
    pub paused: bool,
    /// Mails in the intake mailbox that could not be downloaded so far.
    pub not_downloaded: u64,
    pub account: AccountSize,
    /// Lanes that sent too many letters within a minute; they go on by themselves.
    pub stopped_lanes: Vec<StoppedLane>,
}

/// How full a mail account may be, in percent, before it is worth a word.
const NEARLY_FULL: u64 = 90;

/// What the mail account takes up at the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AccountSize {
    /// Not asked yet.
    #[default]
    Unasked,
    /// The mail server does not tell.
    Untold,
    /// In octets; `limit` where there is one.
    Told { used: u64, limit: Option<u64> },
}

impl AccountSize {
    #[must_use]
    pub fn used(self) -> Option<u64> {
        if let Self::Told { used, .. } = self { Some(used) } else { None }
    }

    #[must_use]
    pub fn limit(self) -> Option<u64> {
        if let Self::Told { limit, .. } = self { limit } else { None }
    }

    /// How full it is in percent, rounded down; nothing where there is no limit.
    #[must_use]
    pub fn percent(self) -> Option<u64> {
        let (used, limit) = (u128::from(self.used()?), u128::from(self.limit()?));
        u64::try_from((used * 100).checked_div(limit)?).ok()
    }

    /// A sentence where there is little room left.
    #[must_use]
    pub fn warning(self) -> Option<String> {
        let percent = self.percent().filter(|percent| *percent >= NEARLY_FULL)?;
        Some(format!("The mail account is {percent} % full; mails to it are turned away once it is full."))
    }
}

/// A lane of the outbox that a breaker stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedLane {
    pub lane: Lane,
    pub until: Timestamp,
    /// As in "31 letters left to anna@example.com within a minute".
    pub why: String,
}

impl StoppedLane {
    /// What waits and why, as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let what = match self.lane {
            Lane::People => "Replies",
            Lane::Notices => "Notices",
            Lane::Automatic => "Confirmations",
        };
        format!("{what} wait for a moment and go on by themselves: {}.", self.why)
    }
}

/// Where the streets write how they are doing, and everyone else reads it.
#[derive(Clone, Debug)]
pub struct StandingBoard(Arc<watch::Sender<Standing>>);

impl Default for StandingBoard {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Standing::default())))
    }
}

impl StandingBoard {
    #[must_use]
    pub fn get(&self) -> Standing {
        self.0.borrow().clone()
    }

    /// Follows every change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.0.subscribe()
    }

    pub fn update(&self, change: impl FnOnce(&mut Standing)) {
        self.0.send_modify(change);
    }
}
