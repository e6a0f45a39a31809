//! The sign-in.

use std::collections::HashMap;

use axum::extract::{Query as Params, State};
use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;

use crate::theme::page::{DemoNote, Kept, SignIn};
use crate::web::answer::{Fault, see_other};
use crate::web::{Web, frame, gate, place};

/// What the form begins with.
#[derive(Default)]
pub(in crate::web) struct Asked {
    pub(in crate::web) address: String,
    pub(in crate::web) back: String,
    pub(in crate::web) kept: Option<Kept>,
    pub(in crate::web) trouble: Option<String>,
}

pub(in crate::web) async fn show(
    State(web): State<Web>,
    headers: HeaderMap,
    Params(params): Params<HashMap<String, String>>,
) -> Result<Response, Fault> {
    let back = params.get("back").and_then(|back| place::back(back)).unwrap_or("/");
    if gate::is_signed_in(&web, &headers).await.is_some() {
        return Ok(see_other(back));
    }
    form(&web, &headers, Asked { back: back.to_owned(), ..Asked::default() })
}

/// The form, tied to this browser by a cookie of its own.
pub(in crate::web) fn form(web: &Web, headers: &HeaderMap, asked: Asked) -> Result<Response, Fault> {
    let (csrf, cookie) = gate::form_token(web, headers);
    let mut frame = frame::of(web, None, "");
    frame.csrf = csrf.as_str().to_owned();
    let Asked { address, back, kept, trouble } = asked;
    let demo = web.settings().demo.as_ref().map(|hint| DemoNote {
        address: hint.address.clone(),
        password: hint.password.clone(),
        mailbox: hint.mailbox.clone(),
    });
    let page = SignIn { host: web.settings().host(), address, trouble, back, kept, demo };
    let mut response = Html(web.0.theme.page(&frame, &page)?).into_response();
    gate::remember_form(web.settings(), &mut response, &cookie);
    Ok(response)
}
