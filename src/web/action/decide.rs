//! Decides what an unverified mail is, and shows the ticket on which it stands then.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{refused, ticket};
use crate::desk::{Accept, DeskError};
use crate::tracker::EventNo;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::SignedForm;
use crate::web::page::ticket::At;
use crate::web::{Web, place};

pub(in crate::web) async fn act(
    State(web): State<Web>,
    Path((path, number)): Path<(String, u32)>,
    form: SignedForm,
) -> Result<Response, Fault> {
    let at = At::parse(&path, number)?;
    let ticket = ticket(&web, &form.signed, &at)?;
    let event = EventNo(form.fields.number("event").ok_or(Fault::Form)?);
    let accept = match form.fields.get("decision") {
        "once" => Accept::Once,
        "add" => Accept::AndAdd,
        "ticket" => Accept::OwnTicket,
        "aside" => Accept::Aside,
        _ => return Err(Fault::Form),
    };
    let viewer = form.signed.viewer;
    match web.desk().decide_unverified(viewer, ticket, form.id, event, accept).await {
        Ok(stands_on) if stands_on != ticket => {
            let (path, number) = web.desk().place_of(viewer, stands_on)?;
            Ok(see_other(&place::ticket(&path, number)))
        }
        // A second click, or a colleague's first one.
        Ok(_) | Err(DeskError::Done) => Ok(see_other(&format!("{}#c{event}", at.href()))),
        Err(error) => refused(&web, &form.signed, &at, error).await,
    }
}
