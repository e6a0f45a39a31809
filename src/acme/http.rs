//! The client's requests, over our wire.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::USER_AGENT;
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use url::Url;

use super::error::{Unheard, chain};
use crate::clock::Clock;
use crate::wire::{Limits, Request, Response, Wire};

/// An authority answers soon, and says little.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(10),
    read: Duration::from_secs(30),
    total: Duration::from_mins(1),
    cap: 1024 * 1024,
};

/// How long the last answer asked us to wait.
#[derive(Clone, Default)]
pub(super) struct Later(Arc<Mutex<Option<Duration>>>);

impl Later {
    pub(super) fn get(&self) -> Option<Duration> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, wait: Option<Duration>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = wait;
    }
}

/// The wire, as the client wants it.
pub(super) struct Http {
    pub(super) wire: Wire,
    pub(super) clock: Clock,
    pub(super) later: Later,
}

impl HttpClient for Http {
    fn request(
        &self,
        request: http::Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (wire, clock, later) = (self.wire.clone(), self.clock.clone(), self.later.clone());
        Box::pin(async move {
            let response = wire.send(ours(request).await?).await;
            let response =
                response.map_err(|error| Error::Other(Box::new(Unheard::Silent(chain(&error)))))?;
            later.set(response.retry_after(clock.now()));
            theirs(response)
        })
    }
}

async fn ours(request: http::Request<BodyWrapper<Bytes>>) -> Result<Request, Error> {
    let (mut head, body) = request.into_parts();
    let url = Url::parse(&head.uri.to_string())
        .map_err(|error| Error::Other(Box::new(Unheard::Foreign(format!("{}: {error}", head.uri)))))?;
    // The wire says who we are (RFC 8555 §6.1).
    head.headers.remove(USER_AGENT);
    let mut request = Request::get(url).repeatable(head.method != Method::POST).limits(LIMITS);
    request.method = head.method;
    request.headers = head.headers;
    // It is in memory, and there is no way in which that can fail.
    request.body = body.collect().await.map_or_else(|never| match never {}, |body| body.to_bytes());
    Ok(request)
}

/// A refusal is a problem document (RFC 8555 §6.7); another page is from somebody else.
fn theirs(response: Response) -> Result<BytesResponse, Error> {
    let refusal = response.status.is_client_error() || response.status.is_server_error();
    if refusal && serde_json::from_slice::<serde_json::Map<_, _>>(&response.body).is_err() {
        let why = format!("{} for {}", response.status, response.url);
        return Err(Error::Other(Box::new(Unheard::Foreign(why))));
    }
    let (mut parts, ()) = http::Response::new(()).into_parts();
    parts.status = response.status;
    parts.headers = response.headers;
    Ok(BytesResponse { parts, body: Box::new(response.body) })
}
