//! Pausing the desk: mail neither comes in nor goes out until a person says so. It stands in the
//! store, so that a restart changes nothing about it.

use super::{Desk, DeskError};
use crate::store::{Look, Store, StoreError, WriteError};
use crate::tracker::{
    AccountId, ClockJump, FormId, Lane, OutboxState, Pause, PauseWhy, Restored, Seq, Viewer,
};
use jiff::Timestamp;

/// What a person let go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resumed {
    /// Mail in and out.
    pub mail: bool,
    /// Removing what is old.
    pub retention: bool,
}

impl Desk {
    /// Why mail neither comes in nor goes out, if a person has to say so first.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn paused(&self) -> Result<Option<Pause>, StoreError> {
        self.store.read()?.pause()
    }

    /// Pauses mail in and out; what is in hand is finished. A pause that stands keeps its reason.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn pause(&self) -> Result<Pause, StoreError> {
        let pause = Pause { since: self.clock.now(), why: PauseWhy::Asked };
        let paused = self.store.write(move |w| {
            if let Some(before) = w.pause()? {
                return Ok(before);
            }
            w.set_pause(Some(&pause))?;
            Ok::<_, StoreError>(pause)
        });
        let paused = paused.await.map_err(WriteError::flatten)?;
        self.standing.update(|standing| standing.paused = true);
        tracing::warn!("the desk is paused: mail neither comes in nor goes out until `postdesk resume`");
        Ok(paused)
    }

    /// Lets mail come in and go out again, and what is old be removed, whatever stopped it.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn resume(&self) -> Result<Resumed, StoreError> {
        let resumed = self.store.write(|w| {
            let resumed = Resumed { mail: w.pause()?.is_some(), retention: w.clock_jump()?.is_some() };
            if resumed.mail {
                w.set_pause(None)?;
            }
            if resumed.retention {
                w.set_clock_jump(None)?;
            }
            Ok::<_, StoreError>(resumed)
        });
        let resumed = resumed.await.map_err(WriteError::flatten)?;
        self.standing.update(|standing| standing.paused = false);
        if resumed != Resumed::default() {
            tracing::warn!("the desk goes on, as a person decided");
        }
        self.ring_intake();
        self.ring_outbox();
        Ok(resumed)
    }

    /// As [`Desk::resume`], by an admin on a page.
    ///
    /// # Errors
    /// [`DeskError::Forbidden`] for everyone else, [`DeskError::Done`] where nothing is stopped.
    pub async fn resume_by(&self, viewer: Viewer, form: FormId) -> Result<(), DeskError> {
        if !viewer.admin {
            return Err(DeskError::Forbidden);
        }
        let now = self.clock.now();
        self.store
            .write(move |w| {
                if w.form_used(&form)? || (w.pause()?.is_none() && w.clock_jump()?.is_none()) {
                    return Err(DeskError::Done);
                }
                Ok(w.use_form(&form, now)?)
            })
            .await?;
        let AccountId(account) = viewer.account;
        tracing::warn!(account, "an admin decided that the desk goes on");
        self.resume().await?;
        Ok(())
    }

    /// Compares the clock with what it should say: as an earlier run saw it, where the caller does not
    /// know. Where it jumped, nothing is removed because of its age until a person has looked. Gives
    /// the jump.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn clock_says(&self, expected: Option<Timestamp>) -> Result<Option<ClockJump>, StoreError> {
        let now = self.clock.now();
        let seen = self.store.write(move |w| {
            // Without a word from this run: time only goes on from what an earlier one saw.
            let expected = expected.or(w.clock_seen()?.filter(|seen| *seen > now));
            let jump = expected.and_then(|expected| ClockJump::between(expected, now));
            if let Some(jump) = jump.filter(|_| matches!(w.clock_jump(), Ok(None))) {
                w.set_clock_jump(Some(&jump))?;
            }
            w.set_clock_seen(now)?;
            Ok::<_, StoreError>(jump)
        });
        let jump = seen.await.map_err(WriteError::flatten)?;
        if let Some(jump) = &jump {
            tracing::error!(
                expected = %jump.expected,
                found = %jump.found,
                "the clock does not say what it should: the time of day was set, this machine slept, or the mail server has another time; letters go on, and nothing is sent twice; nothing old is removed until a person has looked and says `postdesk resume`"
            );
        }
        Ok(jump)
    }
}

/// What has to be on record in a store restored from a backup before any daemon opens it: it is
/// paused, its pending letters are of unknown outcome, ticket numbers leave a gap, nobody is signed
/// in, and no marker in a mailbox names one of its runs.
///
/// # Errors
/// Where the store cannot write.
pub async fn after_restore(store: &Store, backup: Timestamp, now: Timestamp) -> Result<Restored, StoreError> {
    let done = store.write(move |w| {
        let last = w.last_seq()?;
        let letters = doubt_letters(w, now)?;
        for project in w.projects()? {
            w.skip_ticket_numbers(project.id)?;
        }
        w.drop_sessions_before(Timestamp::MAX)?;
        w.drop_account_links_before(Timestamp::MAX)?;
        w.forget_runs()?;
        w.set_pause(Some(&Pause { since: now, why: PauseWhy::Restored }))?;
        let restored = Restored { at: now, backup, last, letters };
        w.set_restored(&restored)?;
        Ok::<_, StoreError>(restored)
    });
    done.await.map_err(WriteError::flatten)
}

/// They may have left after the backup was made, so they are looked for in Sent, as letters are
/// whose submission got no answer.
fn doubt_letters(w: &mut crate::store::Write<'_>, now: Timestamp) -> Result<u64, StoreError> {
    let mut pending = w.letters_in(OutboxState::Waiting, usize::MAX)?;
    pending.extend(w.letters_in(OutboxState::Submitting, usize::MAX)?);
    let letters = pending.len() as u64;
    for mut row in pending {
        row.state = match row.letter.lane() {
            Lane::People => OutboxState::Unknown,
            Lane::Automatic | Lane::Notices => OutboxState::Submitting,
        };
        // However old the backup is, they are looked for from now on.
        row.submitted_at = Some(now);
        row.trouble =
            Some("it was pending when the backup was made that this desk was restored from".to_owned());
        w.put_letter(&row)?;
    }
    Ok(letters)
}

/// A sentence about a restored store, for logs and people.
#[must_use]
pub fn restored_sentence(restored: &Restored) -> String {
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let Seq(last) = restored.last;
    format!(
        "This desk was restored at {} from a backup of {} (journal number {last}). What came in or was written after \
         that is not on record yet.",
        time(restored.at),
        time(restored.backup)
    )
}
