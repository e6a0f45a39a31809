//! The page of the own account.

use std::collections::HashMap;

use axum::extract::{Query as Params, State};
use axum::response::Response;

use crate::desk::OwnAccount;
use crate::theme::page::{AccountPage, Choice, Notice};
use crate::tracker::Notices;
use crate::web::Web;
use crate::web::answer::{Fault, page};
use crate::web::gate::Signed;

pub(in crate::web) async fn show(
    State(web): State<Web>,
    signed: Signed,
    Params(params): Params<HashMap<String, String>>,
) -> Result<Response, Fault> {
    let OwnAccount { account, paused } = web.desk().see_own_account(signed.viewer)?;
    let saved = params.get("done").is_some_and(|done| done == "saved");
    let saved = saved.then(|| Notice { text: "Saved.".to_owned(), bad: false, link: None });
    let paused = paused.then(|| Notice {
        text: "Mails to your address came back, so none are sent to it. Saving this page with mails chosen sends them \
               again."
            .to_owned(),
        bad: true,
        link: None,
    });
    let choice = |choice: Notices| Choice {
        value: choice.as_str(),
        name: match choice {
            Notices::Nothing => "Nothing",
            Notices::Assigned => "Tickets assigned to me",
            Notices::All => "All tickets of my projects",
        },
        chosen: account.notices == choice,
    };
    let content = AccountPage {
        name: account.name.clone(),
        handle: account.handle.to_string(),
        address: account.address.to_string(),
        notices: saved.into_iter().chain(paused).collect(),
        mails_about: Notices::ALL.map(choice).to_vec(),
    };
    page(&web, &signed, "account", &content)
}
