//! What a browser is told of every answer.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::web::Web;

/// No script at all, nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// The same with remote images, for the one page on which someone asked for them.
const POLICY_IMAGES: &str = "default-src 'none'; style-src 'self'; img-src 'self' data: https:; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Marks an answer that may load remote images.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct RemoteImages;

/// Adds the headers; one that a handler set stays.
pub(in crate::web) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let images = response.extensions().get::<RemoteImages>().is_some();
    let policy = if images { POLICY_IMAGES } else { POLICY };
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    let resource = HeaderName::from_static("cross-origin-resource-policy");
    let fixed = [
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: with it, browsers send `Origin: null` with our own forms.
        (REFERRER_POLICY, "same-origin"),
        (opener, "same-origin"),
        (resource, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Tells browsers to come by https only, where the desk is reached so.
pub(in crate::web) async fn hsts(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if web.settings().secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}
