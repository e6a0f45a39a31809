//! After a restore: a letter of ours that lies in Sent and that this store knows nothing of is put
//! on record, so that its answers join and its links work. Nobody is written to.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::subscribe::record;
use super::{Desk, DeskError};
use crate::mail::{Inbound, MessageId, NameAddr, ReplyKey, Scanned};
use crate::store::{Look, StoreError, Write};
use crate::tracker::{Actor, Body, Change, Event, ParticipantNo, RawHash, Ticket, TicketId, apply};
use crate::triage::{KeyFact, KeyPurpose};

/// A mail in Sent.
#[derive(Clone, Debug)]
pub struct SentMail {
    pub message_id: MessageId,
    pub raw: RawHash,
    pub inbound: Arc<Inbound>,
    /// What its unsubscribe links carry.
    pub tokens: Vec<ReplyKey>,
    pub sent_at: Timestamp,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutSent {
    /// It is a comment on its ticket now.
    Comment,
    /// Its Message-ID and keys are on record: an automatic letter, or a comment's letter to another
    /// participant.
    Letter,
    /// It belongs to no ticket that is on record.
    Stray,
}

/// Comments that were put on record by this replay, by ticket and text, and whom their letters went
/// to: a comment is mailed once to each participant.
#[derive(Clone, Debug, Default)]
pub struct PutComments(Arc<Mutex<HashMap<(TicketId, blake3::Hash), HashSet<ParticipantNo>>>>);

impl PutComments {
    /// Whether this letter says what another one said to another participant.
    fn is_another_copy(&self, ticket: TicketId, text: blake3::Hash, to: ParticipantNo) -> bool {
        let comments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        comments.get(&(ticket, text)).is_some_and(|people| !people.contains(&to))
    }

    fn note(&self, ticket: TicketId, text: blake3::Hash, to: ParticipantNo, is_new: bool) {
        let mut comments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let people = comments.entry((ticket, text)).or_default();
        if is_new {
            people.clear();
        }
        people.insert(to);
    }
}

impl Desk {
    /// Whether a Message-ID is on record, of a mail in or out or of a letter that is due.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn knows_mail(&self, id: &MessageId) -> Result<bool, StoreError> {
        let read = self.store.read()?;
        Ok(!read.tickets_of_mail(id)?.is_empty() || read.letter_by_message_id(id)?.is_some())
    }

    /// Puts one mail of Sent on record.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn put_sent(&self, mail: SentMail, before: &PutComments) -> Result<PutSent, DeskError> {
        let (desk, before) = (self.clone(), before.clone());
        let put = self.store.write(move |w| desk.put_sent_in(w, &mail, &before));
        let (put, noted) = put.await?;
        if let Some((before, ticket, text, to)) = noted {
            before.note(ticket, text, to, put == PutSent::Comment);
        }
        Ok(put)
    }

    fn put_sent_in(
        &self,
        w: &mut Write<'_>,
        mail: &SentMail,
        before: &PutComments,
    ) -> Result<(PutSent, Option<Noted>), DeskError> {
        let Some(mut ticket) = ticket_of(w, &mail.inbound)? else { return Ok((PutSent::Stray, None)) };
        let automatic = mail.inbound.automatic.is_some();
        let to = mail.inbound.to.first();
        let (participant, mut events) = match to.filter(|_| !automatic) {
            Some(to) => self.addressee(&mut ticket, to, mail.sent_at)?,
            None => (to.and_then(|to| ticket.participant_by_address(&to.address)).map(|p| p.no), Vec::new()),
        };
        let text = blake3::hash(own_words(&mail.inbound.text).as_bytes());
        let mut put = PutSent::Letter;
        if let Some(to) = participant.filter(|_| !automatic)
            && !before.is_another_copy(ticket.id, text, to)
        {
            let body = Body::Mail { raw: mail.raw, row: None };
            let change = Change::Comment { body, automatic: false };
            events.extend(apply(&mut ticket, change, author(w, &mail.inbound)?, mail.sent_at)?);
            put = PutSent::Comment;
        }
        record(w, &ticket, &events)?;
        w.add_mail_id(&mail.message_id, ticket.id, true)?;
        if let Some(participant) = participant {
            self.add_keys(w, mail, ticket.id, participant)?;
        }
        let noted = participant.filter(|_| !automatic).map(|to| (before.clone(), ticket.id, text, to));
        Ok((put, noted))
    }

    /// Who was written to. Somebody who takes part in no such ticket joined it after the backup.
    fn addressee(
        &self,
        ticket: &mut Ticket,
        to: &NameAddr,
        at: Timestamp,
    ) -> Result<(Option<ParticipantNo>, Vec<Event>), DeskError> {
        if let Some(person) = ticket.participant_by_address(&to.address) {
            return Ok((Some(person.no), Vec::new()));
        }
        let events = apply(ticket, Change::AddParticipant(to.clone()), Actor::Postdesk, at)?;
        Ok((ticket.participant_by_address(&to.address).map(|person| person.no), events))
    }

    /// The keys that the letter carries work again.
    fn add_keys(
        &self,
        w: &mut Write<'_>,
        mail: &SentMail,
        ticket: TicketId,
        participant: ParticipantNo,
    ) -> Result<(), StoreError> {
        let marks = mail.inbound.scanned.iter().filter_map(|(_, scanned)| match scanned {
            Scanned::ReplyMark { key, host } if *host == self.site.host => Some(key.clone()),
            _ => None,
        });
        let replies = marks.map(|key| (key, KeyPurpose::Reply(participant)));
        let stops = mail.tokens.iter().cloned().map(|key| (key, KeyPurpose::Unsubscribe(participant)));
        for (key, purpose) in replies.chain(stops).collect::<Vec<_>>() {
            if w.key(&key)?.is_none() {
                w.add_key(&KeyFact { key, ticket, purpose, revoked: false })?;
            }
        }
        Ok(())
    }
}

/// What is remembered of a letter once it is on record.
type Noted = (PutComments, TicketId, blake3::Hash, ParticipantNo);

/// The ticket whose mails it answers: In-Reply-To first, then References from the last to the first.
fn ticket_of(look: &impl Look, mail: &Inbound) -> Result<Option<Ticket>, StoreError> {
    for id in mail.in_reply_to.iter().chain(mail.references.iter().rev()) {
        if let Some(ticket) = look.tickets_of_mail(id)?.first() {
            return look.ticket(look.follow(*ticket)?);
        }
    }
    Ok(None)
}

/// The account whose name the letter bears, where there is exactly one.
fn author(look: &impl Look, mail: &Inbound) -> Result<Actor, StoreError> {
    let Some(name) = mail.from.as_ref().and_then(|from| from.name.as_deref()) else {
        return Ok(Actor::Postdesk);
    };
    let accounts = look.accounts()?;
    let mut named = accounts.iter().filter(|account| account.name == name);
    Ok(match (named.next(), named.next()) {
        (Some(account), None) => Actor::Account(account.id),
        _ => Actor::Postdesk,
    })
}

/// The text without what stands below the mark of a signature: links there differ with each letter.
fn own_words(text: &str) -> &str {
    let end = text.find("\n-- \n").or_else(|| text.find("\n--\n")).unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim()
}
