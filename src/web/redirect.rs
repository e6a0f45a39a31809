//! The plain port: it leads browsers to https, and answers an authority that asks whether the host
//! is ours (RFC 8555 §8.3). Nothing else is told there.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, StatusCode, Uri};
use url::Url;

use crate::tls::Challenges;

#[derive(Clone)]
struct Door {
    /// Without a path.
    to: String,
    challenges: Challenges,
}

/// The routes of the plain port. Browsers are led to `public_url`, never to where a Host header says.
pub fn redirect(public_url: &Url, challenges: Challenges) -> Router {
    let door = Door { to: public_url.origin().ascii_serialization(), challenges };
    Router::new().route("/.well-known/acme-challenge/{token}", get(challenge)).fallback(lead).with_state(door)
}

async fn challenge(State(door): State<Door>, Path(token): Path<String>) -> Response {
    match door.challenges.token(&token) {
        Some(answer) => {
            let kind = HeaderValue::from_static("application/octet-stream");
            ([(CONTENT_TYPE, kind), (CACHE_CONTROL, HeaderValue::from_static("no-store"))], answer)
                .into_response()
        }
        None => (StatusCode::NOT_FOUND, "nobody asked for this\n").into_response(),
    }
}

async fn lead(State(door): State<Door>, method: Method, uri: Uri) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::FORBIDDEN, format!("This desk is reached at {}/ alone.\n", door.to))
            .into_response();
    }
    let path = uri.path_and_query().map(ToString::to_string).filter(|path| path.starts_with('/'));
    let to = format!("{}{}", door.to, path.as_deref().unwrap_or("/"));
    match HeaderValue::from_str(&to) {
        // RFC 6797 §7.2.
        Ok(to) => (StatusCode::MOVED_PERMANENTLY, [(LOCATION, to)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
