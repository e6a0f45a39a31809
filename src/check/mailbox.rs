//! The mailboxes: which exist, which are to be made, what lies in them.

use super::{Checked, Report};
use crate::config::MailboxRef;
use crate::jmap::{Failure, Jmap, JmapError, Mailbox};

/// The mailboxes, and whether the intake is ours.
pub(super) async fn mailboxes(report: &mut Report<'_>, checked: &Checked<'_>, jmap: &Jmap) {
    let names = &checked.config.mailboxes;
    let intake = match jmap.find_mailbox(&names.intake).await {
        Ok(intake) => intake,
        Err(error) => {
            report.bad("mailboxes", unreadable(&error));
            return;
        }
    };
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for wanted in [&names.handled, &names.held, &names.sent, &names.drafts] {
        match jmap.find_mailbox(wanted).await {
            Ok(Some(_)) => there.push(wanted.to_string()),
            Ok(None) => missing.push(wanted.to_string()),
            Err(error) => {
                report.bad("mailboxes", unreadable(&error));
                return;
            }
        }
    }
    match (there.is_empty(), missing.is_empty()) {
        (_, true) => report.ok("mailboxes", format!("{} are there.", there.join(", "))),
        (true, false) => {
            report.ok("mailboxes", format!("{} will be made at the first start.", missing.join(", ")));
        }
        (false, false) => report.ok(
            "mailboxes",
            format!(
                "{} are there; {} will be made at the first start.",
                there.join(", "),
                missing.join(", ")
            ),
        ),
    }
    adoption(report, checked, jmap, intake.as_ref(), &names.intake);
}

fn adoption(
    report: &mut Report<'_>,
    checked: &Checked<'_>,
    jmap: &Jmap,
    intake: Option<&Mailbox>,
    wanted: &MailboxRef,
) {
    let account = jmap.account_id();
    let adopted = checked.survey.as_ref().is_some_and(|survey| {
        survey.adoptions.iter().any(|(of, name)| *of == account && *name == wanted.to_string())
    });
    let count = intake.map_or(0, |mailbox| mailbox.total);
    match (intake, adopted) {
        // No server gives a mail to a mailbox that only the desk knows of.
        (None, _) if matches!(wanted, MailboxRef::Name(_)) => report.warn(
            "intake",
            format!(
                "There is no mailbox {wanted}. The first start makes it, and mail comes in only if the mail server \
                 files some there. If this is a typing error, correct `intake` in [mailboxes]."
            ),
        ),
        (None, _) => report.ok("intake", format!("There is no {wanted} yet; it counts as empty.")),
        (Some(_), true) => {
            report.ok("intake", format!("{wanted} is this desk's, and {count} mails wait in it."));
        }
        (Some(_), false) if count == 0 => {
            report.ok("intake", format!("{wanted} is empty, and becomes this desk's at the first start."));
        }
        (Some(_), false) => report.warn(
            "intake",
            format!(
                "{wanted} holds {count} mails from before this desk, and nothing is taken in until you say what \
                 becomes of them: `postdesk adopt leave`, `import` or `new`."
            ),
        ),
    }
}

fn unreadable(error: &JmapError) -> String {
    let hint = match error.failure() {
        Failure::Temporary { .. } => "Try again later, and look at the mail server's log.",
        _ => "Check that the login, or the token's scope, may read and change mail.",
    };
    format!("They cannot be read: {}. {hint}", error.whole())
}
