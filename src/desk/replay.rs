//! After a restore: a letter of ours that lies in Sent and that this store knows nothing of is put
//! on record, so that its answers join and its links work. Nobody is written to.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::subscribe::record;
use super::{Desk, DeskError};
use crate::mail::{CommentTrace, Inbound, MessageId, NameAddr, ReplyKey, Scanned, Traces};
use crate::store::{Look, StoreError, Write};
use crate::tracker::{
    AccountId, Actor, Body, Change, Event, ParticipantNo, RawHash, Ticket, TicketId, apply,
};
use crate::triage::{KeyFact, KeyPurpose};

/// A mail in Sent.
#[derive(Clone, Debug)]
pub struct SentMail {
    pub message_id: MessageId,
    pub raw: RawHash,
    pub inbound: Arc<Inbound>,
    pub traces: Traces,
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

/// Comments that this replay put on record: a letter went to each participant, and one is enough.
#[derive(Clone, Debug, Default)]
pub struct PutComments(Arc<Mutex<HashSet<(TicketId, CommentTrace)>>>);

impl PutComments {
    fn has(&self, comment: (TicketId, CommentTrace)) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&comment)
    }

    fn note(&self, comment: (TicketId, CommentTrace)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(comment);
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
        let (desk, known) = (self.clone(), before.clone());
        let put = self.store.write(move |w| desk.put_sent_in(w, &mail, &known));
        let (put, comment) = put.await?;
        if let Some(comment) = comment {
            before.note(comment);
        }
        Ok(put)
    }

    fn put_sent_in(
        &self,
        w: &mut Write<'_>,
        mail: &SentMail,
        before: &PutComments,
    ) -> Result<(PutSent, Option<(TicketId, CommentTrace)>), DeskError> {
        let Some(mut ticket) = ticket_of(w, &mail.inbound)? else { return Ok((PutSent::Stray, None)) };
        let (participant, mut events) = match mail.inbound.to.first() {
            Some(to) if mail.traces.comment.is_some() => self.addressee(&mut ticket, to, mail.sent_at)?,
            to => {
                let person = to.and_then(|to| ticket.participant_by_address(&to.address));
                (person.map(|person| person.no), Vec::new())
            }
        };
        // What came as a mail of its own, from a customer or an agent, is taken in again as that.
        let comment = mail.traces.comment.filter(|comment| comment.by_agent).map(|c| (ticket.id, c));
        let comment = comment.filter(|comment| !before.has(*comment));
        if comment.is_some() {
            let body = Body::Mail { raw: mail.raw, row: None };
            let change = Change::Comment { body, automatic: false };
            events.extend(apply(&mut ticket, change, author(w, &mail.inbound)?, mail.sent_at)?);
        }
        record(w, &ticket, &events)?;
        w.add_mail_id(&mail.message_id, ticket.id, true)?;
        let agent = match (&mail.traces.notice, mail.inbound.to.first()) {
            (Some(_), Some(to)) => w.account_by_address(&to.address)?.map(|account| account.id),
            _ => None,
        };
        match (agent, participant) {
            (Some(agent), _) => self.add_agents_keys(w, mail, ticket.id, agent)?,
            (None, Some(participant)) if mail.traces.notice.is_none() => {
                self.add_keys(w, mail, ticket.id, participant)?;
            }
            _ => {}
        }
        Ok((if comment.is_some() { PutSent::Comment } else { PutSent::Letter }, comment))
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
        let replies = self.marks(mail).map(|key| (key, KeyPurpose::Reply(participant)));
        let stops = mail.traces.tokens.iter().cloned().map(|key| (key, KeyPurpose::Unsubscribe(participant)));
        add_unknown(w, ticket, replies.chain(stops).collect())
    }

    /// The keys of a notice work again.
    fn add_agents_keys(
        &self,
        w: &mut Write<'_>,
        mail: &SentMail,
        ticket: TicketId,
        agent: AccountId,
    ) -> Result<(), StoreError> {
        let Some(notice) = &mail.traces.notice else { return Ok(()) };
        let note = KeyPurpose::AgentNote(agent);
        let answer = if notice.comment { KeyPurpose::AgentComment(agent) } else { note };
        let answers = self.marks(mail).map(|key| (key, answer));
        add_unknown(w, ticket, answers.chain([(notice.note.clone(), note)]).collect())
    }

    /// The reply marks of this desk.
    fn marks<'a>(&'a self, mail: &'a SentMail) -> impl Iterator<Item = ReplyKey> + 'a {
        mail.inbound.scanned.iter().filter_map(|(_, scanned)| match scanned {
            Scanned::ReplyMark { key, host } if *host == self.site.host => Some(key.clone()),
            _ => None,
        })
    }
}

fn add_unknown(
    w: &mut Write<'_>,
    ticket: TicketId,
    keys: Vec<(ReplyKey, KeyPurpose)>,
) -> Result<(), StoreError> {
    for (key, purpose) in keys {
        if w.key(&key)?.is_none() {
            w.add_key(&KeyFact { key, ticket, purpose, revoked: false })?;
        }
    }
    Ok(())
}

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
