//! Signs out.

use axum::extract::State;
use axum::response::Response;

use crate::web::Web;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::{SignedForm, forget};

pub(in crate::web) async fn act(State(web): State<Web>, form: SignedForm) -> Result<Response, Fault> {
    web.desk().sign_out(&form.signed.token).await?;
    let mut response = see_other("/sign-in");
    forget(web.settings(), &mut response);
    Ok(response)
}
