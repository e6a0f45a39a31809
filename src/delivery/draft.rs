//! Writing a letter: rendered and composed once, kept in the raw store, never rendered again.

use super::notice::notice_trace;
use super::shown::{ShownText, of_agent, of_customer};
use super::{Delivery, DeliveryError, ReplyTo, Ways};
use crate::desk::Drafted;
use crate::mail::{self, Address, Draft, MessageId, NameAddr, ReplyKey};
use crate::store::{Look, RawError, StoreError, aside};
use crate::theme::{ClosedLetter, CommentLetter, ConfirmationLetter, Html, Letter, ParticipantAddedLetter};
use crate::tracker::{
    Account, Actor, Body, Event, EventKind, FromName, LetterKind, MailRowId, OutboxRow, OutboxState, Project,
    RawHash, Recipient, Ticket,
};

/// What a letter is written from, read in one snapshot.
pub(super) struct Material {
    pub(super) ticket: Ticket,
    pub(super) project: Project,
    to: NameAddr,
    /// Whose account it is for, where it is a notice.
    pub(super) account: Option<Account>,
    /// The event that the letter tells of, where it names one.
    pub(super) event: Option<Event>,
    /// The agent's mail that the event came as.
    source: Option<MessageId>,
    /// The event whose text it shows: the same, or where that has none, what a customer wrote last.
    pub(super) shown: Option<Event>,
    /// Who did it, as the letter says it.
    pub(super) author: String,
    /// Message-IDs of the ticket's mails before this one, in order.
    thread: Vec<MessageId>,
    /// The keys of this ticket's notices, which an agent's answer may quote.
    agents_keys: Vec<ReplyKey>,
    /// Whether the title may be repeated to somebody who did not write it: the mail that brought it
    /// was authenticated, or a comment went out under it before.
    title_known: bool,
}

impl Material {
    /// Whether what it shows is an agent's answer by mail.
    fn is_agents_mail(&self) -> bool {
        self.account.is_none()
            && self.shown.as_ref().is_some_and(|event| matches!(event.actor, Actor::Account(_)))
    }

    /// Who speaks, as the project wants customers to see it.
    fn by(&self) -> &str {
        let by_person = self.event.is_some() && self.project.from_name == FromName::Agent;
        if by_person || self.account.is_some() { &self.author } else { &self.project.name }
    }
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
        let mut shown = self.shown_text(&material).await?;
        let files = std::mem::take(&mut shown.files);
        let letter = match row.letter {
            LetterKind::Notice { .. } => self.notice(row, &material, shown),
            _ => self.letter(row, &material, shown),
        };
        let rendered = self.theme.letter("en", &letter)?;
        let draft = Draft { attachments: files, ..self.compose(row, ways, &material, rendered, date) };
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
        let gone = || DeliveryError::Gone("a letter's ticket, project or recipient");
        let ticket = read.ticket(row.ticket().ok_or_else(gone)?)?.ok_or_else(gone)?;
        let project = read.project(ticket.project)?.ok_or_else(gone)?;
        let account = match row.to {
            Recipient::Agent { account, .. } => Some(read.account(account)?.ok_or_else(gone)?),
            Recipient::Participant { .. } | Recipient::Account(_) => None,
        };
        let to = match (&account, row.participant().and_then(|no| ticket.participant(no))) {
            (Some(account), _) => {
                NameAddr { name: Some(account.name.clone()), address: account.address.clone() }
            }
            (None, Some(person)) => {
                // Where nobody vouches for the sender, the name may be a forger's message to whoever
                // has the address.
                let is_vouched = row.letter != LetterKind::Confirmation { subject: false };
                let name = person.name.clone().filter(|_| is_vouched);
                NameAddr { name, address: person.address.clone() }
            }
            (None, None) => return Err(gone()),
        };
        let event = match row.letter.event() {
            Some(event) => Some(read.event(ticket.id, event)?.ok_or_else(gone)?),
            None => None,
        };
        let source = match &event {
            Some(event) if matches!(event.actor, Actor::Account(_)) => event.kind.body().and_then(by_mail),
            _ => None,
        };
        let source =
            source.map(|row| read.mail_row(row)).transpose()?.flatten().and_then(|row| row.message_id);
        let shown = match &event {
            Some(event) if event.kind.body().is_none() && account.is_some() => {
                read.events(ticket.id)?.into_iter().rfind(is_customers)
            }
            other => other.clone(),
        };
        let author = author(&read, &ticket, event.as_ref())?.unwrap_or_else(|| project.name.clone());
        // Letters to others mean nothing to this recipient's mail program, nor those that never left.
        let letters = read.letters_of(ticket.id)?;
        let to_others = |id: &MessageId| {
            let letter = letters.iter().find(|letter| letter.message_id == *id);
            letter.is_some_and(|letter| letter.to != row.to || letter.state == OutboxState::Withdrawn)
        };
        let thread = read.thread(ticket.id)?.into_iter().map(|(id, _)| id);
        let thread = thread.take_while(|id| *id != row.message_id).filter(|id| !to_others(id)).collect();
        let title_known = letters.iter().any(vouches);
        let notices = letters.into_iter().filter(|letter| matches!(letter.to, Recipient::Agent { .. }));
        let agents_keys = notices.flat_map(|letter| [letter.reply_key, letter.unsubscribe]).collect();
        Ok(Material {
            ticket,
            project,
            to,
            account,
            event,
            source,
            shown,
            author,
            thread,
            agents_keys,
            title_known,
        })
    }

    /// The text that a letter shows; empty for a letter without one.
    async fn shown_text(&self, material: &Material) -> Result<ShownText, DeliveryError> {
        let body = match material.shown.as_ref().map(|event| &event.kind) {
            Some(
                EventKind::Comment { body, .. }
                | EventKind::Opened { body }
                | EventKind::Unverified { body, .. },
            ) => body.clone(),
            _ => return Ok(ShownText::default()),
        };
        match body {
            Body::Text(text) => Ok(ShownText {
                text: mail::markdown::to_text(&text),
                html: mail::markdown::to_html(&text),
                ..ShownText::default()
            }),
            Body::Mail { raw, .. } => {
                let store = self.desk.store.clone();
                let agents = material.is_agents_mail();
                let shown = aside(move || {
                    let bytes = store.raw().get(&raw)?;
                    Ok::<_, RawError>(if agents { of_agent(&bytes) } else { of_customer(&bytes) })
                });
                let mut shown = shown.await??;
                shown.hide(&material.agents_keys);
                Ok(shown)
            }
        }
    }

    fn letter(&self, row: &OutboxRow, material: &Material, shown: ShownText) -> Letter {
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
            LetterKind::ParticipantAdded { .. } => Letter::ParticipantAdded(ParticipantAddedLetter {
                project_name,
                project_path: path,
                number,
                reference,
                title: material.title_known.then(|| material.ticket.title.clone()),
                by: material.by().to_owned(),
                unsubscribe_url,
            }),
            LetterKind::Closed { .. } => Letter::Closed(ClosedLetter {
                project_name,
                project_path: path,
                number,
                reference,
                title: material.title_known.then(|| material.ticket.title.clone()),
                reopens: material.project.reopen,
                unsubscribe_url,
            }),
            // What is left is a comment: notices and account letters are written elsewhere.
            _ => Letter::Comment(CommentLetter {
                project_name,
                project_path: path,
                number,
                reference,
                title: material.ticket.title.clone(),
                author: material.author.clone(),
                text: shown.text,
                html: Html::sanitised(shown.html),
                left_out: shown.left_out,
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
            to: material.to.clone(),
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
        NameAddr { name: Some(material.by().to_owned()), address: alias.unwrap_or(&ways.sender).clone() }
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
        if material.account.is_none() {
            headers.extend(self.unsubscribe_headers(row));
        }
        match row.letter {
            LetterKind::Confirmation { .. } => {
                headers.push(("Auto-Submitted", "auto-replied".to_owned()));
                headers.push(("X-Auto-Response-Suppress", "All".to_owned()));
            }
            LetterKind::Comment { event } => {
                headers.push(("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()));
                let by_agent = material.event.as_ref().is_some_and(|event| {
                    let mail = event.kind.body().and_then(by_mail).is_some();
                    matches!(event.actor, Actor::Account(_)) && !mail
                });
                let source = material.source.as_ref().map(mail::source_mark);
                headers.extend(source.map(|source| (mail::SOURCE_HEADER, source)));
                let trace = mail::CommentTrace { event: event.0, by_agent };
                headers.push((mail::COMMENT_HEADER, trace.value()));
            }
            _ => {
                // RFC 2919 §3: whoever filters mail by lists can tell these apart from what people write.
                let list = format!("<{}.{}>", material.project.path.slug(), self.desk.site().host);
                headers.push(("List-Id", list));
                headers.push(("Auto-Submitted", "auto-generated".to_owned()));
                headers.push(("X-Auto-Response-Suppress", "All".to_owned()));
            }
        }
        if material.account.is_some() {
            headers.push((mail::NOTICE_HEADER, notice_trace(row, material).value()));
        }
        headers.push(("X-Postdesk-Ticket", format!("{}#{}", material.project.path, material.ticket.number)));
        headers
    }

    fn unsubscribe_headers(&self, row: &OutboxRow) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        let mailto = match self.settings.reply_to {
            ReplyTo::Keyed => self.desk.site().unsubscribe(&row.unsubscribe).map(|a| format!("<mailto:{a}>")),
            ReplyTo::Plain => {
                let subject = self.desk.site().unsubscribe_subject(&row.unsubscribe);
                Some(format!("<{}?subject={subject}>", mailto(&self.settings.account)))
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
        headers
    }
}

/// Who did what a letter tells of, as it says it; none where that is the desk itself.
fn author(look: &impl Look, ticket: &Ticket, event: Option<&Event>) -> Result<Option<String>, StoreError> {
    Ok(match event.map(|event| event.actor) {
        Some(Actor::Account(id)) => look.account(id)?.map(|account| account.name),
        Some(Actor::Participant(no)) => {
            Some(ticket.participant(no).map_or_else(String::new, |person| person.label().to_owned()))
        }
        Some(Actor::Postdesk) | None => stranger(event),
    })
}

/// The row of the mail that a text came as.
fn by_mail(body: &Body) -> Option<MailRowId> {
    if let Body::Mail { row, .. } = body { *row } else { None }
}

/// Whether a customer wrote it, and not a program.
fn is_customers(event: &Event) -> bool {
    let written =
        matches!(event.kind, EventKind::Opened { .. } | EventKind::Comment { automatic: false, .. });
    written && !matches!(event.actor, Actor::Account(_))
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

/// Whether this letter shows that the ticket's title is known to be its requester's own words, or
/// that it went out to participants before.
fn vouches(letter: &OutboxRow) -> bool {
    match letter.letter {
        LetterKind::Confirmation { subject } => subject,
        LetterKind::Comment { .. } => {
            matches!(letter.state, OutboxState::Sent | OutboxState::PresumedSent | OutboxState::Unknown)
        }
        _ => false,
    }
}

/// The address as a URI, in which no quotes of a local part may stand (RFC 6068 §2).
fn mailto(address: &Address) -> String {
    format!("mailto:{}", address.as_str().replace('"', "%22"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_an_address_stand_in_no_uri() {
        let address = |text| Address::parse(text).unwrap();
        assert_eq!(mailto(&address("\"help..desk\"@desk.example")), "mailto:%22help..desk%22@desk.example");
        assert_eq!(mailto(&address("help@desk.example")), "mailto:help@desk.example");
    }
}
