//! How much one peer may ask, and how long an answer may take.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::Method;

use super::peer::peer;
use crate::desk::network;
use crate::web::Web;
use crate::web::answer::Fault;

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
}
