//! Moves a ticket to another project, and shows it there.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{once, refused, ticket};
use crate::tracker::ProjectId;
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
    let viewer = form.signed.viewer;
    let into = ProjectId(form.fields.number("into").ok_or(Fault::Form)?);
    if let Err(error) = once(web.desk().move_ticket(viewer, ticket, form.id, into).await) {
        return refused(&web, &form.signed, &at, error).await;
    }
    let (path, number) = web.desk().place_of(viewer, ticket)?;
    Ok(see_other(&place::ticket(&path, number)))
}
