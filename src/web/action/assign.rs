//! Gives a ticket to somebody, or to nobody.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{once, refused, ticket};
use crate::desk::DeskError;
use crate::tracker::{AccountId, Refusal};
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
    let to = match form.fields.get("assignee") {
        "" => None,
        id => Some(AccountId(id.parse().map_err(|_| Fault::Form)?)),
    };
    match once(web.desk().assign(form.signed.viewer, ticket, form.id, to).await) {
        // To choose what is chosen already is no fault.
        Ok(()) | Err(DeskError::Refused(Refusal::AlreadyAssigned)) => Ok(see_other(&at.href())),
        Err(error) => refused(&web, &form.signed, &at, error).await,
    }
}
