//! What guards against loops, floods, copies and forgeries.

use jiff::{SignedDuration, Timestamp};

use super::{Confirmation, Counts, Facts, Requester, SeenMail, Site};
use crate::mail::{Authentication, Defect, Inbound};
use crate::tracker::MailRowId;

/// A mail that lay longer than this is not confirmed as if it had just come.
const CONFIRMED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// What is known of the sender. With several From addresses nobody can tell whom a result is about,
/// and the first one may be forged beside one that passes (RFC 7489 §6.6.1): such a mail counts as
/// one that fails, or a second address would get round that.
#[must_use]
pub fn authentication(mail: &Inbound) -> Authentication {
    if mail.defects.contains(&Defect::SeveralSenders) {
        return Authentication::Fail;
    }
    mail.authentication
}

pub(super) fn is_flood(site: &Site, counts: Counts) -> bool {
    counts.mails_last_hour >= site.budgets.mails_per_hour
}

/// Whether a new ticket is confirmed to who asks, and how. `wanted` is what its project says.
#[must_use]
pub fn confirmation(
    mail: &Inbound,
    requester: &Requester,
    wanted: bool,
    site: &Site,
    received_at: Timestamp,
    now: Timestamp,
) -> Option<Confirmation> {
    let stale = now.duration_since(received_at) > CONFIRMED_WITHIN;
    if !wanted || stale || mail.automatic.is_some() || requester.person.is_none() {
        return None;
    }
    let (budgets, counts) = (&site.budgets, requester.counts);
    if counts.confirmations_unattended >= budgets.confirmations_per_day_unattended {
        return None;
    }
    let (hour, day) = (counts.confirmations_last_hour, counts.confirmations_last_day);
    match requester.authentication {
        Authentication::Pass => (hour < budgets.confirmations_per_hour
            && day < budgets.confirmations_per_day)
            .then_some(Confirmation { subject: !mail.subject.trim().is_empty() }),
        Authentication::Unknown => {
            (day < budgets.confirmations_per_day_unknown).then_some(Confirmation { subject: false })
        }
        Authentication::Fail => None,
    }
}

/// The row of which this mail is a copy, if it was taken in.
pub(super) fn seen_before(mail: &Inbound, facts: &Facts) -> Option<MailRowId> {
    facts.seen.iter().filter(|row| !row.set_aside && is_copy(mail, facts, row)).map(|row| row.row).min()
}

/// The rows, held or ignored, of which this mail is a copy: once it is taken in, those that are
/// held become duplicates of it.
#[must_use]
pub fn copies_set_aside(mail: &Inbound, facts: &Facts) -> Vec<MailRowId> {
    facts.seen.iter().filter(|row| row.set_aside && is_copy(mail, facts, row)).map(|row| row.row).collect()
}

/// The same bytes; or Message-ID, From, Date and body all on this one row, because the same mail
/// delivered to two addresses differs in its trace headers.
fn is_copy(mail: &Inbound, facts: &Facts, row: &SeenMail) -> bool {
    let from = mail.from.as_ref().map(|from| from.address.folded());
    facts.raw == Some(row.raw)
        || (mail.message_id.is_some()
            && mail.message_id == row.message_id
            && from == row.from.as_deref()
            && mail.date == row.date
            && mail.body_hash == row.body_hash)
}
