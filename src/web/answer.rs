//! From what a handler answers to what the browser gets: pages, 303, and faults as pages.
//!
//! A fault has no page yet when it is returned; [`dress`] gives it one, within the frame of whoever
//! asked. An error is logged there, once, under a reference that the page names.

use std::any::Any;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;

use super::gate::{self, Signed};
use super::{Web, frame, page};
use crate::desk::DeskError;
use crate::theme::page::{ErrorPage, Kept, Link};
use crate::theme::{Page, ThemeError};

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Fault {
    NotFound,
    /// The address exists, and not for this method.
    Method,
    Desk(DeskError),
    Theme(ThemeError),
    /// Signing in comes first; what was being written is given back.
    SignIn {
        back: String,
        kept: Option<Kept>,
    },
    /// A form that came from elsewhere.
    Origin,
    /// A form whose token is not this session's; its text is given back.
    Stale(Option<Kept>),
    /// A form that was refused for this; its text is given back.
    Given(DeskError, Option<Kept>),
    /// A form that no page of ours makes.
    Form,
    TooLarge,
    Rate,
    Slow,
    Panic,
}

impl From<DeskError> for Fault {
    fn from(error: DeskError) -> Self {
        Self::Desk(error)
    }
}

impl From<crate::store::StoreError> for Fault {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Desk(error.into())
    }
}

impl From<ThemeError> for Fault {
    fn from(error: ThemeError) -> Self {
        Self::Theme(error)
    }
}

impl Fault {
    /// A form about something that its sender may not see or not change: the text is given back.
    pub(super) fn given(error: DeskError, kept: Option<Kept>) -> Self {
        match error {
            DeskError::NotFound | DeskError::Forbidden => Self::Given(error, kept),
            other => Self::Desk(other),
        }
    }
}

/// A fault on its way to [`dress`].
#[derive(Clone)]
struct Naked(std::sync::Arc<Fault>);

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Naked(std::sync::Arc::new(self)));
        response
    }
}

impl Fault {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::Desk(DeskError::NotFound) | Self::Given(DeskError::NotFound, _) => {
                StatusCode::NOT_FOUND
            }
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Desk(DeskError::Forbidden) | Self::Origin | Self::Stale(_) | Self::Given(..) => {
                StatusCode::FORBIDDEN
            }
            Self::Desk(DeskError::Newer(_) | DeskError::Done | DeskError::Refused(_)) => StatusCode::CONFLICT,
            Self::Desk(DeskError::Invalid(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Desk(DeskError::Store(error)) if error.is_temporary() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Desk(_) | Self::Theme(_) | Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
            Self::SignIn { kept: None, .. } => StatusCode::SEE_OTHER,
            Self::SignIn { .. } => StatusCode::UNAUTHORIZED,
            Self::Form => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Rate => StatusCode::TOO_MANY_REQUESTS,
            Self::Slow => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What happened and what to do, for the person who sees it.
    fn words(&self) -> (&'static str, String) {
        let text = |text: &str| text.to_owned();
        match self {
            Self::NotFound | Self::Desk(DeskError::NotFound) | Self::Given(DeskError::NotFound, _) => (
                "There is nothing here",
                text(
                    "It may have been moved or merged, or it belongs to a project that you are not a member of.",
                ),
            ),
            Self::Method => {
                ("This address takes no such request", text("Open the page that leads here, and try again."))
            }
            Self::Desk(DeskError::Forbidden) | Self::Given(..) => (
                "Your role does not allow that",
                text(
                    "That takes an agent of the project. A manager of the project can change your role in it.",
                ),
            ),
            Self::Desk(DeskError::Refused(refusal)) => ("That was not done", sentence(&refusal.to_string())),
            Self::Desk(DeskError::Invalid(why)) => ("That was not done", sentence(why)),
            Self::Desk(error @ (DeskError::Newer(_) | DeskError::Done)) => {
                ("That was not done again", sentence(&error.to_string()))
            }
            Self::Desk(DeskError::Store(error)) if error.is_temporary() => (
                "The desk cannot save anything at present",
                text(
                    "The disk does not take what is written. Nothing that was saved before is lost. Try again in a few minutes.",
                ),
            ),
            Self::Desk(DeskError::Store(_) | DeskError::Raw(_)) | Self::Theme(_) | Self::Panic => (
                "Something went wrong here",
                text(
                    "This is a fault of the desk, not yours. Nothing was saved by this click. Try once more; if it stays so, an administrator finds the cause in the log.",
                ),
            ),
            Self::SignIn { .. } => ("Sign in first", text("This page is for the team of this desk.")),
            Self::Origin => (
                "This form did not come from the desk's own pages",
                text("Nothing was done. Open the desk at its own address, and try again from there."),
            ),
            Self::Stale(_) => (
                "This page was out of date",
                text(
                    "You have signed in anew since it was opened, so nothing was done. Open it again, and try once more.",
                ),
            ),
            Self::Form => (
                "This form is not complete",
                text("Nothing was done. Open the page again, and try once more."),
            ),
            Self::TooLarge => (
                "That text is too long",
                text(
                    "Nothing was saved. Go back in your browser: what you wrote still stands there, and can be made shorter.",
                ),
            ),
            Self::Rate => (
                "Too much at once",
                text(
                    "So many requests came from your network that this one was not taken. Wait a minute, and try again.",
                ),
            ),
            Self::Slow => (
                "This takes too long",
                text("The desk has too much to do at present. Try again in a minute."),
            ),
        }
    }

    /// What is logged: faults of ours, not refusals.
    fn trouble(&self) -> Option<String> {
        match self {
            Self::Desk(DeskError::Store(error)) => Some(chain(error)),
            Self::Desk(DeskError::Raw(error)) => Some(chain(error)),
            Self::Theme(error) => Some(chain(error)),
            Self::Slow => Some("an answer took longer than 30 seconds".to_owned()),
            Self::Panic => Some("a handler panicked".to_owned()),
            _ => None,
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// A clause as a sentence: a capital and a full stop.
pub(super) fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if clause.ends_with(['.', '?']) { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}

/// Gives a fault its page.
pub(super) async fn dress(State(web): State<Web>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let fault = match response.extensions_mut().remove::<Naked>() {
        Some(Naked(fault)) => fault,
        // An address whose numbers are none, such as `/p/acme/web/99999999999`, leads nowhere.
        None if response.status() == StatusCode::BAD_REQUEST => std::sync::Arc::new(Fault::NotFound),
        None => return response,
    };
    let cookies: Vec<HeaderValue> = response.headers().get_all(SET_COOKIE).iter().cloned().collect();
    let mut dressed = match &*fault {
        Fault::SignIn { back, kept: None } => {
            see_other(&format!("/sign-in?back={}", super::place::encode(back)))
        }
        Fault::SignIn { back, kept } => {
            let asked = page::sign_in::Asked { back: back.clone(), kept: kept.clone(), ..Default::default() };
            let shown = page::sign_in::form(&web, &headers, asked);
            shown.map(|shown| (fault.status(), shown).into_response()).unwrap_or_else(|fault| bare(&fault))
        }
        fault => page_of(&web, &headers, &path, fault).await,
    };
    for cookie in cookies {
        dressed.headers_mut().append(SET_COOKIE, cookie);
    }
    dressed
}

async fn page_of(web: &Web, headers: &HeaderMap, path: &str, fault: &Fault) -> Response {
    let status = fault.status();
    let reference = fault.trouble().map(|trouble| {
        let reference: String = web.0.random.reply_key().as_str().chars().take(6).collect();
        let reference = format!("r-{reference}");
        tracing::error!(reference, path, trouble, "a page could not be given");
        reference
    });
    let (title, text) = fault.words();
    let signed = if reference.is_some() { None } else { gate::is_signed_in(web, headers).await };
    let kept = match fault {
        Fault::Stale(kept) | Fault::Given(_, kept) => kept.as_ref().map(|kept| kept.text.clone()),
        _ => None,
    };
    let link = signed.as_ref().map(|_| Link {
        name: "All tickets".to_owned(),
        href: "/".to_owned(),
        current: false,
        count: None,
    });
    let error = ErrorPage { status: status.as_u16(), title: title.to_owned(), text, kept, link, reference };
    let frame = frame::of(web, signed.as_ref(), "");
    let mut response = match web.0.theme.page(&frame, &error) {
        Ok(page) => (status, Html(page)).into_response(),
        Err(error) => bare(&error.into()),
    };
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    }
    response
}

/// Where even the page of errors cannot be made.
fn bare(fault: &Fault) -> Response {
    let (title, text) = fault.words();
    if let Some(trouble) = fault.trouble() {
        tracing::error!(trouble, "the page of errors could not be given");
    }
    (fault.status(), format!("{title}. {text}\n")).into_response()
}

/// A page for someone who is signed in.
pub(super) fn page<P: Page>(
    web: &Web,
    signed: &Signed,
    section: &'static str,
    page: &P,
) -> Result<Response, Fault> {
    let frame = frame::of(web, Some(signed), section);
    Ok(Html(web.0.theme.page(&frame, page)?).into_response())
}

/// 303 See Other (RFC 9110 §15.4.4): the browser gets the page anew, and a reload repeats nothing.
pub(super) fn see_other(place: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(LOCATION, place);
    response
}

/// A panic in a handler ends its request, not the desk.
pub(super) fn catch_panic() -> CatchPanicLayer<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanicLayer::custom(|_: Box<dyn Any + Send>| Fault::Panic.into_response())
}
