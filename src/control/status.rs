//! `postdesk status`: how the desk is, for a person who was woken by it. What is wrong stands first.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::keeping;
use crate::desk::{AccountSize, Desk, Fitness, Health, IntakeStanding, Standing};
use crate::metrics::{Count, Figures, Kept, Stand};
use crate::store::Look;

/// What to do about another desk's marker.
const HOW_TO_TAKE_OVER: &str =
    "if the other desk is switched off for good, `postdesk adopt --take-over` gives the mailbox to this one";

/// The same for a program.
#[derive(Serialize)]
struct Whole<'a> {
    /// Whether a daemon runs; else only what is on record is told.
    running: bool,
    health: Option<&'a Health>,
    figures: &'a Figures,
}

/// As JSON.
pub(super) fn json(desk: &Desk, running: bool) -> Result<Vec<String>, String> {
    let health = desk.health();
    let figures = desk.figures(&health);
    let whole = Whole { running, health: running.then_some(&health), figures: &figures };
    let text = serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// As lines.
pub(super) fn lines(desk: &Desk, running: bool) -> Vec<String> {
    let health = desk.health();
    let figures = desk.figures(&health);
    let mut lines = if running {
        let mut lines = of_health(&health);
        lines.extend(of_the_streets(&desk.standing().get(), &figures.stand, &health, desk.clock.now()));
        lines
    } else {
        vec!["no daemon runs on this data folder, so no mail comes in or goes out".to_owned()]
    };
    let stops = desk.store.read().and_then(|read| keeping::standing(&read));
    lines.extend(stops.unwrap_or_default());
    let open = desk.store.read().and_then(|read| read.erasures()).map_or(0, |erasures| erasures.len());
    if open > 0 {
        lines.push(format!("erasures that are not done yet: {open}"));
    }
    lines.push(store(&figures.stand, running));
    match &figures.kept {
        Some(kept) => lines.extend(on_record(kept, &figures.stand)),
        None => lines.push("what is on record cannot be read".to_owned()),
    }
    lines
}

fn of_health(health: &Health) -> Vec<String> {
    let first = match health.status {
        Fitness::Ok => "all is well",
        Fitness::Attention => "it works; something wants attention:",
        Fitness::Failing => "IT DOES NOT WORK:",
    };
    let mut lines = vec![first.to_owned()];
    lines.extend(health.reasons.iter().map(|reason| format!("  {reason}")));
    lines
}

/// How mail comes in and goes out.
fn of_the_streets(standing: &Standing, stand: &Stand, health: &Health, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(other) = &standing.stopped {
        lines.push(format!("stopped, mail in and out: {other}"));
        lines.push(format!("  {HOW_TO_TAKE_OVER}"));
    }
    let mut mail_in = match standing.stopped {
        Some(_) => "stopped".to_owned(),
        None if standing.paused => "paused".to_owned(),
        None => intake_line(&standing.intake),
    };
    if let Some(seconds) = health.last_sweep_seconds {
        let _ = write!(mail_in, ", last sweep {} ago", span(seconds));
    }
    let listening = match stand.listening {
        Some("push") => "by push",
        Some(_) => "by polling",
        None => "not yet",
    };
    let sending = match &standing.sending_trouble {
        _ if standing.stopped.is_some() => "stopped".to_owned(),
        _ if standing.paused => "paused".to_owned(),
        Some(why) => format!("in trouble: {why}"),
        None => "running".to_owned(),
    };
    lines.extend([
        format!("mail in: {mail_in}"),
        format!("listening: {listening}"),
        format!("mail out: {sending}"),
    ]);
    lines.extend(standing.stopped_lanes.iter().map(|lane| format!("mail out: {}", lane.sentence())));
    lines.extend(account_line(standing.account));
    lines.extend(
        standing.certificate.as_ref().map(|certificate| format!("certificate: {}", certificate.line(now))),
    );
    lines
}

fn account_line(account: AccountSize) -> Option<String> {
    let used = match account {
        AccountSize::Unasked => return None,
        AccountSize::Untold => "how much of it is used is not told by the mail server".to_owned(),
        AccountSize::Told { used, limit: None } => format!("{} used, without a limit", size(used)),
        AccountSize::Told { used, limit: Some(limit) } => {
            let percent = account.percent().unwrap_or_default();
            format!("{} of {} used ({percent} %)", size(used), size(limit))
        }
    };
    Some(format!("mail account: {used}"))
}

pub(super) fn intake_line(standing: &IntakeStanding) -> String {
    match standing {
        IntakeStanding::Starting => "starting".to_owned(),
        IntakeStanding::NotAdopted { waiting } => {
            format!("off: the mailbox holds {waiting} mails from before; see `postdesk adopt --help`")
        }
        IntakeStanding::Running => "running".to_owned(),
        IntakeStanding::Trouble { why, since } => {
            format!("in trouble since {}: {why}", since.strftime("%Y-%m-%d %H:%M:%S UTC"))
        }
    }
}

fn store(stand: &Stand, running: bool) -> String {
    let mut text = "store: ".to_owned();
    if running {
        text.push_str(if stand.store_writable { "written and read" } else { "NOT WRITTEN, only read" });
    } else {
        text.push_str("closed");
    }
    for (octets, what) in [
        (stand.store_bytes, "database"),
        (stand.raw_bytes, "raw mails"),
        (stand.disk_free_bytes, "free on its disk"),
    ] {
        if let Some(octets) = octets {
            let _ = write!(text, ", {} {what}", size(octets));
        }
    }
    text
}

fn on_record(kept: &Kept, stand: &Stand) -> Vec<String> {
    let mut waiting = format!("letters waiting: {}", kept.outbox);
    if kept.outbox > 0 {
        let _ = write!(waiting, ", the oldest for {}", span(kept.outbox_oldest_seconds as u64));
    }
    let submitting = letters_in(kept, "submitting");
    if submitting > 0 {
        let _ = write!(waiting, "; under way or looked for: {submitting}");
    }
    let mut decide = format!("to decide: {} held, {} unverified", kept.held, kept.unverified);
    if let Some(junk) = stand.junk {
        let _ = write!(decide, ", {junk} in the mail server's Junk");
    }
    let unknown = letters_in(kept, "unknown");
    if unknown > 0 {
        let _ = write!(decide, ", {unknown} letters of which nobody knows whether they left");
    }
    let mut lines = vec![waiting, decide, format!("mails taken: {}", kept.taken)];
    lines.extend(by_word(&kept.mails));
    lines
}

fn letters_in(kept: &Kept, state: &str) -> u64 {
    kept.letters.iter().find(|letters| letters.kind == state).map_or(0, |letters| letters.count)
}

/// One line for each kind of verdict, with its causes: `hold 3 (H01 1, H02 2)`.
fn by_word(mails: &[Count]) -> Vec<String> {
    let mut words: Vec<&str> = mails.iter().map(|mails| mails.kind).collect();
    words.dedup();
    let line = |word: &&str| {
        let of_word = || mails.iter().filter(|mails| mails.kind == *word);
        let causes: Vec<_> = of_word()
            .filter(|mails| !mails.cause.is_empty())
            .map(|mails| format!("{} {}", mails.cause, mails.count))
            .collect();
        let causes = if causes.is_empty() { String::new() } else { format!(" ({})", causes.join(", ")) };
        format!("  {word} {}{causes}", of_word().map(|mails| mails.count).sum::<u64>())
    };
    words.iter().map(line).collect()
}

/// A time in its two largest units: `40 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Octets in the unit in which they have one to three digits before the point.
#[allow(clippy::cast_precision_loss, reason = "for a person")]
fn size(octets: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut size = octets as f64 / 1000.0;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS.get(unit).unwrap_or(&"TB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_read_well() {
        let spans = [0, 59, 60, 200, 3600, 7500, 90_000].map(span);
        assert_eq!(spans, ["0 s", "59 s", "1 min 0 s", "3 min 20 s", "1 h 0 min", "2 h 5 min", "1 d 1 h"]);
        let sizes = [0, 999, 8_000_000, 41_234_000_000, 5_000_000_000_000_000].map(size);
        assert_eq!(sizes, ["0.0 kB", "1.0 kB", "8.0 MB", "41.2 GB", "5000.0 TB"]);
    }

    #[test]
    fn the_account_is_a_line_once_it_was_asked_about() {
        let told = |used, limit| account_line(AccountSize::Told { used, limit }).unwrap();
        assert_eq!(told(8_000_000, Some(2_000_000_000)), "mail account: 8.0 MB of 2.0 GB used (0 %)");
        assert_eq!(told(1_999_999_999, Some(2_000_000_000)), "mail account: 2.0 GB of 2.0 GB used (99 %)");
        assert_eq!(told(0, None), "mail account: 0.0 kB used, without a limit");
        assert_eq!(account_line(AccountSize::Unasked), None);
        assert!(account_line(AccountSize::Untold).unwrap().ends_with("not told by the mail server"));
    }

    #[test]
    fn verdicts_are_a_line_each_with_their_causes() {
        let count = |kind, cause, count| Count { kind, cause, count };
        let mails = [count("open", "", 3), count("hold", "H01", 1), count("hold", "H02", 2)];
        assert_eq!(by_word(&mails), ["  open 3", "  hold 3 (H01 1, H02 2)"]);
    }

    #[test]
    fn what_is_wrong_stands_first() {
        let health = Health {
            status: Fitness::Failing,
            reasons: vec!["The store cannot be read.".to_owned()],
            mail_in: "running",
            mail_out: "running",
            listening: "push",
            marker: "ours",
            store: "closed",
            disk: "has room",
            paused: false,
            last_sweep_seconds: Some(200),
            stuck: Vec::new(),
        };
        assert_eq!(of_health(&health), ["IT DOES NOT WORK:", "  The store cannot be read."]);
        let standing = Standing { intake: IntakeStanding::Running, ..Standing::default() };
        let lines = of_the_streets(&standing, &Stand::default(), &health, Timestamp::UNIX_EPOCH);
        assert_eq!(lines.first().unwrap(), "mail in: running, last sweep 3 min 20 s ago");
    }
}
