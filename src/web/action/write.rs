//! Writes a reply or a note.

use axum::extract::{Path, State};
use axum::response::Response;

use super::once;
use crate::desk::{DeskError, TicketAsk};
use crate::theme::page::Notice;
use crate::tracker::EventNo;
use crate::web::Web;
use crate::web::answer::{Fault, see_other, sentence};
use crate::web::gate::SignedForm;
use crate::web::page::ticket::{At, Besides, of};

pub(in crate::web) async fn act(
    State(web): State<Web>,
    Path((path, number)): Path<(String, u32)>,
    form: SignedForm,
) -> Result<Response, Fault> {
    let at = At::parse(&path, number)?;
    let SignedForm { signed, id, fields } = form;
    let text = fields.get("text").to_owned();
    let seen = EventNo(fields.number("seen").unwrap_or_default());
    let ticket = match web.desk().find_ticket(signed.viewer, &at.path, at.number) {
        Ok(ticket) => ticket,
        Err(error) => return Err(Fault::given(error, fields.kept())),
    };
    let written = if fields.get("mode") == "note" {
        web.desk().note(signed.viewer, ticket, id, text).await
    } else {
        let then_close = fields.get("then") == "close";
        web.desk().comment(signed.viewer, ticket, id, seen, text, then_close).await
    };
    let (words, since) = match once(written) {
        Ok(()) => return Ok(see_other(&format!("{}#reply", at.href()))),
        Err(DeskError::Newer(events)) => {
            let new = match events.len() {
                1 => "One entry came".to_owned(),
                n => format!("{n} entries came"),
            };
            (
                format!(
                    "{new} while you wrote. Nothing was sent yet: your text stands below; send it if it still fits."
                ),
                Some(seen),
            )
        }
        Err(DeskError::Refused(refusal)) => (sentence(&refusal.to_string()), None),
        // The ticket cannot be shown with a composer any more; the text is given back all the same.
        Err(error @ (DeskError::NotFound | DeskError::Forbidden)) => {
            return Err(Fault::given(error, fields.kept()));
        }
        Err(error @ DeskError::Store(_)) => {
            tracing::error!(%error, "a text was not saved");
            (
                "Your text could not be saved at present. It stands below; try again in a few minutes."
                    .to_owned(),
                None,
            )
        }
        Err(error) => (sentence(&error.to_string()), None),
    };
    let notice = Notice { text: words, bad: true, link: None };
    let besides =
        Besides { ask: TicketAsk::default(), kept: fields.kept(), since, notice: Some(notice), back: None };
    of(&web, &signed, &at, besides).await
}
