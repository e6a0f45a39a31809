//! The server's HTTP: routes, credentials, limits, and the faults that strike a whole request.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use jiff::fmt::rfc2822::DateTimePrinter;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use thiserror::Error;

use super::Shared;
use super::dispatch::{self, Envelope};
use super::errors::Problem;
use super::faults::{At, Fault};
use super::gate::Permit;
use super::push::{self, Wish};
use super::session::{self, Who};

/// The connection ends here, on purpose.
#[derive(Clone, Copy, Debug, Error)]
#[error("the connection is cut, as a fault switch says")]
pub struct Cut;

/// The body of an answer.
pub type Body = UnsyncBoxBody<Bytes, Cut>;

/// What a request asks for.
#[derive(Debug)]
enum Route {
    WellKnown,
    Session,
    Api(Result<Envelope, Problem>, Vec<String>),
    Upload(String),
    Download { account: String, blob: String },
    Events,
}

impl Route {
    fn of(request: &Request<Bytes>) -> Result<Self, Problem> {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let parts: Vec<String> = request.uri().path().trim_matches('/').split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (method, route) = match parts.as_slice() {
            [".well-known", "jmap"] => (Method::GET, Self::WellKnown),
            ["jmap", "session"] => (Method::GET, Self::Session),
            ["jmap", "api"] => (Method::POST, Self::api(request)),
            ["jmap", "upload", account] => (Method::POST, Self::Upload((*account).to_owned())),
            ["jmap", "download", account, blob, _] => {
                (Method::GET, Self::Download { account: (*account).to_owned(), blob: (*blob).to_owned() })
            }
            ["jmap", "eventsource"] => (Method::GET, Self::Events),
            _ => return Err(Problem::status(StatusCode::NOT_FOUND)),
        };
        if *request.method() != method {
            return Err(Problem::status(StatusCode::METHOD_NOT_ALLOWED));
        }
        Ok(route)
    }

    fn api(request: &Request<Bytes>) -> Self {
        let media_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json =
            media_type.split(';').next().is_some_and(|t| t.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Self::Api(
                Err(Problem::request("notJSON", "The media type is not application/json.")),
                Vec::new(),
            );
        }
        let envelope = Envelope::read(request.body());
        let methods = envelope.as_ref().map(Envelope::methods).unwrap_or_default();
        Self::Api(envelope, methods)
    }

    fn is_at(&self, at: At) -> bool {
        match (at, self) {
            (At::Anything, _)
            | (At::Session, Self::WellKnown | Self::Session)
            | (At::Api, Self::Api(..))
            | (At::Upload, Self::Upload(_))
            | (At::Download, Self::Download { .. })
            | (At::Events, Self::Events) => true,
            (At::Call(method), Self::Api(_, methods)) => methods.iter().any(|name| name == method),
            _ => false,
        }
    }
}

/// Answers one request, unless a fault cuts the connection, and says what time it is here.
pub async fn answer(shared: &Arc<Shared>, request: Request<Bytes>) -> Result<Response<Body>, Cut> {
    let mut response = undated(shared, request).await?;
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&shared.options.clock.now());
    if let Some(date) = date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
        response.headers_mut().insert(DATE, date);
    }
    Ok(response)
}

async fn undated(shared: &Arc<Shared>, request: Request<Bytes>) -> Result<Response<Body>, Cut> {
    let route = match Route::of(&request) {
        Ok(route) => route,
        Err(problem) => return Ok(problem_response(&problem).map(full)),
    };
    let strikes = |pick: &dyn Fn(&Fault) -> Option<At>| {
        shared.faults.take(|fault| pick(fault).filter(|at| route.is_at(*at))).is_some()
    };
    if strikes(&|fault| if let Fault::CutBefore(at) = fault { Some(*at) } else { None }) {
        return Err(Cut);
    }
    // Held until the answer stands, so that slow requests count.
    let _permit = match admit(shared, &route, &request) {
        Ok(permit) => permit,
        Err(problem) => return Ok(problem_response(&problem).map(full)),
    };
    let slow = shared.faults.take(|fault| match fault {
        Fault::Slow(at, by) if route.is_at(*at) => Some(*by),
        _ => None,
    });
    if let Some(by) = slow {
        shared.options.clock.sleep(by).await;
    }
    if let Some(response) = instead(shared, &route) {
        return Ok(response.map(full));
    }
    // What strikes after the act is decided before it, while the route is still at hand.
    let cut = strikes(&|fault| if let Fault::CutAfter(at) = fault { Some(*at) } else { None });
    let midway = strikes(&|fault| if let Fault::CutMidway(at) = fault { Some(*at) } else { None });
    let truncated = strikes(&|fault| if let Fault::Truncated(at) = fault { Some(*at) } else { None });
    let status = shared.faults.take(|fault| match fault {
        Fault::StatusAfter(at, status) if route.is_at(*at) => Some(*status),
        _ => None,
    });
    let response = match act(shared, route, &request) {
        Ok(Reply::Whole(response)) => response,
        Ok(Reply::Stream(response)) => return Ok(response),
        Err(problem) => problem_response(&problem),
    };
    if cut {
        return Err(Cut);
    }
    if let Some(status) = status {
        return Ok(problem_response(&Problem::status(status_code(status))).map(full));
    }
    let half = |bytes: &Bytes| bytes.slice(..bytes.len() / 2);
    if truncated {
        return Ok(response.map(|body| full(half(&body))));
    }
    if midway {
        return Ok(response.map(|body| broken(half(&body))));
    }
    Ok(response.map(full))
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Keeps to the limits of concurrent requests and uploads (RFC 8620 §2).
fn admit(shared: &Shared, route: &Route, request: &Request<Bytes>) -> Result<Option<Permit>, Problem> {
    let (gate, limit) = match route {
        Route::Api(..) => (&shared.requests, "maxConcurrentRequests"),
        Route::Upload(_) => (&shared.uploads, "maxConcurrentUpload"),
        _ => return Ok(None),
    };
    let Who::User(login) = session::who(&shared.options, request.headers()) else { return Ok(None) };
    gate.enter(&login).map(Some).ok_or_else(|| Problem::limit(limit))
}

/// The answers of faults under which nothing is done.
fn instead(shared: &Shared, route: &Route) -> Option<Response<Bytes>> {
    shared.faults.take(|fault| match fault {
        Fault::Status(at, status) if route.is_at(*at) => {
            Some(problem_response(&Problem::status(status_code(*status))))
        }
        Fault::TooMany(at, after) if route.is_at(*at) => {
            let mut response = problem_response(&Problem::status(StatusCode::TOO_MANY_REQUESTS));
            if let Some(after) = after {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*after));
            }
            Some(response)
        }
        Fault::Html(at) if route.is_at(*at) => {
            let page = "<!doctype html><title>Welcome</title><h1>Please sign in to the network</h1>";
            Some(whole(StatusCode::OK, "text/html; charset=utf-8", Bytes::from_static(page.as_bytes())))
        }
        _ => None,
    })
}

enum Reply {
    Whole(Response<Bytes>),
    Stream(Response<Body>),
}

fn act(shared: &Arc<Shared>, route: Route, request: &Request<Bytes>) -> Result<Reply, Problem> {
    if matches!(route, Route::WellKnown) {
        let mut response = whole(StatusCode::TEMPORARY_REDIRECT, "text/plain", Bytes::new());
        response.headers_mut().insert(LOCATION, HeaderValue::from_static("/jmap/session"));
        return Ok(Reply::Whole(response));
    }
    let login = match session::who(&shared.options, request.headers()) {
        Who::User(login) => login,
        Who::Nobody if shared.options.habits.anonymous_session && matches!(route, Route::Session) => {
            let document =
                shared.look(|world| session::document(world, &shared.options, &shared.base(), None));
            return Ok(Reply::Whole(json_response(&document)));
        }
        Who::Nobody | Who::Wrong => return Err(Problem::status(StatusCode::UNAUTHORIZED)),
    };
    match route {
        Route::WellKnown | Route::Session => {
            let document =
                shared.look(|world| session::document(world, &shared.options, &shared.base(), Some(&login)));
            Ok(Reply::Whole(json_response(&document)))
        }
        Route::Api(envelope, _) => api(shared, &login, envelope?, request.body().len()).map(Reply::Whole),
        Route::Upload(account) => upload(shared, &login, &account, request).map(Reply::Whole),
        Route::Download { account, blob } => {
            download(shared, &login, &account, &blob, request).map(Reply::Whole)
        }
        Route::Events => events(shared, &login, request).map(Reply::Stream),
    }
}

fn api(shared: &Shared, login: &str, envelope: Envelope, size: usize) -> Result<Response<Bytes>, Problem> {
    if size > shared.options.limits.max_size_request {
        return Err(Problem::limit("maxSizeRequest"));
    }
    let answer =
        shared.change(|world| dispatch::run(world, &shared.options, &shared.faults, login, envelope))?;
    Ok(json_response(&answer))
}

fn upload(
    shared: &Shared,
    login: &str,
    account: &str,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let body = request.body();
    if body.len() > shared.options.limits.max_size_upload {
        return Err(Problem { status: StatusCode::PAYLOAD_TOO_LARGE, ..Problem::limit("maxSizeUpload") });
    }
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("application/octet-stream");
    let answer = shared.change(|world| {
        let found = world.account_mut(login).filter(|found| found.id == account)?;
        let blob = found.add_upload(content_type, body.clone());
        Some(json!({ "accountId": account, "blobId": blob, "type": content_type, "size": body.len() }))
    });
    let answer = answer.ok_or_else(|| Problem::status(StatusCode::NOT_FOUND))?;
    let mut response = json_response(&answer);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

fn download(
    shared: &Shared,
    login: &str,
    account: &str,
    blob: &str,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Problem> {
    let raw = shared.look(|world| world.account(login).filter(|found| found.id == account)?.blob(blob));
    let raw = raw.ok_or_else(|| Problem::status(StatusCode::NOT_FOUND))?;
    let query = request.uri().query().unwrap_or_default();
    let wanted = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "accept");
    let wanted = wanted.map_or("application/octet-stream".to_owned(), |(_, value)| value.into_owned());
    Ok(whole(StatusCode::OK, &wanted, raw))
}

fn events(shared: &Arc<Shared>, login: &str, request: &Request<Bytes>) -> Result<Response<Body>, Problem> {
    let wish = Wish::read(request.uri().query().unwrap_or_default())?;
    if shared.options.habits.no_push || shared.faults.strikes(&Fault::NoPush) {
        let mut response = Response::new(full(Bytes::new()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(response);
    }
    let events =
        futures_util::StreamExt::map(push::events(shared, login, wish), |event| event.map(Frame::data));
    let mut response = Response::new(StreamBody::new(events).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

fn whole(status: StatusCode, content_type: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let fallback = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap_or(fallback));
    response
}

fn json_response(value: &Value) -> Response<Bytes> {
    whole(StatusCode::OK, "application/json", value.to_string().into())
}

/// A refusal of the whole request, as a problem document (RFC 7807).
pub fn problem_response(problem: &Problem) -> Response<Bytes> {
    let body = problem.document().to_string().into();
    let mut response = whole(problem.status, "application/problem+json; charset=utf-8", body);
    if problem.status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"JMAP\""));
    }
    response
}

/// A body that is complete.
pub fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// A body that ends in the middle.
fn broken(bytes: Bytes) -> Body {
    let frames = [Ok(Frame::data(bytes)), Err(Cut)];
    StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
}
