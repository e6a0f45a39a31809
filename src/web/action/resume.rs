//! Lets a paused desk go on, or retention after the clock jumped.

use axum::extract::State;
use axum::response::Response;

use super::once;
use crate::web::Web;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::SignedForm;

pub(in crate::web) async fn act(State(web): State<Web>, form: SignedForm) -> Result<Response, Fault> {
    once(web.desk().resume_by(form.signed.viewer, form.id).await)?;
    Ok(see_other("/"))
}
