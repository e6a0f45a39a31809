//! Letters that become due: the outbox row, its keys and its Message-ID, in the commit of the
//! event that causes it. Rendering comes later, so a broken theme never stops intake.

use jiff::Timestamp;

use crate::mail::MessageId;
use crate::secret::Random;
use crate::store::Look;
use crate::store::{StoreError, Write};
use crate::tracker::{
    Delivery, LetterKind, OutboxId, OutboxRow, OutboxState, Participant, ParticipantNo, Ticket,
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
    let message_id: MessageId = random.message_id(host);
    let (reply_key, unsubscribe) = (random.reply_key(), random.reply_key());
    for (key, purpose) in
        [(&reply_key, KeyPurpose::Reply(participant)), (&unsubscribe, KeyPurpose::Unsubscribe(participant))]
    {
        w.add_key(&KeyFact { key: key.clone(), ticket: ticket.id, purpose, revoked: false })?;
    }
    w.add_mail_id(&message_id, ticket.id, true)?;
    w.add_letter(OutboxRow {
        id: OutboxId::default(),
        ticket: ticket.id,
        participant,
        letter,
        message_id,
        reply_key,
        unsubscribe,
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
    })
}
