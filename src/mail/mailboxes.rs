//! The addresses of one field (RFC 5322 §3.4 `address-list`), groups opened.

use mail_parser::{HeaderValue, parsers::MessageStream};

use super::address::is_quotable;
use super::header::{MAX_ADDRESSES, at_most, has_encoded_words, one_line, unfolded};
use super::{Address, NameAddr, charset};

/// How many characters of a display name are kept.
const MAX_NAME: usize = 200;

/// The addresses of a value, its names decoded.
pub(super) fn decoded(value: &[u8]) -> Vec<NameAddr> {
    let octets = unfolded(value);
    if has_encoded_words(&octets) { list(&octets) } else { list(charset::guess(&octets).as_bytes()) }
}

/// Those addresses of a value that are addresses as well where nobody decodes it: neither an encoded word
/// (RFC 2047 §5) nor a charset that nothing names makes one.
pub(super) fn written(value: &[u8]) -> Vec<NameAddr> {
    let octets = masked(unfolded(value));
    // `=?` begins an encoded word, `=_` none; both may stand in an atom (RFC 5322 §3.2.3).
    let plain = String::from_utf8_lossy(&octets).replace("=?", "=_");
    let decoded = decoded(value);
    let named = |a: NameAddr| decoded.iter().find(|other| other.address == a.address).cloned();
    list(plain.as_bytes()).into_iter().filter_map(named).collect()
}

/// A value with NULs for the escape sequences of ISO-2022-JP and for what stands in two octets between them
/// (RFC 1468): such names are still written bare, and their octets look like quotes and brackets.
fn masked(mut octets: Vec<u8>) -> Vec<u8> {
    let (mut left, mut wide) = (0_u8, false);
    for at in 0..octets.len() {
        match octets.get(at..at + 3) {
            Some(b"\x1b$B" | b"\x1b$@") => (left, wide) = (3, true),
            Some(b"\x1b(B" | b"\x1b(J") => (left, wide) = (3, false),
            _ => {}
        }
        if let Some(byte) = octets.get_mut(at).filter(|_| wide || left > 0) {
            *byte = 0;
        }
        left = left.saturating_sub(1);
    }
    octets
}

fn list(value: &[u8]) -> Vec<NameAddr> {
    let mut octets = bare_locals(value);
    // The line end that the parser crate waits for.
    octets.extend_from_slice(b"\r\n");
    let HeaderValue::Address(list) = MessageStream::new(&octets).parse_address() else {
        return Vec::new();
    };
    let one = |addr: &mail_parser::Addr<'_>| {
        let name = addr.name().map(one_line).filter(|name| !name.is_empty());
        match addr.address() {
            Some(address) => Address::parse(address).ok().map(|address| {
                let name = name.map(|name| at_most(&name, MAX_NAME).trim_end().to_owned());
                NameAddr { name, address }
            }),
            // `From: "jane@example.com"` has no angle brackets: what reads as a name is the address.
            None => Address::parse(addr.name()?).ok().map(NameAddr::from),
        }
    };
    list.iter().filter_map(one).take(MAX_ADDRESSES).collect()
}

/// A list with each quoted local part (RFC 5322 §3.4.1) bare that may stand in an address: the parser
/// crate takes what is quoted for a name, unless it stands in angle brackets. [`Address`] gives the quotes
/// back where they are needed.
pub(super) fn bare_locals(list: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(list.len());
    let (mut depth, mut escaped) = (0_u32, false);
    // Where in `out` the quote in hand opened.
    let mut open: Option<usize> = None;
    let mut bytes = list.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        out.push(byte);
        if std::mem::take(&mut escaped) {
            continue;
        }
        match byte {
            b'\\' if open.is_some() || depth > 0 => escaped = true,
            b'(' if open.is_none() => depth += 1,
            b')' if open.is_none() => depth = depth.saturating_sub(1),
            b'"' if depth == 0 => match open.take() {
                None => open = Some(out.len() - 1),
                Some(start) if bytes.peek() == Some(&b'@') && is_local(&out, start) => {
                    out.pop();
                    out.remove(start);
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    out
}

/// Whether what begins with the quote at `start`, and ends with one, is a local part to be read.
fn is_local(text: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    let begins = before.is_none_or(|b| b.is_ascii_whitespace() || b",;:<)".contains(b));
    let inner = text.get(start + 1..text.len() - 1).unwrap_or_default();
    begins && !inner.is_empty() && inner.iter().all(|b| is_quotable(char::from(*b)))
}

#[cfg(test)]
mod tests;
