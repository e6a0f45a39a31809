//! What a failed submission proves.
//!
//! A letter must never leave twice, so after the request was begun only these prove that nothing
//! left: no octet of it was written; HTTP 400, 401, 403, 413, 429; a request-level error;
//! `serverFail` and `serverUnavailable`; a refusal that RFC 8621 §7.5 defines as made before
//! sending; and an SMTP reply inside the description. All else is an unknown outcome.

use super::{JmapError, MethodErrorType, SetErrorType, SetFault, Submission};

/// The types of problems that RFC 8620 §3.6.1 defines: the request was not run.
const REQUEST_LEVEL: &str = "urn:ietf:params:jmap:error:";

/// What it means that a submission request has failed.
pub(super) fn of_error(error: &JmapError) -> Submission {
    let why = error.whole();
    let nothing_left = match error {
        JmapError::Wire(error) => error.nothing_written(),
        JmapError::Http(fault) => {
            matches!(fault.status.as_u16(), 400 | 401 | 403 | 413 | 429)
                || fault.problem.as_deref().is_some_and(|problem| problem.starts_with(REQUEST_LEVEL))
        }
        JmapError::Method(fault) => {
            matches!(fault.kind, MethodErrorType::ServerFail | MethodErrorType::ServerUnavailable)
        }
        JmapError::TooLarge { .. } | JmapError::TooLargeOnTheWay { .. } | JmapError::Encode(_) => true,
        JmapError::Set { fault, .. } => return of_refusal(fault),
        JmapError::Malformed { .. }
        | JmapError::Session(_)
        | JmapError::OtherServer { .. }
        | JmapError::Accounts { .. }
        | JmapError::Credentials(_)
        | JmapError::NoMailbox(_) => false,
    };
    if nothing_left {
        Submission::NotSent { failure: error.failure(), why }
    } else {
        Submission::Unknown { why, retry_after: error.failure().retry_after() }
    }
}

/// What it means that a submission was not created.
pub(super) fn of_refusal(fault: &SetFault) -> Submission {
    let why = fault.to_string();
    if let Some(reply) = fault.description.as_deref().and_then(smtp_reply) {
        let permanent = reply.starts_with('5');
        return Submission::Refused { permanent, reply: Some(reply.to_owned()), why };
    }
    match fault.kind {
        SetErrorType::InvalidEmail
        | SetErrorType::NoRecipients
        | SetErrorType::InvalidRecipients
        | SetErrorType::ForbiddenMailFrom
        | SetErrorType::ForbiddenFrom => Submission::Refused { permanent: true, reply: None, why },
        // RFC 8621 §7.5 defines these as refused before sending, too. Cyrus says them of a reply to
        // RCPT or DATA whose code it keeps to itself (measured: a session that is cut is something
        // else to it), so nobody can know whether the refusal is for good; it is tried again.
        SetErrorType::TooManyRecipients | SetErrorType::ForbiddenToSend | SetErrorType::TooLarge => {
            Submission::Refused { permanent: false, reply: None, why }
        }
        // `serverFail` about one object Cyrus also says when the mail is sent and its record cannot
        // be written. Without the reply nobody can know.
        _ => Submission::Unknown { why, retry_after: None },
    }
}

/// The SMTP reply inside a text (RFC 5321 §4.2): `550 5.1.1 no such user`, at its beginning or
/// after a colon, a bracket or a quote, and to the end of the text. Cyrus leaves the three digits
/// out, so that an enhanced status code (RFC 3463 §2) at the beginning counts as well.
pub(super) fn smtp_reply(text: &str) -> Option<&str> {
    let mut rest = text.trim();
    if has_status(rest) {
        return Some(rest);
    }
    loop {
        if has_code(rest) {
            return Some(rest);
        }
        let next = rest.find([':', '(', '[', '"', '\n'])?;
        rest = rest.get(next + 1..)?.trim_start();
    }
}

/// `4yz` or `5yz` as a word.
fn has_code(text: &str) -> bool {
    let octets = text.as_bytes();
    let code = matches!(octets, [b'4' | b'5', b'0'..=b'5', b'0'..=b'9', ..]);
    code && matches!(octets.get(3), None | Some(b' ' | b'-'))
}

/// `4.x.x` or `5.x.x` as a word.
fn has_status(text: &str) -> bool {
    let word = text.split([' ', '-']).next().unwrap_or_default();
    let mut numbers = word.split('.');
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    matches!(numbers.next(), Some("4" | "5"))
        && numbers.next().is_some_and(is_number)
        && numbers.next().is_some_and(is_number)
        && numbers.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::jmap::HttpFault;

    #[test]
    fn a_server_that_asks_for_time_is_heard_whatever_became_of_the_letter() {
        let answered = |status| {
            let status = hyper::StatusCode::from_u16(status).unwrap();
            let retry_after = Some(Duration::from_secs(600));
            let fault = HttpFault { status, problem: None, limit: None, detail: None, retry_after };
            of_error(&JmapError::Http(fault))
        };
        let asked = Some(Duration::from_secs(600));
        assert!(matches!(answered(503), Submission::Unknown { retry_after, .. } if retry_after == asked));
        assert!(
            matches!(answered(429), Submission::NotSent { failure, .. } if failure.retry_after() == asked)
        );
    }

    #[test]
    fn an_smtp_reply_is_found_where_it_can_stand_and_nowhere_else() {
        assert_eq!(smtp_reply("550 5.1.1 no such user"), Some("550 5.1.1 no such user"));
        assert_eq!(smtp_reply("SMTP: 451 4.3.0 later"), Some("451 4.3.0 later"));
        assert_eq!(smtp_reply("refused (554-no)"), Some("554-no)"));
        assert_eq!(smtp_reply("  421 "), Some("421"));
        assert_eq!(smtp_reply("4.2.2 mailbox full"), Some("4.2.2 mailbox full"));
        for none in [
            "",
            "250 ok",
            "the mail has 512 octets",
            "too many: 500000",
            "5xx",
            "590 what",
            "line 4:50",
            "5.7 MB",
            "4.2.2.1 is an address",
            "go",
            "8BITMIME",
            "of 5.1.1",
        ] {
            assert_eq!(smtp_reply(none), None, "{none}");
        }
    }
}
