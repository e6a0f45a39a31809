//! The tracker's certificate: what is there, what the daemon shows, and whether an authority can be
//! asked.

use std::path::Path;

use super::{Checked, Report};
use crate::acme::Acme;
use crate::config::{self, TlsSource};
use crate::tls::{self, CertificateHealth, CertificateStanding, Challenges, Origin, Pair};
use crate::wire::Wire;

const THING: &str = "certificate";

pub(super) async fn certificate(report: &mut Report<'_>, checked: &Checked<'_>) {
    match &checked.config.tls {
        None => report.ok(THING, "The tracker speaks plain HTTP and shows none."),
        Some(TlsSource::Generated) => report.warn(
            THING,
            "Postdesk makes one itself, and browsers will warn of it. For other people, use [tls.acme] or name one \
             in [tls].",
        ),
        Some(TlsSource::Files { certificate, key }) => match Pair::of_files(certificate, key) {
            Ok(pair) => {
                of_file(report, checked, certificate, &pair);
                by_the_daemon(report, checked);
            }
            Err(error) => report.bad(THING, format!("{error}. Check `certificate` and `key` in [tls].")),
        },
        Some(TlsSource::Acme(settings)) => from_authority(report, checked, settings).await,
    }
}

fn host<'a>(checked: &'a Checked<'_>) -> &'a str {
    checked.config.public_url.host_str().unwrap_or("localhost")
}

/// A certificate of the operator's own.
fn of_file(report: &mut Report<'_>, checked: &Checked<'_>, path: &Path, pair: &Pair) {
    let (host, now, says, file) = (host(checked), checked.clock.now(), pair.says(), path.display());
    let day = says.not_after.strftime("%Y-%m-%d").to_string();
    let origin = Origin::File(file.to_string());
    if says.not_after <= now {
        report.bad(THING, format!("{file} expired on {day}, and browsers refuse it. Renew it."));
    } else if !says.covers(host) {
        report.bad(
            THING,
            format!(
                "{file} is for {}, not for {host}, and browsers refuse it. Get one for {host}, or change `public_url`.",
                says.names.join(", ")
            ),
        );
    } else if CertificateStanding::of(origin, pair, host).health(now) == CertificateHealth::Warn {
        report.warn(THING, format!("{file} is good until {day} only. Renew it."));
    } else {
        report.ok(THING, format!("{file} is for {host}, and good until {day}."));
    }
}

/// A certificate from an authority, or what is shown until it has given one.
fn shown(report: &mut Report<'_>, checked: &Checked<'_>, stands: &CertificateStanding) {
    let now = checked.clock.now();
    let line = stands.line(now);
    match stands.health(now) {
        CertificateHealth::Good => report.ok(THING, format!("{line}.")),
        CertificateHealth::Warn => {
            report.warn(THING, format!("{line}. Once nothing stands in its way, it comes by itself."));
        }
        CertificateHealth::Refused => report.bad(
            THING,
            format!(
                "{line}; browsers refuse it. Mend what keeps it from being renewed; it comes by itself then."
            ),
        ),
    }
}

/// What the running daemon has to say of its files.
fn by_the_daemon(report: &mut Report<'_>, checked: &Checked<'_>) {
    let survey = checked.survey.as_ref().and_then(|survey| survey.certificate.as_ref());
    if let Some(trouble) = survey.and_then(|stands| stands.trouble.as_ref()) {
        report.warn(THING, format!("The daemon does not use the newest files: {}.", trouble.why));
    }
}

async fn from_authority(report: &mut Report<'_>, checked: &Checked<'_>, settings: &config::Acme) {
    let trust = match tls::client_config(settings.ca.as_deref()) {
        Ok(trust) => trust,
        Err(error) => return report.bad("authority", format!("{error}. Check `ca` in [tls.acme].")),
    };
    let wire = Wire::new(trust, checked.clock.clone());
    let folder = checked.config.data.join("tls");
    let acme = Acme::new(
        settings.clone(),
        host(checked),
        &folder,
        Challenges::default(),
        wire,
        checked.clock.clone(),
    );
    reachable(report, checked, settings, &acme).await;
    if let Some(stands) = checked.survey.as_ref().and_then(|survey| survey.certificate.as_ref()) {
        return shown(report, checked, stands);
    }
    match acme.kept().pair() {
        Ok(Some(pair)) => {
            let origin = Origin::Authority(acme.authority().to_owned());
            shown(report, checked, &CertificateStanding::of(origin, &pair, host(checked)));
        }
        Ok(None) => report
            .ok(THING, format!("There is none yet; {} is asked for one at the start.", acme.authority())),
        Err(error) => report.warn(THING, format!("{error}. Another one is ordered at the start.")),
    }
}

/// Whether the authority answers, and could reach us.
async fn reachable(report: &mut Report<'_>, checked: &Checked<'_>, settings: &config::Acme, acme: &Acme) {
    match acme.directory().await {
        Ok(directory) if directory.wants_external_account() && settings.external_account.is_none() => {
            return report.bad(
                "authority",
                format!(
                    "{} gives certificates to accounts that exist already. Set `external_account` in [tls.acme] to what \
                     it gave you.",
                    acme.authority()
                ),
            );
        }
        Ok(_) => {}
        Err(error) => {
            return report
                .warn("authority", format!("{error}. Check `directory` in [tls.acme], or the network."));
        }
    }
    if let Some(external) = &settings.external_account
        && let Err(error) = external.key.read("tls.acme.external_account.key")
    {
        return report.bad("authority", format!("{error}."));
    }
    let (name, port) = (settings.challenge.name(), settings.challenge.port());
    let web = &checked.config.web;
    let ours = match settings.challenge {
        config::Challenge::TlsAlpn01 => &web.listen,
        config::Challenge::Http01 => &web.redirect,
    };
    if ours.iter().any(|address| address.port() == port && !address.ip().is_loopback()) {
        report.ok("authority", format!("{} answers, and comes to port {port} for {name}.", acme.authority()));
    } else {
        report.warn(
            "authority",
            format!(
                "{} answers, and comes to port {port} of {} for {name}; nothing here listens there for others. Let \
                 something lead that port here.",
                acme.authority(),
                host(checked)
            ),
        );
    }
}
