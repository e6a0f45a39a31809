//! Addresses of pages: how they are read, and how they are written.
//!
//! A project's path may be nested, `acme/web/eu`, and stands in `/p/acme/web/eu/12`. No part of a
//! path is all digits or `-`, so the first such part ends it. Before routing, its slashes become
//! `%2F`, so that the route table has one segment for it.

use std::fmt::Write;

use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::tracker::ProjectPath;

/// What stands unescaped in a query value.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Folds the project's path into one segment.
pub(super) fn fold<B>(mut request: http::Request<B>) -> http::Request<B> {
    if let Some(uri) = folded(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn folded(uri: &Uri) -> Option<Uri> {
    let rest = uri.path().strip_prefix("/p/")?;
    let parts: Vec<&str> = rest.split('/').collect();
    let ends = |part: &&str| *part == "-" || (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let end = parts.iter().position(ends).unwrap_or(parts.len());
    let (project, after) = parts.split_at_checked(end).filter(|(project, _)| project.len() > 1)?;
    let mut path = format!("/p/{}", project.join("%2F"));
    for part in after {
        // Writing to a string does not fail.
        let _ = write!(path, "/{part}");
    }
    if let Some(query) = uri.query() {
        let _ = write!(path, "?{query}");
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

/// `/p/acme/web/12`
pub(super) fn ticket(path: &ProjectPath, number: u32) -> String {
    format!("/p/{path}/{number}")
}

/// A list with this query.
pub(super) fn list(query: &str) -> String {
    format!("/?q={}", encode(query))
}

/// A value as it stands in a query.
pub(super) fn encode(value: &str) -> String {
    utf8_percent_encode(value, QUERY).to_string()
}

/// Where to go on after signing in, if it is a page of this desk: a path, never another host
/// (`//host` and `/\host` are other hosts to a browser).
pub(super) fn back(text: &str) -> Option<&str> {
    let path = text.strip_prefix('/')?;
    let ours = !path.starts_with(['/', '\\'])
        && text.len() <= 2_000
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    ours.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_paths_become_one_segment() {
        let check = |from: &str, to: Option<&str>| {
            let uri: Uri = from.parse().unwrap();
            assert_eq!(folded(&uri).map(|uri| uri.to_string()).as_deref(), to, "{from}");
        };
        check("/p/acme/web/eu/12", Some("/p/acme%2Fweb%2Feu/12"));
        check("/p/acme/web/12/file/3/2?x=1", Some("/p/acme%2Fweb/12/file/3/2?x=1"));
        check("/p/acme/web/-/settings", Some("/p/acme%2Fweb/-/settings"));
        check("/p/acme/web", Some("/p/acme%2Fweb"));
        check("/p/acme/12", None);
        check("/p/acme/12/write", None);
        check("/p/", None);
        check("/held/12/take-in", None);
    }

    #[test]
    fn only_pages_of_the_desk_are_gone_back_to() {
        for good in ["/", "/p/acme/web/12?images=3", "/held"] {
            assert_eq!(back(good), Some(good));
        }
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "",
            "/a\nb",
            "/\tx",
            "javascript:1",
        ] {
            assert_eq!(back(bad), None, "{bad:?}");
        }
    }
}
