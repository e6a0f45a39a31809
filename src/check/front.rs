//! The tracker's front: where it listens, and how it is reached.

use tokio::net::TcpListener;

use super::{Checked, Report};

/// Whether each listener can be had, or is the running daemon's.
pub(super) async fn listeners(report: &mut Report<'_>, checked: &Checked<'_>) {
    let web = &checked.config.web;
    let listen = web.listen.iter().map(|address| (address, "listen"));
    for (address, setting) in listen.chain(web.redirect.iter().map(|address| (address, "redirect"))) {
        match TcpListener::bind(address).await {
            Ok(_) if checked.daemon => report.warn(
                "listener",
                format!("{address} is free although a daemon runs; restart it if `{setting}` in [web] was changed."),
            ),
            Ok(_) => report.ok("listener", format!("{address} is free.")),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && checked.daemon => {
                report.ok("listener", format!("{address} is in use, and the daemon runs."));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => report.bad(
                "listener",
                format!("{address} is in use by another program. Stop that one, or change `{setting}` in [web]."),
            ),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => report.warn(
                "listener",
                format!(
                    "{address} may not be taken by this user ({error}). The service may; by hand, use a port above 1023 \
                     in `{setting}` of [web]."
                ),
            ),
            Err(error) => report.bad(
                "listener",
                format!("{address} cannot be listened on: {error}. Check `{setting}` in [web]."),
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
