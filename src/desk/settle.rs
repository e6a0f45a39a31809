//! What becomes of a letter on its way: drafted, submitted, settled. Each step is one commit.

use std::time::Duration;

use jiff::Timestamp;

use super::letters::may_be_mailed;
use super::notices::still_wanted;
use super::subscribe::record;
use super::{Desk, DeskError};
use crate::clock::after;
use crate::mail::MessageId;
use crate::store::{Look, StoreError, Write, WriteError};
use crate::tracker::outbox::DraftRef;
use crate::tracker::{
    Action, Actor, Delivery, EventKind, FormId, Lane, OutboxId, OutboxRow, OutboxState, RawHash, Recipient,
    Viewer, change,
};

/// The first rendering of a letter, put on record once and never made again.
#[derive(Clone, Copy, Debug)]
pub struct Drafted {
    pub raw: RawHash,
    pub date: Timestamp,
}

/// What a look for a letter of unknown outcome found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookFound {
    /// It lies in Sent, or a submission names it.
    Left { email: Option<String>, submission: Option<String> },
    /// Nothing is known of it.
    Nothing,
}

/// How one submission ended, as the desk sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Our mail server took it.
    Sent { submission: Option<String>, delivery: Delivery },
    /// Refused for good before it left; `why` are the server's words.
    Refused { why: String },
    /// Refused for now; to be tried again after this time. Such tries are counted.
    Later { wait: Duration, why: String },
    /// The submission certainly did not take place, for a reason that is not the letter's: it waits
    /// as long as that, and the try does not count.
    NotSent { wait: Duration, why: String },
    /// Nobody knows; it is looked for.
    Unknown { why: String },
}

/// How long a letter of unknown outcome is looked for before that is given up.
pub const LOOK_FOR: Duration = Duration::from_mins(15);

impl Desk {
    /// Puts the draft's bytes on record: from now on the row is not rendered again.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn drafted(&self, id: OutboxId, draft: Drafted) -> Result<(), StoreError> {
        self.change_letter(id, move |row| {
            // One that was withdrawn meanwhile may have been erased.
            if row.draft.is_none() && row.state == OutboxState::Waiting {
                row.draft = Some(DraftRef { raw: draft.raw, date: draft.date });
            }
        })
        .await
    }

    /// Sets the mark *submitting*, in one transaction that reads the row, the subscription and the
    /// suppression again. `None` where the letter must not leave any more; it is withdrawn then.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn begin_submission(
        &self,
        id: OutboxId,
        email: String,
    ) -> Result<Option<OutboxRow>, StoreError> {
        let now = self.clock.now();
        let begun = self.store.write(move |w| {
            let Some(mut row) = w.letter(id)?.filter(|row| row.state == OutboxState::Waiting) else {
                return Ok::<_, StoreError>(None);
            };
            row.email = Some(email.clone());
            if wanted(w, &row)? {
                row.state = OutboxState::Submitting;
                row.submitted_at = Some(now);
            } else {
                row.state = OutboxState::Withdrawn;
                row.trouble = Some(match row.to {
                    Recipient::Participant { .. } => "the participant is no longer subscribed".to_owned(),
                    Recipient::Agent { .. } => {
                        "the account gets no mails about this ticket any more".to_owned()
                    }
                    Recipient::Account(_) => "the account takes no mail".to_owned(),
                });
            }
            w.put_letter(&row)?;
            Ok((row.state == OutboxState::Submitting).then_some(row))
        });
        begun.await.map_err(WriteError::flatten)
    }

    /// Records how a submission ended.
    ///
    /// # Errors
    /// Where the store cannot write; the row then stays *submitting* and is looked for.
    pub async fn settle(&self, id: OutboxId, outcome: Settled) -> Result<(), StoreError> {
        let now = self.clock.now();
        let settled = self.store.write(move |w| {
            // Sent means that our mail server took it, and never goes back.
            let settles = |row: &OutboxRow| row.state.holds_others();
            let Some(mut row) = w.letter(id)?.filter(settles) else { return Ok(None) };
            settle_row(&mut row, &outcome, now);
            w.put_letter(&row)?;
            match &outcome {
                Settled::Refused { why } => tell_ticket(w, &row, why, now)?,
                Settled::Sent { delivery: Delivery::Refused { reply }, .. } => {
                    tell_ticket(w, &row, reply, now)?;
                }
                Settled::Sent { .. }
                | Settled::Later { .. }
                | Settled::NotSent { .. }
                | Settled::Unknown { .. } => {}
            }
            let left = matches!(outcome, Settled::Sent { .. });
            Ok::<_, StoreError>(left.then_some(row.created_at))
        });
        if let Some(due) = settled.await.map_err(WriteError::flatten)? {
            self.measures.submitted(due, now);
        }
        self.ring_outbox();
        Ok(())
    }

    /// Records that a waiting letter was found to have left already.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn found(&self, id: OutboxId, look: LookFound) -> Result<OutboxState, StoreError> {
        let now = self.clock.now();
        let done = self.store.write(move |w| {
            let Some(mut row) = w.letter(id)? else { return Ok((OutboxState::Withdrawn, false)) };
            match (&look, row.state) {
                (
                    LookFound::Left { email, submission },
                    OutboxState::Waiting | OutboxState::Submitting | OutboxState::Unknown,
                ) => {
                    row.state = OutboxState::Sent;
                    row.email = email.clone().or(row.email);
                    row.submission = submission.clone().or(row.submission);
                    row.trouble = None;
                    // It may have been refused where it went.
                    super::delivered::plan(&mut row, now);
                }
                (LookFound::Nothing, OutboxState::Submitting) if looked_long_enough(&row, now) => {
                    row.state = give_up(&row);
                }
                _ => return Ok((row.state, false)),
            }
            w.put_letter(&row)?;
            Ok::<_, StoreError>((row.state, true))
        });
        let (state, changed) = done.await.map_err(WriteError::flatten)?;
        // A bell for nothing would make the next turn look again at once, for ever.
        if changed {
            self.ring_outbox();
        }
        Ok(state)
    }

    /// Postpones a waiting letter, for a reason that is not the letter's; the try does not count.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn postpone(&self, id: OutboxId, wait: Duration, why: String) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.change_letter(id, move |row| {
            if row.state == OutboxState::Waiting {
                row.not_before = after(now, wait).max(row.not_before);
                row.trouble = Some(why.clone());
            }
        })
        .await
    }

    /// Takes a waiting letter back that must not or cannot leave any more.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn withdraw(&self, id: OutboxId, why: &str) -> Result<(), StoreError> {
        let why = why.to_owned();
        self.change_letter(id, move |row| {
            if row.state == OutboxState::Waiting {
                row.state = OutboxState::Withdrawn;
                row.trouble = Some(why.clone());
            }
        })
        .await?;
        self.ring_outbox();
        Ok(())
    }

    /// Sends a comment again of which nobody knows whether it left. It is looked for once more
    /// before, and keeps its Message-ID.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where the letter is not in that state.
    pub async fn send_again(&self, viewer: Viewer, id: OutboxId, form: FormId) -> Result<(), DeskError> {
        let now = self.clock.now();
        self.store
            .write(move |w| {
                let mut row = w.letter(id)?.ok_or(DeskError::NotFound)?;
                let ticket = row.ticket().ok_or(DeskError::NotFound)?;
                let ticket = w.ticket(ticket)?.ok_or(DeskError::NotFound)?;
                let project = w.project(ticket.project)?.ok_or(DeskError::NotFound)?;
                if !viewer.may(Action::Work, &project) {
                    return Err(DeskError::NotFound);
                }
                if w.form_used(&form)? || row.state != OutboxState::Unknown {
                    return Err(DeskError::Done);
                }
                w.use_form(&form, now)?;
                row.state = OutboxState::Waiting;
                row.not_before = now;
                row.attempts = 0;
                Ok(w.put_letter(&row)?)
            })
            .await?;
        self.ring_outbox();
        Ok(())
    }

    /// The letter with this Message-ID, if it is one of ours.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn letter_of(&self, id: &MessageId) -> Result<Option<OutboxRow>, StoreError> {
        self.store.read()?.letter_by_message_id(id)
    }

    async fn change_letter(
        &self,
        id: OutboxId,
        mut change: impl FnMut(&mut OutboxRow) + Send + 'static,
    ) -> Result<(), StoreError> {
        let changed = self.store.write(move |w| {
            if let Some(mut row) = w.letter(id)? {
                change(&mut row);
                w.put_letter(&row)?;
            }
            Ok::<_, StoreError>(())
        });
        changed.await.map_err(WriteError::flatten)
    }
}

/// Whether the recipient still wants the letter.
fn wanted(look: &impl Look, row: &OutboxRow) -> Result<bool, StoreError> {
    match row.to {
        Recipient::Participant { ticket, no } => {
            let Some(ticket) = look.ticket(ticket)? else { return Ok(false) };
            match ticket.participant(no) {
                Some(person) => may_be_mailed(look, person),
                None => Ok(false),
            }
        }
        Recipient::Agent { ticket, account } => still_wanted(look, ticket, account),
        Recipient::Account(id) => match look.account(id)?.filter(|account| !account.disabled) {
            Some(account) => Ok(!look.suppressed(&account.address)?),
            None => Ok(false),
        },
    }
}

fn settle_row(row: &mut OutboxRow, outcome: &Settled, now: Timestamp) {
    match outcome {
        Settled::Sent { submission, delivery } => {
            row.state = OutboxState::Sent;
            row.submission.clone_from(submission);
            row.delivery.clone_from(delivery);
            row.trouble = None;
            super::delivered::plan(row, now);
        }
        Settled::Refused { why } => {
            row.state = OutboxState::Failed;
            row.trouble = Some(why.clone());
        }
        Settled::Later { wait, why } => {
            row.state = OutboxState::Waiting;
            row.submitted_at = None;
            row.not_before = after(now, *wait);
            row.attempts += 1;
            row.trouble = Some(why.clone());
        }
        Settled::NotSent { wait, why } => {
            row.state = OutboxState::Waiting;
            row.submitted_at = None;
            row.not_before = after(now, *wait);
            row.trouble = Some(why.clone());
        }
        Settled::Unknown { why } => row.trouble = Some(why.clone()),
    }
}

fn looked_long_enough(row: &OutboxRow, now: Timestamp) -> bool {
    row.submitted_at.is_none_or(|since| after(since, LOOK_FOR) <= now)
}

/// Nobody can know: an automatic letter counts as sent, a person's comment waits for a person.
fn give_up(row: &OutboxRow) -> OutboxState {
    match row.letter.lane() {
        Lane::People => OutboxState::Unknown,
        Lane::Automatic | Lane::Notices => OutboxState::PresumedSent,
    }
}

/// A refusal shows in the ticket's timeline; one of a letter to an account in the list of accounts.
pub(super) fn tell_ticket(
    w: &mut Write<'_>,
    row: &OutboxRow,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Recipient::Participant { ticket, no } = row.to else { return Ok(()) };
    let Some(mut ticket) = w.ticket(ticket)? else { return Ok(()) };
    let failed = EventKind::DeliveryFailed { participant: no, reply: why.to_owned() };
    let events = change::number(&mut ticket, vec![failed], Actor::Postdesk, now);
    record(w, &ticket, &events)
}
