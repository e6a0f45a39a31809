//! How much one peer may ask, and how long an answer may take.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::request::Parts;
use http::{Extensions, HeaderMap, Method};

use crate::desk::network;
use crate::web::answer::Fault;
use crate::web::{Settings, Web};

/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many peers are remembered before those that were idle are forgotten.
const PEERS: usize = 20_000;

/// Per peer: pages, and things that change something.
pub(in crate::web) struct Limits {
    pages: DefaultKeyedRateLimiter<IpAddr>,
    actions: DefaultKeyedRateLimiter<IpAddr>,
}

impl Default for Limits {
    fn default() -> Self {
        // A team behind one address, each opening tickets as fast as people do, stays far below.
        let quota = |each: u32, burst: u32| {
            let each = NonZeroU32::new(each).unwrap_or(NonZeroU32::MIN);
            Quota::per_second(each).allow_burst(NonZeroU32::new(burst).unwrap_or(each))
        };
        Self { pages: RateLimiter::keyed(quota(50, 400)), actions: RateLimiter::keyed(quota(5, 120)) }
    }
}

impl Limits {
    fn admits(&self, method: &Method, peer: IpAddr) -> bool {
        let limiter =
            if *method == Method::GET || *method == Method::HEAD { &self.pages } else { &self.actions };
        if limiter.len() > PEERS {
            limiter.retain_recent();
        }
        limiter.check_key(&network(peer)).is_ok()
    }
}

pub(in crate::web) async fn at_a_rate(State(web): State<Web>, request: Request, next: Next) -> Response {
    let peer = peer(web.settings(), request.extensions(), request.headers());
    if web.0.limits.admits(request.method(), peer) {
        return next.run(request).await;
    }
    Fault::Rate.into_response()
}

#[allow(clippy::disallowed_methods, reason = "a bound on real time, whatever the desk's clock says")]
pub(in crate::web) async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Fault::Slow.into_response(),
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct Peer(pub(in crate::web) IpAddr);

impl FromRequestParts<Web> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self(peer(web.settings(), &parts.extensions, &parts.headers)))
    }
}

/// The connection's other end; or whom a trusted proxy names last, which is whom it saw itself.
fn peer(settings: &Settings, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let peer = peer.unwrap_or(IpAddr::from([0, 0, 0, 0]));
    if !settings.trusted_proxies.iter().any(|network| network.contains(peer)) {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let last = forwarded.and_then(|line| line.to_str().ok()).and_then(|line| line.rsplit(',').next());
    last.and_then(|address| address.trim().parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_is_one_peer() {
        let limits = Limits::default();
        let of = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        let admitted = (0..1_000).filter(|last| limits.admits(&Method::POST, of(*last))).count();
        assert!((120..200).contains(&admitted), "{admitted}");
        assert!(limits.admits(&Method::POST, IpAddr::from([192, 0, 2, 1])));
    }

    #[test]
    fn only_a_trusted_proxy_may_name_whom_it_saw() {
        let settings = |trusted: &[&str]| Settings {
            public_url: "https://desk.example.com/".parse().unwrap(),
            trusted_proxies: trusted.iter().map(|ip| crate::config::Network::parse(ip).unwrap()).collect(),
            watchers: crate::web::Watchers::Nobody,
            version: "0",
            demo: None,
        };
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4000))));
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.9, 198.51.100.7".parse().unwrap());
        assert_eq!(peer(&settings(&[]), &extensions, &headers).to_string(), "10.0.0.1");
        assert_eq!(peer(&settings(&["10.0.0.1"]), &extensions, &headers).to_string(), "198.51.100.7");
        assert_eq!(peer(&settings(&["10.0.0.1"]), &extensions, &HeaderMap::new()).to_string(), "10.0.0.1");
    }
}
