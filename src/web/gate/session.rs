//! The cookies, and who a request belongs to.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{COOKIE, SET_COOKIE};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};

use crate::desk::SignedIn;
use crate::secret::Token;
use crate::tracker::{Account, Viewer};
use crate::web::answer::Fault;
use crate::web::{Settings, Web};

/// The session's cookie, and the one that ties a form to a browser before there is a session.
/// Where the desk is reached by https, `__Host-` keeps other hosts and paths from setting them
/// (RFC 6265bis §4.1.3.2).
const SESSION: &str = "postdesk";
const FORM: &str = "postdesk-form";

/// Cookies end with the session at the latest: 30 days.
const SESSION_AGE: u32 = 30 * 24 * 3600;
const FORM_AGE: u32 = 3600;

/// A request of someone who is signed in. A page without one leads to the sign-in and back.
#[derive(Clone, Debug)]
pub(in crate::web) struct Signed {
    pub(in crate::web) viewer: Viewer,
    pub(in crate::web) account: Account,
    pub(in crate::web) token: Token,
}

impl Signed {
    /// The token that this session's forms carry.
    pub(in crate::web) fn csrf(&self) -> Token {
        csrf(&self.token)
    }
}

impl FromRequestParts<Web> for Signed {
    type Rejection = Fault;

    /// The route table says where a session is needed, and [`signed_in`] found it. A handler that
    /// asks for one on another route gets none.
    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Fault> {
        let signed = parts.extensions.get::<Self>().cloned();
        signed.ok_or(Fault::SignIn { back: "/".to_owned(), kept: None })
    }
}

/// Lets only those in who are signed in. A page leads to the sign-in and back; a form goes on to
/// be read, so that what was written can be given back.
pub(in crate::web) async fn signed_in(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    match of(&web, request.headers()).await {
        Ok(Some(signed)) => {
            request.extensions_mut().insert(signed);
            next.run(request).await
        }
        Ok(None) if *request.method() == Method::POST => next.run(request).await,
        Ok(None) => {
            let back = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
            Fault::SignIn { back: back.replace("%2F", "/"), kept: None }.into_response()
        }
        Err(fault) => fault.into_response(),
    }
}

/// The session of a request, if it has one that lives.
async fn of(web: &Web, headers: &HeaderMap) -> Result<Option<Signed>, Fault> {
    let Some(token) = session_token(web.settings(), headers) else { return Ok(None) };
    let found = web.desk().session(&token).await.map_err(|error| Fault::Desk(error.into()))?;
    Ok(found.map(|SignedIn { viewer, account }| Signed { viewer, account, token }))
}

/// Like [`of`], for pages that show themselves to everybody.
pub(in crate::web) async fn is_signed_in(web: &Web, headers: &HeaderMap) -> Option<Signed> {
    of(web, headers).await.ok().flatten()
}

/// The token that a browser's forms carry: it follows from the cookie's, and tells nothing of it.
fn csrf(token: &Token) -> Token {
    token.derive("postdesk csrf v1")
}

/// The token for forms before there is a session, with the cookie's, old or new.
pub(in crate::web) fn form_token(web: &Web, headers: &HeaderMap) -> (Token, Token) {
    let cookie = read(headers, &name(web.settings(), FORM)).unwrap_or_else(|| web.0.random.token());
    (csrf(&cookie), cookie)
}

/// The forms' token that belongs to the cookie that the browser sent.
pub(super) fn known_form_token(web: &Web, headers: &HeaderMap) -> Option<Token> {
    read(headers, &name(web.settings(), FORM)).map(|cookie| csrf(&cookie))
}

pub(in crate::web) fn session_token(settings: &Settings, headers: &HeaderMap) -> Option<Token> {
    read(headers, &name(settings, SESSION))
}

/// Gives the browser its session.
pub(in crate::web) fn remember(settings: &Settings, response: &mut Response, token: &Token) {
    set(settings, response, SESSION, token.as_str(), SESSION_AGE);
}

/// Ties the forms of this answer to this browser.
pub(in crate::web) fn remember_form(settings: &Settings, response: &mut Response, cookie: &Token) {
    set(settings, response, FORM, cookie.as_str(), FORM_AGE);
}

/// Takes the session's cookie away.
pub(in crate::web) fn forget(settings: &Settings, response: &mut Response) {
    set(settings, response, SESSION, "", 0);
}

fn name(settings: &Settings, plain: &str) -> String {
    if settings.secure() { format!("__Host-{plain}") } else { plain.to_owned() }
}

fn set(settings: &Settings, response: &mut Response, plain: &str, value: &str, age: u32) {
    let secure = if settings.secure() { "; Secure" } else { "" };
    let name = name(settings, plain);
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// A cookie that could be a token. Where there are two of the name, neither is believed.
fn read(headers: &HeaderMap, name: &str) -> Option<Token> {
    let all = headers.get_all(COOKIE);
    let mut found =
        all.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';')).filter_map(
            |cookie| {
                let (key, value) = cookie.trim().split_once('=')?;
                (key == name).then_some(value)
            },
        );
    let first = found.next()?;
    if found.next().is_some() { None } else { Token::parse(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let token = Token::from_octets([7; 32]);
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("a=b; postdesk={}; c=d", token.as_str()).parse().unwrap());
        assert_eq!(read(&headers, "postdesk"), Some(token));
        headers.append(COOKIE, format!("postdesk={}", Token::from_octets([8; 32]).as_str()).parse().unwrap());
        assert_eq!(read(&headers, "postdesk"), None);
        assert_eq!(read(&headers, "__Host-postdesk"), None);
    }
}
