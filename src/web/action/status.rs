//! Closes a ticket, or opens it again.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{once, refused, ticket};
use crate::web::Web;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::SignedForm;
use crate::web::page::ticket::At;

pub(in crate::web) async fn act(
    State(web): State<Web>,
    Path((path, number)): Path<(String, u32)>,
    form: SignedForm,
) -> Result<Response, Fault> {
    let at = At::parse(&path, number)?;
    let ticket = ticket(&web, &form.signed, &at)?;
    let (desk, viewer) = (web.desk(), form.signed.viewer);
    let done = match form.fields.get("to") {
        "closed" => desk.close(viewer, ticket, form.id).await,
        "open" => desk.reopen(viewer, ticket, form.id).await,
        _ => return Err(Fault::Form),
    };
    match once(done) {
        Ok(()) => Ok(see_other(&at.href())),
        Err(error) => refused(&web, &form.signed, &at, error).await,
    }
}
