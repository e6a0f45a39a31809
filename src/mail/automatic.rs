//! Whether a program wrote a mail (RFC 3834 §2, RFC 2919, RFC 5321 §4.5.5).
//!
//! What is automatic gets no confirmation and reopens nothing. List-Unsubscribe alone says
//! nothing, because people's mails through some services carry it; X-Auto-Response-Suppress says
//! what the sender wishes for, not what the mail is.

use super::header::Header;
use super::{Automatic, bounce};

/// Why a mail counts as automatic, the most telling reason first.
pub(super) fn automatic(header: &Header<'_>) -> Option<Automatic> {
    if bounce::is_report(header) {
        return Some(Automatic::Report);
    }
    if auto_submitted(header) {
        return Some(Automatic::AutoSubmitted);
    }
    if is_list(header) {
        return Some(Automatic::List);
    }
    header.first("Return-Path").filter(|path| is_null(path)).map(|_| Automatic::NullSender)
}

/// `Auto-Submitted` other than `no` (RFC 3834 §5), or one of its forerunners.
fn auto_submitted(header: &Header<'_>) -> bool {
    let submitted = header.all("Auto-Submitted").map(|value| keyword(&value));
    let forerunner = ["X-Autoreply", "X-Autorespond"].into_iter().flat_map(|name| header.all(name));
    submitted.into_iter().any(|word| !word.is_empty() && word != "no")
        || forerunner.map(|value| keyword(&value)).any(|word| word == "yes")
}

fn is_list(header: &Header<'_>) -> bool {
    header.all("List-Id").any(|value| !value.is_empty())
        || header.all("Precedence").any(|value| matches!(keyword(&value).as_str(), "list" | "bulk" | "junk"))
}

/// The null reverse-path, `<>`.
fn is_null(path: &str) -> bool {
    path.split_whitespace().collect::<String>() == "<>"
}

/// The first word, in lower case, before any parameter or comment.
fn keyword(value: &str) -> String {
    value.split([';', '(', ' ', '\t']).find(|word| !word.is_empty()).unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        let check = |head: &str, want: Option<Automatic>| {
            let raw = format!("{head}\r\n\r\n");
            assert_eq!(automatic(&Header::split(raw.as_bytes()).0), want, "{head}");
        };
        check("Auto-Submitted: auto-replied", Some(Automatic::AutoSubmitted));
        check("auto-submitted: Auto-Generated; owner-email=\"x\"", Some(Automatic::AutoSubmitted));
        check("Auto-Submitted:  No ", None);
        check("Auto-Submitted: no (a person)", None);
        check("Auto-Submitted:", None);
        check("X-Autoreply: Yes", Some(Automatic::AutoSubmitted));
        check("X-Autorespond: yes", Some(Automatic::AutoSubmitted));
        check("X-Autoreply: no", None);
        check("List-Id: <dev.example.com>", Some(Automatic::List));
        check("Precedence: Bulk", Some(Automatic::List));
        check("Precedence: list", Some(Automatic::List));
        check("Precedence: junk", Some(Automatic::List));
        check("Precedence: first-class", None);
        check("Return-Path: <>", Some(Automatic::NullSender));
        check("Return-Path: < >", Some(Automatic::NullSender));
        check("Return-Path: <a@example.com>", None);
        check("Return-Path:", None);
        check("List-Unsubscribe: <https://example.com/u>", None);
        check("X-Auto-Response-Suppress: All", None);
        check(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
            Some(Automatic::Report),
        );
        check(
            "Content-Type: multipart/report; report-type=\"feedback-report\"; boundary=x",
            Some(Automatic::Report),
        );
        check("Content-Type: multipart/mixed; boundary=x", None);
        check("Subject: Out of office", None);
    }
}
