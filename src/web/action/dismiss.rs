//! Leaves a held mail as it is.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::desk::DeskError;
use crate::tracker::MailRowId;
use crate::web::Web;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::SignedForm;

pub(in crate::web) async fn act(
    State(web): State<Web>,
    Path(row): Path<u64>,
    form: SignedForm,
) -> Result<Response, Fault> {
    match web.desk().dismiss(form.signed.viewer, MailRowId(row), form.id).await {
        Ok(()) | Err(DeskError::Done) => Ok(see_other("/held?done=left")),
        Err(DeskError::NotFound) => Ok(see_other("/held?done=gone")),
        Err(error) => Err(error.into()),
    }
}
