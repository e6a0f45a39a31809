//! Mail out: letters that are due leave the outbox by JMAP submission (RFC 8621 §7).
//!
//! Each letter is drafted once, imported, marked *submitting*, submitted, and settled, each step on
//! record before the next. Between the mark and the answer nobody can know whether it left; such a
//! letter is looked for, never sent again by itself.

mod breaker;
mod draft;
mod follow;
mod lanes;
mod looks;
mod notice;
mod ready;
mod rest;
mod secret;
mod send;
mod shown;
mod tidy;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::{Mutex, watch};

use breaker::Breakers;
pub use breaker::Rates;
use lanes::{Drained, UnderWay};
use rest::Rests;

use crate::clock::after;
use crate::config::MailboxRef;
use crate::desk::{Desk, Reminder, Street};
use crate::intake::{MarkerError, MarkerWatch, MaySend};
use crate::jmap::{Identity, IdentityId, Jmap, JmapError, Line, MailboxId};
use crate::mail::Address;
use crate::store::{Look, RawError, StoreError};
use crate::theme::{Theme, ThemeError};
use crate::tracker::OutboxState;

/// How the customer's answer finds its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyTo {
    /// An address that carries the key.
    Keyed,
    /// The account's own address; the key stands in References alone.
    Plain,
}

/// What delivery needs to know from the configuration.
#[derive(Clone, Debug)]
pub struct DeliverySettings {
    /// The intake mailbox: nothing is touched in an account where it is not adopted.
    pub intake: MailboxRef,
    /// Where drafts lie until they leave; a mailbox of Postdesk's own.
    pub outgoing: MailboxRef,
    pub sent: MailboxRef,
    /// The mail account's own address.
    pub account: Address,
    pub reply_to: ReplyTo,
    /// How many letters of one lane may leave within a minute.
    pub rates: Rates,
}

/// Why letters do not leave at present. It is tried again by itself.
#[derive(Debug, Error)]
pub enum DeliveryError {
    #[error(transparent)]
    Jmap(#[from] JmapError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Raw(#[from] RawError),
    /// What a letter speaks of is not on record any more.
    #[error("{0} is not on record any more")]
    Gone(&'static str),
    /// The submission certainly did not take place.
    #[error("a letter could not be submitted: {why}")]
    NotSent { why: String, retry_after: Option<Duration> },
    /// It may have left or not; the letter is looked for.
    #[error("nobody knows whether a letter left: {why}")]
    InDoubt { why: String, retry_after: Option<Duration> },
    /// The desk is being stopped. The letter was not begun.
    #[error("the desk is being stopped")]
    Stopping,
    /// The mailbox is another desk's, or it is not certain whose it is. The letter was not begun.
    #[error("the mailbox is not this desk's at present")]
    NotOurs,
    /// A thread of ours ended badly.
    #[error("composing a letter ended badly: {0}")]
    Panicked(#[from] tokio::task::JoinError),
    /// A broken theme stalls the outbox, visibly, and never intake.
    #[error("a letter cannot be written: {0}")]
    Theme(#[from] ThemeError),
}

impl From<MarkerError> for DeliveryError {
    fn from(error: MarkerError) -> Self {
        match error {
            MarkerError::Jmap(error) => Self::Jmap(error),
            MarkerError::Store(error) => Self::Store(error),
            MarkerError::Desk(error) => Self::NotSent { why: error.to_string(), retry_after: None },
        }
    }
}

impl DeliveryError {
    /// The sentence with all its causes, for a log or a person.
    fn whole(&self) -> String {
        match self {
            Self::Jmap(error) => error.whole(),
            other => other.to_string(),
        }
    }

    /// The time that the server asked us to wait.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Jmap(error) => error.failure().retry_after(),
            Self::NotSent { retry_after, .. } | Self::InDoubt { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// The mailboxes and the identity that letters leave by.
#[derive(Clone, Debug)]
struct Ways {
    /// Under which session they were found.
    session: u64,
    outgoing: MailboxId,
    sent: MailboxId,
    /// The account's own one.
    identity: IdentityId,
    /// Its address.
    sender: Address,
    /// Whom a From may name.
    identities: Vec<Identity>,
}

impl Ways {
    /// The identity for a letter with this From, and the envelope's sender, to whom reports go. RFC 8621
    /// §7.5 lets a server refuse a From that the identity does not cover, and many refuse an envelope
    /// that is not the identity's.
    fn identity_for(&self, from: &Address) -> (IdentityId, Address) {
        let own = || (self.identity.clone(), self.sender.clone());
        if *from == self.sender {
            return own();
        }
        Identity::for_address(&self.identities, from)
            .map_or_else(own, |identity| (identity.id.clone(), from.clone()))
    }
}

/// The street of outgoing mail. Cheap to clone.
#[derive(Clone)]
pub struct Delivery {
    desk: Desk,
    line: Line,
    marker: MarkerWatch,
    theme: Theme,
    settings: Arc<DeliverySettings>,
    ways: Arc<Mutex<Option<Arc<Ways>>>>,
    /// Whether letters that are settled may still lie in the mailbox of outgoing ones.
    untidy: Arc<AtomicBool>,
    breakers: Arc<std::sync::Mutex<Breakers>>,
    rests: Arc<std::sync::Mutex<Rests>>,
    /// When to say again that no letters leave.
    reminder: Reminder,
}

/// What a run of the street remembers from turn to turn.
#[derive(Debug, Default)]
struct Progress {
    /// Whether what an earlier run left open was looked for.
    caught_up: bool,
    /// When letters of unknown outcome were last looked for.
    followed_at: Option<Timestamp>,
    /// When the parked letters were last looked for.
    parked_at: Option<Timestamp>,
    /// When the mailbox of outgoing letters was last looked through, whether or not there was reason.
    tidied_at: Option<Timestamp>,
}

/// How letters fared in a turn.
enum Fared {
    /// Some left, or none waits.
    Well,
    /// Nothing was tried that would tell.
    AsBefore,
    /// None left, or none of one lane, because of what single ones met.
    Badly(DeliveryError),
}

/// Whether something that is done every so often is to be done now, also where the clock was set back.
fn is_due(last: Option<Timestamp>, every: Duration, now: Timestamp) -> bool {
    last.is_none_or(|at| at > now || after(at, every) <= now)
}

/// What to do where nobody may send.
const NO_IDENTITY: &str = "the mail account has no sending identity; the mail server has to allow it to send";

/// How often letters of unknown outcome are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often parked letters are looked for: one found in Sent later was sent.
const LOOK_FOR_PARKED_EVERY: Duration = Duration::from_mins(15);
/// How often the mailbox of outgoing letters is looked through: a mail server that is restored from a
/// backup brings drafts back that were sent or destroyed.
const TIDY_EVERY: Duration = Duration::from_hours(1);
/// How long a letter waits that met trouble which is not about itself; its attempts do not count.
const PAUSE: Duration = Duration::from_secs(30);
/// A look that failed is not repeated at once.
const LEAST_BETWEEN_LOOKS: Duration = Duration::from_secs(5);
/// The longest wait between two tries while the mail server does not answer.
const LONGEST_BACKOFF: Duration = Duration::from_mins(2);

impl Delivery {
    #[must_use]
    pub fn new(
        desk: Desk,
        line: Line,
        marker: MarkerWatch,
        theme: Theme,
        settings: DeliverySettings,
    ) -> Self {
        let breakers = Breakers::new(settings.rates);
        Self {
            desk,
            line,
            marker,
            theme,
            settings: Arc::new(settings),
            ways: Arc::default(),
            untidy: Arc::new(AtomicBool::new(true)),
            breakers: Arc::new(std::sync::Mutex::new(breakers)),
            rests: Arc::default(),
            reminder: Reminder::default(),
        }
    }

    /// Sends what is due whenever the bell rings, until `stop` says so. The letter in hand is
    /// finished first.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let bell = self.desk.outbox_bell();
        let mut backoff = Duration::from_secs(1);
        let mut progress = Progress::default();
        let pulse = self.desk.pulse().clone();
        while !*stop.borrow() {
            pulse.works(Street::Delivery);
            match self.turn(&mut progress, &stop).await {
                Ok((wait, fared)) => {
                    backoff = Duration::from_secs(1);
                    match fared {
                        Fared::Well => self.note_success(),
                        Fared::AsBefore => {}
                        Fared::Badly(trouble) => self.note_trouble(&trouble),
                    }
                    pulse.waits(Street::Delivery, wait);
                    tokio::select! {
                        biased;
                        () = bell.notified() => {}
                        () = self.desk.clock.sleep(wait) => {}
                        _ = stop.changed() => {}
                    }
                }
                // A bell does not shorten this wait, nor one that the server asked for.
                Err(error) => {
                    self.note_trouble(&error);
                    let wait = error.retry_after().unwrap_or_default().max(self.desk.jittered(backoff));
                    pulse.waits(Street::Delivery, wait);
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

    /// Catches up, sends what is due and looks for what is unknown, once. Tests call it by hand.
    ///
    /// # Errors
    /// Where the mail server or the store stand in the way; what left is on record.
    pub async fn run_once(&self) -> Result<(), DeliveryError> {
        let (_running, stop) = watch::channel(false);
        match self.turn(&mut Progress::default(), &stop).await? {
            (_, Fared::Badly(trouble)) => Err(trouble),
            (_, Fared::Well | Fared::AsBefore) => Ok(()),
        }
    }

    /// One turn: at first what an earlier run left open, then what is due, then what is unknown.
    /// Gives the time until the next turn is due.
    async fn turn(
        &self,
        progress: &mut Progress,
        stop: &watch::Receiver<bool>,
    ) -> Result<(Duration, Fared), DeliveryError> {
        if self.desk.paused()?.is_some() || !self.may_touch_account().await? {
            return Ok((LOOK_EVERY, Fared::AsBefore));
        }
        let asked = self.desk.clock.elapsed();
        match self.marker.before_sending().await? {
            MaySend::Now => {}
            MaySend::After(wait) => return Ok((wait, Fared::AsBefore)),
            MaySend::No => return Ok((LOOK_EVERY, Fared::AsBefore)),
        }
        if !progress.caught_up {
            self.catch_up().await?;
            progress.caught_up = true;
            progress.followed_at = Some(self.desk.clock.now());
        }
        self.follow_again(progress).await;
        let under_way = UnderWay::default();
        let sent = tokio::select! {
            biased;
            sent = Box::pin(self.drain(asked, &under_way, stop)) => sent,
            never = Box::pin(self.follow_meanwhile(progress, &under_way)) => match never {},
        };
        let sent = match sent {
            // The server wants to be left alone.
            Err(error) if error.retry_after().is_some() => return Err(error),
            sent => sent,
        };
        if *stop.borrow() {
            // What is left to look for and to put away, the next run finds.
            return Ok((LOOK_EVERY, Fared::AsBefore));
        }
        self.follow(progress, &UnderWay::default()).await?;
        self.look_at_deliveries().await?;
        let now = self.desk.clock.now();
        if is_due(progress.tidied_at, TIDY_EVERY, now) {
            progress.tidied_at = Some(now);
            self.make_untidy();
        }
        self.tidy().await;
        let fared = match sent? {
            Drained { rested: true, single: Some(trouble), .. } => Fared::Badly(trouble),
            // One lane that fares well says nothing of another.
            Drained { sent: true, .. } if self.rests().any() => Fared::AsBefore,
            Drained { sent: true, .. } => Fared::Well,
            Drained { single: Some(trouble), .. } => Fared::Badly(trouble),
            _ if self.all_settled()? => Fared::Well,
            _ => Fared::AsBefore,
        };
        Ok((self.until_next(progress)?, fared))
    }

    /// An account whose intake mailbox nobody gave us is not touched.
    async fn may_touch_account(&self) -> Result<bool, DeliveryError> {
        let account = self.jmap().await?.account_id();
        Ok(self.desk.adoption(&account, &self.settings.intake.to_string())?.is_some())
    }

    fn all_settled(&self) -> Result<bool, StoreError> {
        let read = self.desk.store.read()?;
        let none = |state| read.letters_in(state, 1).map(|rows| rows.is_empty());
        Ok(none(OutboxState::Waiting)? && none(OutboxState::Submitting)?)
    }

    fn until_next(&self, progress: &Progress) -> Result<Duration, DeliveryError> {
        let now = self.desk.clock.now();
        let read = self.desk.store.read()?;
        let due = self.until_due()?.unwrap_or(TIDY_EVERY);
        let until = |at: Timestamp| {
            Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO).max(LEAST_BETWEEN_LOOKS)
        };
        let look = read.next_look()?.map_or(TIDY_EVERY, until);
        let tidy = progress.tidied_at.map_or(TIDY_EVERY, |at| until(after(at, TIDY_EVERY)));
        let next = [
            (!read.letters_in(OutboxState::Submitting, 1)?.is_empty() || self.is_untidy())
                .then_some(LOOK_EVERY),
            (!read.letters_in(OutboxState::Unknown, 1)?.is_empty()).then_some(LOOK_FOR_PARKED_EVERY),
        ];
        Ok(next.into_iter().flatten().fold(due.min(look).min(tidy), Duration::min))
    }

    fn note_success(&self) {
        self.reminder.over();
        self.desk.standing().update(|standing| {
            if standing.sending_trouble.take().is_some() {
                tracing::info!("letters leave again");
            }
        });
    }

    /// Logged once when it begins and then once a day, not with each try.
    fn note_trouble(&self, error: &DeliveryError) {
        let why = error.whole();
        let say_again = self.reminder.due(self.desk.clock.elapsed());
        self.desk.standing().update(|standing| {
            if standing.sending_trouble.is_none() {
                tracing::warn!(%why, "letters do not leave for now; it is tried again by itself");
            } else if say_again {
                tracing::warn!(%why, "letters still do not leave; it is tried again by itself");
            }
            standing.sending_trouble = Some(why);
        });
    }

    /// Mailboxes and identity, found once for each session and again after [`Self::forget_ways`]. Identities are
    /// always asked for, because some servers make them only then.
    async fn ways(&self) -> Result<Arc<Ways>, JmapError> {
        let mut known = self.ways.lock().await;
        let session = self.jmap().await?.session_changes();
        if let Some(ways) = known.as_ref().filter(|ways| ways.session == session) {
            return Ok(Arc::clone(ways));
        }
        let ways = Arc::new(self.find_ways(session).await?);
        *known = Some(Arc::clone(&ways));
        Ok(ways)
    }

    /// A mailbox or an identity may be gone: they are looked for anew.
    async fn forget_ways(&self) {
        *self.ways.lock().await = None;
    }

    fn rests(&self) -> MutexGuard<'_, Rests> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn breakers(&self) -> MutexGuard<'_, Breakers> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn jmap(&self) -> Result<&Jmap, JmapError> {
        self.line.jmap().await
    }

    async fn find_ways(&self, session: u64) -> Result<Ways, JmapError> {
        let jmap = self.jmap().await?;
        let identities = jmap.identities().await?;
        let account = &self.settings.account;
        let own = Identity::for_address(&identities, account).or(identities.first());
        let own = own.ok_or_else(|| JmapError::Session(NO_IDENTITY.to_owned()))?;
        Ok(Ways {
            session,
            outgoing: jmap.ensure_mailbox(&self.settings.outgoing).await?,
            sent: jmap.ensure_mailbox(&self.settings.sent).await?,
            identity: own.id.clone(),
            sender: own.sender(account),
            identities,
        })
    }
}
