//! `check --send`: mails from the desk to itself, and what became of them on the way.
//!
//! Each carries the mark of this desk's test mails, so that the intake, should it be first, ignores
//! them. They are destroyed wherever they lie.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;

use super::{Checked, Report};
use crate::config::{MailboxRef, ReplyTo};
use crate::jmap::{AfterSending, EmailId, Envelope, Identity, Jmap, JmapError, MailboxId, Submission};
use crate::mail::{self, Address, CHECK_HEADER, Draft, MessageId, NameAddr, Provenance};
use crate::triage::{CHECK_ID, check_mark};

/// How often to look.
const PAUSE: Duration = Duration::from_millis(500);
/// Servers' clocks differ; a mail may seem to be older than it is.
const SLACK: Duration = Duration::from_hours(2);
/// A test mail is small.
const LARGEST: usize = 256 * 1024;

/// Which of the desk's addresses a mail tries.
#[derive(Clone, Copy)]
enum Tried {
    Wildcard,
    SuffixWildcard,
    Plain,
}

impl Tried {
    fn thing(self) -> &'static str {
        match self {
            Self::Wildcard => "wildcard",
            Self::SuffixWildcard => "suffix wildcard",
            Self::Plain => "plain address",
        }
    }
}

/// One mail to itself.
struct Sent {
    tried: Tried,
    to: Address,
    id: MessageId,
    arrived: Option<Arrived>,
}

struct Arrived {
    mailbox: String,
    is_junk: bool,
    provenance: Provenance,
}

/// The mailboxes that sending goes through.
struct Ways {
    outgoing: MailboxId,
    sent: MailboxId,
}

/// Mails the wildcards and the plain address, and reports what arrived within `wait`.
pub(super) async fn to_itself(
    report: &mut Report<'_>,
    checked: &Checked<'_>,
    jmap: &Jmap,
    identity: &Identity,
    wait: Duration,
) {
    if checked.survey.is_none() {
        report.skip(
            "test mail",
            "There is no store yet that could know its own test mails; start the desk once first.",
        );
        return;
    }
    match exchange(report, checked, jmap, identity, wait).await {
        Ok(Some(mails)) => tell(report, checked, &mails, wait),
        Ok(None) => {}
        Err(error) => report.bad(
            "test mail",
            format!("It could not be tried: {}. Look at the mail server's log.", error.whole()),
        ),
    }
}

async fn exchange(
    report: &mut Report<'_>,
    checked: &Checked<'_>,
    jmap: &Jmap,
    identity: &Identity,
    wait: Duration,
) -> Result<Option<Vec<Sent>>, JmapError> {
    let config = checked.config;
    let ways = Ways {
        outgoing: jmap.ensure_mailbox(&config.mailboxes.drafts).await?,
        sent: jmap.ensure_mailbox(&config.mailboxes.sent).await?,
    };
    let key = format!("check{}", checked.random.below(u64::from(u32::MAX)));
    let suffixed = config.addresses.suffix_wildcard.as_ref().and_then(|wildcard| wildcard.address(&key));
    let addresses = [
        (Tried::Wildcard, config.addresses.wildcard.address(&key)),
        (Tried::SuffixWildcard, suffixed),
        (Tried::Plain, Some(config.mail.address.clone())),
    ];
    let mut mails = Vec::new();
    for (tried, to) in addresses {
        let Some(to) = to else { continue };
        match send(checked, jmap, identity, &ways, &to).await? {
            Ok(id) => mails.push(Sent { tried, to, id, arrived: None }),
            Err(why) => report.bad(
                "test mail",
                format!(
                    "The server did not send a mail to {to}: {why}. Look at its sending settings and its log."
                ),
            ),
        }
    }
    if mails.is_empty() {
        return Ok(None);
    }
    report.ok("test mail", "The server took mails to the desk itself.");
    await_all(checked, jmap, &mut mails, wait).await?;
    for mailbox in [&ways.sent, &ways.outgoing] {
        destroy_copies(checked, jmap, mailbox, &mails).await?;
    }
    Ok(Some(mails))
}

async fn send(
    checked: &Checked<'_>,
    jmap: &Jmap,
    identity: &Identity,
    ways: &Ways,
    to: &Address,
) -> Result<Result<MessageId, String>, JmapError> {
    let from = identity.sender(&checked.config.mail.address);
    let Some(draft) = draft(checked, &from, to) else { return Ok(Err("no mail can be made".to_owned())) };
    let imported =
        jmap.import(Bytes::from(mail::compose(&draft)), &ways.outgoing, &["$draft", "$seen"]).await?;
    let envelope = Envelope { from, to: to.clone() };
    let after = AfterSending::File { from: ways.outgoing.clone(), to: ways.sent.clone() };
    let ready = jmap.ready().await?;
    Ok(match ready.submit(&imported.id, &envelope, &identity.id, &after).await {
        Submission::Accepted { .. } => Ok(draft.message_id),
        Submission::Refused { reply, why, .. } => {
            jmap.destroy(&[imported.id]).await?;
            Err(reply.unwrap_or(why))
        }
        Submission::NotSent { why, .. } | Submission::Unknown { why, .. } => {
            jmap.destroy(&[imported.id]).await?;
            Err(why)
        }
    })
}

/// A letter as customers get one, from the same sender, but for its mark.
fn draft(checked: &Checked<'_>, from: &Address, to: &Address) -> Option<Draft> {
    let config = checked.config;
    let store = checked.survey.as_ref()?.store_id();
    let unique = checked.random.reply_key();
    let id = MessageId::parse(&format!("{CHECK_ID}{unique}@{}", config.host()))?;
    let headers = vec![
        (CHECK_HEADER, check_mark(&store, &id)),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("List-Unsubscribe", format!("<mailto:{}>", config.mail.address)),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
    ];
    Some(Draft {
        from: NameAddr::from(from.clone()),
        to: NameAddr::from(to.clone()),
        reply_to: None,
        subject: "Postdesk checks its mail".to_owned(),
        date: checked.clock.now(),
        message_id: id,
        in_reply_to: None,
        references: Vec::new(),
        text: "This is a test mail of `postdesk check --send`. It may be deleted.\n".to_owned(),
        html: String::new(),
        headers,
        boundary_seed: checked.random.octets(),
        attachments: Vec::new(),
    })
}

/// Looks until all have arrived or the time is over. What arrived is looked at and destroyed.
async fn await_all(
    checked: &Checked<'_>,
    jmap: &Jmap,
    mails: &mut [Sent],
    wait: Duration,
) -> Result<(), JmapError> {
    let looking = async {
        while mails.iter().any(|mail| mail.arrived.is_none()) {
            look(checked, jmap, mails).await?;
            if mails.iter().any(|mail| mail.arrived.is_none()) {
                checked.clock.sleep(PAUSE).await;
            }
        }
        Ok(())
    };
    tokio::select! {
        looked = looking => looked,
        () = checked.clock.sleep(wait) => Ok(()),
    }
}

async fn look(checked: &Checked<'_>, jmap: &Jmap, mails: &mut [Sent]) -> Result<(), JmapError> {
    let names = &checked.config.mailboxes;
    let junk = MailboxRef::Role("junk".to_owned());
    for wanted in [&names.intake, &names.handled, &names.held, &junk] {
        let Some(mailbox) = jmap.find_mailbox(wanted).await? else { continue };
        for (id, email) in found(checked, jmap, &mailbox.id, mails).await? {
            let Some(mail) = mails.iter_mut().find(|mail| mail.id == id) else { continue };
            let info = jmap.emails(std::slice::from_ref(&email)).await?;
            let Some(info) = info.first() else { continue };
            let raw = match jmap.download(&info.blob, LARGEST).await {
                Ok(raw) => raw,
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(error),
            };
            mail.arrived = Some(Arrived {
                mailbox: wanted.to_string(),
                is_junk: *wanted == junk,
                provenance: mail::provenance(&raw),
            });
            jmap.destroy(&[email]).await?;
        }
    }
    Ok(())
}

async fn found(
    checked: &Checked<'_>,
    jmap: &Jmap,
    mailbox: &MailboxId,
    mails: &[Sent],
) -> Result<Vec<(MessageId, EmailId)>, JmapError> {
    let ids: HashSet<MessageId> = mails.iter().map(|mail| mail.id.clone()).collect();
    let since = checked.clock.now().checked_sub(SLACK).unwrap_or_default();
    jmap.find_by_message_id(mailbox, &ids, since).await
}

async fn destroy_copies(
    checked: &Checked<'_>,
    jmap: &Jmap,
    mailbox: &MailboxId,
    mails: &[Sent],
) -> Result<(), JmapError> {
    let copies: Vec<EmailId> =
        found(checked, jmap, mailbox, mails).await?.into_iter().map(|(_, id)| id).collect();
    if !copies.is_empty() {
        jmap.destroy(&copies).await?;
    }
    Ok(())
}

fn tell(report: &mut Report<'_>, checked: &Checked<'_>, mails: &[Sent], wait: Duration) {
    for mail in mails {
        let to = &mail.to;
        let thing = mail.tried.thing();
        match &mail.arrived {
            Some(arrived) if arrived.is_junk => report.warn(
                thing,
                format!(
                    "A mail to {to} arrived in {}; teach the mail server that it is no junk.",
                    arrived.mailbox
                ),
            ),
            Some(_) => report.ok(thing, format!("A mail to {to} arrived.")),
            None => lost(report, checked, mail, wait),
        }
    }
    if let Some(arrived) = mails.iter().find_map(|mail| mail.arrived.as_ref()) {
        results(report, checked, &arrived.provenance);
        signature(report, &arrived.provenance);
    }
}

/// What would be lost where a mail did not arrive, and what to do.
fn lost(report: &mut Report<'_>, checked: &Checked<'_>, mail: &Sent, wait: Duration) {
    let late = format!("A mail to {} did not arrive within {} seconds", mail.to, wait.as_secs());
    let take = "Let the mail server take such addresses (sub-addressing, or a catch-all), or";
    let text = match mail.tried {
        Tried::Wildcard => format!(
            "{late}, so answers to letters would be lost. {take} set `reply_to = \"plain\"` in [addresses]."
        ),
        Tried::SuffixWildcard => format!(
            "{late}, so mails to projects' addresses with a suffix would be lost. {take} remove `suffix_wildcard` \
             from [addresses]."
        ),
        Tried::Plain => format!("{late}. Check the address, and the mail server's log."),
    };
    let thing = mail.tried.thing();
    match mail.tried {
        Tried::Wildcard if checked.config.addresses.reply_to == ReplyTo::Plain => report.warn(thing, text),
        _ => report.bad(thing, text),
    }
}

fn results(report: &mut Report<'_>, checked: &Checked<'_>, provenance: &Provenance) {
    let seen = provenance.authserv_ids.join(", ");
    match (&checked.config.addresses.authserv_id, provenance.authserv_ids.as_slice()) {
        (Some(ours), ids) if ids.iter().any(|id| id.eq_ignore_ascii_case(ours)) => {
            report.ok("results", format!("It carried Authentication-Results of {ours}."));
        }
        (Some(ours), []) => report.warn(
            "results",
            format!("It carried no Authentication-Results of {ours}; servers may leave them out for mail of their own."),
        ),
        (Some(ours), _) => report.warn(
            "results",
            format!("It carried Authentication-Results of {seen}, not of {ours}; correct `authserv_id` in [addresses]."),
        ),
        (None, []) => report.ok("results", "It carried no Authentication-Results."),
        (None, _) => report.warn(
            "results",
            format!("It carried Authentication-Results of {seen}; set `authserv_id` in [addresses] to that, if it is your own server."),
        ),
    }
}

/// RFC 8058 §4: a signature has to cover both headers, else mail programs show no button.
fn signature(report: &mut Report<'_>, provenance: &Provenance) {
    let needed = ["list-unsubscribe", "list-unsubscribe-post"];
    let covers = |names: &Vec<String>| needed.iter().all(|name| names.iter().any(|have| have == name));
    match provenance.signatures.as_slice() {
        [] => report.warn(
            "signature",
            "It carried no DKIM signature. If the server signs what leaves for others, all is well; else let it sign.",
        ),
        all => match all.iter().find(|(_, names)| covers(names)) {
            Some((domain, _)) => {
                report.ok("signature", format!("The DKIM signature of {domain} covers List-Unsubscribe."));
            }
            None => report.warn(
                "signature",
                "The DKIM signature leaves out List-Unsubscribe or List-Unsubscribe-Post, so mail programs show no button \
                 for it (RFC 8058). Add both to the headers that the mail server signs.",
            ),
        },
    }
}
