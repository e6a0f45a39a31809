//! Logging: to standard error, quiet when all is well, in colours only where somebody looks on.
#![allow(clippy::disallowed_methods, reason = "the log's settings are for the command line to read")]

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

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

/// Whether somebody looks on who wants colours, on a terminal that has them.
pub(super) fn coloured(stream: &impl IsTerminal) -> bool {
    let unset = |name: &str| std::env::var(name).unwrap_or_default().is_empty();
    stream.is_terminal() && unset("NO_COLOR") && std::env::var("TERM").is_ok_and(|term| term != "dumb")
}
