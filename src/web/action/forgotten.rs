//! Mails a link for a new password to whoever forgot theirs. The answer is the same whether or not the
//! address has an account.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};

use crate::desk::SignInError;
use crate::theme::page::NoticePage;
use crate::web::answer::Fault;
use crate::web::gate::{OpenForm, Peer};
use crate::web::page::sign_in::{Asked, form};
use crate::web::{Web, frame};

pub(in crate::web) async fn act(
    State(web): State<Web>,
    Peer(peer): Peer,
    OpenForm { headers, id, fields }: OpenForm,
) -> Result<Response, Fault> {
    let address: String = fields.get("mail").trim().chars().take(254).collect();
    match web.desk().ask_new_password(&address, peer, id).await {
        Ok(()) => {}
        Err(SignInError::Store(error)) => return Err(error.into()),
        Err(error) => {
            tracing::warn!(%peer, "requests for new passwords are slowed down");
            let asked = Asked { address, back: "/".to_owned(), trouble: Some(error.to_string()), kept: None };
            return form(&web, &headers, asked);
        }
    }
    let text = "If there is an account with the address that you gave, a mail with a link is on its way to it. The \
                link works once, for 30 minutes. If no mail arrives, look among the junk, or ask an \
                administrator of this desk for a link.";
    let page = NoticePage { title: "Look into your mail".to_owned(), text: text.to_owned(), sign_in: true };
    Ok(Html(web.0.theme.page(&frame::of(&web, None, ""), &page)?).into_response())
}
