//! Chooses what the own account is mailed about.

use axum::extract::State;
use axum::response::Response;

use super::once;
use crate::tracker::Notices;
use crate::web::Web;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::SignedForm;

pub(in crate::web) async fn act(State(web): State<Web>, form: SignedForm) -> Result<Response, Fault> {
    let choice = Notices::parse(form.fields.get("notices")).ok_or(Fault::Form)?;
    once(web.desk().choose_notices(form.signed.viewer, form.id, choice).await)?;
    Ok(see_other("/account?done=saved"))
}
