//! The header scan: what may say what a mail is for, in scan order, and the ids of a mail.
//!
//! Forwarders and mail servers leave the address that was written to in different headers; all of
//! them are read, every instance in the order in which it stands.

use super::header::Header;
use super::mailboxes::bare_locals;
use super::{Address, MessageId, ReplyKey, ScanHeader, Scanned};

/// How many finds are kept; a mail to a thousand people is not searched for ever.
const MAX_FOUND: usize = 1_000;
/// How many ids of References are kept, the last ones: those are the nearest.
const MAX_REFERENCES: usize = 20;

/// The scanned headers that carry addresses, References left out.
const ADDRESS_HEADERS: [(ScanHeader, &str); 9] = [
    (ScanHeader::To, "To"),
    (ScanHeader::DeliveredTo, "Delivered-To"),
    (ScanHeader::XDeliveredTo, "X-Delivered-To"),
    (ScanHeader::EnvelopeTo, "Envelope-To"),
    (ScanHeader::XEnvelopeTo, "X-Envelope-To"),
    (ScanHeader::Received, "Received"),
    (ScanHeader::XOriginalTo, "X-Original-To"),
    (ScanHeader::XForwardedTo, "X-Forwarded-To"),
    (ScanHeader::Cc, "Cc"),
];

/// Everything found, in scan order; what was found before in the same kind of header is left out.
pub(super) fn scan(header: &Header<'_>) -> Vec<(ScanHeader, Scanned)> {
    let mut found: Vec<(ScanHeader, Scanned)> = Vec::new();
    for (place, name) in ADDRESS_HEADERS {
        let addresses = match place {
            ScanHeader::Received => header.all(name).filter_map(|value| received_for(&value)).collect(),
            ScanHeader::To | ScanHeader::Cc => listed(header, name),
            _ => header.all(name).flat_map(|value| loose(&value)).collect::<Vec<_>>(),
        };
        let mut seen = std::collections::HashSet::new();
        let fresh = addresses.into_iter().filter(|address| seen.insert(address.clone()));
        found.extend(fresh.map(|address| (place, Scanned::Address(address))));
        if place == ScanHeader::To {
            found.extend(marks(header).map(|mark| (ScanHeader::References, mark)));
        }
        found.truncate(MAX_FOUND);
    }
    found
}

/// `<reply-KEY@host>` in References: how a reply is known where a server takes no sub-addresses.
fn marks(header: &Header<'_>) -> impl Iterator<Item = Scanned> {
    let ids: Vec<MessageId> = header.all("References").flat_map(|value| ids(&value)).collect();
    ids.into_iter().filter_map(|id| {
        let (local, host) = id.as_str().rsplit_once('@')?;
        let (mark, key) = local.split_at_checked("reply-".len())?;
        let key = ReplyKey::parse(key).filter(|_| mark.eq_ignore_ascii_case("reply-"))?;
        Some(Scanned::ReplyMark { key, host: host.to_ascii_lowercase() })
    })
}

/// The addresses of To or Cc, or where the list makes no sense, whatever looks like one.
fn listed(header: &Header<'_>, name: &str) -> Vec<Address> {
    let list: Vec<Address> = header.addresses(name).into_iter().map(|a| a.address).collect();
    if list.is_empty() { header.all(name).flat_map(|value| loose(&value)).collect() } else { list }
}

/// Whatever looks like an address in a trace header.
fn loose(value: &str) -> Vec<Address> {
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')');
    let octets = bare_locals(value.as_bytes());
    let value = String::from_utf8_lossy(&octets);
    value.split(ends).filter(|word| word.contains('@')).filter_map(|w| Address::parse(w).ok()).collect()
}

/// The address in `for <addr>` of a Received field (RFC 5321 §4.4); angle brackets are required,
/// because without them a comment could pass for one. One step forward for each character.
fn received_for(value: &str) -> Option<Address> {
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('<') {
        rest = after;
        let word = before.trim_end();
        let follows_for = word.len() < before.len();
        let stem = word.get(word.len().saturating_sub(3)..).unwrap_or_default();
        let earlier = word.get(..word.len().saturating_sub(3)).unwrap_or_default();
        if follows_for && stem.eq_ignore_ascii_case("for") && ends_word(earlier) {
            let end = after.find(['<', '>', ' ', '\t', ';']).unwrap_or(after.len());
            let (address, close) = after.split_at_checked(end)?;
            if close.starts_with('>')
                && let Ok(address) = Address::parse(address)
            {
                return Some(address);
            }
        }
    }
    None
}

fn ends_word(text: &str) -> bool {
    text.chars().next_back().is_none_or(|c| c.is_whitespace() || matches!(c, ')' | ';'))
}

/// The ids of In-Reply-To, in the order in which they stand.
pub(super) fn in_reply_to(header: &Header<'_>) -> Vec<MessageId> {
    let mut all = distinct(header.all("In-Reply-To").flat_map(|value| ids(&value)));
    all.truncate(MAX_REFERENCES);
    all
}

/// The last ids of References.
pub(super) fn references(header: &Header<'_>) -> Vec<MessageId> {
    let all = distinct(header.all("References").flat_map(|value| ids(&value)));
    let surplus = all.len().saturating_sub(MAX_REFERENCES);
    all.into_iter().skip(surplus).collect()
}

/// The mail's own id.
pub(super) fn message_id(header: &Header<'_>) -> Option<MessageId> {
    let value = header.first("Message-ID")?;
    ids(&value).into_iter().next().or_else(|| MessageId::parse(&value))
}

fn distinct(ids: impl Iterator<Item = MessageId>) -> Vec<MessageId> {
    let mut seen = std::collections::HashSet::new();
    ids.filter(|id| seen.insert(id.clone())).collect()
}

/// The ids of one value: every `<…>`, with spaces, commas or nothing between them; where no angle
/// bracket stands at all, every word with an `@`.
fn ids(value: &str) -> Vec<MessageId> {
    if !value.contains('<') {
        let words = value.split(|c: char| c.is_whitespace() || c == ',');
        return words.filter(|word| word.contains('@')).filter_map(MessageId::parse).collect();
    }
    value
        .split('<')
        .skip(1)
        .filter_map(|piece| piece.split_once('>'))
        .filter_map(|(id, _)| MessageId::parse(id))
        .collect()
}

#[cfg(test)]
mod tests;
