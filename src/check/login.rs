//! Signing in at the mail server: its certificate, its clock, the session.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Checked, Report};
use crate::config::Login;
use crate::jmap::{HttpFault, Jmap, JmapConfig, JmapError};
use crate::tls::{self, Certificate, Distrust};
use crate::wire::{Dial, Request, TcpDial, Wire, WireError};

/// How much the two clocks may differ.
const CLOCK: SignedDuration = SignedDuration::from_mins(2);
/// How long before its end a certificate is worth a word.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);
/// How long to wait for a certificate to be shown once more.
const PATIENCE: Duration = Duration::from_secs(10);

/// Signs in, and says in one sentence what stands in the way if something does.
pub(super) async fn sign_in(report: &mut Report<'_>, checked: &Checked<'_>) -> Option<Jmap> {
    let mail = &checked.config.mail;
    let jmap_config = match JmapConfig::of(mail) {
        Ok(config) => config,
        Err(error) => {
            report.bad("secret", format!("{error}."));
            return None;
        }
    };
    report.ok("secret", "The mail account's secret is read.");
    let tls = match tls::for_mail(mail) {
        Ok(tls) => tls,
        Err(error) => {
            report
                .bad("mail certificate", format!("{error}; without it the mail server cannot be believed."));
            return None;
        }
    };
    let wire = Wire::new(tls, checked.clock.clone());
    let login = jmap_config.login.clone();
    match Jmap::connect(jmap_config, wire.clone(), checked.clock.clone(), checked.random.clone()).await {
        Ok(jmap) => {
            report.ok("login", format!("{} lets us in as \"{}\".", mail.url, jmap.account_name()));
            mail_certificate(report, checked).await;
            clock(report, checked, &wire).await;
            Some(jmap)
        }
        Err(error) => {
            refused(report, checked, &login, &error);
            None
        }
    }
}

fn refused(report: &mut Report<'_>, checked: &Checked<'_>, login: &Login, error: &JmapError) {
    let url = &checked.config.mail.url;
    let file = checked.file.display();
    let secret = match login {
        Login::Basic { .. } => "`user` and `password`",
        Login::Bearer(_) => "`token`",
    };
    match error {
        JmapError::Wire(WireError::Tls { host, source }) => {
            report.bad("mail certificate", distrusted(host, source));
        }
        JmapError::Wire(WireError::Connect { host, source }) => report.bad(
            "mail server",
            format!(
                "There is no connection to {host}: {source}. Check that `url` in [mail] of {file} is right, that the \
                 server runs, and that no firewall is in between."
            ),
        ),
        JmapError::Wire(WireError::Timeout { host, .. }) => report.bad(
            "mail server",
            format!("{host} does not answer in time. Check `url` in [mail] of {file}, and the server itself."),
        ),
        JmapError::Http(HttpFault { status, .. }) if status.as_u16() == 401 => report.bad(
            "login",
            format!("{url} does not accept this login (401). Check {secret} in [mail] of {file}."),
        ),
        JmapError::Http(HttpFault { status, .. }) if status.as_u16() == 403 => report.bad(
            "login",
            format!("{url} knows this login but does not let it in (403). {}", scope(login)),
        ),
        JmapError::Http(HttpFault { status, .. }) if status.is_server_error() => report.bad(
            "mail server",
            format!("{url} is in trouble itself ({status}). Try again later, and look at its own log."),
        ),
        JmapError::Credentials(_) => report.bad(
            "login",
            format!("{url} lets this login in, but gives it no mail account. {}", scope(login)),
        ),
        JmapError::OtherServer { .. } | JmapError::Accounts { .. } => {
            report.bad("mail server", format!("{}.", capitalised(&error.to_string())));
        }
        JmapError::Session(what) => report.bad("mail server", format!("{}.", capitalised(what))),
        other => report.bad("mail server", format!("{}. Check `url` in [mail] of {file}.", capitalised(&other.whole()))),
    }
}

/// What a login lacks that is right and may do too little.
pub(super) fn scope(login: &Login) -> &'static str {
    match login {
        Login::Basic { .. } => {
            "Check `user` and `password` in [mail], and that the user has mail and may use JMAP."
        }
        Login::Bearer(_) => {
            "The token's scope leaves mail out: make one that may read and send mail over JMAP, and put it where \
             `token` in [mail] says."
        }
    }
}

pub(super) fn distrusted(host: &str, error: &std::io::Error) -> String {
    match Distrust::of(error) {
        Some(Distrust::Expired) => {
            format!(
                "The certificate of {host} has expired, so the password is not sent there. Renew it on the mail server."
            )
        }
        Some(Distrust::NotYetValid) => format!(
            "The certificate of {host} is not valid yet. Check this computer's clock, and the certificate on the mail server."
        ),
        Some(Distrust::OtherName) => format!(
            "The certificate of {host} is for other names. Use one of its names in `url` of [mail], or add {host} to it."
        ),
        Some(Distrust::UnknownIssuer) => format!(
            "The certificate of {host} is signed by nobody that this computer believes. If it is right, name its \
             authority's file in `ca` of [mail]."
        ),
        None => format!("There is no TLS with {host}: {error}. Check `url` in [mail], and the server's TLS."),
    }
}

/// What a server shows that was believed.
async fn mail_certificate(report: &mut Report<'_>, checked: &Checked<'_>) {
    let mail = &checked.config.mail;
    let (Some(host), Some(port), true) =
        (mail.url.host_str(), mail.url.port_or_known_default(), mail.url.scheme() == "https")
    else {
        report.ok("mail certificate", "None is needed: the mail server is on this computer.");
        return;
    };
    let shown = async {
        let config = tls::for_mail(mail).ok()?;
        let stream = TcpDial.dial(host, port, false).await.ok()?;
        Certificate::shown_by(&config, host, stream).await.ok()?
    };
    // The session is open already; that nothing more is learned of the certificate is no reason to wait.
    match tokio::time::timeout(PATIENCE, shown).await.ok().flatten() {
        Some(certificate) => {
            let until = certificate.not_after;
            let day = until.strftime("%Y-%m-%d");
            if until.duration_since(checked.clock.now()) < SOON {
                report.warn(
                    "mail certificate",
                    format!("It is good until {day} only; renew it on the mail server."),
                );
            } else {
                report.ok("mail certificate", format!("It is accepted, and good until {day}."));
            }
        }
        None => report.ok("mail certificate", "It is accepted."),
    }
}

/// Whether the server's clock and ours agree: times of mails and links depend on it.
async fn clock(report: &mut Report<'_>, checked: &Checked<'_>, wire: &Wire) {
    let Some(theirs) = server_time(checked, wire).await else {
        report.skip("clock", "The mail server does not say what time it has.");
        return;
    };
    let apart = checked.clock.now().duration_since(theirs);
    if apart.abs() > CLOCK {
        let which = if apart.is_positive() { "ahead of" } else { "behind" };
        report.warn(
            "clock",
            format!(
                "This computer's clock is {} minutes {which} the mail server's; let both follow a time server (NTP).",
                apart.abs().as_mins()
            ),
        );
    } else {
        report.ok("clock", "It agrees with the mail server's.");
    }
}

async fn server_time(checked: &Checked<'_>, wire: &Wire) -> Option<Timestamp> {
    let mut url = checked.config.mail.url.clone();
    if url.path() == "/" {
        url.set_path("/.well-known/jmap");
    }
    wire.send(Request::get(url)).await.ok()?.date()
}

/// A sentence begins with a capital letter, but for an address.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !text.starts_with("http") => first.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}
