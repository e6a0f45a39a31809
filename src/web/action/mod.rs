//! What a click does: one file for each action. Each ends in 303, so that a reload repeats nothing.

pub(super) mod ask_again;
pub(super) mod assign;
pub(super) mod decide;
pub(super) mod dismiss;
pub(super) mod forgotten;
pub(super) mod from_junk;
pub(super) mod notices;
pub(super) mod participants;
pub(super) mod relocate;
pub(super) mod resume;
pub(super) mod send_again;
pub(super) mod sign_in;
pub(super) mod sign_out;
pub(super) mod status;
pub(super) mod take_in;
pub(super) mod take_over;
pub(super) mod try_again;
pub(super) mod undo;
pub(super) mod unsubscribe;
pub(super) mod welcome;
pub(super) mod write;

use axum::response::Response;
use http::StatusCode;

use super::answer::{Fault, sentence};
use super::page::ticket::{At, Besides, of};
use super::{Web, gate};
use crate::desk::DeskError;
use crate::theme::page::Notice;
use crate::tracker::TicketId;

/// The ticket that a form is about. What the viewer may not read does not exist.
fn ticket(web: &Web, signed: &gate::Signed, at: &At) -> Result<TicketId, Fault> {
    Ok(web.desk().find_ticket(signed.viewer, &at.path, at.number)?)
}

/// A form that was sent twice did once what it should, which is no fault.
fn once(result: Result<(), DeskError>) -> Result<(), DeskError> {
    match result {
        Err(DeskError::Done) => Ok(()),
        other => other,
    }
}

/// What the ticket does not allow is said on its page, where the form stands that asked for it.
async fn refused(web: &Web, signed: &gate::Signed, at: &At, error: DeskError) -> Result<Response, Fault> {
    let why = match error {
        DeskError::Refused(refusal) => refusal.to_string(),
        DeskError::Invalid(why) => why,
        error => return Err(error.into()),
    };
    let notice = Some(Notice { text: sentence(&why), bad: true, link: None });
    let mut response = of(web, signed, at, Besides { notice, ..Besides::default() }).await?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}
