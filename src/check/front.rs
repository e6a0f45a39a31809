//! The tracker's front: where it listens, how it is reached, its certificate.

use jiff::SignedDuration;
use tokio::net::TcpListener;

use super::{Checked, Report};
use crate::config::TlsSource;
use crate::tls::{self, Certificate};

/// How long before its end a certificate is worth a word.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);

/// Whether each listener can be had, or is the running daemon's.
pub(super) async fn listeners(report: &mut Report<'_>, checked: &Checked<'_>) {
    for address in &checked.config.web.listen {
        match TcpListener::bind(address).await {
            Ok(_) if checked.daemon => report.warn(
                "listener",
                format!("{address} is free although a daemon runs; restart it if `listen` in [web] was changed."),
            ),
            Ok(_) => report.ok("listener", format!("{address} is free.")),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && checked.daemon => {
                report.ok("listener", format!("{address} is in use, and the daemon runs."));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => report.bad(
                "listener",
                format!("{address} is in use by another program. Stop that one, or change `listen` in [web]."),
            ),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => report.warn(
                "listener",
                format!(
                    "{address} may not be taken by this user ({error}). The service may; by hand, use a port above 1023 \
                     in `listen` of [web]."
                ),
            ),
            Err(error) => report.bad(
                "listener",
                format!("{address} cannot be listened on: {error}. Check `listen` in [web]."),
            ),
        }
    }
}

/// Whether links lead here.
pub(super) async fn public_url(report: &mut Report<'_>, checked: &Checked<'_>) {
    let url = &checked.config.public_url;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    if tokio::net::lookup_host((host.as_str(), port)).await.is_err() {
        report.warn(
            "public url",
            format!("The name {host} leads to no address from here; links in letters may not work. Check `public_url` and the DNS."),
        );
        return;
    }
    let behind_proxy = !checked.config.web.trusted_proxies.is_empty();
    if url.scheme() == "https" && checked.config.tls.is_none() && !behind_proxy {
        report.warn(
            "public url",
            format!(
                "{url} is https, and the tracker itself speaks plain HTTP: a proxy has to be in front. Name it in \
                 `trusted_proxies` of [web], or add [tls]."
            ),
        );
    } else {
        report.ok("public url", format!("Links begin with {url}."));
    }
}

/// The tracker's certificate.
pub(super) fn certificate(report: &mut Report<'_>, checked: &Checked<'_>) {
    let config = checked.config;
    let host = config.public_url.host_str().unwrap_or("localhost");
    let (certificate, source) = match &config.tls {
        None => return report.ok("certificate", "The tracker speaks plain HTTP and shows none."),
        Some(TlsSource::Generated) => {
            return report.warn(
                "certificate",
                "Postdesk makes one itself, and browsers will warn of it. For other people, name one in [tls].",
            );
        }
        Some(source @ TlsSource::Files { certificate, .. }) => (certificate, source),
    };
    let now = checked.clock.now();
    // Files are only read by this; what would be written is a generated one.
    let usable = tls::server_config(source, &config.data.join("tls"), host, now);
    let read = usable.and_then(|_| Certificate::of_file(certificate));
    let (shown, found) = match read {
        Ok(found) => (certificate.display(), found),
        Err(error) => {
            return report.bad("certificate", format!("{error}. Check `certificate` and `key` in [tls]."));
        }
    };
    let day = found.not_after.strftime("%Y-%m-%d").to_string();
    if found.not_after < now {
        report.bad("certificate", format!("{shown} expired on {day}, and browsers refuse it. Renew it."));
    } else if !found.covers(host) {
        report.bad(
            "certificate",
            format!(
                "{shown} is for {}, not for {host}, and browsers refuse it. Get one for {host}, or change `public_url`.",
                found.names.join(", ")
            ),
        );
    } else if found.not_after.duration_since(now) < SOON {
        report.warn(
            "certificate",
            format!("{shown} is good until {day} only. Renew it, then restart Postdesk."),
        );
    } else {
        report.ok("certificate", format!("{shown} is for {host}, and good until {day}."));
    }
}
