//! Logging: to standard error, quiet when all is well.

use tracing_subscriber::EnvFilter;

/// Starts logging. `POSTDESK_LOG` sets the level or a filter; `info` where it is unset.
pub(super) fn start(json: bool) {
    let filter = EnvFilter::try_from_env("POSTDESK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if json {
        log.json().init();
    } else {
        log.init();
    }
}
