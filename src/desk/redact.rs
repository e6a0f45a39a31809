//! Taking one passage out of one mail or comment: the raw file is written anew, everything that names
//! it follows, and what went out or lies on the mail server with it is listed to be removed.

use super::erase_ticket::{Busy, email_of, erase_letter, erase_row};
use super::{Desk, DeskError, visible};
use crate::mail::{self, Inbound};
use crate::store::{Look, RawError, StoreError, Write, WriteError, aside};
use crate::tracker::{
    Body, Erased, Erasure, ErasureId, Event, EventKind, EventNo, Leftover, LetterKind, OutboxState,
    ProjectPath, RawHash, TicketId,
};
use crate::triage::{MailRow, VerdictKind};

/// What takes the place of a text.
struct Replacement {
    event: Event,
    passage: String,
    /// For a mail: the former file, the new one, and what it says.
    file: Option<(RawHash, RawHash, Box<Inbound>)>,
    text: Option<String>,
}

impl Desk {
    /// Takes a passage out of a text of a ticket. What is left to be removed then is on the list of
    /// the erasure that is given back. For the operator.
    ///
    /// # Errors
    /// [`DeskError::NotFound`]; [`DeskError::Invalid`] where the passage is not there or cannot be
    /// taken out for certain, and while a letter with it is just being sent.
    pub async fn redact(
        &self,
        path: &ProjectPath,
        number: u32,
        event: EventNo,
        passage: &str,
    ) -> Result<ErasureId, DeskError> {
        if passage.trim().is_empty() {
            return Err(DeskError::Invalid("say which passage: `--text \"…\"`".to_owned()));
        }
        let read = self.store.read()?;
        let ticket = visible::ticket_at(&read, path, number)?;
        let event = read.event(ticket, event)?.ok_or(DeskError::NotFound)?;
        drop(read);
        let replacement = self.replacement(event, passage).await?;
        let now = self.clock.now();
        let done = self.store.write(move |w| {
            let erasure =
                Erasure { id: ErasureId::default(), at: now, address: None, erased: Erased::default() };
            busy_letters(w, &replacement)?;
            let id = w.add_erasure(&erasure)?;
            apply(w, id, &replacement)?;
            Ok::<_, Busy>(id)
        });
        let id = match done.await {
            Ok(id) => id,
            Err(WriteError::Refused(Busy::Letter)) => {
                let why = "a letter with this text is just being sent; try again in a moment";
                return Err(DeskError::Invalid(why.to_owned()));
            }
            Err(WriteError::Refused(Busy::Store(error)) | WriteError::Store(error)) => {
                return Err(error.into());
            }
        };
        self.texts.forget_all();
        tracing::info!(ticket = ticket.0, "a passage was taken out of a text");
        Ok(id)
    }

    async fn replacement(&self, event: Event, passage: &str) -> Result<Replacement, DeskError> {
        let none = || {
            DeskError::Invalid(
                "the passage is not found there, or cannot be taken out for certain, because mark-up stands \
                 within it; name a shorter one, or erase the person. Nothing was changed"
                    .to_owned(),
            )
        };
        let passage = passage.to_owned();
        match event.kind.body() {
            None => Err(DeskError::Invalid("this line of the ticket has no text".to_owned())),
            Some(Body::Text(text)) => {
                let text = Some(mail::redact_text(text, &passage).ok_or_else(none)?);
                Ok(Replacement { event, passage, file: None, text })
            }
            Some(Body::Mail { raw: former, .. }) => {
                let (store, former, wanted) = (self.store.clone(), *former, passage.clone());
                let written = aside(move || {
                    let Some(octets) = mail::redact(&store.raw().get(&former)?, &wanted) else {
                        return Ok(None);
                    };
                    let raw = store.raw().put(&octets)?;
                    Ok::<_, RawError>(Some((former, raw, Box::new(mail::parse(&octets, None)))))
                });
                let file = written.await.map_err(|_| StoreError::Closed)??;
                Ok(Replacement { event, passage, file: Some(file.ok_or_else(none)?), text: None })
            }
        }
    }
}

/// Every place where the text stands: the event itself, and others with the same mail.
fn places(look: &impl Look, new: &Replacement) -> Result<Vec<(TicketId, EventNo)>, StoreError> {
    let mut places = match &new.file {
        Some((former, ..)) => look.events_with(former)?,
        None => Vec::new(),
    };
    places.push((new.event.ticket, new.event.no));
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

fn busy_letters(w: &Write<'_>, new: &Replacement) -> Result<(), Busy> {
    for (ticket, no) in places(w, new)? {
        let with_it = w.letters_of(ticket)?.into_iter().filter(|row| tells(row.letter, no));
        if with_it.into_iter().any(|row| row.state == OutboxState::Submitting) {
            return Err(Busy::Letter);
        }
    }
    Ok(())
}

/// Whether a letter may show a text. A notice of something else shows what was written last.
fn tells(letter: LetterKind, no: EventNo) -> bool {
    match letter {
        LetterKind::Comment { event } => event == no,
        LetterKind::Notice { .. } => true,
        _ => false,
    }
}

fn apply(w: &mut Write<'_>, id: ErasureId, new: &Replacement) -> Result<(), StoreError> {
    for (ticket, no) in places(w, new)? {
        let Some(mut event) = w.event(ticket, no)? else { continue };
        if let Some(body) = body_mut(&mut event.kind) {
            match (body, &new.file, &new.text) {
                (Body::Mail { raw, .. }, Some((_, written, _)), _) => *raw = *written,
                (Body::Text(old), _, Some(text)) => old.clone_from(text),
                _ => continue,
            }
            w.put_event(&event)?;
        }
        for letter in w.letters_of(ticket)? {
            if !tells(letter.letter, no) {
                continue;
            }
            // One that waits is written anew, from the text as it is now.
            let waits = letter.state == OutboxState::Waiting;
            erase_letter(w, id, &letter, false)?;
            if waits && let Some(mut row) = w.letter(letter.id)? {
                row.state = OutboxState::Waiting;
                w.put_letter(&row)?;
            }
        }
        if let Some(mut ticket) = w.ticket(ticket)?
            && let Some(title) = mail::redact_text(&ticket.title, &new.passage)
        {
            ticket.title = title;
            w.put_ticket(&ticket)?;
        }
    }
    let Some((former, written, says)) = &new.file else { return Ok(()) };
    for row in w.mail_rows_by_raw(former)? {
        drop_copies(w, id, &row)?;
        w.add_leftover(id, &email_of(&row))?;
        let (subject, body_hash) = (says.subject.clone(), says.body_hash);
        w.put_mail_row(&MailRow { raw: *written, subject, body_hash, ..row })?;
    }
    w.add_leftover(id, &Leftover::Raw(*former))
}

/// The same mail came by other ways too, with other trace headers; nothing is shown from those.
fn drop_copies(w: &mut Write<'_>, id: ErasureId, row: &MailRow) -> Result<(), StoreError> {
    let Some(message_id) = &row.message_id else { return Ok(()) };
    for copy in w.mail_rows_by_message_id(message_id)? {
        let same = copy.verdict == VerdictKind::Duplicate && copy.body_hash == row.body_hash;
        if same && copy.raw != row.raw {
            erase_row(w, id, copy.id)?;
        }
    }
    Ok(())
}

fn body_mut(kind: &mut EventKind) -> Option<&mut Body> {
    match kind {
        EventKind::Opened { body }
        | EventKind::Comment { body, .. }
        | EventKind::Note { body }
        | EventKind::Unverified { body, .. } => Some(body),
        _ => None,
    }
}
