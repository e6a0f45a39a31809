//! Serves a router on a listener: over rustls, or plain for this machine and for proxies.
//!
//! A connection is bounded before it costs anything: how many there are, how many are one peer's,
//! how long the handshake and the headers may take, how long nothing may come. At shutdown no new
//! ones are taken, those that are open finish what they answer, and after a while the rest is cut.
#![allow(clippy::disallowed_methods, reason = "bounds on real time, whatever the desk's clock says")]

mod busy;
mod peers;

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::config::Network;
use crate::tls::{ACME_TLS, ServerConfig, TlsAcceptor};
use busy::Busy;
use peers::{Guest, Peers};

/// How a listener speaks, and with whom.
#[derive(Clone)]
pub enum Speak {
    /// TLS with everybody.
    Tls(Arc<ServerConfig>),
    /// Plain HTTP, with this machine and these proxies alone: what others say could be read on its
    /// way.
    PlainBehind(Vec<Network>),
    /// Plain HTTP with everybody, for what anybody may know.
    PlainForAll,
}

impl Speak {
    /// Whether this peer may speak here at all.
    fn admits(&self, peer: IpAddr) -> bool {
        let Self::PlainBehind(proxies) = self else { return true };
        let peer = peer.to_canonical();
        peer.is_loopback() || proxies.iter().any(|network| network.contains(peer))
    }
}

/// Bounds on connections.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// How many are open at once; those that come later wait to be taken.
    pub connections: usize,
    /// How many of them one peer may hold, unless it is a proxy that speaks for many.
    pub of_one_peer: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a client may take to send its headers, from the first octet or before it.
    pub headers: Duration,
    /// How long a connection over HTTP/2 may go without a request.
    pub idle: Duration,
    /// How long open connections may go on at shutdown.
    pub farewell: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 2_000,
            // A team of fifty behind one address, each with an old browser's six, has more than enough.
            of_one_peer: 300,
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(15),
            idle: Duration::from_mins(3),
            farewell: Duration::from_secs(10),
        }
    }
}

/// Serves until `stop` turns true, then ends in order. `proxies` may hold as many connections as
/// there are.
pub async fn serve(
    listener: TcpListener,
    speak: Speak,
    proxies: Vec<Network>,
    router: Router,
    stop: watch::Receiver<bool>,
) {
    serve_within(listener, speak, proxies, router, stop, ServeLimits::default()).await;
}

/// As [`serve`], within other bounds.
pub(super) async fn serve_within(
    listener: TcpListener,
    speak: Speak,
    proxies: Vec<Network>,
    router: Router,
    mut stop: watch::Receiver<bool>,
    limits: ServeLimits,
) {
    // Closed when the last connection has ended.
    let (leave, leaving) = watch::channel(false);
    let house = Arc::new(House {
        acceptor: match &speak {
            Speak::Tls(config) => Some(TlsAcceptor::from(config.clone())),
            Speak::PlainBehind(_) | Speak::PlainForAll => None,
        },
        speak,
        proxies,
        router,
        peers: Peers::new(limits.of_one_peer),
        http1: builder(&limits).http1_only(),
        http2: builder(&limits).http2_only(),
        strangers: Mutex::default(),
        limits,
    });
    let slots = Arc::new(Semaphore::new(limits.connections));
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        if let Some((stream, peer, slot)) = accepted
            && let Some(guest) = house.let_in(peer.ip())
        {
            tokio::spawn(house.clone().host(stream, peer, (slot, guest), leaving.clone()));
        }
    }
    drop((listener, leaving));
    leave.send_replace(true);
    if timeout(limits.farewell, leave.closed()).await.is_err() {
        tracing::info!("connections that were still open have been cut");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, slot)),
        Err(error) => {
            // Out of file descriptors, or a client that left at once: waiting a little helps both.
            tracing::warn!(%error, "a connection could not be taken");
            sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

fn builder(limits: &ServeLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.headers).max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(32 * 1024)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(15));
    builder
}

/// What every connection of a listener shares.
struct House {
    router: Router,
    acceptor: Option<TlsAcceptor>,
    speak: Speak,
    proxies: Vec<Network>,
    peers: Peers,
    http1: auto::Builder<TokioExecutor>,
    http2: auto::Builder<TokioExecutor>,
    /// Who was turned away and told of in the log.
    strangers: Mutex<HashSet<IpAddr>>,
    limits: ServeLimits,
}

/// Of how many that are turned away the log tells.
const STRANGERS: usize = 16;

/// What somebody is told who should come by way of the proxy.
const TURNED_AWAY: &[u8] = b"HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\nconnection: close\r\n\
    content-length: 70\r\n\r\nThis port is for a proxy that speaks https. Use the desk's https URL.\n";

impl House {
    /// A place for this peer; none where it holds too many already.
    fn let_in(&self, peer: IpAddr) -> Option<Option<Guest>> {
        if self.proxies.iter().any(|network| network.contains(peer)) {
            return Some(None);
        }
        let guest = self.peers.enter(peer);
        if guest.is_none() {
            tracing::debug!(%peer, "a connection was refused: this peer holds too many");
        }
        guest.map(Some)
    }

    async fn host(
        self: Arc<Self>,
        mut stream: TcpStream,
        peer: SocketAddr,
        _place: (OwnedSemaphorePermit, Option<Guest>),
        leaving: watch::Receiver<bool>,
    ) {
        let _ = stream.set_nodelay(true);
        if self.is_stranger(peer.ip()) {
            let _ = timeout(self.limits.headers, turn_away(&mut stream)).await;
            return;
        }
        let Some(acceptor) = &self.acceptor else { return self.talk(stream, peer, false, leaving).await };
        match timeout(self.limits.handshake, acceptor.accept(stream)).await {
            Ok(Ok(mut stream)) => match stream.get_ref().1.alpn_protocol() {
                // The authority has seen what it came for (RFC 8737 §3).
                Some(ACME_TLS) => {
                    let _ = timeout(self.limits.handshake, stream.shutdown()).await;
                }
                protocol => {
                    let http2 = protocol == Some(b"h2");
                    self.talk(stream, peer, http2, leaving).await;
                }
            },
            Ok(Err(error)) => tracing::debug!(%peer, %error, "a handshake failed"),
            Err(_) => tracing::debug!(%peer, "a handshake took too long"),
        }
    }

    /// Whether this peer has no business here. The log tells once of each, so that a proxy that
    /// nobody named is found.
    fn is_stranger(&self, peer: IpAddr) -> bool {
        if self.speak.admits(peer) {
            return false;
        }
        let mut known = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < STRANGERS && known.insert(peer) {
            tracing::warn!(
                %peer,
                "a connection was refused: plain HTTP is for this machine and for proxies; if this is your \
                 proxy, name it in `trusted_proxies` of [web]"
            );
        }
        true
    }

    async fn talk<S>(&self, stream: S, peer: SocketAddr, http2: bool, mut leaving: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (router, busy) = (self.router.clone(), Busy::default());
        let in_use = busy.clone();
        let service = service_fn(move |mut request: http::Request<Incoming>| {
            let (router, in_hand) = (router.clone(), in_use.begin());
            request.extensions_mut().insert(ConnectInfo(peer));
            async move {
                let answer = router.oneshot(request.map(axum::body::Body::new)).await;
                drop(in_hand);
                answer
            }
        });
        let builder = if http2 { &self.http2 } else { &self.http1 };
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = asked_to_leave(&mut leaving, &busy, http2.then_some(self.limits.idle)) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "a connection ended");
        }
    }
}

/// Resolves when a connection should end in order: at shutdown, or when it was idle for so long.
/// Over HTTP/1 the time for the headers bounds that.
async fn asked_to_leave(leaving: &mut watch::Receiver<bool>, busy: &Busy, idle: Option<Duration>) {
    let idle = async {
        match idle {
            Some(idle) => busy.idle_for(idle).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = leaving.wait_for(|leave| *leave) => {}
        () = idle => {}
    }
}

async fn turn_away(stream: &mut TcpStream) -> std::io::Result<()> {
    // An answer before the question would be lost with it.
    let _ = stream.read(&mut [0; 4096]).await?;
    stream.write_all(TURNED_AWAY).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_and_its_proxies() {
        let behind = Speak::PlainBehind(vec![Network::parse("10.0.0.0/24").unwrap()]);
        let admits = |speak: &Speak, peer: &str| speak.admits(peer.parse().unwrap());
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.7", "::ffff:10.0.0.7"] {
            assert!(admits(&behind, peer), "{peer}");
        }
        for peer in ["10.0.1.7", "203.0.113.9", "2001:db8::1", "::ffff:10.0.1.7"] {
            assert!(!admits(&behind, peer) && admits(&Speak::PlainForAll, peer), "{peer}");
        }
    }
}
