//! `postdesk check`: the whole configuration, tried against the mail server and this computer.
//!
//! It only reads, but for `--send`, which mails the desk itself and destroys what arrives. Beside a
//! running daemon it asks that one about the store, because nobody else may open it.

mod addresses;
mod certificate;
mod disk;
mod front;
mod login;
mod mailbox;
mod marker;
mod probe;
mod report;
mod send;
mod server;
mod service;

use std::path::Path;
use std::time::Duration;

pub use probe::{Found, Probe, distrust};
pub use report::{Finding, Level, Report};

use crate::clock::Clock;
use crate::config::Config;
use crate::control::Survey;
use crate::jmap::Jmap;
use crate::secret::Random;
use crate::systemd::Service;
use crate::theme::Theme;

/// What the parts of a check work with.
struct Checked<'a> {
    config: &'a Config,
    file: &'a Path,
    clock: Clock,
    random: Random,
    /// What the store has, where there is one that can be read.
    survey: Option<Survey>,
    daemon: Daemon,
    /// Who the desk runs as, where that is not who looks.
    service: Option<Service>,
}

/// Whether a daemon runs on this configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Daemon {
    Runs,
    /// Its socket could not be asked, so nothing that it may hold is another program's.
    Unknown,
    None,
}

/// Tries everything; `send` is how long to wait for mails to itself, where any are to be sent.
/// Findings are told as they come.
pub async fn run<'a>(
    file: &Path,
    send: Option<Duration>,
    tell: impl FnMut(&Finding) + Send + 'a,
) -> Report<'a> {
    let mut report = Report::new(tell);
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(error) => {
            report.bad("configuration", format!("{error}."));
            return report;
        }
    };
    report.ok("configuration", format!("{} is read and fits together.", file.display()));
    let mut checked = Checked {
        config: &config,
        file,
        clock: Clock::system(),
        random: Random::system(),
        survey: None,
        daemon: Daemon::None,
        service: service::find(file, &config),
    };
    disk::folder(&mut report, &checked);
    disk::socket(&mut report, &checked);
    disk::store(&mut report, &mut checked).await;
    templates(&mut report, config.theme.as_deref());
    watch_token(&mut report, &config);
    service::files(&mut report, &checked);
    addresses::wildcards(&mut report, &checked);
    front::listeners(&mut report, &checked).await;
    front::public_url(&mut report, &checked).await;
    certificate::certificate(&mut report, &checked).await;
    match login::sign_in(&mut report, &checked).await {
        Some(jmap) => at_the_server(&mut report, &checked, &jmap, send).await,
        None => report.skip(
            "mail server",
            "Mailboxes, identities, sending, push and limits were not tried, because signing in failed.",
        ),
    }
    report
}

async fn at_the_server(report: &mut Report<'_>, checked: &Checked<'_>, jmap: &Jmap, send: Option<Duration>) {
    if !server::offers(report, checked, jmap) {
        report.skip("mail server", "Mailboxes, identities, push and limits were not tried.");
        return;
    }
    server::limits(report, checked, jmap);
    server::account_size(report, jmap).await;
    mailbox::mailboxes(report, checked, jmap).await;
    marker::marker(report, checked, jmap).await;
    let identity = addresses::identities(report, checked, jmap).await;
    server::push(report, checked, jmap).await;
    addresses::authserv_id(report, checked, jmap).await;
    if let (Some(wait), Some(identity)) = (send, identity) {
        send::to_itself(report, checked, jmap, &identity, wait).await;
    }
}

/// What whoever watches over the desk has to show. The daemon reads it at its start, and not later.
fn watch_token(report: &mut Report<'_>, config: &Config) {
    match config.watch_token() {
        Ok(Some(_)) => report.ok("watch token", "The secret of `token` in [watch] is read."),
        Ok(None) => {}
        Err(error) => report.bad("watch token", format!("{error}. Without it the desk does not start.")),
    }
}

fn templates(report: &mut Report<'_>, own: Option<&Path>) {
    let rendered = Theme::load(own, jiff::tz::TimeZone::system()).and_then(|theme| theme.rehearse());
    match rendered {
        Ok(count) => report.ok("templates", format!("All {count} pages and letters can be rendered.")),
        Err(error) => report.bad("templates", format!("{error}. Mend that template or take it away.")),
    }
}
