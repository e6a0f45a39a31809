//! Asks the mail server once more for a mail that it did not give.

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
    match web.desk().ask_again(form.signed.viewer, MailRowId(row), form.id).await {
        Ok(()) | Err(DeskError::Done) => Ok(see_other("/held?done=asked")),
        Err(error) => Err(error.into()),
    }
}
