//! Takes a mail in that the mail server took for junk.

use axum::extract::State;
use axum::response::Response;

use crate::desk::DeskError;
use crate::web::Web;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::SignedForm;

pub(in crate::web) async fn act(State(web): State<Web>, form: SignedForm) -> Result<Response, Fault> {
    let email = form.fields.get("email").to_owned();
    match web.desk().take_from_junk(form.signed.viewer, &email, form.id).await {
        Ok(()) | Err(DeskError::Done) => Ok(see_other("/held?done=fetched")),
        Err(error) => Err(error.into()),
    }
}
