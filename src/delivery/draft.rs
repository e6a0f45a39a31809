//! Writing a letter: rendered and composed once, kept in the raw store, never rendered again.

use super::{Delivery, DeliveryError, ReplyTo, Ways};
use crate::desk::Drafted;
use crate::mail::{self, Address, Draft, MessageId, NameAddr};
use crate::store::{Look, RawError, aside};
use crate::theme::{CommentLetter, ConfirmationLetter, Html, Letter};
use crate::tracker::{
    Actor, Body, Event, EventKind, FromName, LetterKind, OutboxRow, OutboxState, Participant, Project,
    RawHash, Ticket,
};

/// What a letter is written from, read in one snapshot.
struct Material {
    ticket: Ticket,
    project: Project,
    person: Participant,
    /// The comment, for a comment's letter.
    event: Option<Event>,
    /// Who wrote it, as the letter says it.
    author: String,
    /// Message-IDs of the ticket's mails before this one, in order.
    thread: Vec<MessageId>,
}

impl Delivery {
    /// The draft's bytes: those on record, or written now and put on record.
    pub(super) async fn draft(&self, row: &OutboxRow, ways: &Ways) -> Result<Vec<u8>, DeliveryError> {
        if let Some(draft) = row.draft {
            let store = self.desk.store.clone();
            let read = aside(move || store.raw().get(&draft.raw));
            return Ok(read.await??);
        }
        let date = self.desk.clock.now();
        let material = self.material(row)?;
        let text = self.comment_text(&material).await?;
        let rendered = self.theme.letter("en", &self.letter(row, &material, text))?;
        let draft = self.compose(row, ways, &material, rendered, date);
        let store = self.desk.store.clone();
        let composed = aside(move || {
            let bytes = mail::compose(&draft);
            let raw: RawHash = store.raw().put(&bytes)?;
            Ok::<_, RawError>((raw, bytes))
        });
        let (raw, bytes) = composed.await??;
        self.desk.drafted(row.id, Drafted { raw, date }).await?;
        Ok(bytes)
    }

    fn material(&self, row: &OutboxRow) -> Result<Material, DeliveryError> {
        let read = self.desk.store.read()?;
        let gone = || DeliveryError::Gone("a letter's ticket, project or participant");
        let ticket = read.ticket(row.ticket)?.ok_or_else(gone)?;
        let project = read.project(ticket.project)?.ok_or_else(gone)?;
        let person = ticket.participant(row.participant).cloned().ok_or_else(gone)?;
        let event = match row.letter {
            LetterKind::Comment { event } => Some(read.event(ticket.id, event)?.ok_or_else(gone)?),
            LetterKind::Confirmation { .. } => None,
        };
        let author = match event.as_ref().map(|event| event.actor) {
            Some(Actor::Account(id)) => read.account(id)?.map_or_else(|| project.name.clone(), |a| a.name),
            Some(Actor::Participant(no)) => {
                ticket.participant(no).map_or_else(String::new, |p| p.label().to_owned())
            }
            Some(Actor::Postdesk) | None => stranger(event.as_ref()).unwrap_or_else(|| project.name.clone()),
        };
        let mut thread = read.thread(ticket.id)?;
        let until = thread.iter().position(|(id, _)| *id == row.message_id).unwrap_or(thread.len());
        thread.truncate(until);
        // Letters to others mean nothing to this participant's mail program, nor those that never left.
        let letters = read.letters_of(ticket.id)?;
        let to_others = |id: &MessageId| {
            letters.iter().any(|l| {
                l.message_id == *id && (l.participant != person.no || l.state == OutboxState::Withdrawn)
            })
        };
        let thread = thread.into_iter().map(|(id, _)| id).filter(|id| !to_others(id)).collect();
        Ok(Material { ticket, project, person, event, author, thread })
    }

    /// The comment as text and as HTML; both empty for a letter without one.
    async fn comment_text(&self, material: &Material) -> Result<(String, String), DeliveryError> {
        let body = match material.event.as_ref().map(|event| &event.kind) {
            Some(
                EventKind::Comment { body, .. }
                | EventKind::Opened { body }
                | EventKind::Unverified { body, .. },
            ) => body.clone(),
            _ => return Ok((String::new(), String::new())),
        };
        match body {
            Body::Text(text) => Ok((mail::markdown::to_text(&text), mail::markdown::to_html(&text))),
            Body::Mail { raw, .. } => {
                let store = self.desk.store.clone();
                let rendered = aside(move || {
                    let bytes = store.raw().get(&raw)?;
                    Ok::<_, RawError>(mail::render(&bytes, mail::RemoteImages::Blocked))
                });
                let rendered = rendered.await??;
                Ok((rendered.text, rendered.html))
            }
        }
    }

    fn letter(&self, row: &OutboxRow, material: &Material, (text, html): (String, String)) -> Letter {
        let unsubscribe_url = Some(self.desk.links().unsubscribe(&row.unsubscribe));
        let reference = format!("{}#{}", material.project.path, material.ticket.number);
        let (path, number) = (material.project.path.to_string(), material.ticket.number);
        let project_name = material.project.name.clone();
        match row.letter {
            LetterKind::Confirmation { subject } => Letter::Confirmation(ConfirmationLetter {
                project_name,
                project_path: path,
                number,
                reference,
                subject: subject.then(|| material.ticket.title.clone()),
                wrote_to: self.desk.site().shown(&material.project).map(|address| address.to_string()),
                unsubscribe_url,
            }),
            LetterKind::Comment { .. } => Letter::Comment(CommentLetter {
                project_name,
                project_path: path,
                number,
                reference,
                title: material.ticket.title.clone(),
                author: material.author.clone(),
                text,
                html: Html::sanitised(html),
                unsubscribe_url,
            }),
        }
    }

    fn compose(
        &self,
        row: &OutboxRow,
        ways: &Ways,
        material: &Material,
        rendered: crate::theme::Rendered,
        date: jiff::Timestamp,
    ) -> Draft {
        let mut references = material.thread.clone();
        if references.len() > 10 {
            // The first and the last ones thread in every client (RFC 5322 §3.6.4 bounds nothing).
            references.drain(1..references.len() - 9);
        }
        references.extend(MessageId::parse(&self.desk.site().reply_mark(&row.reply_key)));
        let boundary = blake3::hash(row.message_id.as_str().as_bytes());
        Draft {
            from: self.from(ways, material),
            to: NameAddr { name: material.person.name.clone(), address: material.person.address.clone() },
            reply_to: Some(self.reply_to(row, material)),
            subject: rendered.subject,
            date,
            message_id: row.message_id.clone(),
            in_reply_to: material.thread.last().cloned(),
            references,
            text: rendered.text,
            html: rendered.html,
            headers: self.headers(row, material),
            boundary_seed: boundary.as_bytes().first_chunk().copied().unwrap_or_default(),
            attachments: Vec::new(),
        }
    }

    /// The project's alias where an identity allows it, else the account's address; the name is
    /// the agent's or the project's.
    fn from(&self, ways: &Ways, material: &Material) -> NameAddr {
        let alias = material
            .project
            .aliases
            .iter()
            .find(|alias| ways.identities.iter().any(|identity| identity.covers(alias)));
        let by_person = material.event.is_some() && material.project.from_name == FromName::Agent;
        let name = if by_person { &material.author } else { &material.project.name };
        NameAddr { name: Some(name.clone()), address: alias.unwrap_or(&ways.sender).clone() }
    }

    fn reply_to(&self, row: &OutboxRow, material: &Material) -> NameAddr {
        let keyed = match self.settings.reply_to {
            ReplyTo::Keyed => self.desk.site().reply(&row.reply_key),
            ReplyTo::Plain => None,
        };
        let address: Address = keyed.unwrap_or_else(|| self.settings.account.clone());
        NameAddr { name: Some(material.project.name.clone()), address }
    }

    fn headers(&self, row: &OutboxRow, material: &Material) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        let mailto = match self.settings.reply_to {
            ReplyTo::Keyed => self.desk.site().unsubscribe(&row.unsubscribe).map(|a| format!("<mailto:{a}>")),
            ReplyTo::Plain => {
                let subject = self.desk.site().unsubscribe_subject(&row.unsubscribe);
                Some(format!("<mailto:{}?subject={subject}>", self.settings.account))
            }
        };
        let https = self.desk.links().is_https();
        let link = https.then(|| format!("<{}>", self.desk.links().unsubscribe(&row.unsubscribe)));
        let unsubscribe: Vec<_> = link.into_iter().chain(mailto).collect();
        if !unsubscribe.is_empty() {
            headers.push(("List-Unsubscribe", unsubscribe.join(", ")));
        }
        if https {
            // RFC 8058 §3.1: only beside an https link.
            headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        match row.letter {
            LetterKind::Confirmation { .. } => {
                headers.push(("Auto-Submitted", "auto-replied".to_owned()));
                headers.push(("X-Auto-Response-Suppress", "All".to_owned()));
            }
            LetterKind::Comment { .. } => {
                headers.push(("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()));
            }
        }
        headers.push(("X-Postdesk-Ticket", format!("{}#{}", material.project.path, material.ticket.number)));
        headers
    }
}

/// Who wrote a mail that was accepted without making its sender a participant.
fn stranger(event: Option<&Event>) -> Option<String> {
    match &event?.kind {
        EventKind::Unverified { from: Some(from), .. } => {
            Some(from.name.clone().unwrap_or_else(|| from.address.to_string()))
        }
        _ => None,
    }
}
