//! What erasing does to one ticket, in one commit, and to one mail.

use jiff::Timestamp;

use crate::mail::Address;
use crate::store::{Look, StoreError, Write};
use crate::tracker::{
    Actor, Body, Delivery, ERASED_TEXT, Erased, ErasureId, Event, EventKind, EventNo, Leftover, LetterKind,
    MailRowId, OutboxRow, OutboxState, ParticipantNo, RawHash, State, Subscription, Ticket, TicketId,
    erased_address, is_erased,
};
use crate::triage::{IgnoreCause, MailRow, VerdictKind};

/// The name of a mail that has no file.
const NOT_KEPT: RawHash = RawHash([0; 32]);

/// Whose texts go.
#[derive(Clone, Debug)]
pub(super) enum Whom {
    Person(Address),
    /// The whole ticket.
    Everybody,
}

/// Why a ticket could not be erased now.
#[derive(Debug)]
pub(super) enum Busy {
    /// A letter is being submitted: whether it left is known in a moment.
    Letter,
    Store(StoreError),
}

impl From<StoreError> for Busy {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What there is to do on a ticket.
struct Plan {
    whole: bool,
    gone: Vec<ParticipantNo>,
    events: Vec<Event>,
    letters: Vec<OutboxRow>,
}

fn plan(look: &impl Look, ticket: &Ticket, whom: &Whom) -> Result<Plan, StoreError> {
    let is_theirs = |address: &Address| match whom {
        Whom::Person(person) => address == person,
        Whom::Everybody => true,
    };
    let gone: Vec<_> =
        ticket.participants.iter().filter(|p| is_theirs(&p.address)).map(|person| person.no).collect();
    let others = ticket.participants.iter().any(|p| !gone.contains(&p.no) && !is_erased(&p.address));
    let whole = matches!(whom, Whom::Everybody) || (!gone.is_empty() && !others);
    let mut events = look.events(ticket.id)?;
    events.retain(|event| match (&event.kind, event.actor) {
        (EventKind::DeliveryFailed { participant, reply }, _) => {
            !reply.is_empty() && (whole || gone.contains(participant))
        }
        (kind, actor) => {
            let written = kind.body().is_some_and(|body| *body != erased_body());
            let theirs = match (kind, actor) {
                (EventKind::Unverified { from: Some(from), .. }, _) => is_theirs(&from.address),
                (_, Actor::Participant(no)) => gone.contains(&no),
                _ => false,
            };
            written && (whole || theirs)
        }
    });
    let texts: Vec<EventNo> = events.iter().map(|event| event.no).collect();
    let mut letters = look.letters_of(ticket.id)?;
    letters.retain(|letter| {
        // A notice of something else shows what was written last.
        let shows = matches!(letter.letter, LetterKind::Notice { .. }) && !texts.is_empty();
        let of_text = shows || letter.letter.event().is_some_and(|event| texts.contains(&event));
        whole || of_text || letter.participant().is_some_and(|no| gone.contains(&no))
    });
    Ok(Plan { whole, gone, events, letters })
}

/// What [`erase_ticket`] would count; mails are counted by who found them.
pub(super) fn would_erase(look: &impl Look, id: TicketId, whom: &Whom) -> Result<Erased, StoreError> {
    let Some(ticket) = look.ticket(id)?.filter(|ticket| ticket.erased_at.is_none()) else {
        return Ok(Erased::default());
    };
    let plan = plan(look, &ticket, whom)?;
    Ok(Erased {
        whole: u64::from(plan.whole),
        shared: u64::from(!plan.whole),
        texts: plan.events.len() as u64,
        letters: plan.letters.len() as u64,
        mails: 0,
    })
}

/// Erases a ticket or what is one person's on it, with these mails of it. Everything that is left to
/// be removed is listed in the same commit.
pub(super) fn erase_ticket(
    w: &mut Write<'_>,
    erasure: ErasureId,
    id: TicketId,
    rows: &[MailRowId],
    whom: &Whom,
    now: Timestamp,
) -> Result<(), Busy> {
    let Some(mut ticket) = w.ticket(id)? else { return Ok(()) };
    let plan = plan(w, &ticket, whom)?;
    if plan.letters.iter().any(|letter| letter.state == OutboxState::Submitting) {
        return Err(Busy::Letter);
    }
    let mut erased = Erased::default();
    let mut rows: std::collections::BTreeSet<_> = rows.iter().copied().collect();
    let requester = ticket.requester().map(|person| person.no);
    for letter in &plan.letters {
        let theirs = letter.participant().is_some_and(|no| plan.gone.contains(&no));
        erased.letters += u64::from(erase_letter(w, erasure, letter, plan.whole || theirs)?);
    }
    for event in plan.events {
        if let Some(Body::Mail { raw, row }) = event.kind.body() {
            rows.extend(row);
            w.add_leftover(erasure, &Leftover::Raw(*raw))?;
        }
        erased.texts += 1;
        erase_event(w, &mut ticket, event)?;
    }
    for row in rows {
        erased.mails += u64::from(erase_row(w, erasure, row)?);
    }
    for person in ticket.participants.iter_mut().filter(|person| plan.gone.contains(&person.no)) {
        if let Some(nobody) = erased_address(person.no) {
            person.address = nobody;
        }
        person.name = None;
        person.subscription = Subscription::Removed { at: now };
        person.waits = false;
    }
    if plan.whole {
        erased.whole += u64::from(ticket.erased_at.is_none());
        close_for_good(&mut ticket, now);
        w.forget_thread(id)?;
    } else {
        erased.shared += u64::from(!plan.gone.is_empty());
        if requester.is_some_and(|no| plan.gone.contains(&no)) {
            TITLE.clone_into(&mut ticket.title);
        }
    }
    w.put_ticket(&ticket)?;
    Ok(count(w, erasure, erased)?)
}

/// The title of a ticket whose requester was erased.
const TITLE: &str = "Erased";

fn close_for_good(ticket: &mut Ticket, now: Timestamp) {
    TITLE.clone_into(&mut ticket.title);
    ticket.state = State::Closed;
    ticket.erased_at = ticket.erased_at.or(Some(now));
    (ticket.hold_until, ticket.due, ticket.owed_since) = (None, None, None);
    ticket.unverified = 0;
    ticket.labels.clear();
}

fn erased_body() -> Body {
    Body::Text(ERASED_TEXT.to_owned())
}

/// The line stays, its text goes.
fn erase_event(w: &mut Write<'_>, ticket: &mut Ticket, event: Event) -> Result<(), StoreError> {
    let kind = match event.kind {
        EventKind::Opened { .. } => EventKind::Opened { body: erased_body() },
        EventKind::Comment { automatic, .. } => EventKind::Comment { body: erased_body(), automatic },
        EventKind::Note { .. } => EventKind::Note { body: erased_body() },
        EventKind::DeliveryFailed { participant, .. } => {
            EventKind::DeliveryFailed { participant, reply: String::new() }
        }
        // Nobody has to decide about it any more.
        EventKind::Unverified { decision: None, .. } => {
            ticket.unverified = ticket.unverified.saturating_sub(1);
            EventKind::Comment { body: erased_body(), automatic: true }
        }
        EventKind::Unverified { doubt, automatic, decision, .. } => {
            EventKind::Unverified { body: erased_body(), from: None, doubt, automatic, decision }
        }
        other => other,
    };
    w.put_event(&Event { kind, ..event }).map(drop)
}

/// The row stays with its Message-ID, which is ours; what was written goes, and the copies. Where
/// its keys are revoked, no answer to it leads to the ticket any more.
pub(super) fn erase_letter(
    w: &mut Write<'_>,
    erasure: ErasureId,
    letter: &OutboxRow,
    revoke_keys: bool,
) -> Result<bool, StoreError> {
    if revoke_keys {
        w.revoke_key(&letter.reply_key)?;
        w.revoke_key(&letter.unsubscribe)?;
    }
    let mut row = letter.clone();
    if matches!(row.state, OutboxState::Waiting | OutboxState::Unknown) {
        row.state = OutboxState::Withdrawn;
    }
    if let Some(draft) = row.draft.take() {
        w.add_leftover(erasure, &Leftover::Raw(draft.raw))?;
        w.add_leftover(
            erasure,
            &Leftover::Letter {
                message_id: row.message_id.clone(),
                email: row.email.take(),
                since: row.created_at,
            },
        )?;
    }
    (row.delivery, row.trouble, row.next_look) = (Delivery::Unknown, None, None);
    let changed = row != *letter;
    if changed {
        w.put_letter(&row)?;
    }
    Ok(changed)
}

/// Replaces what the desk knows of a mail by nothing, and lists its file and its copy on the server.
pub(super) fn erase_row(w: &mut Write<'_>, erasure: ErasureId, id: MailRowId) -> Result<bool, StoreError> {
    let Some(row) = w.mail_row(id)? else { return Ok(false) };
    if row.raw == NOT_KEPT && row.from.is_none() {
        return Ok(false);
    }
    w.add_leftover(erasure, &Leftover::Raw(row.raw))?;
    w.add_leftover(erasure, &email_of(&row))?;
    let verdict = match row.verdict {
        VerdictKind::Hold(_) => VerdictKind::Ignore(IgnoreCause::Erased),
        other => other,
    };
    w.put_mail_row(&MailRow {
        raw: NOT_KEPT,
        message_id: None,
        from: None,
        requester: None,
        date: None,
        body_hash: [0; 32],
        from_label: String::new(),
        to_label: String::new(),
        subject: String::new(),
        verdict,
        ..row
    })?;
    Ok(true)
}

/// The copy of a mail on the server.
pub(super) fn email_of(row: &MailRow) -> Leftover {
    let source = row.source.clone();
    Leftover::Email {
        account: source.account,
        email: source.email,
        blob: source.blob,
        size: source.size,
        received_at: source.received_at,
    }
}

/// Counts on, in the erasure's own record.
pub(super) fn count(w: &mut Write<'_>, id: ErasureId, more: Erased) -> Result<(), StoreError> {
    let Some(mut erasure) = w.erasure(id)? else { return Ok(()) };
    erasure.erased += more;
    w.put_erasure(&erasure)
}
