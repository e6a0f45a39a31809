//! Mails an address again that was paused because letters came back.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{once, ticket};
use crate::tracker::ParticipantNo;
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
    let person = ParticipantNo(form.fields.number("participant").ok_or(Fault::Form)?);
    once(web.desk().lift_pause(form.signed.viewer, ticket, form.id, person).await)?;
    Ok(see_other(&at.href()))
}
