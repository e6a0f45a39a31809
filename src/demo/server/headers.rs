//! What the server reads of a mail's header.

use crate::mail::{self, Inbound};

/// The header fields of a mail, unfolded (RFC 5322 §2.2.3), in order.
pub fn fields(raw: &[u8]) -> Vec<(String, String)> {
    let end = find(raw, b"\r\n\r\n").or_else(|| find(raw, b"\n\n")).unwrap_or(raw.len());
    let head = String::from_utf8_lossy(raw.get(..end).unwrap_or_default()).replace("\r\n", "\n");
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split('\n') {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    fields
}

/// Where a run of octets begins.
pub fn find(raw: &[u8], wanted: &[u8]) -> Option<usize> {
    raw.windows(wanted.len()).position(|window| window == wanted)
}

/// The mail without its fields of this name, such as Bcc (RFC 8621 §7.5).
pub fn without(raw: &[u8], name: &str) -> Vec<u8> {
    let end = find(raw, b"\r\n\r\n").map_or(raw.len(), |at| at.saturating_add(2));
    let (head, rest) = raw.split_at(end);
    let (mut kept, mut dropping) = (Vec::with_capacity(raw.len()), false);
    for line in head.split_inclusive(|octet| *octet == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let before = line.split(|octet| *octet == b':').next().unwrap_or_default();
            dropping = before.eq_ignore_ascii_case(name.as_bytes());
        }
        if !dropping {
            kept.extend_from_slice(line);
        }
    }
    kept.extend_from_slice(rest);
    kept
}

/// Reads a mail.
pub fn read(raw: &[u8]) -> Inbound {
    mail::parse(raw, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] = b"From: \"Ann\" <ann@a.example>\r\nTo: x@b.example,\r\n <y@b.example>\r\nBcc: secret@b.example,\r\n more@b.example\r\nMessage-ID: <1@a.example>\r\nReferences: <0@a.example>\r\n <00@a.example>\r\n\r\nHello\r\n";

    #[test]
    fn a_header_is_unfolded_and_read() {
        let mail = read(MAIL);
        assert_eq!(mail.from.unwrap().name.as_deref(), Some("Ann"));
        assert_eq!(mail.to.len(), 2);
        assert_eq!(mail.references.len(), 2);
        assert_eq!(mail.message_id.unwrap().as_str(), "1@a.example");
    }

    #[test]
    fn a_field_is_taken_out_with_its_folds() {
        let kept = String::from_utf8(without(MAIL, "bcc")).unwrap();
        assert!(!kept.contains("secret") && !kept.contains("more@"));
        assert!(kept.contains("<y@b.example>\r\nMessage-ID") && kept.ends_with("\r\n\r\nHello\r\n"));
    }
}
