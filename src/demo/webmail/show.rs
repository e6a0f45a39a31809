//! What one sees: a mailbox, a mail, a form to write. Looking changes nothing.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

use super::answer::{self, Fault};
use super::page::{File, MailboxPage, Open, Person, Row, Written};
use super::{Webmail, compose, unsubscribe};
use crate::demo::samples::{Customer, customers, projects};
use crate::demo::server::{Mail, headers};
use crate::mail::{self, Inbound, RemoteImages};
use crate::theme::Html;

/// The headers that make mail programs and robots behave.
const TELLING: [&str; 8] = [
    "Message-ID",
    "In-Reply-To",
    "References",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
];

/// What a page says after a form was sent.
#[derive(Deserialize)]
pub struct Said {
    #[serde(default)]
    told: String,
    #[serde(default)]
    to: String,
}

fn told(said: &Said) -> Option<&'static str> {
    match said.told.as_str() {
        "sent" => Some("Sent. The desk gets it in a moment."),
        "unsubscribed" => Some("A mail was sent that stops these mails."),
        _ => None,
    }
}

pub fn customer(key: &str) -> Result<&'static Customer, Fault> {
    customers().iter().find(|customer| customer.key == key).ok_or(Fault::NotFound)
}

/// A mail of the inbox or of the sent ones.
pub fn find(webmail: &Webmail, who: &Customer, id: &str) -> Result<(Mail, bool), Fault> {
    let is_it = |mail: &Mail| mail.id == id;
    let inbox =
        webmail.0.server.mails(who.address, "inbox").into_iter().find(is_it).map(|mail| (mail, false));
    let sent =
        || webmail.0.server.mails(who.address, "sent").into_iter().find(is_it).map(|mail| (mail, true));
    inbox.or_else(sent).ok_or(Fault::NotFound)
}

pub async fn first() -> Response {
    answer::back(&customers().first().map_or("/".to_owned(), |customer| format!("/as/{}", customer.key)))
}

pub async fn inbox(
    State(webmail): State<Webmail>,
    Path(who): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response, Fault> {
    let page = MailboxPage { told: told(&said), ..list(&webmail, customer(&who)?, "inbox", None) };
    Ok(answer::page(&webmail, StatusCode::OK, &page))
}

pub async fn sent(
    State(webmail): State<Webmail>,
    Path(who): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response, Fault> {
    let page = MailboxPage { told: told(&said), ..list(&webmail, customer(&who)?, "sent", None) };
    Ok(answer::page(&webmail, StatusCode::OK, &page))
}

pub async fn write(
    State(webmail): State<Webmail>,
    Path(who): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response, Fault> {
    let written = Written { to: said.to, ..Written::default() };
    let page = MailboxPage { write: Some(written), ..list(&webmail, customer(&who)?, "write", None) };
    Ok(answer::page(&webmail, StatusCode::OK, &page))
}

pub async fn mail(
    State(webmail): State<Webmail>,
    Path((who, id)): Path<(String, String)>,
    Query(said): Query<Said>,
) -> Result<Response, Fault> {
    let page =
        MailboxPage { told: told(&said), ..opened(&webmail, customer(&who)?, &id, String::new()).await? };
    Ok(answer::page(&webmail, StatusCode::OK, &page))
}

/// A file of a mail, always as a download.
pub async fn part(
    State(webmail): State<Webmail>,
    Path((who, id, part)): Path<(String, String, u32)>,
) -> Result<Response, Fault> {
    let (found, _) = find(&webmail, customer(&who)?, &id)?;
    let part = mail::part(&found.raw, part).ok_or(Fault::NotFound)?;
    let name = percent_encoding::utf8_percent_encode(&part.name, percent_encoding::NON_ALPHANUMERIC);
    let disposition = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{name}"))
        .unwrap_or(HeaderValue::from_static("attachment"));
    let octets = HeaderValue::from_static("application/octet-stream");
    Ok(([(CONTENT_TYPE, octets), (CONTENT_DISPOSITION, disposition)], part.bytes).into_response())
}

/// A file of the theme; its name carries its hash, so it may be kept.
pub async fn asset(State(webmail): State<Webmail>, Path(file): Path<String>) -> Result<Response, Fault> {
    let asset = webmail.0.theme.asset(&file).ok_or(Fault::NotFound)?;
    let kept = "max-age=31536000, immutable";
    Ok(([(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, kept)], asset.content.clone()).into_response())
}

/// The page with a list and nothing open.
pub fn list(webmail: &Webmail, who: &Customer, place: &'static str, open: Option<&str>) -> MailboxPage {
    let inbox = webmail.0.server.mails(who.address, "inbox");
    let unread = inbox.iter().filter(|mail| is_unread(mail)).count();
    let sent = place == "sent";
    let mut mails = if sent { webmail.0.server.mails(who.address, "sent") } else { inbox };
    mails.reverse();
    let rows = mails.iter().map(|mail| row(who, mail, sent, open)).collect();
    MailboxPage {
        who: person(who, true),
        people: customers().iter().map(|other| person(other, other == who)).collect(),
        desk: webmail.0.desk.to_string(),
        place,
        unread,
        rows,
        open: None,
        write: None,
        addresses: projects().iter().filter_map(|project| Some((project.alias?, project.name))).collect(),
        trouble: None,
        told: None,
    }
}

/// The page with a mail open beside its list.
pub async fn opened(webmail: &Webmail, who: &Customer, id: &str, text: String) -> Result<MailboxPage, Fault> {
    let (found, sent) = find(webmail, who, id)?;
    let mut page = list(webmail, who, if sent { "sent" } else { "inbox" }, Some(id));
    let raw = found.raw.clone();
    // Rendering takes its time with a large mail, so it has a thread of its own.
    let rendered = tokio::task::spawn_blocking(move || mail::render(&raw, RemoteImages::Blocked)).await;
    let rendered = rendered.map_err(|_| Fault::NotFound)?;
    let inbound = mail::parse(&found.raw, None);
    let href = format!("/as/{}/mail/{id}", who.key);
    let file = |file: &mail::Attachment| File {
        href: format!("{href}/part/{}", file.part),
        name: file.name.clone(),
        kind: kind(&file.name),
        size: file.size,
    };
    page.open = Some(Open {
        subject: subject(&inbound),
        facts: rendered.headers.into_iter().filter(|(name, _)| !["Subject", "Date"].contains(name)).collect(),
        at: inbound.date.unwrap_or(found.received_at),
        html: Html::sanitised(rendered.html),
        quoted: rendered.quoted.map(Html::sanitised),
        files: rendered.attachments.iter().map(file).collect(),
        headers: telling(&found.raw),
        unread: !sent && is_unread(&found),
        unsubscribe: if sent { None } else { unsubscribe::read(&found.raw, &webmail.0.desk) },
        answer: if sent { None } else { compose::answered(&inbound).map(|to| to.as_str().to_owned()) },
        href,
        text,
    });
    Ok(page)
}

/// A word of four letters for a file, by its name's end.
fn kind(name: &str) -> String {
    name.rsplit_once('.').map_or("file", |(_, end)| end).chars().take(4).collect::<String>().to_uppercase()
}

fn is_unread(mail: &Mail) -> bool {
    !mail.keywords.iter().any(|keyword| keyword == "$seen")
}

fn person(customer: &Customer, current: bool) -> Person {
    Person {
        href: format!("/as/{}", customer.key),
        name: customer.name,
        address: customer.address,
        language: customer.language,
        current,
    }
}

fn subject(mail: &Inbound) -> String {
    if mail.subject.is_empty() { "(no subject)".to_owned() } else { mail.subject.clone() }
}

fn row(who: &Customer, mail: &Mail, sent: bool, open: Option<&str>) -> Row {
    let inbound = mail::parse(&mail.raw, None);
    let party = if sent { inbound.to.first() } else { inbound.from.as_ref() };
    let named = party.map(|party| party.name.clone().unwrap_or_else(|| party.address.as_str().to_owned()));
    let preview = inbound.text.split_whitespace().collect::<Vec<_>>().join(" ");
    Row {
        href: format!("/as/{}/mail/{}", who.key, mail.id),
        current: open == Some(&mail.id),
        unread: !sent && is_unread(mail),
        party: named.unwrap_or_else(|| "(nobody)".to_owned()),
        at: mail.received_at,
        subject: subject(&inbound),
        preview: preview.chars().take(160).collect(),
    }
}

fn telling(raw: &[u8]) -> String {
    let shown = |(name, value): (String, String)| {
        let known = TELLING.iter().any(|telling| telling.eq_ignore_ascii_case(&name));
        known.then(|| format!("{name}: {value}"))
    };
    headers::fields(raw).into_iter().filter_map(shown).collect::<Vec<_>>().join("\n")
}
