//! Letters that become due: the outbox row, its keys and its Message-ID, in the commit of the
//! event that causes it. Rendering comes later, so a broken theme never stops intake.

use jiff::Timestamp;

use crate::secret::Random;
use crate::store::Look;
use crate::store::{StoreError, Write};
use crate::tracker::{
    Delivery, LetterKind, OutboxId, OutboxRow, OutboxState, Participant, ParticipantNo, Recipient, Ticket,
};
use crate::triage::{KeyFact, KeyPurpose};

/// Makes a letter due to every participant who wants mail, but for the one who caused it.
pub(super) fn mail_everyone(
    w: &mut Write<'_>,
    random: &Random,
    host: &str,
    ticket: &Ticket,
    letter: LetterKind,
    except: Option<ParticipantNo>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for person in ticket.participants.iter().filter(|p| Some(p.no) != except) {
        if may_be_mailed(w, person)? {
            mail_one(w, random, host, ticket, letter, person.no, now)?;
        }
    }
    Ok(())
}

/// Whether anybody would get a letter to all but one.
pub(super) fn anybody_mailed(
    look: &impl Look,
    ticket: &Ticket,
    except: Option<ParticipantNo>,
) -> Result<bool, StoreError> {
    for person in ticket.participants.iter().filter(|p| Some(p.no) != except) {
        if may_be_mailed(look, person)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether letters may go to this participant: subscribed, not waiting for an agent, and the address not suppressed.
pub(super) fn may_be_mailed(look: &impl Look, person: &Participant) -> Result<bool, StoreError> {
    Ok(person.is_subscribed() && !person.waits && !look.suppressed(&person.address)?)
}

/// Makes one letter due, with keys of its own: one that brings the answer back, one for the
/// unsubscribe link.
pub(super) fn mail_one(
    w: &mut Write<'_>,
    random: &Random,
    host: &str,
    ticket: &Ticket,
    letter: LetterKind,
    participant: ParticipantNo,
    now: Timestamp,
) -> Result<OutboxId, StoreError> {
    let to = Recipient::Participant { ticket: ticket.id, no: participant };
    let row = row_for(random, host, to, letter, now);
    let purposes = [KeyPurpose::Reply(participant), KeyPurpose::Unsubscribe(participant)];
    add(w, ticket, row, purposes)
}

/// Adds a letter about a ticket, with what its two keys are for.
pub(super) fn add(
    w: &mut Write<'_>,
    ticket: &Ticket,
    row: OutboxRow,
    purposes: [KeyPurpose; 2],
) -> Result<OutboxId, StoreError> {
    for (key, purpose) in [&row.reply_key, &row.unsubscribe].into_iter().zip(purposes) {
        w.add_key(&KeyFact { key: key.clone(), ticket: ticket.id, purpose, revoked: false })?;
    }
    w.add_mail_id(&row.message_id, ticket.id, true)?;
    w.add_letter(row)
}

/// A letter that is due now. Its keys are on no list yet.
pub(super) fn row_for(
    random: &Random,
    host: &str,
    to: Recipient,
    letter: LetterKind,
    now: Timestamp,
) -> OutboxRow {
    OutboxRow {
        id: OutboxId::default(),
        to,
        letter,
        message_id: random.message_id(host),
        reply_key: random.reply_key(),
        unsubscribe: random.reply_key(),
        state: OutboxState::Waiting,
        delivery: Delivery::Unknown,
        not_before: now,
        created_at: now,
        draft: None,
        email: None,
        submission: None,
        submitted_at: None,
        attempts: 0,
        trouble: None,
        next_look: None,
        looks: 0,
    }
}
