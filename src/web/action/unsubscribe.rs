//! Stops mails, or lets them go on. A mail program posts here for its owner: no session, no cookie,
//! no token but the one in the address, and the answer is 200, never a redirect (RFC 8058 §3.1).

use axum::extract::{Path, State};
use axum::response::Response;

use crate::desk::DeskError;
use crate::mail::ReplyKey;
use crate::web::Web;
use crate::web::answer::Fault;
use crate::web::page::unsubscribe::{of, unknown};

/// `List-Unsubscribe=One-Click`, urlencoded or multipart. Whoever posts here means it, so the body
/// is not looked at: a mail program that spells it another way must not fail.
pub(in crate::web) async fn stop(
    State(web): State<Web>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let Some(key) = ReplyKey::parse(&token) else { return unknown(&web) };
    settle(&web, &key, "done", web.desk().unsubscribe(&key).await)
}

pub(in crate::web) async fn undo(
    State(web): State<Web>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let Some(key) = ReplyKey::parse(&token) else { return unknown(&web) };
    settle(&web, &key, "back", web.desk().resubscribe(&key).await)
}

pub(in crate::web) async fn everything(
    State(web): State<Web>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let Some(key) = ReplyKey::parse(&token) else { return unknown(&web) };
    settle(&web, &key, "everything", web.desk().no_mail_at_all(&key).await)
}

fn settle(
    web: &Web,
    key: &ReplyKey,
    state: &'static str,
    done: Result<(), DeskError>,
) -> Result<Response, Fault> {
    match done {
        Ok(()) => of(web, key, state),
        Err(DeskError::NotFound) => unknown(web),
        Err(error) => Err(error.into()),
    }
}
