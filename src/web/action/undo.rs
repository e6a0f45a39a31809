//! Takes a reply back before it leaves, or lets it leave at once.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{once, ticket};
use crate::desk::DeskError;
use crate::theme::page::Notice;
use crate::tracker::EventNo;
use crate::web::Web;
use crate::web::answer::{Fault, see_other, sentence};
use crate::web::gate::SignedForm;
use crate::web::page::ticket::{At, Besides, of};

/// What was written is given back in the composer, by an address that may be loaded again.
pub(in crate::web) async fn undo(
    State(web): State<Web>,
    Path((path, number)): Path<(String, u32)>,
    form: SignedForm,
) -> Result<Response, Fault> {
    let at = At::parse(&path, number)?;
    let ticket = ticket(&web, &form.signed, &at)?;
    let event = EventNo(form.fields.number("event").ok_or(Fault::Form)?);
    match once(web.desk().undo(form.signed.viewer, ticket, form.id, event).await) {
        Ok(()) => Ok(see_other(&format!("{}?back={event}#reply", at.href()))),
        Err(DeskError::Refused(refusal)) => {
            let text = sentence(&refusal.to_string());
            let notice = Some(Notice { text, bad: true, link: None });
            of(&web, &form.signed, &at, Besides { notice, ..Besides::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(in crate::web) async fn send_now(
    State(web): State<Web>,
    Path((path, number)): Path<(String, u32)>,
    form: SignedForm,
) -> Result<Response, Fault> {
    let at = At::parse(&path, number)?;
    let ticket = ticket(&web, &form.signed, &at)?;
    let event = EventNo(form.fields.number("event").ok_or(Fault::Form)?);
    once(web.desk().send_now(form.signed.viewer, ticket, form.id, event).await)?;
    Ok(see_other(&format!("{}#c{event}", at.href())))
}
