//! Behind a link that works once: choose a password. Looking at it uses nothing up, because mail
//! scanners look too.

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, StatusCode};

use crate::secret::{MIN_PASSWORD, Token};
use crate::theme::page::{NoticePage, Welcome};
use crate::web::answer::Fault;
use crate::web::{Web, frame, gate};

pub(in crate::web) async fn show(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    form(&web, &headers, &token, None)
}

/// The form, with what was wrong with the last one.
pub(in crate::web) fn form(
    web: &Web,
    headers: &HeaderMap,
    token: &str,
    trouble: Option<String>,
) -> Result<Response, Fault> {
    let account = match Token::parse(token) {
        Some(token) => web.desk().see_account_link(&token)?,
        None => None,
    };
    let Some(account) = account else { return gone(web) };
    let (csrf, cookie) = gate::form_token(web, headers);
    let mut frame = frame::of(web, None, "");
    frame.csrf = csrf.as_str().to_owned();
    let page =
        Welcome { name: account.name, address: account.address.to_string(), trouble, minimum: MIN_PASSWORD };
    let mut response = Html(web.0.theme.page(&frame, &page)?).into_response();
    gate::remember_form(web.settings(), &mut response, &cookie);
    Ok(response)
}

/// The link is unknown, used or expired; which of these, nobody learns.
pub(in crate::web) fn gone(web: &Web) -> Result<Response, Fault> {
    let page = NoticePage {
        title: "This link does not work any more".to_owned(),
        text: "Such a link works once, and for a limited time. On the page where you sign in, you can have a new one \
               mailed to you."
            .to_owned(),
        sign_in: true,
    };
    Ok((StatusCode::GONE, Html(web.0.theme.page(&frame::of(web, None, ""), &page)?)).into_response())
}
