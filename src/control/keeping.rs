//! Pausing, going on, and taking mails in again, by the operator.

use jiff::Timestamp;

use super::Operator;
use crate::desk::{Desk, restored_sentence};
use crate::store::{Look, Read, StoreError};
use crate::tracker::PauseWhy;

pub(super) async fn pause(desk: &Desk) -> Result<Vec<String>, String> {
    desk.pause().await.map_err(|error| error.to_string())?;
    Ok(vec![
        "The desk is paused: mail neither comes in nor goes out. What comes meanwhile waits in the mailbox."
            .to_owned(),
        "`postdesk resume` lets it go on.".to_owned(),
    ])
}

pub(super) async fn resume(desk: &Desk) -> Result<Vec<String>, String> {
    let resumed = desk.resume().await.map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    if resumed.mail {
        lines.push("The desk goes on: mail comes in and goes out.".to_owned());
    }
    if resumed.retention {
        lines.push("What is old is removed again, by the clock as it is now.".to_owned());
    }
    if lines.is_empty() {
        lines.push("The desk was not paused.".to_owned());
    }
    Ok(lines)
}

pub(super) async fn replay(operator: &Operator, since: Option<Timestamp>) -> Result<Vec<String>, String> {
    let restored = operator.desk.store.read().and_then(|read| read.restored());
    let restored = restored.map_err(|error| error.to_string())?;
    let since = since.or(restored.map(|restored| restored.backup)).ok_or(
        "this desk was not restored from a backup, so say since when: `postdesk replay --since 2026-11-22`",
    )?;
    let replayed = operator.intake.replay(since).await.map_err(|error| error.whole())?;
    Ok(replayed.lines())
}

/// What stops the desk, or makes it careful, and what to do about it.
pub(super) fn standing(read: &Read) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let restored = read.restored()?;
    match read.pause()?.map(|pause| (pause.why, time(pause.since))) {
        Some((PauseWhy::Asked, since)) => {
            lines.push(format!("paused since {since}; `postdesk resume` lets mail come in and go out again"));
        }
        Some((PauseWhy::Restored, since)) => {
            lines.push(format!("paused since {since}, because this desk was restored from a backup"));
            lines.extend(restored.map(|restored| format!("  {}", restored_sentence(&restored))));
            lines.extend(AFTER_RESTORE.map(str::to_owned));
        }
        None => lines.extend(restored.map(|restored| {
            format!("restored at {} from a backup of {}", time(restored.at), time(restored.backup))
        })),
    }
    if let Some(jump) = read.clock_jump()? {
        lines.push(format!(
            "the clock said {} where it should have said {}, so nothing old is removed; `postdesk resume` when it is right",
            time(jump.found),
            time(jump.expected)
        ));
    }
    Ok(lines)
}

/// The way from a restored desk to one that works.
const AFTER_RESTORE: [&str; 4] = [
    "  1. switch the other desk off for good, where it still runs",
    "  2. `postdesk adopt --take-over` gives the mailbox to this desk",
    "  3. `postdesk replay` takes in again what came after the backup, and writes to nobody",
    "  4. `postdesk resume` lets mail come in and go out",
];
