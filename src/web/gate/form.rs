//! Forms: read, bounded, and believed only with their token and an id of their own.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use subtle::ConstantTimeEq;

use super::session::{self, Signed};
use crate::secret::Token;
use crate::theme::page::Kept;
use crate::tracker::FormId;
use crate::web::Web;
use crate::web::answer::Fault;

/// The fields of a form, the last of a name.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct Fields(HashMap<String, String>);

impl Fields {
    fn parse(body: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(body);
        // Browsers end lines of a text with CR LF; we do not.
        Self(pairs.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect())
    }

    /// A field, empty where there is none.
    pub(in crate::web) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(in crate::web) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).parse().ok()
    }

    /// What was being written, to be given back.
    pub(in crate::web) fn kept(&self) -> Option<Kept> {
        let text = self.get("text");
        let mode = if self.get("mode") == "note" { "note" } else { "reply" };
        (!text.trim().is_empty()).then(|| Kept { text: text.to_owned(), mode })
    }
}

/// A form of someone who is signed in, with its token and id checked.
pub(in crate::web) struct SignedForm {
    pub(in crate::web) signed: Signed,
    pub(in crate::web) id: FormId,
    pub(in crate::web) fields: Fields,
}

impl FromRequest<Web> for SignedForm {
    type Rejection = Fault;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Fault> {
        let signed = request.extensions().get::<Signed>().cloned();
        let (_, path, fields) = read(request, web).await?;
        let Some(signed) = signed else {
            // What was written is not lost: it goes into the sign-in page, and comes back.
            return Err(Fault::SignIn { back: page_of(&path), kept: fields.kept() });
        };
        let id = check(Some(&signed.csrf()), &fields)?;
        Ok(Self { signed, id, fields })
    }
}

/// A form of somebody who is not signed in yet, with the token of the cookie that came with it.
pub(in crate::web) struct OpenForm {
    pub(in crate::web) headers: HeaderMap,
    pub(in crate::web) id: FormId,
    pub(in crate::web) fields: Fields,
}

impl FromRequest<Web> for OpenForm {
    type Rejection = Fault;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Fault> {
        let (headers, _, fields) = read(request, web).await?;
        let id = check(session::known_form_token(web, &headers).as_ref(), &fields)?;
        Ok(Self { headers, id, fields })
    }
}

async fn read(request: Request, web: &Web) -> Result<(HeaderMap, String, Fields), Fault> {
    let headers = request.headers().clone();
    let path = request.uri().path().replace("%2F", "/");
    let kind =
        headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Fault::Form);
    }
    let body = Bytes::from_request(request, web).await.map_err(|_| Fault::TooLarge)?;
    Ok((headers, path, Fields::parse(&body)))
}

fn check(expected: Option<&Token>, fields: &Fields) -> Result<FormId, Fault> {
    let given = fields.get("csrf").as_bytes();
    let same = expected.is_some_and(|token| bool::from(token.as_str().as_bytes().ct_eq(given)));
    if !same {
        return Err(Fault::Stale(fields.kept()));
    }
    FormId::parse(fields.get("form")).ok_or(Fault::Form)
}

/// The page that a form stood on: its address without the action.
fn page_of(path: &str) -> String {
    match path.strip_prefix("/held/") {
        Some(_) => "/held".to_owned(),
        None if path.starts_with("/p/") => path.rsplit_once('/').map_or("/", |(page, _)| page).to_owned(),
        None => "/".to_owned(),
    }
}
