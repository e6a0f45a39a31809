//! Sets the password behind a link that works once, and signs in.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::desk::SetPasswordError;
use crate::secret::Token;
use crate::web::Web;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::{OpenForm, remember};
use crate::web::page::welcome::{form, gone};

pub(in crate::web) async fn act(
    State(web): State<Web>,
    Path(link): Path<String>,
    OpenForm { headers, fields, .. }: OpenForm,
) -> Result<Response, Fault> {
    let Some(token) = Token::parse(&link) else { return gone(&web) };
    if fields.get("password") != fields.get("again") {
        let trouble = "The two passwords are not the same.".to_owned();
        return form(&web, &headers, &link, Some(trouble));
    }
    match web.desk().set_password(&token, fields.get("password")).await {
        Ok(session) => {
            let mut response = see_other("/");
            remember(web.settings(), &mut response, &session);
            Ok(response)
        }
        Err(SetPasswordError::Password(error)) => form(&web, &headers, &link, Some(error.to_string())),
        Err(SetPasswordError::Gone) => gone(&web),
        Err(SetPasswordError::Store(error)) => Err(error.into()),
    }
}
