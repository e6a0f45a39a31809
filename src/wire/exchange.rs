//! One exchange: find or open a connection, send, read, follow.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, HOST, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming as HyperBody;
use url::{Origin, Url};

use super::error::{Step, WireError};
use super::pool::Connection;
use super::request::{Limits, Request, Response, media_type};
use super::{BoxStream, Wire};
use crate::clock::Clock;
use crate::tls;

/// Redirects that are followed one after the other.
const REDIRECTS: usize = 5;
/// How long a waiting connection may have waited for a request that can be repeated.
const FRESH: Duration = Duration::from_secs(20);
/// The same for a request that must not be sent twice: servers close connections after seconds.
const FRESH_ONCE: Duration = Duration::from_secs(1);

/// Counts down one exchange: a step's own time, and the time of the whole.
struct Patience {
    clock: Clock,
    total: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Patience {
    fn new(clock: &Clock, total: Duration) -> Self {
        let clock = clock.clone();
        let sleeper = clock.clone();
        Self { clock, total: Box::pin(async move { sleeper.sleep(total).await }) }
    }

    /// What `work` gives; `None` where the time ran out before.
    async fn wait<T>(&mut self, step: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = &mut self.total => None,
            () = self.clock.sleep(step) => None,
        }
    }
}

/// A response whose body is still to be read.
pub struct Incoming {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Where it came from in the end.
    pub url: Url,
    body: HyperBody,
    host: String,
    origin: Origin,
    connection: Option<Connection>,
    patience: Patience,
    wire: Wire,
}

impl Incoming {
    /// The media type without its parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        media_type(&self.headers)
    }

    /// The next piece of the body; `None` at its end, after which the connection serves others.
    ///
    /// # Errors
    /// Where nothing came for `silence`, or the connection broke.
    pub async fn chunk(&mut self, silence: Duration) -> Result<Option<Bytes>, WireError> {
        loop {
            let frame = self.patience.wait(silence, self.body.frame()).await;
            match frame {
                None => {
                    self.connection = None;
                    return Err(WireError::Timeout {
                        host: self.host.clone(),
                        step: Step::Body,
                        written: true,
                    });
                }
                Some(None) => {
                    self.give_back().await;
                    return Ok(None);
                }
                Some(Some(Err(source))) => {
                    self.connection = None;
                    return Err(WireError::Lost { host: self.host.clone(), written: true, source });
                }
                Some(Some(Ok(frame))) => {
                    // Trailers are of no use to us.
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads the body to its end.
    ///
    /// # Errors
    /// As [`Self::chunk`], and where the body is larger than `cap`.
    pub async fn collect(mut self, limits: Limits) -> Result<Response, WireError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk(limits.read).await? {
            if body.len().saturating_add(chunk.len()) > limits.cap {
                return Err(WireError::TooLarge { host: self.host, cap: limits.cap });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status: self.status, headers: self.headers, body: body.freeze(), url: self.url })
    }

    async fn give_back(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            let ready = self.patience.wait(Duration::from_millis(200), connection.sender.ready()).await;
            if let Some(Ok(())) = ready {
                let now = self.wire.0.clock.now();
                self.wire.0.pool.put(self.origin.clone(), connection, now);
            }
        }
    }
}

impl Wire {
    /// Sends a request and reads the whole response. Any status is a response.
    ///
    /// # Errors
    /// Where there is no whole response; [`WireError::nothing_written`] says whether the server
    /// can have seen any of the request.
    pub async fn send(&self, request: Request) -> Result<Response, WireError> {
        let limits = request.limits;
        self.open(request).await?.collect(limits).await
    }

    /// Sends a request and gives the response as it comes in. `limits.total` bounds the whole of
    /// it, and `limits.read` the wait for its head.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn open(&self, mut request: Request) -> Result<Incoming, WireError> {
        for _ in 0..=REDIRECTS {
            let incoming = self.once(&request).await?;
            let Some(to) = redirect(&request, &incoming)? else { return Ok(incoming) };
            request.url = to;
        }
        Err(WireError::Circle { from: request.url })
    }

    async fn once(&self, request: &Request) -> Result<Incoming, WireError> {
        let target = Target::of(&request.url)?;
        let mut patience = Patience::new(&self.0.clock, request.limits.total);
        let fresh = if request.repeatable { FRESH } else { FRESH_ONCE };
        if let Some(connection) = self.0.pool.take(&target.origin, self.0.clock.now(), fresh) {
            match self.over(connection, request, &target, &mut patience).await {
                Ok(answer) => return Ok(self.incoming(answer, request, target, patience)),
                // The server may have closed the waiting connection just now.
                Err(error @ WireError::Lost { .. }) if request.repeatable || error.nothing_written() => {}
                Err(error) => return Err(error),
            }
        }
        let connection = self.connect(request, &target, &mut patience).await?;
        let answer = self.over(connection, request, &target, &mut patience).await?;
        Ok(self.incoming(answer, request, target, patience))
    }

    async fn connect(
        &self,
        request: &Request,
        target: &Target,
        patience: &mut Patience,
    ) -> Result<Connection, WireError> {
        let host = target.host.clone();
        let opening = async {
            let stream = self
                .0
                .dial
                .dial(&target.host, target.port, !target.secure)
                .await
                .map_err(|source| WireError::Connect { host: host.clone(), source })?;
            let stream: BoxStream = if target.secure {
                let tls = tls::connect(&self.0.tls, &target.host, stream).await;
                Box::new(tls.map_err(|source| WireError::Tls { host: host.clone(), source })?)
            } else {
                stream
            };
            Connection::open(stream, self.0.clock.now()).await.map_err(|source| WireError::Lost {
                host: host.clone(),
                written: false,
                source,
            })
        };
        patience.wait(request.limits.connect, opening).await.unwrap_or(Err(WireError::Timeout {
            host: target.host.clone(),
            step: Step::Connect,
            written: false,
        }))
    }

    /// Sends over this connection. Where it fails, the connection is ended before the octets that
    /// it wrote are counted.
    async fn over(
        &self,
        mut connection: Connection,
        request: &Request,
        target: &Target,
        patience: &mut Patience,
    ) -> Result<(http::Response<HyperBody>, Connection), WireError> {
        let before = connection.written();
        let message = message(request, target)?;
        let answer = patience.wait(request.limits.read, connection.sender.send_request(message)).await;
        let host = target.host.clone();
        match answer {
            Some(Ok(response)) => Ok((response, connection)),
            Some(Err(source)) => {
                let written = connection.end().await != before;
                Err(WireError::Lost { host, written, source })
            }
            None => {
                let written = connection.end().await != before;
                Err(WireError::Timeout { host, step: Step::Answer, written })
            }
        }
    }

    fn incoming(
        &self,
        (response, connection): (http::Response<HyperBody>, Connection),
        request: &Request,
        target: Target,
        patience: Patience,
    ) -> Incoming {
        let (head, body) = response.into_parts();
        Incoming {
            status: head.status,
            headers: head.headers,
            url: request.url.clone(),
            body,
            host: target.host,
            origin: target.origin,
            connection: Some(connection),
            patience,
            wire: self.clone(),
        }
    }
}

/// Where a URL leads.
struct Target {
    host: String,
    port: u16,
    secure: bool,
    origin: Origin,
}

impl Target {
    fn of(url: &Url) -> Result<Self, WireError> {
        let host = url.host_str().ok_or_else(|| WireError::NoHost { url: url.clone() })?.to_owned();
        let secure = url.scheme() == "https";
        let plain = url.scheme() == "http" && is_loopback(url);
        if !(secure || plain) {
            return Err(WireError::Insecure { url: url.clone() });
        }
        let port = url.port_or_known_default().unwrap_or(443);
        Ok(Self { host, port, secure, origin: url.origin() })
    }
}

/// Whether a URL names this machine: `localhost`, or an address of the loopback network.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn message(request: &Request, target: &Target) -> Result<http::Request<Full<Bytes>>, WireError> {
    let url = &request.url;
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let authority = url.port().map_or_else(|| target.host.clone(), |port| format!("{}:{port}", target.host));
    let mut message = http::Request::builder()
        .method(request.method.clone())
        .uri(path)
        .header(HOST, authority)
        .header(USER_AGENT, concat!("Postdesk/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(request.body.clone()))?;
    message.headers_mut().extend(request.headers.clone());
    if let Some(header) = request.credentials.as_ref().and_then(|credentials| credentials.for_url(url)) {
        message.headers_mut().insert(AUTHORIZATION, header.clone());
    }
    Ok(message)
}

/// Where a redirect leads, if the response is one that may be followed: for GET, and within the
/// origin. A redirected POST is left to whoever sent it, who sees the status.
fn redirect(request: &Request, incoming: &Incoming) -> Result<Option<Url>, WireError> {
    let follows = matches!(incoming.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    if !follows || request.method != Method::GET {
        return Ok(None);
    }
    let Some(location) = incoming.headers.get(LOCATION).map(HeaderValue::as_bytes) else { return Ok(None) };
    let location = String::from_utf8_lossy(location).into_owned();
    match request.url.join(&location) {
        Ok(to) if to.origin() == request.url.origin() => Ok(Some(to)),
        _ => Err(WireError::Redirect { from: request.url.clone(), to: location }),
    }
}
