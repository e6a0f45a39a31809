//! The customer's page behind the unsubscribe link. To look at it changes nothing, because mail
//! scanners follow every link (RFC 8058 §3.1).

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use crate::desk::DeskError;
use crate::mail::ReplyKey;
use crate::theme::page::{NoticePage, Unsubscribe};
use crate::web::answer::Fault;
use crate::web::{Web, frame};

pub(in crate::web) async fn show(
    State(web): State<Web>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let Some(key) = ReplyKey::parse(&token) else { return unknown(&web) };
    let state = match web.desk().see_unsubscribe(&key) {
        Ok(seen) if seen.suppressed => "everything",
        Ok(seen) if seen.subscribed => "ask",
        Ok(_) => "done",
        Err(DeskError::NotFound) => return unknown(&web),
        Err(error) => return Err(error.into()),
    };
    of(&web, &key, state)
}

/// The page in one of its states: `ask`, `done`, `everything` or `back`.
pub(in crate::web) fn of(web: &Web, key: &ReplyKey, state: &'static str) -> Result<Response, Fault> {
    let seen = match web.desk().see_unsubscribe(key) {
        Ok(seen) => seen,
        Err(DeskError::NotFound) => return unknown(web),
        Err(error) => return Err(error.into()),
    };
    let page = Unsubscribe {
        project_name: seen.project.name,
        project_path: seen.project.path.to_string(),
        number: seen.ticket.number,
        address: seen.address.to_string(),
        state,
        link: format!("/u/{key}"),
        host: web.settings().host(),
    };
    Ok(Html(web.0.theme.page(&frame::of(web, None, ""), &page)?).into_response())
}

/// A token that is not on record.
pub(in crate::web) fn unknown(web: &Web) -> Result<Response, Fault> {
    let page = NoticePage {
        title: "This link is not known here".to_owned(),
        text: "It may have been cut off on its way. Open it from the mail once more, or answer the mail and ask for no more of them."
            .to_owned(),
        sign_in: false,
    };
    Ok((StatusCode::NOT_FOUND, Html(web.0.theme.page(&frame::of(web, None, ""), &page)?)).into_response())
}
