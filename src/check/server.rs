//! What the mail server offers: capabilities, limits, push.

use std::time::Duration;

use super::{Checked, Report, login};
use crate::desk::AccountSize;
use crate::intake;
use crate::jmap::{Jmap, Mode};
use crate::theme::octets_text;

/// Letters with files are larger than this now and then.
const SMALL_UPLOAD: u64 = 10_000_000;
/// How long to wait for push to come about.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the account can be worked with at all.
pub(super) fn offers(report: &mut Report<'_>, checked: &Checked<'_>, jmap: &Jmap) -> bool {
    let offers = jmap.offers();
    let Ok(login) = checked.config.mail.login() else { return false };
    if !offers.mail {
        let name = jmap.account_name();
        let hint = login::scope(&login);
        report.bad("account", format!("The account \"{name}\" gives this login no mail. {hint}"));
    } else if offers.read_only {
        report.bad(
            "account",
            "The login may only read the account, so mails cannot be filed away. Give it the right to write.",
        );
    } else {
        report.ok(
            "account",
            format!("\"{}\" (id {}) can be read and written.", jmap.account_name(), jmap.account_id()),
        );
    }
    if offers.submission {
        report.ok("sending", "The server sends mail for this account.");
    } else {
        report.bad(
            "sending",
            "The server offers no sending (JMAP submission) to this login, so no answer could leave. Switch it on at \
             the mail server, or use a login or token that may send.",
        );
    }
    offers.mail && offers.submission
}

pub(super) fn limits(report: &mut Report<'_>, checked: &Checked<'_>, jmap: &Jmap) {
    let limits = jmap.limits();
    let upload = octets_text(limits.max_size_upload);
    if limits.max_size_upload < SMALL_UPLOAD {
        report.warn(
            "limits",
            format!("The server takes letters of at most {upload}; larger ones with files cannot leave. Raise its upload limit."),
        );
        return;
    }
    let largest = octets_text(checked.config.limits.max_mail_bytes);
    report.ok(
        "limits",
        format!(
            "Letters may have {upload}, mails that come in {largest}; the server takes {} Emails at once, and {} \
             requests at a time.",
            limits.max_objects_in_get.min(limits.max_objects_in_set),
            limits.max_concurrent_requests
        ),
    );
}

/// How much of the account is used.
pub(super) async fn account_size(report: &mut Report<'_>, jmap: &Jmap) {
    const THING: &str = "account size";
    let account = match jmap.used().await {
        Ok(told) => intake::account_size(told),
        Err(error) => {
            let why = error.whole();
            return report.warn(THING, format!("It cannot be read: {why}. Look at the mail server's log."));
        }
    };
    let used = octets_text(account.used().unwrap_or_default());
    match (account, account.limit().map(octets_text), account.warning()) {
        (AccountSize::Told { .. }, Some(limit), Some(warning)) => report.warn(
            THING,
            format!(
                "{used} of {limit} are used. {warning} Give it more room, or let `keep_days` in [mailboxes] destroy \
                 old mails there."
            ),
        ),
        (AccountSize::Told { .. }, Some(limit), None) => report.ok(THING, format!("{used} of {limit} are used.")),
        (AccountSize::Told { .. }, None, _) => report.ok(THING, format!("{used} are used, without a limit.")),
        (AccountSize::Untold | AccountSize::Unasked, ..) => {
            report.ok(THING, "How much of the account is used is not told by the mail server.");
        }
    }
}

/// Whether new mail is told of, or looked for.
pub(super) async fn push(report: &mut Report<'_>, checked: &Checked<'_>, jmap: &Jmap) {
    let mut mode = jmap.mode();
    tokio::select! {
        () = jmap.listen(|_| {}) => {}
        _ = mode.wait_for(|mode| *mode != Mode::Starting) => {}
        () = checked.clock.sleep(PATIENCE) => {}
    }
    let now = jmap.mode().borrow().clone();
    let poll = checked.config.mail.poll_seconds;
    match now {
        Mode::Push => report.ok("push", "The server tells of new mail at once."),
        Mode::Poll { why } => report.ok(
            "push",
            format!(
                "New mail is looked for every {poll} seconds, because the server does not tell of it ({why})."
            ),
        ),
        Mode::Starting => report
            .ok("push", format!("New mail is looked for every {poll} seconds; push did not answer in time.")),
    }
}
