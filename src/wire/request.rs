//! A request and its response, as values.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use url::{Origin, Url};

use super::retry_after;

/// How long and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From asking for a connection to having it, TLS included.
    pub connect: Duration,
    /// Silence: before the first octet of the answer, and between any two pieces of it.
    pub read: Duration,
    /// The whole exchange.
    pub total: Duration,
    /// The largest body that is taken, in octets.
    pub cap: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(60),
            total: Duration::from_secs(120),
            cap: 16 * 1024 * 1024,
        }
    }
}

/// An Authorization header and the origins that it is for; no other ever sees it.
#[derive(Clone, Debug)]
pub struct Credentials {
    header: HeaderValue,
    origins: Vec<Origin>,
}

impl Credentials {
    /// `header` is kept out of every log.
    #[must_use]
    pub fn new(mut header: HeaderValue, origins: Vec<Origin>) -> Self {
        header.set_sensitive(true);
        Self { header, origins }
    }

    /// The header, where `url` is of an origin that it is for.
    #[must_use]
    pub fn for_url(&self, url: &Url) -> Option<&HeaderValue> {
        self.origins.contains(&url.origin()).then_some(&self.header)
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub credentials: Option<Credentials>,
    /// Whether it does no harm to send it twice. One that does harm is sent over a connection
    /// that is fresh, or was in use a moment ago, because a server may be closing an older one.
    pub repeatable: bool,
    pub limits: Limits,
}

impl Request {
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            credentials: None,
            repeatable: true,
            limits: Limits::default(),
        }
    }

    /// A POST, which is taken for one that must not be sent twice.
    #[must_use]
    pub fn post(url: Url, content_type: &'static str, body: Bytes) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { method: Method::POST, headers, body, repeatable: false, ..Self::get(url) }
    }

    #[must_use]
    pub fn header(mut self, name: http::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    #[must_use]
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// A whole response.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Where it came from in the end, after redirects.
    pub url: Url,
}

impl Response {
    /// The media type without its parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        media_type(&self.headers)
    }

    /// The time that the server had (RFC 9110 §6.6.1), to the second.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        retry_after::date(self.headers.get(DATE)?.to_str().ok()?)
    }

    /// How long the server asks us to wait (RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        retry_after::parse(self.headers.get(RETRY_AFTER)?.to_str().ok()?, now)
    }
}

/// The media type of a response without its parameters, in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}
