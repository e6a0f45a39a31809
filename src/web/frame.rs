//! What stands around every page: who is signed in, what waits, how mail goes.

use super::Web;
use super::gate::Signed;
use crate::desk::{IntakeStanding, Listening, Standing, StoppedLane};
use crate::theme::page::{Frame, FrameViewer, MailLine};

/// The frame for this viewer. Where a number cannot be had, it is left out: the page itself says
/// what is wrong.
pub(super) fn of(web: &Web, signed: Option<&Signed>, section: &'static str) -> Frame {
    let csrf = signed.map(|signed| signed.csrf().as_str().to_owned()).unwrap_or_default();
    let held = signed.and_then(|signed| web.desk().count_held(signed.viewer).ok().flatten());
    Frame {
        version: web.settings().version,
        now: web.desk().clock.now(),
        viewer: signed.map(|signed| FrameViewer {
            name: signed.account.name.clone(),
            initials: signed.account.initials(),
            address: signed.account.address.to_string(),
            decides: held.is_some(),
            admin: signed.viewer.admin,
        }),
        section,
        held: held.filter(|count| *count > 0).map(grouped),
        mail: mail(&web.desk().standing().get()),
        csrf,
        form: web.0.random.reply_key().as_str().to_owned(),
    }
}

/// How mail goes, in a line for the foot and a sentence for the band.
fn mail(standing: &Standing) -> MailLine {
    let (line, not_adopted, trouble) = match &standing.intake {
        IntakeStanding::Starting => ("connecting".to_owned(), None, None),
        IntakeStanding::NotAdopted { waiting } => ("not taken in yet".to_owned(), Some(*waiting), None),
        IntakeStanding::Running => {
            let line = match standing.listening {
                Some(Listening::Push) => "listening by push",
                Some(Listening::Poll) => "asking every few seconds, because the server has no push",
                None => "taken in",
            };
            (line.to_owned(), None, None)
        }
        IntakeStanding::Trouble { why, .. } => {
            let sentence = super::answer::sentence(why);
            (
                "not taken in at present".to_owned(),
                None,
                Some(format!("No mail comes in at present. {sentence}")),
            )
        }
    };
    let sending = standing.sending_trouble.as_deref().map(super::answer::sentence);
    let trouble = trouble.or_else(|| sending.map(|why| format!("No letters go out at present. {why}")));
    let stopped_lane = || standing.stopped_lanes.first().map(StoppedLane::sentence);
    let trouble = trouble.or_else(stopped_lane);
    let stopped = standing.stopped.as_ref().map(ToString::to_string);
    let line = if stopped.is_some() { "stopped".to_owned() } else { line };
    MailLine { line, last_sweep: standing.last_sweep, not_adopted, stopped, trouble }
}

/// `1,204`
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_threes() {
        assert_eq!([0, 12, 123, 1_204, 1_000_000].map(grouped), ["0", "12", "123", "1,204", "1,000,000"]);
    }

    #[test]
    fn what_stops_mail_is_said_in_a_sentence() {
        let mut standing = Standing {
            intake: IntakeStanding::Trouble {
                why: "the server refuses the password".into(),
                since: jiff::Timestamp::UNIX_EPOCH,
            },
            ..Standing::default()
        };
        assert_eq!(
            mail(&standing).trouble.unwrap(),
            "No mail comes in at present. The server refuses the password."
        );
        standing.intake = IntakeStanding::NotAdopted { waiting: 1812 };
        assert_eq!(mail(&standing).not_adopted, Some(1812));
    }
}
