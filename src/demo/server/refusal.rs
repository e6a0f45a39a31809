//! What Cyrus 3.6 makes of an SMTP reply that refuses a recipient, as measured.

use super::errors::SetError;

/// The set error of a submission that failed on this reply, `550 5.1.1 no such user`. With
/// `enhanced`, the mail system has enhanced status codes (RFC 2034), and Cyrus reads these alone.
pub fn cyrus(reply: &str, enhanced: bool) -> SetError {
    let (code, rest) = reply.split_once(' ').unwrap_or((reply, ""));
    let (status, text) = rest.split_once(' ').unwrap_or((rest, ""));
    if enhanced {
        return match status.split_once('.').map_or("", |(_, detail)| detail) {
            "1.1" => SetError::new("invalidRecipients"),
            "3.0" => SetError::because("forbiddenToSend", text),
            "3.4" => SetError::new("tooLarge"),
            "5.3" => SetError::new("tooManyRecipients"),
            _ => SetError::because("smtpProtocolError", rest),
        };
    }
    match code {
        // For good and for now look alike.
        "550" | "450" => SetError::new("tooManyRecipients"),
        "451" | "554" => SetError::because("forbiddenToSend", rest),
        "452" | "552" => SetError::new("tooLarge"),
        "553" => SetError::new("invalidRecipients"),
        _ => SetError::because("smtpProtocolError", rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reply, whether status codes are read, and the type and description that come of it.
    const MEASURED: &[(&str, bool, &str, Option<&str>)] = &[
        ("550 5.1.1 no such person", false, "tooManyRecipients", None),
        ("450 4.7.1 not yet", false, "tooManyRecipients", None),
        ("451 4.3.0 come back later", false, "forbiddenToSend", Some("4.3.0 come back later")),
        ("451 come back later", false, "forbiddenToSend", Some("come back later")),
        ("554 5.7.1 unwanted", false, "forbiddenToSend", Some("5.7.1 unwanted")),
        ("452 4.2.2 full", false, "tooLarge", None),
        ("553 5.1.3 no address", false, "invalidRecipients", None),
        ("501 5.1.7 no such command", false, "smtpProtocolError", Some("5.1.7 no such command")),
        ("550 5.1.1 no such person", true, "invalidRecipients", None),
        ("450 4.1.1 not yet", true, "invalidRecipients", None),
        ("451 4.3.0 come back later", true, "forbiddenToSend", Some("come back later")),
        ("554 5.3.0 never", true, "forbiddenToSend", Some("never")),
        ("554 5.7.1 unwanted", true, "smtpProtocolError", Some("5.7.1 unwanted")),
        ("450 4.7.1 not yet", true, "smtpProtocolError", Some("4.7.1 not yet")),
        ("452 4.5.3 too many", true, "tooManyRecipients", None),
        ("552 5.3.4 too large", true, "tooLarge", None),
    ];

    #[test]
    fn replies_become_what_cyrus_makes_of_them() {
        for (reply, enhanced, kind, description) in MEASURED {
            let error = cyrus(reply, *enhanced).0;
            assert_eq!(error.get("type").unwrap(), kind, "{reply}");
            assert_eq!(error.get("description").and_then(|text| text.as_str()), *description, "{reply}");
        }
    }
}
