//! Sends a letter again of which nobody can know whether it left.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{once, ticket};
use crate::tracker::OutboxId;
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
    ticket(&web, &form.signed, &at)?;
    let letter = OutboxId(form.fields.number("letter").ok_or(Fault::Form)?);
    once(web.desk().send_again(form.signed.viewer, letter, form.id).await)?;
    Ok(see_other(&at.href()))
}
