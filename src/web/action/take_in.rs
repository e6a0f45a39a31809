//! Takes a held mail in, and shows what it became on its ticket.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::desk::DeskError;
use crate::tracker::{MailRowId, ProjectId};
use crate::web::answer::{Fault, see_other};
use crate::web::gate::SignedForm;
use crate::web::{Web, place};

pub(in crate::web) async fn act(
    State(web): State<Web>,
    Path(row): Path<u64>,
    form: SignedForm,
) -> Result<Response, Fault> {
    let project = form.fields.number("project").map(ProjectId);
    let viewer = form.signed.viewer;
    let taken = web.desk().take_in(viewer, MailRowId(row), form.id, project).await;
    match taken {
        Ok(row) => {
            let found = row.ticket.and_then(|ticket| web.desk().place_of(viewer, ticket).ok());
            let Some((path, number)) = found else { return Ok(see_other("/held")) };
            let event = web.desk().event_of_mail(&row).map_err(DeskError::from)?;
            let at = event.map_or(String::new(), |event| format!("#c{}", event.0));
            Ok(see_other(&format!("{}{at}", place::ticket(&path, number))))
        }
        Err(DeskError::Done) => Ok(see_other("/held")),
        Err(DeskError::NotFound) => Ok(see_other("/held?done=gone")),
        Err(error) => Err(error.into()),
    }
}
