//! Forms are taken from our own pages only.
//!
//! The first of two checks against forged requests; the second is the token in the form. Browsers
//! send `Origin` with every POST and most send `Sec-Fetch-Site`; what they say must not
//! contradict, and one of them has to be there.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::ORIGIN;
use http::{HeaderMap, Method};
use url::Url;

use crate::web::Web;
use crate::web::answer::Fault;

pub(in crate::web) async fn same_origin(State(web): State<Web>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // RFC 8058 §3.1: the mail program of a customer posts here, from nowhere in particular. The
    // token in the path is all that it has and needs.
    let one_click = request.uri().path().starts_with("/u/");
    if safe || one_click || is_ours(request.headers(), &web.settings().public_url) {
        return next.run(request).await;
    }
    Fault::Origin.into_response()
}

fn is_ours(headers: &HeaderMap, public_url: &Url) -> bool {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or_default());
    let site = text("sec-fetch-site").map(|site| site == "same-origin");
    let origin = text(ORIGIN.as_str())
        .map(|origin| Url::parse(origin).is_ok_and(|url| url.origin() == public_url.origin()));
    match (site, origin) {
        (None, None) => false,
        (site, origin) => site.unwrap_or(true) && origin.unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_says_must_not_contradict() {
        let check = |site: Option<&'static str>, origin: Option<&'static str>, ours| {
            let mut headers = HeaderMap::new();
            site.map(|site| headers.insert("sec-fetch-site", site.parse().unwrap()));
            origin.map(|origin| headers.insert(ORIGIN, origin.parse().unwrap()));
            let url = Url::parse("https://desk.example.com/").unwrap();
            assert_eq!(is_ours(&headers, &url), ours, "{site:?} {origin:?}");
        };
        let own = Some("https://desk.example.com");
        check(Some("same-origin"), own, true);
        check(None, own, true);
        check(Some("same-origin"), None, true);
        check(None, Some("https://desk.example.com:443"), true);
        check(None, None, false);
        check(None, Some("null"), false);
        check(None, Some("http://desk.example.com"), false);
        check(None, Some("https://desk.example.com.evil.example"), false);
        check(Some("same-site"), own, false);
        check(Some("cross-site"), own, false);
        check(Some("none"), own, false);
        check(Some("same-origin"), Some("https://evil.example"), false);
    }
}
