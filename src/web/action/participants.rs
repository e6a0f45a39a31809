//! Adds somebody to a ticket, or takes somebody off.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{once, refused, ticket};
use crate::desk::DeskError;
use crate::mail::{Address, NameAddr};
use crate::tracker::{ParticipantNo, Refusal};
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
    let done = match form.fields.number("remove").map(ParticipantNo) {
        Some(no) => desk.remove_participant(viewer, ticket, form.id, no).await,
        None => {
            let address = Address::parse(form.fields.get("address"));
            match address.map_err(|error| DeskError::Invalid(error.to_string())) {
                Ok(address) => {
                    desk.add_participant(viewer, ticket, form.id, NameAddr { name: None, address }).await
                }
                Err(error) => Err(error),
            }
        }
    };
    match once(done) {
        Ok(()) | Err(DeskError::Refused(Refusal::AlreadyParticipant)) => Ok(see_other(&at.href())),
        Err(error) => refused(&web, &form.signed, &at, error).await,
    }
}
