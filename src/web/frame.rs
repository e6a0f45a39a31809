//! What stands around every page: who is signed in, what waits, how mail goes.

use super::Web;
use super::gate::Signed;
use crate::desk::{IntakeStanding, Listening, Standing, StoppedLane, restored_sentence};
use crate::store::Look;
use crate::theme::page::{Frame, FrameViewer, MailLine, Paused};
use crate::tracker::PauseWhy;

/// The frame for this viewer. Where a number cannot be had, it is left out: the page itself says
/// what is wrong.
pub(super) fn of(web: &Web, signed: Option<&Signed>, section: &'static str) -> Frame {
    let csrf = signed.map(|signed| signed.csrf().as_str().to_owned()).unwrap_or_default();
    let held = signed.and_then(|signed| web.desk().count_held(signed.viewer).ok().flatten());
    let mail = mail(&web.desk().standing().get());
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
        mail: stops(web, MailLine { trouble: cannot_save(web).or(mail.trouble), ..mail }),
        csrf,
        form: web.0.random.reply_key().as_str().to_owned(),
    }
}

/// While nothing can be saved, everything else matters less.
fn cannot_save(web: &Web) -> Option<String> {
    let store = &web.desk().store;
    let text = match (store.is_writable(), store.is_short()) {
        (false, true) => {
            "Nothing can be saved at present, because the disk is full. Pages can be read, and no mail is lost. \
             It goes on by itself when there is room."
        }
        (false, false) => {
            "Nothing can be saved at present, because the disk refuses it. Pages can be read, and no mail is lost. \
             It goes on by itself when the disk does."
        }
        (true, true) => {
            "The disk is full. Mail waits at the mail server until there is room; what you write is still saved."
        }
        (true, false) => return None,
    };
    Some(text.to_owned())
}

/// What a person has to end. Where the store cannot be read, the page itself says so.
fn stops(web: &Web, mut mail: MailLine) -> MailLine {
    let Ok(read) = web.desk().store.read() else { return mail };
    if let Ok(Some(pause)) = read.pause() {
        "paused".clone_into(&mut mail.line);
        let restored = read.restored().ok().flatten().filter(|_| pause.why == PauseWhy::Restored);
        let restored = restored.map(|restored| restored_sentence(&restored));
        mail.paused = Some(Paused { since: pause.since, restored });
    }
    if let Ok(Some(jump)) = read.clock_jump() {
        let time = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        let sentence = format!(
            "The clock of this desk's host said {} where it should have said {}. Until somebody has looked at it, \
             nothing is removed because of its age.",
            time(jump.found),
            time(jump.expected)
        );
        mail.clock = Some(sentence);
    }
    mail
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
    let trouble = trouble.or_else(stopped_lane).or_else(|| standing.account.warning());
    let stopped = standing.stopped.as_ref().map(ToString::to_string);
    let line = if stopped.is_some() { "stopped".to_owned() } else { line };
    let last_sweep = standing.last_sweep;
    MailLine { line, last_sweep, not_adopted, stopped, trouble, ..MailLine::default() }
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
    use crate::tracker::Lane;

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
        let stopped =
            |lane, why: &str| StoppedLane { lane, until: jiff::Timestamp::UNIX_EPOCH, why: why.into() };
        standing
            .stopped_lanes
            .push(stopped(Lane::People, "31 letters left to anna@customer.example within a minute"));
        assert_eq!(
            mail(&standing).trouble.unwrap(),
            "Replies wait for a moment and go on by themselves: 31 letters left to anna@customer.example within a \
             minute."
        );
        let full = crate::desk::AccountSize::Told { used: 95, limit: Some(100) };
        let nearly = Standing { account: full, ..Standing::default() };
        assert!(mail(&nearly).trouble.unwrap().contains("95 % full"));
        standing.sending_trouble = Some("the server refuses the password".into());
        let worse = mail(&standing).trouble.unwrap();
        assert_eq!(worse, "No letters go out at present. The server refuses the password.");
    }
}
