//! Gives the mailbox to this desk, though another desk's marker lies in it.

use axum::extract::State;
use axum::response::Response;

use super::once;
use crate::web::Web;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::SignedForm;

pub(in crate::web) async fn act(State(web): State<Web>, form: SignedForm) -> Result<Response, Fault> {
    once(web.desk().take_over(form.signed.viewer, form.id).await)?;
    Ok(see_other("/"))
}
