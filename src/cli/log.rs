//! Logging: quiet when all is well. To the journal with fields, where standard error is the
//! journal's; else to standard error, in colours only where somebody looks on.
#![allow(clippy::disallowed_methods, reason = "the log's settings are for the command line to read")]

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::systemd;

/// Starts logging. `POSTDESK_LOG` sets the level or a filter; `usual` where it is unset.
///
/// # Errors
/// Where `POSTDESK_LOG` cannot be read, in a sentence for the operator.
pub(super) fn start(json: bool, usual: &str) -> Result<(), String> {
    let wanted = std::env::var("POSTDESK_LOG").unwrap_or_default();
    let wanted = if wanted.trim().is_empty() { usual } else { wanted.trim() };
    let filter = EnvFilter::try_new(wanted).map_err(|error| {
        format!(
            "POSTDESK_LOG is \"{wanted}\", which cannot be read ({error}); \
             it takes a level such as \"debug\", or several such as \"info,postdesk::intake=debug\""
        )
    })?;
    if !json && let Some(journal) = journal() {
        tracing_subscriber::registry().with(journal).with(filter).init();
        return Ok(());
    }
    let coloured = coloured(&std::io::stderr());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(coloured)
        .with_target(false);
    if json {
        log.json().init();
    } else {
        log.init();
    }
    Ok(())
}

/// The journal, with each value of a line as a field of its own, such as `POSTDESK_STREET`. Lines
/// that were only text would lose their level and their time's precision.
fn journal() -> Option<tracing_journald::Layer> {
    if !systemd::stderr_is_journal() {
        return None;
    }
    let journal = tracing_journald::layer().ok()?;
    Some(journal.with_field_prefix(Some("POSTDESK".to_owned())).with_syslog_identifier("postdesk".to_owned()))
}

/// Whether somebody looks on who wants colours, on a terminal that has them.
pub(super) fn coloured(stream: &impl IsTerminal) -> bool {
    let unset = |name: &str| std::env::var(name).unwrap_or_default().is_empty();
    stream.is_terminal() && unset("NO_COLOR") && std::env::var("TERM").is_ok_and(|term| term != "dumb")
}
