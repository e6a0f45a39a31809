//! The tracker's front: where it listens, and how it is reached.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;

use super::{Checked, Daemon, Report};

/// Whether each listener can be had, or is the running daemon's. All are held until the last one is
/// tried, as the daemon holds them: two of ours may be in each other's way.
pub(super) async fn listeners(report: &mut Report<'_>, checked: &Checked<'_>) {
    let web = &checked.config.web;
    let listen = web.listen.iter().map(|address| (*address, "listen"));
    let redirect = web.redirect.iter().map(|address| (*address, "redirect"));
    let mut held: Vec<(SocketAddr, &str, TcpListener)> = Vec::new();
    for (address, setting) in listen.chain(redirect) {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                free(report, checked, address, setting);
                held.push((address, setting, listener));
            }
            Err(error) => {
                let before = held.iter().find(|(before, ..)| overlap(*before, address));
                match before.filter(|_| error.kind() == ErrorKind::AddrInUse) {
                    Some((before, theirs, _)) => twice(report, (*before, theirs), (address, setting)),
                    None => taken(report, checked, (address, setting), &error),
                }
            }
        }
    }
}

fn free(report: &mut Report<'_>, checked: &Checked<'_>, address: SocketAddr, setting: &str) {
    if checked.daemon == Daemon::Runs {
        report.warn(
            "listener",
            format!(
                "{address} is free although a daemon runs; restart it if `{setting}` in [web] was changed."
            ),
        );
    } else {
        report.ok("listener", format!("{address} is free."));
    }
}

/// Two of the configuration's own want the same.
fn twice(report: &mut Report<'_>, before: (SocketAddr, &str), after: (SocketAddr, &str)) {
    // The one that takes more stays. On most systems `[::]` takes IPv4 too.
    let narrow = |ip: IpAddr| (!ip.is_unspecified(), ip.is_ipv4());
    let ((wide, _), (other, setting)) =
        if narrow(after.0.ip()) < narrow(before.0.ip()) { (after, before) } else { (before, after) };
    let why = match (wide.ip(), other.ip()) {
        (one, two) if one == two => "it stands there twice",
        (IpAddr::V6(_), IpAddr::V4(_)) => "`[::]` takes IPv4 too",
        _ => "that one takes every address of this computer",
    };
    report.bad(
        "listener",
        format!(
            "{other} cannot be had beside {wide}: {why}. Remove {other} from `{setting}` in [web], or give it \
             another port."
        ),
    );
}

/// Whether who listens at one may keep another from listening at the other.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let all = |ip: IpAddr, of: IpAddr| ip.is_unspecified() && (ip.is_ipv6() || of.is_ipv4());
    let (ip, other_ip) = (one.ip(), other.ip());
    one.port() == other.port() && (ip == other_ip || all(ip, other_ip) || all(other_ip, ip))
}

fn taken(
    report: &mut Report<'_>,
    checked: &Checked<'_>,
    (address, setting): (SocketAddr, &str),
    error: &std::io::Error,
) {
    match (error.kind(), checked.daemon) {
        (ErrorKind::AddrInUse, Daemon::Runs) => {
            report.ok("listener", format!("{address} is in use, and the daemon runs."));
        }
        (ErrorKind::AddrInUse, Daemon::Unknown) => report.warn(
            "listener",
            format!(
                "{address} is in use, perhaps by a daemon of this desk, which could not be asked. If it is another \
                 program, stop that one, or change `{setting}` in [web]."
            ),
        ),
        (ErrorKind::AddrInUse, Daemon::None) => report.bad(
            "listener",
            format!("{address} is in use by another program. Stop that one, or change `{setting}` in [web]."),
        ),
        (ErrorKind::PermissionDenied, _) => report.warn(
            "listener",
            format!(
                "{address} may not be taken by this user ({error}). The service may; by hand, use a port above 1023 \
                 in `{setting}` of [web]."
            ),
        ),
        _ => report.bad(
            "listener",
            format!("{address} cannot be listened on: {error}. Check `{setting}` in [web]."),
        ),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_listeners_that_overlap_the_one_that_takes_more_stays() {
        let said = |before: &str, after: &str| {
            let (before, after): (SocketAddr, SocketAddr) = (before.parse().unwrap(), after.parse().unwrap());
            overlap(before, after).then(|| {
                let mut report = Report::new(|_| {});
                twice(&mut report, (before, "listen"), (after, "redirect"));
                report.findings()[0].text.clone()
            })
        };
        for (before, after, removed, why) in [
            ("0.0.0.0:80", "[::]:80", "0.0.0.0:80 from `listen`", "`[::]` takes IPv4 too"),
            ("[::]:80", "0.0.0.0:80", "0.0.0.0:80 from `redirect`", "`[::]` takes IPv4 too"),
            ("[::]:80", "[::1]:80", "[::1]:80 from `redirect`", "every address"),
            ("127.0.0.1:80", "0.0.0.0:80", "127.0.0.1:80 from `listen`", "every address"),
            ("127.0.0.1:80", "127.0.0.1:80", "127.0.0.1:80 from `redirect`", "twice"),
        ] {
            let text = said(before, after).unwrap();
            assert!(text.contains(&format!("Remove {removed}")) && text.contains(why), "{text}");
        }
        for (before, after) in
            [("0.0.0.0:80", "[::]:81"), ("0.0.0.0:80", "[::1]:80"), ("127.0.0.1:80", "127.0.0.2:80")]
        {
            assert_eq!(said(before, after), None);
        }
    }
}
