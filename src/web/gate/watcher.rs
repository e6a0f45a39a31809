//! Who may read `/metrics`: whoever has the token; or, where none is set, this machine.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// Who may read what is measured.
#[derive(Clone, Debug)]
pub enum Watchers {
    /// Whoever sends this bearer token (RFC 6750 §2.1).
    Token(SecretString),
    /// This machine alone.
    Local,
    Nobody,
}

/// What a request for `/metrics` gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Admission {
    Welcome,
    /// The token is missing or wrong.
    Unknown,
    /// As if there were nothing here.
    Hidden,
}

impl Watchers {
    pub(in crate::web) fn admit(&self, request: &Request) -> Admission {
        let headers = request.headers();
        match self {
            Self::Token(token) if sent_token(headers).is_some_and(|sent| same(sent, token)) => {
                Admission::Welcome
            }
            Self::Token(_) => Admission::Unknown,
            Self::Local if is_made_here(request) => Admission::Welcome,
            Self::Local | Self::Nobody => Admission::Hidden,
        }
    }
}

fn sent_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Compares hashes, so that neither contents nor length show in the time that it takes.
fn same(sent: &str, token: &SecretString) -> bool {
    let of = |text: &str| *blake3::hash(text.as_bytes()).as_bytes();
    of(sent).ct_eq(&of(token.expose_secret())).into()
}

/// From loopback, to a name of loopback, and passed on by nobody.
fn is_made_here(request: &Request) -> bool {
    let (headers, extensions) = (request.headers(), request.extensions());
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let passed_on =
        ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];
    peer.is_some_and(|peer| peer.is_loopback())
        && !passed_on.into_iter().any(|name| headers.contains_key(name))
        && host(request).is_some_and(is_loopback)
}

/// HTTP/2 has the name in its address in place of the header (RFC 9113 §8.3.1).
fn host(request: &Request) -> Option<&str> {
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    header.or(request.uri().authority().map(|authority| authority.as_str()))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(watchers: &Watchers, peer: &str, headers: &[(&'static str, &str)]) -> Admission {
        let mut request =
            headers.iter().fold(Request::builder(), |all, (name, value)| all.header(*name, *value));
        request = request.extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4000)));
        watchers.admit(&request.body(axum::body::Body::empty()).unwrap())
    }

    #[test]
    fn a_token_lets_in_and_nothing_like_it_does() {
        let token = Watchers::Token("a long random word".into());
        let sent = |value: &str| admit(&token, "203.0.113.9", &[("authorization", value)]);
        assert_eq!(sent("Bearer a long random word"), Admission::Welcome);
        assert_eq!(sent("bearer a long random word"), Admission::Welcome);
        for wrong in
            ["Bearer a long random", "Bearer a long random wordy", "Basic a long random word", "Bearer"]
        {
            assert_eq!(sent(wrong), Admission::Unknown, "{wrong}");
        }
        assert_eq!(
            admit(&token, "127.0.0.1", &[("host", "localhost")]),
            Admission::Unknown,
            "nor this machine"
        );
    }

    #[test]
    fn without_a_token_this_machine_alone_is_let_in() {
        for (peer, host) in
            [("127.0.0.1", "localhost:8080"), ("::1", "[::1]:8080"), ("::ffff:127.0.0.1", "127.0.0.1")]
        {
            assert_eq!(admit(&Watchers::Local, peer, &[("host", host)]), Admission::Welcome, "{peer}");
            assert_eq!(admit(&Watchers::Nobody, peer, &[("host", host)]), Admission::Hidden, "{peer}");
            let proxied = [("host", host), ("x-forwarded-for", "203.0.113.9")];
            assert_eq!(admit(&Watchers::Local, peer, &proxied), Admission::Hidden, "{peer}");
        }
        assert_eq!(admit(&Watchers::Local, "127.0.0.1", &[("host", "desk.example")]), Admission::Hidden);
        assert_eq!(admit(&Watchers::Local, "192.0.2.7", &[("host", "localhost")]), Admission::Hidden);
    }
}
