//! Answers: a page, the way back after a form, or a plain refusal.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;

use super::Webmail;
use super::page::{MailboxPage, frame};

/// Why there is no page.
pub enum Fault {
    NotFound,
    /// A form that no page of ours makes.
    Form,
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => refused(StatusCode::NOT_FOUND, "There is no such mail or mailbox."),
            Self::Form => refused(StatusCode::BAD_REQUEST, "This form cannot be read, or is too large."),
        }
    }
}

pub async fn not_found() -> Fault {
    Fault::NotFound
}

/// A page of the webmail.
pub fn page(webmail: &Webmail, status: StatusCode, page: &MailboxPage) -> Response {
    match webmail.0.theme.page(&frame(webmail.0.clock.now()), page) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the demo's mailbox page cannot be shown");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "This page cannot be shown.")
        }
    }
}

/// Back to a page, as a GET.
pub fn back(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
}

pub fn refused(status: StatusCode, why: &'static str) -> Response {
    (status, why).into_response()
}
