//! What one does: write, answer, stop mails, mark as read. Each ends on a page to look at.

use axum::extract::{Multipart, Path, State};
use axum::response::Response;
use http::StatusCode;

use super::answer::{self, Fault};
use super::form::{self, Form};
use super::page::{MailboxPage, Written};
use super::show::{customer, find, list, opened};
use super::{Webmail, compose, unsubscribe as stop};
use crate::demo::samples::Customer;
use crate::mail::{self, Address, Draft};

/// Sends what was composed; what keeps it from leaving, as a sentence.
fn send(webmail: &Webmail, who: &Customer, draft: &Draft) -> Result<(), String> {
    let recipients = std::slice::from_ref(&draft.to.address);
    webmail
        .0
        .server
        .send(who.address, mail::compose(draft), recipients)
        .map_err(|reply| format!("The mail server did not take it: {reply}"))
}

pub async fn write(
    State(webmail): State<Webmail>,
    Path(who): Path<String>,
    multipart: Multipart,
) -> Result<Response, Fault> {
    let who = customer(&who)?;
    let form = form::read(multipart).await?;
    let sent = match Address::parse(&form.to) {
        Ok(to) => compose::new(&webmail, who, to, &form)
            .ok_or(Fault::NotFound)
            .map(|draft| send(&webmail, who, &draft))?,
        Err(error) => Err(format!("“{}” is no address: {error}.", form.to)),
    };
    let Err(trouble) = sent else {
        return Ok(answer::back(&format!("/as/{}/sent?told=sent", who.key)));
    };
    let Form { to, subject, text, .. } = form;
    let page = MailboxPage {
        write: Some(Written { to, subject, text }),
        trouble: Some(trouble),
        ..list(&webmail, who, "write", None)
    };
    Ok(answer::page(&webmail, StatusCode::UNPROCESSABLE_ENTITY, &page))
}

pub async fn reply(
    State(webmail): State<Webmail>,
    Path((who, id)): Path<(String, String)>,
    multipart: Multipart,
) -> Result<Response, Fault> {
    let who = customer(&who)?;
    let (found, _) = find(&webmail, who, &id)?;
    let form = form::read(multipart).await?;
    let draft = compose::reply(&webmail, who, &found, &form).ok_or(Fault::NotFound)?;
    let sent = if form.text.trim().is_empty() {
        Err("There is nothing written yet.".to_owned())
    } else {
        send(&webmail, who, &draft)
    };
    let Err(trouble) = sent else {
        webmail.0.server.set_keyword(who.address, &id, "$seen", true);
        webmail.0.server.set_keyword(who.address, &id, "$answered", true);
        return Ok(answer::back(&format!("/as/{}/mail/{id}?told=sent", who.key)));
    };
    let page = MailboxPage { trouble: Some(trouble), ..opened(&webmail, who, &id, form.text).await? };
    Ok(answer::page(&webmail, StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// Stops mails by a mail, where the header names an address for it (RFC 2369 §3.2).
pub async fn unsubscribe(
    State(webmail): State<Webmail>,
    Path((who, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let who = customer(&who)?;
    let (found, _) = find(&webmail, who, &id)?;
    let (to, subject) = stop::by_mail(&found.raw).ok_or(Fault::NotFound)?;
    let form = Form { subject, text: "Please send no more of these mails.".to_owned(), ..Form::default() };
    let draft = compose::new(&webmail, who, to, &form).ok_or(Fault::NotFound)?;
    match send(&webmail, who, &draft) {
        Ok(()) => Ok(answer::back(&format!("/as/{}/mail/{id}?told=unsubscribed", who.key))),
        Err(trouble) => {
            let page =
                MailboxPage { trouble: Some(trouble), ..opened(&webmail, who, &id, String::new()).await? };
            Ok(answer::page(&webmail, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

pub async fn seen(
    State(webmail): State<Webmail>,
    Path((who, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let who = customer(&who)?;
    find(&webmail, who, &id)?;
    webmail.0.server.set_keyword(who.address, &id, "$seen", true);
    Ok(answer::back(&format!("/as/{}/mail/{id}", who.key)))
}
