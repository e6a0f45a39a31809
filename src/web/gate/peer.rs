//! Who asks: the other end of the connection, or whom a proxy that we trust says it speaks for
//! (`X-Forwarded-For`, and `Forwarded` of RFC 7239).

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::header::FORWARDED;
use http::request::Parts;
use http::{Extensions, HeaderMap};

use crate::config::Network;
use crate::web::{Settings, Web};

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct Peer(pub(in crate::web) IpAddr);

impl FromRequestParts<Web> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self(peer(web.settings(), &parts.extensions, &parts.headers)))
    }
}

/// The connection's other end; or, where that is a trusted proxy, the last one in its list that is
/// none. What stands before that one may be invented by whoever asks.
pub(super) fn peer(settings: &Settings, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let peer = peer.unwrap_or(IpAddr::from([0, 0, 0, 0]));
    let trusted = &settings.trusted_proxies;
    if !is_trusted(trusted, peer) {
        return peer;
    }
    let plain = behind(trusted, peer, entries(headers, "x-forwarded-for", ',').map(|entry| address(&entry)));
    let standard = behind(trusted, peer, entries(headers, FORWARDED.as_str(), ',').map(|entry| node(&entry)));
    match (plain, standard) {
        // A proxy that writes one of them passes the other on, and anybody may have written that.
        (Some(plain), Some(standard)) if plain != standard => peer,
        (plain, standard) => plain.or(standard).unwrap_or(peer),
    }
}

fn is_trusted(trusted: &[Network], address: IpAddr) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

/// Walks a list from its end, past proxies that we trust. `None` where there is no list; an entry
/// that names nobody ends the walk.
fn behind(trusted: &[Network], peer: IpAddr, list: impl Iterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
    let mut seen = None;
    for entry in list {
        let Some(address) = entry else { return Some(seen.unwrap_or(peer)) };
        seen = Some(address);
        if !is_trusted(trusted, address) {
            break;
        }
    }
    seen
}

/// The entries of a header, the last one first; several lines are one list (RFC 9110 §5.3).
fn entries<'a>(headers: &'a HeaderMap, name: &str, separator: char) -> impl Iterator<Item = String> + 'a {
    let lines: Vec<&str> =
        headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect();
    let entries: Vec<String> =
        lines.iter().flat_map(|line| line.split(separator)).map(|entry| entry.trim().to_owned()).collect();
    entries.into_iter().rev().filter(|entry| !entry.is_empty())
}

/// The `for` of one element: `for=192.0.2.60`, `For="[2001:db8::1]:4711"` (RFC 7239 §4, §6).
fn node(element: &str) -> Option<IpAddr> {
    let value = element.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        key.eq_ignore_ascii_case("for").then_some(value)
    })?;
    address(value.trim().trim_matches('"'))
}

/// An address, with or without brackets and a port.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    plain.or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(trusted: &[&str], headers: &[(&'static str, &str)]) -> String {
        let settings = Settings {
            public_url: "https://desk.example.com/".parse().unwrap(),
            trusted_proxies: trusted.iter().map(|ip| Network::parse(ip).unwrap()).collect(),
            watchers: crate::web::Watchers::Nobody,
            version: "0",
            demo: None,
        };
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4000))));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        peer(&settings, &extensions, &map).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_may_name_whom_it_saw() {
        let list = [("x-forwarded-for", "203.0.113.9, 198.51.100.7")];
        assert_eq!(who(&[], &list), "10.0.0.1");
        assert_eq!(who(&["10.0.0.1"], &list), "198.51.100.7");
        assert_eq!(who(&["10.0.0.1"], &[]), "10.0.0.1");
        let standard = [("forwarded", "for=203.0.113.9, For=\"[2001:db8::7]:4711\";proto=https")];
        assert_eq!(who(&[], &standard), "10.0.0.1");
        assert_eq!(who(&["10.0.0.1"], &standard), "2001:db8::7");
    }

    #[test]
    fn a_chain_of_trusted_proxies_is_followed_to_the_first_stranger() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(who(&trusted, &[("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.0.0.2")]), "203.0.113.9");
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "10.0.0.2:80, 10.0.0.3")];
        assert_eq!(who(&trusted, &lines), "203.0.113.9");
        assert_eq!(who(&trusted, &[("x-forwarded-for", "203.0.113.9, nonsense, 10.0.0.2")]), "10.0.0.2");
        assert_eq!(who(&trusted, &[("forwarded", "for=203.0.113.9, for=unknown")]), "10.0.0.1");
    }

    #[test]
    fn two_lists_that_disagree_are_both_left_alone() {
        let trusted = ["10.0.0.1"];
        let both = |standard| [("x-forwarded-for", "203.0.113.9"), ("forwarded", standard)];
        assert_eq!(who(&trusted, &both("for=203.0.113.9")), "203.0.113.9");
        assert_eq!(who(&trusted, &both("for=198.51.100.1")), "10.0.0.1");
    }
}
