//! Whose the mailbox is: the marker mail, read and judged as the daemon does it.

use super::{Checked, Daemon, Report};
use crate::jmap::{Jmap, JmapError};
use crate::store::{Peeked, StorePath};
use crate::tracker::{RunId, Seq, StoreId};
use crate::triage::{Claim, Marker, Us, judge};

/// How many mails are read at once; there is one marker, as a rule.
const PAGE: usize = 50;

/// What to do about another desk's marker.
const REMEDY: &str = "If the other desk is switched off for good, `postdesk adopt --take-over` gives the mailbox to this \
                      one; else leave the mailbox to it.";

/// Whether the mailbox is this desk's, nobody's yet, or another desk's.
pub(super) async fn marker(report: &mut Report<'_>, checked: &Checked<'_>, jmap: &Jmap) {
    let survey = checked.survey.as_ref();
    if let Some(other) = survey.and_then(|survey| survey.stopped.as_ref()) {
        report.bad("marker", format!("The daemon takes no mail in and sends none. {other} {REMEDY}"));
        return;
    }
    let new = || matches!(StorePath::new(&checked.config.data).peek(), Ok(Peeked::None));
    if survey.is_none() && !new() {
        report.skip("marker", "Whose it is was not looked at, because the store cannot be read at present.");
        return;
    }
    let markers = match lying(checked, jmap).await {
        Ok(markers) => markers,
        Err(error) => {
            report.warn("marker", format!("It cannot be read: {}. Try again later.", error.whole()));
            return;
        }
    };
    let runs: Vec<RunId> =
        survey.map_or_else(Vec::new, |survey| survey.runs.iter().map(|run| RunId(*run)).collect());
    // A daemon goes on writing while this is read, so its own last number says nothing here.
    let last = match survey {
        Some(_) if checked.daemon == Daemon::Runs => Seq(u64::MAX),
        Some(survey) => Seq(survey.last),
        None => Seq(0),
    };
    // Without a store every marker is another desk's, whatever its number.
    let store = survey.map_or(StoreId([0; 16]), crate::control::Survey::store_id);
    let own = Marker::new(store, &checked.config.machine, RunId([0; 16]), last);
    match judge(&markers, &Us { marker: &own, runs: &runs, held: false }) {
        Claim::Nobody => {
            report.ok("marker", "No desk has put its marker into this mailbox yet; the first start does.");
        }
        Claim::Ours(_) => {
            report.ok("marker", "The mailbox has this desk's marker, so it is this desk's alone.");
        }
        Claim::Other(other) => {
            report.bad("marker", format!("{other} This desk would take no mail in and send none. {REMEDY}"));
        }
    }
}

/// The markers in the mailbox, the newest first.
async fn lying(checked: &Checked<'_>, jmap: &Jmap) -> Result<Vec<Option<Marker>>, JmapError> {
    let Some(mailbox) = jmap.find_mailbox(&checked.config.mailboxes.marker).await? else {
        return Ok(Vec::new());
    };
    let page = jmap.newest(&mailbox.id, 0, PAGE).await?;
    Ok(page.emails.iter().filter_map(|email| email.message_ids.iter().find_map(Marker::read)).collect())
}
