//! Delivery status notifications and other reports (RFC 3464, RFC 6522).

use super::header::Header;

/// Whether a mail is a report by a mail system: multipart/report of any kind, delivery status,
/// disposition or feedback. What it reports about is not read here.
pub(super) fn is_report(header: &Header<'_>) -> bool {
    header.parameters("Content-Type").is_some_and(|kind| kind.kind == "multipart" && kind.subkind == "report")
}
