//! A mail has arrived: what is to become of it is decided and done in one commit.

use std::sync::Arc;

use jiff::Timestamp;

use super::agent_reply::refuse_agent;
use super::letters::{anybody_mailed, mail_everyone, mail_one, may_be_mailed};
use super::link::link;
use super::loops::is_loop;
use super::subscribe::record;
use super::unverified::Doubted;
use super::{Desk, DeskError};
use crate::mail::{Inbound, NameAddr};
use crate::store::{Look, StoreError, Write};
use crate::tracker::{
    AccountId, Actor, Body, Change, Doubt, EventKind, LetterKind, MailRowId, Participant, ParticipantNo,
    Project, ProjectId, RawHash, State, Subscription, Ticket, TicketId, apply, change,
};
use crate::triage::{Confirmation, EmailRef, HoldCause, MailRow, Verdict, VerdictKind, decide, questions};

/// A mail that lies in the raw store and has been parsed.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub source: EmailRef,
    pub raw: RawHash,
    pub inbound: Arc<Inbound>,
    /// Taken from a mailbox that was adopted for import: no letter goes out for it.
    pub quiet: bool,
}

impl Desk {
    /// Decides what becomes of one mail and does it: the row, the ticket, the letters, and the
    /// end of its being in hand, in one commit. A mail whose change fails is held instead.
    ///
    /// # Errors
    /// Only where the store cannot write; the mail stays in the intake mailbox then.
    pub async fn receive(&self, arrived: Arrived) -> Result<MailRow, StoreError> {
        let taken = self.take(arrived.clone(), None).await;
        match taken {
            Ok(row) => Ok(row),
            Err(DeskError::Store(error)) if error.is_temporary() => Err(error),
            Err(error) => {
                tracing::error!(email = arrived.source.email, %error, "taking a mail in failed; it is held");
                self.hold(arrived, HoldCause::ApplyFailed).await
            }
        }
    }

    /// Keeps a mail for a person to decide without looking at what it says.
    ///
    /// # Errors
    /// Only where the store cannot write.
    pub async fn hold(&self, arrived: Arrived, cause: HoldCause) -> Result<MailRow, StoreError> {
        let verdict = Verdict::Hold { cause, ticket: None, project: None };
        match self.take(arrived, Some(verdict)).await {
            Ok(row) => Ok(row),
            Err(DeskError::Store(error)) => Err(error),
            Err(other) => Err(StoreError::Panicked(other.to_string().into())),
        }
    }

    async fn take(&self, arrived: Arrived, forced: Option<Verdict>) -> Result<MailRow, DeskError> {
        let desk = self.clone();
        let now = self.time_of(&arrived);
        let quiet = arrived.quiet;
        let row = self
            .store
            .write(move |w| {
                if let Some(row) = own_trace(w, &arrived.source)? {
                    done_with(w, &arrived.source)?;
                    return Ok(row);
                }
                let verdict = match &forced {
                    Some(verdict) => verdict.clone(),
                    None => desk.decide(w, &arrived, now)?,
                };
                let row = row_of(w, &arrived, &verdict, now)?;
                let row = w.add_mail_row(row)?;
                let done = desk.carry_out(w, &arrived, verdict, row, None, now)?;
                done_with(w, &arrived.source)?;
                Ok::<_, DeskError>(done)
            })
            .await?;
        self.note_arrival(&row, quiet, now);
        tracing::info!(
            row = row.id.0,
            verdict = row.verdict.word(),
            ticket = row.ticket.map(|t| t.0),
            "mail taken in"
        );
        self.ring_outbox();
        Ok(row)
    }

    /// How long it took, but for a mail that lay there before the desk came.
    fn note_arrival(&self, row: &MailRow, quiet: bool, now: Timestamp) {
        if !quiet && row.source.received_at > Timestamp::UNIX_EPOCH {
            self.measures.taken_in(row.source.received_at, now);
        }
    }

    /// A mail that is imported or taken in again happened when it came.
    fn time_of(&self, arrived: &Arrived) -> Timestamp {
        let (came, now) = (arrived.source.received_at, self.clock.now());
        if arrived.quiet && came > Timestamp::UNIX_EPOCH { came.min(now) } else { now }
    }

    pub(super) fn decide(
        &self,
        look: &impl Look,
        arrived: &Arrived,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let asked = questions(&arrived.inbound, &self.site, arrived.raw);
        let facts = look.facts(&asked, now)?;
        let verdict = decide(&arrived.inbound, &self.site, &facts, arrived.source.received_at, now);
        refuse_agent(look, verdict)
    }

    /// Does what the verdict says, and completes the row. `by` is the person who wanted that, where the
    /// mail had been held.
    pub(super) fn carry_out(
        &self,
        w: &mut Write<'_>,
        arrived: &Arrived,
        verdict: Verdict,
        row: MailRowId,
        by: Option<AccountId>,
        now: Timestamp,
    ) -> Result<MailRow, DeskError> {
        let kind = verdict.kind();
        let (ticket, project) = match verdict {
            Verdict::Open { project, also_for, requester, linked, confirmation, automatic: _ } => {
                let confirmation = confirmation.filter(|_| !arrived.quiet);
                let opening = Opening { project, also_for, requester, confirmation };
                let ticket = self.open(w, arrived, row, opening, now)?;
                if let Some(answered) = linked {
                    link(w, ticket, answered, Actor::Postdesk, now)?;
                }
                (Some(ticket), Some(project))
            }
            Verdict::Comment { ticket, participant, automatic, reopen } => {
                let voice = Voice { participant, automatic, reopen };
                let ticket = self.comment_by_mail(w, arrived, row, ticket, voice, now)?;
                (Some(ticket.id), Some(ticket.project))
            }
            Verdict::Join { ticket, person, reopen } => {
                let ticket = self.join_by_mail(w, arrived, row, ticket, (person, reopen), now)?;
                (Some(ticket.id), Some(ticket.project))
            }
            Verdict::Unverified { ticket, doubt, automatic, reopen } => {
                let doubted = Doubted { doubt, automatic, reopen };
                let ticket = self.doubt_by_mail(w, arrived, row, ticket, doubted, now)?;
                (Some(ticket.id), Some(ticket.project))
            }
            Verdict::AgentReply { ticket, account, note } => {
                let ticket = self.agent_reply(w, arrived, row, ticket, (account, note), now)?;
                (Some(ticket.id), Some(ticket.project))
            }
            Verdict::Unsubscribe { ticket, participant } => {
                let mut ticket = w.ticket(ticket)?.ok_or(DeskError::NotFound)?;
                let change = Change::Unsubscribe(participant);
                let events = apply(&mut ticket, change, Actor::Participant(participant), now)?;
                record(w, &ticket, &events)?;
                (Some(ticket.id), Some(ticket.project))
            }
            Verdict::Bounce { letter, ticket, outcome } => {
                super::bounces::note(w, letter, outcome, now)?;
                let project = w.ticket(ticket)?.map(|ticket| ticket.project);
                (Some(ticket), project)
            }
            Verdict::Duplicate { of } => {
                let first = w.mail_row(of)?;
                let (ticket, project) = first.map_or((None, None), |row| (row.ticket, row.project));
                if let Some(ticket) = ticket {
                    self.read_by_more(w, arrived, ticket, now)?;
                }
                (ticket, project)
            }
            Verdict::Hold { ticket, project, .. } => (ticket, project),
            Verdict::Ignore { .. } => (None, None),
        };
        let mut done = w.mail_row(row)?.ok_or(DeskError::NotFound)?;
        done.verdict = kind;
        done.ticket = ticket;
        done.project = project;
        done.filed = false;
        w.put_mail_row(&done)?;
        let taken = matches!(kind, VerdictKind::Open | VerdictKind::Comment | VerdictKind::Unverified);
        if taken || kind == VerdictKind::AgentReply {
            self.supersede_held_copies(w, arrived, &done, now)?;
            if taken && !arrived.quiet && arrived.inbound.automatic.is_none() {
                self.notify_of_mail(w, (row, ticket), by, now)?;
            }
        }
        Ok(done)
    }

    pub(super) fn open(
        &self,
        w: &mut Write<'_>,
        arrived: &Arrived,
        row: MailRowId,
        opening: Opening,
        now: Timestamp,
    ) -> Result<TicketId, DeskError> {
        let (id, number) = w.next_ticket(opening.project)?;
        let mut ticket = new_ticket(id, number, opening.project, &arrived.inbound, opening.requester, now);
        ticket.also_for = opening.also_for;
        let body = Body::Mail { raw: arrived.raw, row: Some(row) };
        let mut events = change::open(&mut ticket, body, now);
        events.extend(self.add_from_cc(w, &mut ticket, &arrived.inbound, now)?);
        let addressee = match (opening.confirmation, ticket.requester()) {
            (Some(how), Some(person)) if may_be_mailed(w, person)? => Some((how, person.clone())),
            _ => None,
        };
        if let Some((_, person)) = &addressee {
            let due = EventKind::Confirmed { participant: person.no };
            events.extend(change::number(&mut ticket, vec![due], Actor::Postdesk, now));
        }
        record(w, &ticket, &events)?;
        remember_ids(w, arrived, id)?;
        if let Some((how, person)) = addressee {
            let letter = LetterKind::Confirmation { subject: how.subject };
            mail_one(w, &self.random, &self.site.host, &ticket, letter, person.no, now)?;
            w.note_confirmation(&person.address, now)?;
        }
        Ok(id)
    }

    /// A colleague whom the project trusts takes part from now on, and has written a comment. On a
    /// ticket that is full, an agent decides.
    fn join_by_mail(
        &self,
        w: &mut Write<'_>,
        arrived: &Arrived,
        row: MailRowId,
        id: TicketId,
        (person, reopen): (NameAddr, bool),
        now: Timestamp,
    ) -> Result<Ticket, DeskError> {
        let mut ticket = w.ticket(id)?.ok_or(DeskError::NotFound)?;
        let address = person.address.clone();
        let added = apply(&mut ticket, Change::AddParticipant(person), Actor::Postdesk, now);
        let joined = ticket.participant_by_address(&address).map(|person| person.no);
        let (Ok(events), Some(participant)) = (added, joined) else {
            let doubted = Doubted { doubt: Doubt::Stranger, automatic: false, reopen };
            return self.doubt_by_mail(w, arrived, row, id, doubted, now);
        };
        record(w, &ticket, &events)?;
        let voice = Voice { participant, automatic: false, reopen };
        self.comment_by_mail(w, arrived, row, id, voice, now)
    }

    fn comment_by_mail(
        &self,
        w: &mut Write<'_>,
        arrived: &Arrived,
        row: MailRowId,
        ticket: TicketId,
        voice: Voice,
        now: Timestamp,
    ) -> Result<Ticket, DeskError> {
        let mut ticket = w.ticket(ticket)?.ok_or(DeskError::NotFound)?;
        let actor = Actor::Participant(voice.participant);
        let body = Body::Mail { raw: arrived.raw, row: Some(row) };
        let change = Change::Comment { body, automatic: voice.automatic };
        let mut events = apply(&mut ticket, change, actor, now)?;
        let comment = events.first().map(|event| event.no);
        if voice.reopen && ticket.state == State::Closed {
            events.extend(apply(&mut ticket, Change::Reopen, Actor::Postdesk, now)?);
        }
        events.extend(self.add_from_cc(w, &mut ticket, &arrived.inbound, now)?);
        record(w, &ticket, &events)?;
        remember_ids(w, arrived, ticket.id)?;
        let silent = voice.automatic || arrived.quiet;
        if let Some(event) = comment.filter(|_| !silent) {
            let letter = LetterKind::Comment { event };
            let except = Some(voice.participant);
            if !is_loop(w, ticket.id, now)? {
                mail_everyone(w, &self.random, &self.site.host, &ticket, letter, except, now)?;
            } else if anybody_mailed(w, &ticket, except)? {
                let kept = vec![EventKind::NotMailed { event }];
                let events = change::number(&mut ticket, kept, Actor::Postdesk, now);
                record(w, &ticket, &events)?;
            }
        }
        Ok(ticket)
    }
}

/// How a ticket begins.
pub(super) struct Opening {
    pub(super) project: ProjectId,
    pub(super) also_for: Vec<ProjectId>,
    pub(super) requester: Option<NameAddr>,
    pub(super) confirmation: Option<Confirmation>,
}

/// Who speaks in a comment by mail, and how.
#[derive(Clone, Copy)]
struct Voice {
    participant: ParticipantNo,
    automatic: bool,
    reopen: bool,
}

pub(super) fn row_of(
    look: &impl Look,
    arrived: &Arrived,
    verdict: &Verdict,
    now: Timestamp,
) -> Result<MailRow, StoreError> {
    let mail = &arrived.inbound;
    let label =
        |people: &[NameAddr]| people.iter().map(|p| p.address.as_str()).collect::<Vec<_>>().join(", ");
    Ok(MailRow {
        id: MailRowId::default(),
        source: arrived.source.clone(),
        raw: arrived.raw,
        message_id: mail.message_id.clone(),
        from: mail.from.as_ref().map(|from| from.address.folded().to_owned()),
        requester: match verdict {
            Verdict::Open { requester, .. } => named_by_form(mail, requester.as_ref()),
            _ => named_by_any_form(look, mail)?,
        },
        date: mail.date,
        body_hash: mail.body_hash,
        from_label: mail.from.as_ref().map(name_and_address).unwrap_or_default(),
        to_label: label(&mail.to),
        subject: mail.subject.clone(),
        verdict: verdict.kind(),
        ticket: None,
        project: None,
        taken_at: now,
        filed: false,
    })
}

/// Whom a mail names in place of its sender, where that is a form of any project's.
fn named_by_any_form(look: &impl Look, mail: &Inbound) -> Result<Option<String>, StoreError> {
    let Some(named) = named_by_form(mail, mail.reply_to.first()) else { return Ok(None) };
    let is_form = |project: &Project| {
        mail.from.as_ref().is_some_and(|from| project.joining.form_senders.contains(&from.address))
    };
    Ok(look.projects()?.iter().any(is_form).then_some(named))
}

/// Whom the mail names as the requester in place of its sender.
pub(super) fn named_by_form(mail: &Inbound, requester: Option<&NameAddr>) -> Option<String> {
    let from = mail.from.as_ref().map(|from| &from.address);
    let address = requester.map(|person| &person.address).filter(|address| Some(*address) != from);
    address.map(|address| address.folded().to_owned())
}

fn name_and_address(person: &NameAddr) -> String {
    match &person.name {
        Some(name) => format!("{name} <{}>", person.address),
        None => person.address.to_string(),
    }
}

fn new_ticket(
    id: TicketId,
    number: u32,
    project: ProjectId,
    mail: &Inbound,
    requester: Option<NameAddr>,
    now: Timestamp,
) -> Ticket {
    let participant = requester.map(|person| Participant {
        no: ParticipantNo(1),
        address: person.address,
        name: person.name,
        subscription: Subscription::Subscribed,
        added_at: now,
        waits: false,
    });
    Ticket {
        id,
        project,
        number,
        title: if mail.subject.is_empty() { "(no subject)".to_owned() } else { mail.subject.clone() },
        state: State::Open,
        hold_until: None,
        due: None,
        spam: false,
        merged_into: None,
        assignee: None,
        labels: Vec::new(),
        participants: participant.into_iter().collect(),
        also_for: Vec::new(),
        opened_at: now,
        active_at: now,
        owed_since: None,
        last_event: crate::tracker::EventNo(0),
        comments: 0,
        notes: 0,
        unverified: 0,
        erased_at: None,
    }
}

/// Later mails that name this one in In-Reply-To or References find the ticket.
fn remember_ids(w: &mut Write<'_>, arrived: &Arrived, ticket: TicketId) -> Result<(), StoreError> {
    match &arrived.inbound.message_id {
        Some(id) => w.add_mail_id(id, ticket, false),
        None => Ok(()),
    }
}

/// The row of this very Email, if there is one: the disk may have kept a commit that it said had
/// failed, and the job runs again then.
fn own_trace(look: &impl Look, source: &EmailRef) -> Result<Option<MailRow>, StoreError> {
    let rows = look.mail_rows_by_source(&source.account, &source.email)?;
    Ok(rows.into_iter().find(|row| row.source == *source))
}

/// The mail is no longer in hand: its verdict is on record.
pub(super) fn done_with(w: &mut Write<'_>, source: &EmailRef) -> Result<(), StoreError> {
    let mut in_hand = w.in_hand()?;
    let before = in_hand.len();
    in_hand.retain(|mail| mail.source != *source);
    if in_hand.len() == before {
        return Ok(());
    }
    w.set_in_hand(&in_hand)
}
