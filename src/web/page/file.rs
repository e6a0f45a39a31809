//! A file that came with a mail. It is always a download, never shown by its own name or type
//! where a browser would run it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::tracker::{EventNo, ProjectPath};
use crate::web::Web;
use crate::web::answer::Fault;
use crate::web::gate::Signed;

/// Types that a browser shows and does not run; everything else is octets.
const SAFE: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"];

/// What stands unescaped in an extended parameter (RFC 8187 §3.2.1 `attr-char`).
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

pub(in crate::web) async fn show(
    State(web): State<Web>,
    signed: Signed,
    Path((path, number, event, part)): Path<(String, u32, u32, u32)>,
) -> Result<Response, Fault> {
    let path = ProjectPath::parse(&path).map_err(|_| Fault::NotFound)?;
    let part = web.desk().see_part(signed.viewer, &path, number, EventNo(event), part).await?;
    let kind = SAFE.iter().find(|safe| part.content_type.eq_ignore_ascii_case(safe));
    let mut response = part.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind.unwrap_or(&"application/octet-stream")));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    let disposition = HeaderValue::from_str(&disposition(&part.name));
    headers.insert(CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    Ok(response)
}

/// `attachment` with the name twice: for old browsers in ASCII, and as it is (RFC 6266 §4.3, RFC
/// 8187). The name comes from outside: nothing in it may end the header or name a folder.
fn disposition(name: &str) -> String {
    let bad = |c: char| {
        c.is_control()
            || matches!(c, '/' | '\\' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let name: String = name.chars().filter(|c| !bad(*c)).take(150).collect();
    let name = name.trim().trim_start_matches('.');
    let name = if name.is_empty() { "file" } else { name };
    let plain =
        |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ATTR_CHAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_stay_names() {
        let check = |name, expected| assert_eq!(disposition(name), expected);
        check("a.pdf", "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf");
        check(
            "Fänge \"x\".pdf",
            "attachment; filename=\"F_nge _x_.pdf\"; filename*=UTF-8''F%C3%A4nge%20%22x%22.pdf",
        );
        check("../../etc/passwd", "attachment; filename=\"etcpasswd\"; filename*=UTF-8''etcpasswd");
        check(
            "a\r\nSet-Cookie: x=y",
            "attachment; filename=\"aSet-Cookie_ x_y\"; filename*=UTF-8''aSet-Cookie%3A%20x%3Dy",
        );
        check("fdp.\u{202e}exe", "attachment; filename=\"fdp.exe\"; filename*=UTF-8''fdp.exe");
        check(".htaccess", "attachment; filename=\"htaccess\"; filename*=UTF-8''htaccess");
        check("\u{200b}", "attachment; filename=\"file\"; filename*=UTF-8''file");
    }
}
