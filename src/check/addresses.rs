//! Addresses: room in the wildcard, who may send as whom, who vouches for senders.

use super::{Checked, Report};
use crate::config::ReplyTo;
use crate::jmap::{Identity, Jmap};
use crate::mail::{self, Address};

/// How many of the newest mails are looked at for results of authentication, and how large one
/// may be.
const NEWEST: usize = 5;
const LARGEST: u64 = 1024 * 1024;

/// Whether keys fit into the wildcard, and it is of the kind that Reply-To needs.
pub(super) fn wildcards(report: &mut Report<'_>, checked: &Checked<'_>) {
    let addresses = &checked.config.addresses;
    let wildcard = &addresses.wildcard;
    let shown = wildcard
        .address("{key}")
        .map_or_else(|| format!("…@{}", wildcard.domain()), |a| a.as_str().to_owned());
    match addresses.reply_to {
        ReplyTo::Plain => report.ok(
            "reply address",
            "Letters carry the plain address; answers are joined by In-Reply-To and References alone.",
        ),
        _ if !wildcard.has_room() => report.bad(
            "reply address",
            format!(
                "The key of an answer does not fit into {shown}, since 64 characters may stand before the @. Choose a \
                 shorter `wildcard` in [addresses], or `reply_to = \"plain\"`."
            ),
        ),
        ReplyTo::CatchAll if !wildcard.is_catch_all() => report.bad(
            "reply address",
            "`reply_to` in [addresses] is \"catch-all\", but `wildcard` is no catch-all such as {key}@desk.example.com. \
             Change one of them.",
        ),
        _ => report.ok("reply address", format!("The key of an answer fits into the wildcard at {}.", wildcard.domain())),
    }
}

/// Who may send as whom. Gives the identity that letters leave by.
pub(super) async fn identities(
    report: &mut Report<'_>,
    checked: &Checked<'_>,
    jmap: &Jmap,
) -> Option<Identity> {
    let own = &checked.config.mail.address;
    let identities = match jmap.identities().await {
        Ok(identities) => identities,
        Err(error) => {
            report.bad(
                "identity",
                format!("The identities cannot be read: {}. Look at the mail server's log.", error.whole()),
            );
            return None;
        }
    };
    let listed = || identities.iter().map(|identity| identity.email.as_str()).collect::<Vec<_>>().join(", ");
    let chosen = match (Identity::for_address(&identities, own), identities.first()) {
        (Some(found), _) => {
            report.ok("identity", format!("Letters leave as {own}."));
            found
        }
        (None, Some(first)) => {
            report.warn(
                "identity",
                format!(
                    "The server has no identity for {own}, so letters leave as {}. Let `address` in [mail] be one of: {}.",
                    first.sender(own),
                    listed()
                ),
            );
            first
        }
        (None, None) => {
            report.bad(
                "identity",
                format!("The server lets this login send as nobody. Give it an identity for {own}."),
            );
            return None;
        }
    };
    aliases(report, checked, &identities, &chosen.sender(own));
    Some(chosen.clone())
}

fn aliases(report: &mut Report<'_>, checked: &Checked<'_>, identities: &[Identity], sender: &Address) {
    let Some(survey) = checked.survey.as_ref().filter(|survey| !survey.aliases.is_empty()) else { return };
    let covered = |alias: &str| {
        Address::parse(alias).is_ok_and(|alias| identities.iter().any(|identity| identity.covers(&alias)))
    };
    let without: Vec<_> =
        survey.aliases.iter().filter(|(_, alias)| !covered(alias)).map(|(_, alias)| alias.as_str()).collect();
    if without.is_empty() {
        report
            .ok("aliases", format!("Letters leave by the projects' own {} addresses.", survey.aliases.len()));
    } else {
        report.warn(
            "aliases",
            format!(
                "The server has no identity for {}, so the letters of these projects leave as {sender}. Add identities there \
                 if customers are to see their own address.",
                without.join(", "),
            ),
        );
    }
}

/// By which names recent mails carry results of authentication, and whether that is the configured one.
pub(super) async fn authserv_id(report: &mut Report<'_>, checked: &Checked<'_>, jmap: &Jmap) {
    let (looked, seen) = recent_ids(checked, jmap).await;
    let listed = seen.join(", ");
    match &checked.config.addresses.authserv_id {
        _ if looked == 0 => report.skip("authentication", "There is no mail yet by which to tell whether senders are authenticated."),
        Some(ours) if seen.iter().any(|id| id.eq_ignore_ascii_case(ours)) => {
            report.ok("authentication", format!("Recent mails carry the results of {ours}."));
        }
        Some(ours) if seen.is_empty() => report.warn(
            "authentication",
            format!(
                "The newest mails carry no Authentication-Results, so every sender is unknown although `authserv_id` is \
                 {ours}. Let the mail server write them."
            ),
        ),
        Some(ours) => report.warn(
            "authentication",
            format!(
                "The newest mails carry results of {listed} and none of {ours}, so every sender is unknown. Set \
                 `authserv_id` in [addresses] to your own server's name."
            ),
        ),
        None if seen.is_empty() => report.ok(
            "authentication",
            "The mail server writes no Authentication-Results: senders are unknown, and agents cannot answer by mail.",
        ),
        None => report.warn(
            "authentication",
            format!(
                "The newest mails carry results of {listed}, which are not believed. If that is your own server, set \
                 `authserv_id` in [addresses] to it."
            ),
        ),
    }
}

/// How many mails were looked at, and the topmost id of each.
async fn recent_ids(checked: &Checked<'_>, jmap: &Jmap) -> (usize, Vec<String>) {
    let names = &checked.config.mailboxes;
    let (mut looked, mut seen) = (0, Vec::new());
    for wanted in [&names.handled, &names.intake] {
        let Ok(Some(mailbox)) = jmap.find_mailbox(wanted).await else { continue };
        let Ok(page) = jmap.newest(&mailbox.id, 0, NEWEST).await else { continue };
        for email in page.emails.iter().filter(|email| email.size <= LARGEST) {
            let cap = usize::try_from(LARGEST).unwrap_or(usize::MAX);
            let Ok(raw) = jmap.download(&email.blob, cap).await else { continue };
            looked += 1;
            let topmost = mail::provenance(&raw).authserv_ids.into_iter().next();
            seen.extend(topmost.filter(|id| !seen.contains(id)));
        }
    }
    (looked, seen)
}
