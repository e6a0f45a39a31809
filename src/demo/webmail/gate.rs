//! Who may ask: this machine only, forms of our own only. The webmail has no sign-in, so another
//! site must not reach it through the browser.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::{Webmail, answer};

pub async fn guard(State(webmail): State<Webmail>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    // A name that resolves to 127.0.0.1 is not ours (DNS rebinding).
    let Some(host) = text(headers, HOST).filter(|host| is_loopback(host)).map(str::to_owned) else {
        return answer::refused(StatusCode::MISDIRECTED_REQUEST, "This page is for this computer only.");
    };
    if *request.method() != Method::GET && text(headers, ORIGIN) != Some(&format!("http://{host}")) {
        return answer::refused(StatusCode::FORBIDDEN, "This form does not come from the demo's mailbox.");
    }
    let mut response = next.run(request).await;
    let desk = webmail.0.desk.origin().ascii_serialization();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {desk}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["localhost", "127.0.0.1"].contains(&name)
}
