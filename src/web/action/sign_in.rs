//! Signs in, and gives back what was being written when the session ended.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::desk::{SignInError, TicketAsk};
use crate::theme::page::Notice;
use crate::tracker::ProjectPath;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::{OpenForm, Peer, Signed, remember, session_token};
use crate::web::page::sign_in::{Asked, form};
use crate::web::page::ticket::{At, Besides, of};
use crate::web::{Web, place};

pub(in crate::web) async fn act(
    State(web): State<Web>,
    Peer(peer): Peer,
    OpenForm { headers, fields }: OpenForm,
) -> Result<Response, Fault> {
    let back = place::back(fields.get("back")).unwrap_or("/").to_owned();
    let before = session_token(web.settings(), &headers);
    let tried = web.desk().sign_in(fields.get("mail"), fields.get("password"), peer, before.as_ref()).await;
    let (token, signed_in) = match tried {
        Ok(done) => done,
        Err(SignInError::Store(error)) => return Err(error.into()),
        Err(error) => {
            if matches!(error, SignInError::Throttled) {
                tracing::warn!(%peer, "sign-ins from one network are slowed down");
            }
            let address = fields.get("mail").chars().take(254).collect();
            let asked = Asked { address, back, kept: fields.kept(), trouble: Some(error.to_string()) };
            return form(&web, &headers, asked);
        }
    };
    let signed = Signed { viewer: signed_in.viewer, account: signed_in.account, token: token.clone() };
    let mut response = match (fields.kept(), ticket_of(&back)) {
        (Some(kept), Some(at)) => {
            let text = "You are signed in again. Your text stands below; it was not sent yet.".to_owned();
            let notice = Some(Notice { text, bad: false, link: None });
            let besides = Besides {
                ask: TicketAsk::default(),
                kept: Some(kept.clone()),
                since: None,
                notice,
                back: None,
            };
            match of(&web, &signed, &at, besides).await {
                Ok(page) => page,
                // Somebody else has signed in, who may not see the ticket.
                Err(Fault::Desk(error)) => Fault::given(error, Some(kept)).into_response(),
                Err(fault) => fault.into_response(),
            }
        }
        _ => see_other(&back),
    };
    remember(web.settings(), &mut response, &token);
    Ok(response)
}

/// The ticket whose page this address is.
fn ticket_of(back: &str) -> Option<At> {
    let path = back.split(['?', '#']).next()?.strip_prefix("/p/")?;
    let (path, number) = path.rsplit_once('/')?;
    Some(At { path: ProjectPath::parse(path).ok()?, number: number.parse().ok()? })
}
