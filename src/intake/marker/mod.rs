//! One desk per mailbox: the marker mail, read before anything else is done there, and kept.
//!
//! It is read with each sweep and each batch of letters, which is one request: everything stands in
//! its Message-ID. It is written anew at start, and then at most once a minute and only where the
//! journal went on: the new one is imported, all markers are read once more, and only then what is
//! left over is destroyed. So of two desks that write at the same time at least one sees the other.
//! A marker that is not ours stops mail in and out until a person decides.

mod mailbox;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::clock::after;
use crate::config::MailboxRef;
use crate::desk::{Desk, DeskError};
use crate::jmap::{JmapError, Line, MailboxId};
use crate::mail::Address;
use crate::store::{Look, StoreError};
use crate::tracker::{RunId, Seq};
use crate::triage::{Claim, Marker, OtherMarker, Us, judge};
use mailbox::Lying;

/// How often the marker is written anew at most.
const REWRITE: SignedDuration = SignedDuration::from_mins(1);

/// How old an answer of the marker may be for a letter that begins, unless the poll interval is longer.
const FRESH: Duration = Duration::from_secs(5);

/// What the marker says of us, and where it lies.
#[derive(Clone, Debug)]
pub struct MarkerSettings {
    /// A mailbox of Postdesk's own.
    pub mailbox: MailboxRef,
    /// The mail account's own address.
    pub account: Address,
    /// This machine's name.
    pub host: String,
    /// Drawn at this start.
    pub run: RunId,
    /// How often mail is looked for where the server has no push.
    pub poll: Duration,
    /// Whether the run before ended in order. If not, letters wait before they are sent.
    pub after_clean_end: bool,
}

/// Why nobody can say whose the mailbox is. It is tried again by itself.
#[derive(Debug, Error)]
pub enum MarkerError {
    #[error(transparent)]
    Jmap(#[from] JmapError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A decision that is not to be made.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

/// Whose the mailbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Us,
    /// Another desk, or nobody can tell: nothing may be done there.
    Other,
}

/// Whether letters may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaySend {
    Now,
    /// Not before this has passed.
    After(Duration),
    /// Not at all, until a person decides.
    No,
}

/// Keeps the marker and reads it, for both streets. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct MarkerWatch {
    desk: Desk,
    line: Line,
    settings: Arc<MarkerSettings>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    mailbox: Option<MailboxId>,
    /// Whether a marker of this run was in the mailbox already.
    held: bool,
    /// What the newest one says, and when it was written.
    written: Option<(Timestamp, Seq)>,
    /// No letter leaves before.
    quiet_until: Option<Timestamp>,
    /// A person has to decide. What the mailbox says later changes nothing about that.
    stopped: bool,
}

impl MarkerWatch {
    #[must_use]
    pub fn new(desk: Desk, line: Line, settings: MarkerSettings) -> Self {
        Self { desk, line, settings: Arc::new(settings), state: Arc::default() }
    }

    /// Reads the marker of a mailbox that may not be ours yet. Nothing is created or changed.
    ///
    /// # Errors
    /// Where the mail server or the store do not say.
    pub async fn look(&self) -> Result<Holder, MarkerError> {
        let mut state = self.state.lock().await;
        if state.stopped {
            return self.decided(&mut state).await;
        }
        let (_, claim) = self.read(&mut state).await?;
        match claim {
            Claim::Other(other) => Ok(self.stop(&mut state, other)),
            Claim::Nobody | Claim::Ours(_) => Ok(Holder::Us),
        }
    }

    /// Reads the marker of a mailbox that is ours, and writes it where that is due.
    ///
    /// # Errors
    /// Where the mail server or the store do not say, or no marker can be written.
    pub async fn hold(&self) -> Result<Holder, MarkerError> {
        let mut state = self.state.lock().await;
        if state.stopped {
            return self.decided(&mut state).await;
        }
        self.keep(&mut state).await
    }

    /// As [`Self::hold`], before a batch of letters is sent.
    ///
    /// # Errors
    /// As [`Self::hold`].
    pub async fn before_sending(&self) -> Result<MaySend, MarkerError> {
        if self.hold().await? == Holder::Other {
            return Ok(MaySend::No);
        }
        let quiet_until = self.quiet_until().await;
        let left = quiet_until.map(|until| until.duration_since(self.desk.clock.now()));
        Ok(match left.and_then(|left| Duration::try_from(left).ok()) {
            Some(left) if !left.is_zero() => MaySend::After(left),
            _ => MaySend::Now,
        })
    }

    /// A person decided that the mailbox is ours: our marker takes the place of what lies there.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] where no other marker is in the way; else as [`Self::hold`]. What could
    /// not be done leaves the desk stopped.
    pub async fn take_over(&self) -> Result<(), MarkerError> {
        let mut state = self.state.lock().await;
        if !state.stopped {
            let (_, claim) = self.read(&mut state).await?;
            let Claim::Other(other) = claim else {
                let why = "the mailbox has no marker of another desk, so there is nothing to take over";
                return Err(DeskError::Invalid(why.to_owned()).into());
            };
            self.stop(&mut state, other);
        }
        self.replace_all(&mut state).await
    }

    /// Reads and, where it is due, writes.
    async fn keep(&self, state: &mut State) -> Result<Holder, MarkerError> {
        let (lying, claim) = self.read(state).await?;
        match claim {
            Claim::Other(other) => Ok(self.stop(state, other)),
            Claim::Nobody => {
                if state.held {
                    tracing::warn!("the marker of this desk is gone from its mailbox; it is written anew");
                } else {
                    tracing::info!("the mailbox has no marker yet; one is written");
                }
                self.write(state).await
            }
            Claim::Ours(None) => self.write(state).await,
            Claim::Ours(Some(place)) => {
                self.note_held(state, lying.get(place));
                self.destroy_others(&lying, place).await;
                if self.is_due(state)? {
                    return self.rewrite(state).await;
                }
                Ok(Holder::Us)
            }
        }
    }

    /// One a minute at most. That it cannot be written now harms nobody: the one there is ours.
    async fn rewrite(&self, state: &mut State) -> Result<Holder, MarkerError> {
        let before = state.written;
        match self.write(state).await {
            Ok(holder) => Ok(holder),
            Err(error) => {
                tracing::debug!(%error, "the marker could not be written anew");
                // Not with each sweep: in a minute.
                state.written = before.map(|(_, last)| (self.desk.clock.now(), last));
                Ok(Holder::Us)
            }
        }
    }

    fn is_due(&self, state: &State) -> Result<bool, StoreError> {
        let Some((at, last)) = state.written else { return Ok(true) };
        let passed = self.desk.clock.now().duration_since(at);
        // The time may have been set back.
        Ok((passed >= REWRITE || passed.is_negative()) && self.desk.store.read()?.last_seq()? > last)
    }

    /// Imports a new marker, reads all of them again, and destroys what is left over.
    async fn write(&self, state: &mut State) -> Result<Holder, MarkerError> {
        let run = self.settings.run;
        // The list comes first: a marker never names a run that is not on it.
        if !self.desk.store.read()?.runs()?.contains(&run) {
            self.desk.begin_run(run).await?;
        }
        self.put(state).await?;
        let (lying, claim) = self.read(state).await?;
        match claim {
            Claim::Other(other) => Ok(self.stop(state, other)),
            Claim::Ours(Some(place)) => {
                self.note_held(state, lying.get(place));
                self.destroy_others(&lying, place).await;
                Ok(Holder::Us)
            }
            Claim::Nobody | Claim::Ours(None) => Err(vanished().into()),
        }
    }

    /// The marker of this run was seen in the mailbox.
    fn note_held(&self, state: &mut State, seen: Option<&Lying>) {
        let last = seen.and_then(|lying| lying.marker.as_ref()).map_or(Seq(0), |marker| marker.last);
        if state.written.is_none_or(|(_, written)| written != last) {
            state.written = Some((self.desk.clock.now(), last));
        }
        if !state.held {
            state.held = true;
            if !self.settings.after_clean_end {
                self.be_quiet(state);
                tracing::info!(
                    "the last run did not end in order; letters wait until another desk would have shown itself"
                );
            }
        }
    }

    /// Until when no letter leaves; never longer than it would be from now on, since the time may
    /// have been set back.
    async fn quiet_until(&self) -> Option<Timestamp> {
        let longest = after(self.desk.clock.now(), self.quiet());
        let mut state = self.state.lock().await;
        state.quiet_until = state.quiet_until.map(|until| until.min(longest));
        state.quiet_until
    }

    /// How old an answer of the marker may be when a letter is submitted by it.
    #[must_use]
    pub fn fresh(&self) -> Duration {
        self.settings.poll.max(FRESH)
    }

    /// Two poll intervals: by then every other desk has read our marker, and left its own. Never shorter
    /// than two times what a letter may go by an older answer.
    fn quiet(&self) -> Duration {
        self.fresh() * 2
    }

    fn be_quiet(&self, state: &mut State) {
        state.quiet_until = Some(after(self.desk.clock.now(), self.quiet()));
    }

    /// What the markers in the mailbox say, the newest first.
    async fn read(&self, state: &mut State) -> Result<(Vec<Lying>, Claim), MarkerError> {
        let lying = self.lying(state).await?;
        let markers: Vec<_> = lying.iter().map(|lying| lying.marker.clone()).collect();
        let (marker, runs) = (self.own()?, self.desk.store.read()?.runs()?);
        let claim = judge(&markers, &Us { marker: &marker, runs: &runs, held: state.held });
        Ok((lying, claim))
    }

    /// What we would write now.
    fn own(&self) -> Result<Marker, StoreError> {
        let read = self.desk.store.read()?;
        Ok(Marker::new(read.store_id()?, &self.settings.host, self.settings.run, read.last_seq()?))
    }

    /// Mail in and out stop. Logged once.
    fn stop(&self, state: &mut State, other: OtherMarker) -> Holder {
        if !state.stopped {
            tracing::error!(
                saw = %other,
                "no mail is taken in and no letter leaves until a person decides; \
                 `postdesk adopt --take-over` gives the mailbox to this desk"
            );
        }
        state.stopped = true;
        self.desk.standing().update(|standing| standing.stopped = Some(other));
        Holder::Other
    }

    /// Stopped: only a person's decision changes that.
    async fn decided(&self, state: &mut State) -> Result<Holder, MarkerError> {
        if !self.desk.is_taking_over() {
            return Ok(Holder::Other);
        }
        self.replace_all(state).await?;
        Ok(Holder::Us)
    }

    async fn replace_all(&self, state: &mut State) -> Result<(), MarkerError> {
        let run = self.settings.run;
        if !self.desk.store.read()?.runs()?.contains(&run) {
            self.desk.begin_run(run).await?;
        }
        self.put(state).await?;
        let lying = self.lying(state).await?;
        let (ours, others): (Vec<_>, Vec<_>) =
            lying.into_iter().partition(|lying| lying.marker.as_ref().is_some_and(|m| m.run == run));
        if ours.is_empty() {
            return Err(vanished().into());
        }
        self.destroy(others.into_iter().map(|lying| lying.email).collect()).await?;
        self.note_held(state, ours.first());
        // The other desk may be sending at this moment.
        self.be_quiet(state);
        state.stopped = false;
        self.desk.has_taken_over();
        self.desk.standing().update(|standing| standing.stopped = None);
        tracing::warn!("the mailbox was taken over: mail comes in and goes out again");
        self.desk.intake_bell().notify_one();
        self.desk.outbox_bell().notify_one();
        Ok(())
    }
}

/// The server took a mail and does not show it.
fn vanished() -> JmapError {
    JmapError::Malformed {
        what: "Email/import".to_owned(),
        why: "the marker mail is not in the mailbox that it was put into".to_owned(),
    }
}
