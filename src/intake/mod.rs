//! Mail in: a bell or a tick starts a sweep of the intake mailbox.
//!
//! The intake mailbox is the queue, and filing a mail away is the acknowledgement. A sweep asks
//! what is in it and takes everything in; it keeps no cursor, so after any outage the same sweep
//! finds what is left.

mod account;
mod adopt;
mod boxes;
mod check_mail;
mod errands;
mod leftovers;
mod lying;
mod marker;
mod old;
mod replay;
mod sort;
mod sweep;
mod take;
mod tries;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use account::account_size;
pub use boxes::{BoxNames, Boxes};
pub use leftovers::Cleared;
pub use marker::{Holder, MarkerError, MarkerSettings, MarkerWatch, MaySend};
pub use old::Trimmed;
pub use replay::Replayed;
pub use sweep::Swept;

use crate::config::MailboxRef;
use crate::desk::{Desk, DeskError, IntakeStanding, Listening, Reminder, Street};
use crate::jmap::{Bell, Jmap, JmapError, Line, Mode};
use crate::store::{RawError, StoreError};
use crate::triage::EmailRef;
use tries::Tries;

/// What the intake needs to know from the configuration.
#[derive(Clone, Debug)]
pub struct IntakeSettings {
    pub boxes: BoxNames,
    /// In octets; a larger mail is held without being read.
    pub largest_mail: u64,
    /// Where sent letters lie, for a restored desk to look for those that it does not know.
    pub sent: MailboxRef,
}

/// Why a sweep ended early. It is repeated by itself.
#[derive(Debug, Error)]
pub enum IntakeError {
    #[error(transparent)]
    Jmap(#[from] JmapError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Raw(#[from] RawError),
    /// The mails stay at the mail server, which has room for them.
    #[error("the disk is full; there has to be room in the data folder before mail is taken in again")]
    DiskFull,
    /// A thread of ours ended badly.
    #[error("keeping a mail ended badly: {0}")]
    Panicked(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl From<MarkerError> for IntakeError {
    fn from(error: MarkerError) -> Self {
        match error {
            MarkerError::Jmap(error) => Self::Jmap(error),
            MarkerError::Store(error) => Self::Store(error),
            MarkerError::Desk(error) => Self::Desk(error),
        }
    }
}

impl IntakeError {
    /// The sentence with all its causes, for a log or a person.
    pub fn whole(&self) -> String {
        match self {
            Self::Jmap(error) => error.whole(),
            other => other.to_string(),
        }
    }

    /// The time that the server asked us to wait.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Jmap(error) => error.failure().retry_after(),
            _ => None,
        }
    }
}

/// Of two troubles the first, unless the second is a time that the server asks for.
fn graver(first: Option<IntakeError>, second: Option<IntakeError>) -> Option<IntakeError> {
    let asks = |error: &Option<IntakeError>| error.as_ref().and_then(IntakeError::retry_after).is_some();
    if asks(&second) && !asks(&first) { second } else { first.or(second) }
}

/// The street of incoming mail. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    desk: Desk,
    line: Line,
    marker: MarkerWatch,
    settings: Arc<IntakeSettings>,
    /// In octets. The setting it began with may change while the street runs.
    largest_mail: Arc<AtomicU64>,
    boxes: Arc<tokio::sync::Mutex<Option<(u64, Boxes)>>>,
    /// Emails that were in hand when an earlier run ended, with the runs that ended over each
    /// alone.
    suspects: Arc<Mutex<HashMap<EmailRef, u8>>>,
    recalled: Arc<AtomicBool>,
    /// Mails that the server shows and does not give.
    tries: Tries,
    /// When to say again that no mail is taken in.
    reminder: Reminder,
    /// When Junk was last looked at, by the clock's run.
    junk_at: Arc<tokio::sync::Mutex<Option<Duration>>>,
    /// Held while the intake mailbox is being adopted.
    adopting: Arc<tokio::sync::Mutex<()>>,
}

/// The longest wait between two tries while the mail server does not answer.
const LONGEST_BACKOFF: Duration = Duration::from_mins(2);
/// The bell rings at least so often, by the poll's interval or by push's own safety look. A bound on
/// waiting, not a rhythm.
const LONGEST_SILENCE: Duration = Duration::from_hours(2);

impl Intake {
    #[must_use]
    pub fn new(desk: Desk, line: Line, marker: MarkerWatch, settings: IntakeSettings) -> Self {
        Self {
            desk,
            line,
            marker,
            largest_mail: Arc::new(AtomicU64::new(settings.largest_mail)),
            settings: Arc::new(settings),
            boxes: Arc::default(),
            suspects: Arc::default(),
            recalled: Arc::default(),
            tries: Tries::default(),
            reminder: Reminder::default(),
            junk_at: Arc::default(),
            adopting: Arc::default(),
        }
    }

    /// From the next mail on, larger ones than this many octets are held without being read.
    pub fn set_largest_mail(&self, octets: u64) {
        self.largest_mail.store(octets, Ordering::Relaxed);
    }

    fn largest_mail(&self) -> u64 {
        self.largest_mail.load(Ordering::Relaxed)
    }

    /// Sweeps whenever the bell rings, until `stop` says so. The mail in hand is finished first.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let bell = self.desk.intake_bell();
        // Ends with the street, however that ends.
        let mut listening = JoinSet::new();
        listening.spawn(self.clone().listen());
        let mut backoff = Duration::from_secs(1);
        let pulse = self.desk.pulse().clone();
        while !*stop.borrow() {
            pulse.works(Street::Intake);
            match self.sweep_until(&stop).await {
                Ok(swept) => {
                    backoff = Duration::from_secs(1);
                    self.note_success(swept);
                    pulse.waits(Street::Intake, LONGEST_SILENCE);
                    tokio::select! {
                        biased;
                        () = bell.notified() => {}
                        // Without it nothing would ring any more; the street is begun again.
                        _ = listening.join_next() => return,
                        _ = stop.changed() => {}
                    }
                }
                Err(error) => {
                    self.note_trouble(&error);
                    let wait = error.retry_after().unwrap_or_default().max(self.desk.jittered(backoff));
                    pulse.waits(Street::Intake, wait);
                    tokio::select! {
                        biased;
                        () = self.desk.clock.sleep(wait) => {}
                        _ = stop.changed() => {}
                    }
                    backoff = (backoff * 2).min(LONGEST_BACKOFF);
                }
            }
        }
    }

    /// Turns the server's bells into ours, for as long as the street runs.
    async fn listen(self) {
        let jmap = loop {
            match self.line.jmap().await {
                Ok(jmap) => break jmap,
                // The sweep meets the same trouble and says so.
                Err(_) => self.desk.clock.sleep(Duration::from_secs(5)).await,
            }
        };
        let bell = self.desk.intake_bell();
        let standing = self.desk.standing().clone();
        let mode = jmap.mode();
        jmap.listen(move |_: Bell| {
            let how = if *mode.borrow() == Mode::Push { Listening::Push } else { Listening::Poll };
            standing.update(|s| s.listening = Some(how));
            bell.notify_one();
        })
        .await;
    }

    fn note_success(&self, swept: Swept) {
        let now = self.desk.clock.now();
        self.desk.standing().update(|standing| match swept {
            // The marker's watch has said so.
            Swept::Stopped | Swept::Paused => {}
            Swept::NotAdopted { waiting } => {
                if !matches!(standing.intake, IntakeStanding::NotAdopted { .. }) {
                    tracing::warn!(
                        waiting,
                        "the intake mailbox held mails before this desk came; `postdesk adopt` says what becomes of them"
                    );
                }
                standing.intake = IntakeStanding::NotAdopted { waiting };
            }
            Swept::Done { .. } => {
                self.reminder.over();
                if matches!(standing.intake, IntakeStanding::Trouble { .. }) {
                    tracing::info!("mail is taken in again");
                }
                standing.intake = IntakeStanding::Running;
                standing.last_sweep = Some(now);
            }
        });
    }

    /// Logged once when it begins and then once a day, not with each try.
    fn note_trouble(&self, error: &IntakeError) {
        let now = self.desk.clock.now();
        let why = error.whole();
        let say_again = self.reminder.due(self.desk.clock.elapsed());
        self.desk.standing().update(|standing| {
            let since = match &standing.intake {
                IntakeStanding::Trouble { since, .. } => {
                    if say_again {
                        tracing::warn!(%since, %why, "still no mail is taken in; it is tried again by itself");
                    }
                    *since
                }
                _ => {
                    tracing::warn!(%why, "no mail is taken in for now; it is tried again by itself");
                    now
                }
            };
            standing.intake = IntakeStanding::Trouble { why, since };
        });
    }

    /// The mailboxes by their ids, created where missing; found once for each session, and again
    /// after [`Self::forget_boxes`].
    async fn boxes(&self) -> Result<Boxes, JmapError> {
        let jmap = self.jmap().await?;
        let mut known = self.boxes.lock().await;
        let session = jmap.session_changes();
        if let Some((_, boxes)) = known.as_ref().filter(|(of, _)| *of == session) {
            return Ok(boxes.clone());
        }
        let boxes = Boxes::ensure(jmap, &self.settings.boxes).await?;
        *known = Some((session, boxes.clone()));
        Ok(boxes)
    }

    /// A mailbox may be gone: they are looked for anew.
    async fn forget_boxes(&self) {
        *self.boxes.lock().await = None;
    }

    async fn jmap(&self) -> Result<&Jmap, JmapError> {
        self.line.jmap().await
    }

    /// Reads, once, what an earlier run had in hand when it ended.
    fn recall_suspects(&self) -> Result<(), StoreError> {
        use crate::store::Look;
        if self.recalled.load(Ordering::Relaxed) {
            return Ok(());
        }
        let in_hand = self.desk.store.read()?.in_hand()?;
        let mut suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner);
        for mail in in_hand {
            tracing::warn!(email = mail.source.email, "this mail was in hand when the last run ended");
            suspects.insert(mail.source, mail.crashes);
        }
        self.recalled.store(true, Ordering::Relaxed);
        Ok(())
    }
}
