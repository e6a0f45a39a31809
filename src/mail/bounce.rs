//! Delivery status notifications and other reports (RFC 3464, RFC 6522).
//!
//! Anyone can write one, so what stands here is a claim. It counts only where the original's
//! Message-ID and the recipient are those of a letter of ours, which is for triage to find out.

use super::header::{Header, at_most, one_line};
use super::structure::Part;
use super::{Address, MessageId};

/// How many recipients of one report are kept.
const MAX_RECIPIENTS: usize = 50;
/// How many characters of a server's words are kept.
const MAX_WORDS: usize = 500;

/// What a report says of the mail that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The Message-ID of the mail, from the copy or the header that came with the report.
    pub original: Option<MessageId>,
    pub recipients: Vec<ReportedRecipient>,
}

/// What a report says of one recipient (RFC 3464 §2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedRecipient {
    /// Whom the mail was for when it failed, and whom its sender had named.
    pub addresses: Vec<Address>,
    pub action: ReportedAction,
    /// The enhanced status code (RFC 3463): `5.1.1`.
    pub status: Option<String>,
    /// The other server's words, without the type before them.
    pub diagnostic: Option<String>,
}

/// What happened (RFC 3464 §2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportedAction {
    Failed,
    /// It is still being tried.
    Delayed,
    /// Delivered, relayed or expanded: it went on.
    Passed,
}

impl ReportedRecipient {
    /// Whether trying again is no use: failed, with a status of class 5 (RFC 3463 §3.1). A mail
    /// that was given up after days keeps its class 4.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        let class = self.status.as_deref().or(self.diagnostic.as_deref()).unwrap_or_default();
        self.action == ReportedAction::Failed && class.starts_with('5')
    }

    /// The server's own words, or the bare status where it has none.
    #[must_use]
    pub fn words(&self) -> String {
        self.diagnostic.clone().or_else(|| self.status.clone()).unwrap_or_default()
    }
}

/// Whether a mail is a report by a mail system: multipart/report of any kind, delivery status,
/// disposition or feedback.
pub(super) fn is_report(header: &Header<'_>) -> bool {
    header.parameters("Content-Type").is_some_and(|kind| kind.kind == "multipart" && kind.subkind == "report")
}

/// What a delivery status notification says; `None` for any other mail or report.
pub(super) fn report(root: &Part<'_>) -> Option<DeliveryReport> {
    if !root.is("multipart", "report") {
        return None;
    }
    // RFC 6522 §3: the parts stand right below the report.
    let status = root
        .children
        .iter()
        .find(|part| part.is("message", "delivery-status") || part.is("message", "global-delivery-status"))?;
    let recipients = blocks(&status.bytes()).iter().skip(1).filter_map(|block| recipient(block)).collect();
    let copy = root.children.iter().filter(|part| part.number > status.number).find_map(original);
    Some(DeliveryReport { original: copy, recipients })
}

/// The groups of fields, which blank lines part; the first is about the report itself.
fn blocks(body: &[u8]) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    let mut block = Vec::new();
    for line in body.split_inclusive(|b| *b == b'\n') {
        if !line.trim_ascii().is_empty() {
            block.extend_from_slice(line);
        } else if !block.is_empty() {
            blocks.push(std::mem::take(&mut block));
        }
        if blocks.len() > MAX_RECIPIENTS {
            return blocks;
        }
    }
    if !block.is_empty() {
        blocks.push(block);
    }
    blocks
}

fn recipient(block: &[u8]) -> Option<ReportedRecipient> {
    let (header, _) = Header::split(block);
    let action = match header.first("Action")?.trim().to_ascii_lowercase().as_str() {
        "failed" => ReportedAction::Failed,
        "delayed" => ReportedAction::Delayed,
        "delivered" | "relayed" | "expanded" => ReportedAction::Passed,
        _ => return None,
    };
    let addresses: Vec<Address> = ["Final-Recipient", "Original-Recipient"]
        .into_iter()
        .filter_map(|name| address(&typed(&header.first(name)?)))
        .collect();
    let status = header.first("Status").and_then(|value| {
        // A comment may follow (RFC 3464 §2.3.4).
        value.split([' ', '(']).find(|word| !word.is_empty()).map(|word| at_most(word, 12).to_owned())
    });
    let words = header.first("Diagnostic-Code").map(|value| one_line(&typed(&value)));
    let diagnostic = words.map(|words| at_most(&words, MAX_WORDS).to_owned()).filter(|w| !w.is_empty());
    Some(ReportedRecipient { addresses, action, status, diagnostic })
}

/// The value behind its type: `rfc822; anna@example.com`, `smtp; 550 5.1.1 no such user`.
fn typed(value: &str) -> String {
    value.split_once(';').map_or(value, |(_, rest)| rest).trim().to_owned()
}

fn address(text: &str) -> Option<Address> {
    Address::parse(text.trim_matches(['<', '>', ' '])).ok()
}

/// The Message-ID of the mail that came along, whole or its header alone.
fn original(part: &Part<'_>) -> Option<MessageId> {
    let copies = [
        ("message", "rfc822"),
        ("message", "rfc822-headers"),
        ("message", "global"),
        ("message", "global-headers"),
        ("text", "rfc822-headers"),
    ];
    if !copies.iter().any(|(kind, subkind)| part.is(kind, subkind)) {
        return None;
    }
    let bytes = part.bytes();
    let (header, _) = Header::split(&bytes);
    super::scan::message_id(&header)
}

#[cfg(test)]
mod tests;
