//! The header: where it ends, its fields, and their values decoded (RFC 5322 §2.2, RFC 2047).
//!
//! Fields are cut here and not by the parser crate, so that the cost stays linear and a mail
//! without a blank line, without a last line end, or with a megabyte of header is still read.

use mail_parser::{HeaderValue, parsers::MessageStream};

use super::{NameAddr, charset, mailboxes};

/// How much of a header is looked at. Real ones stay below a tenth of it.
const MAX_HEADER: usize = 1 << 20;
/// How much of one field's value is looked at.
const MAX_VALUE: usize = 256 << 10;
/// How many addresses of one field are kept.
pub(super) const MAX_ADDRESSES: usize = 1_000;

/// One field: its name as written, its value with the folds still in it.
#[derive(Clone, Copy, Debug)]
struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

/// The fields of one header, in the order in which they stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Header<'a> {
    fields: Vec<Field<'a>>,
}

impl<'a> Header<'a> {
    /// Cuts a mail, or a part of one, into its header and its body.
    ///
    /// The header ends at the first blank line; a line that can be no field ends it too, and
    /// belongs to the body. An mbox `From ` line before the first field is left out.
    pub(super) fn split(raw: &'a [u8]) -> (Self, &'a [u8]) {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut at = 0;
        // Where the field in hand begins its value, and its name.
        let mut open: Option<(&'a [u8], usize)> = None;
        let mut close = |open: &mut Option<(&'a [u8], usize)>, end: usize| {
            if let Some((name, start)) = open.take()
                && start <= MAX_HEADER
            {
                let value = raw.get(start..end).unwrap_or_default();
                fields.push(Field { name, value: value.get(..MAX_VALUE).unwrap_or(value) });
            }
        };
        while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
            let len = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |end| end + 1);
            let line = rest.get(..len).unwrap_or_default();
            let blank = matches!(line, b"\n" | b"\r\n" | b"\r");
            if blank {
                close(&mut open, at);
                return (Self { fields }, raw.get(at + len..).unwrap_or_default());
            }
            let folded = matches!(line.first(), Some(b' ' | b'\t')) && open.is_some();
            if !folded {
                close(&mut open, at);
                match name_of(line) {
                    Some((name, value_at)) => open = Some((name, at + value_at)),
                    None if at == 0 && line.starts_with(b"From ") => {}
                    None => return (Self { fields }, rest),
                }
            }
            at += len;
        }
        close(&mut open, raw.len());
        (Self { fields }, &[])
    }

    /// Whether there is no field at all.
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The values of all fields of that name, in the order in which they stand, folds undone.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = String> {
        self.raw_values(name).map(unfold)
    }

    /// The first field of that name, folds undone.
    pub(super) fn first(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// The first field of that name as text for people: encoded words decoded, on one line.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.raw_values(name).next()?;
        let bytes = ended(value);
        match MessageStream::new(&bytes).parse_unstructured() {
            HeaderValue::Text(text) => Some(one_line(&text)),
            _ => None,
        }
    }

    /// The addresses of all fields of that name. What is no address is left out; in From also what
    /// only decoding makes one, because whoever judges the sender does not see it as such.
    pub(super) fn addresses(&self, name: &str) -> Vec<NameAddr> {
        let read = if name.eq_ignore_ascii_case("From") { mailboxes::written } else { mailboxes::decoded };
        self.raw_values(name).flat_map(read).take(MAX_ADDRESSES).collect()
    }

    /// The first field of that name as a moment in time (RFC 5322 §3.3).
    pub(super) fn date(&self, name: &str) -> Option<jiff::Timestamp> {
        let bytes = ended(self.raw_values(name).next()?);
        match MessageStream::new(&bytes).parse_date() {
            // A leap second is within the rules of RFC 5322, but not of the crate's check.
            HeaderValue::DateTime(date) if date.is_valid() || date.second == 60 => {
                jiff::Timestamp::from_second(date.to_timestamp()).ok()
            }
            _ => None,
        }
    }

    /// The first field of that name as a type with parameters (RFC 2045 §5.1, RFC 2183, RFC 2231).
    pub(super) fn parameters(&self, name: &str) -> Option<Parameters> {
        let bytes = ended(self.raw_values(name).next()?);
        let HeaderValue::ContentType(value) = MessageStream::new(&bytes).parse_content_type() else {
            return None;
        };
        let list = value.attributes().unwrap_or_default();
        Some(Parameters {
            kind: value.ctype().trim().to_ascii_lowercase(),
            subkind: value.subtype().unwrap_or_default().trim().to_ascii_lowercase(),
            list: list.iter().map(|a| (a.name.to_ascii_lowercase(), a.value.to_string())).collect(),
        })
    }

    fn raw_values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |f| f.name.eq_ignore_ascii_case(name.as_bytes())).map(|f| f.value)
    }
}

/// The value of a Content-Type or Content-Disposition field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// In lower case: `text`, or `attachment`.
    pub(super) kind: String,
    /// In lower case; empty where there is none.
    pub(super) subkind: String,
    list: Vec<(String, String)>,
}

impl Parameters {
    /// A type without parameters.
    pub(super) fn bare(kind: &str, subkind: &str) -> Self {
        Self { kind: kind.to_owned(), subkind: subkind.to_owned(), list: Vec::new() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.list.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

/// The field name of a line and where its value begins; `None` where the line is no field.
fn name_of(line: &[u8]) -> Option<(&[u8], usize)> {
    // RFC 5322 §2.2: printable US-ASCII except the colon. The obsolete syntax (§4.5) allows space
    // between name and colon.
    let colon = line.iter().position(|b| *b == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    let fits = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    fits.then_some((name, colon + 1))
}

/// A value without the line ends of its folds (RFC 5322 §2.2.3). A CR elsewhere becomes a NUL, which stays
/// and stands in no word: left out, it would make a word, or an address, of what is none.
pub(super) fn unfolded(value: &[u8]) -> Vec<u8> {
    let value = value.trim_ascii();
    let mut octets = Vec::with_capacity(value.len());
    for byte in value.iter().copied() {
        if byte != b'\n' {
            octets.push(byte);
            continue;
        }
        // Some programs write more than one CR before the LF.
        while octets.last() == Some(&b'\r') {
            octets.pop();
        }
    }
    octets.iter_mut().filter(|b| **b == b'\r').for_each(|b| *b = 0);
    octets
}

/// A value without its folds, in UTF-8. Escape sequences stay as well: what only they make a word is none.
fn unfold(value: &[u8]) -> String {
    let octets = unfolded(value);
    let text = String::from_utf8(octets).unwrap_or_else(|error| charset::guess(error.as_bytes()));
    text.trim().to_owned()
}

/// A value unfolded, in UTF-8, with the line end that the parser crate waits for. Where encoded
/// words stand in it, its octets are left to them: some programs put bare ones inside.
fn ended(value: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = if has_encoded_words(value) {
        value.to_vec()
    } else {
        charset::guess(value).trim().as_bytes().to_vec()
    };
    bytes.retain(|b| !matches!(b, b'\r' | b'\n' | 0));
    bytes.extend_from_slice(b"\r\n");
    bytes
}

pub(super) fn has_encoded_words(value: &[u8]) -> bool {
    value.windows(2).any(|pair| pair == b"=?")
}

/// A text on one line: control characters and runs of white space become one space, and
/// characters that would turn the direction of what follows are left out.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') {
            line.push(c);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// The first characters of a text, at most so many.
pub(super) fn at_most(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_and_repeats_are_read_in_order() {
        let raw = b"To: a@example.com,\r\n\tb@example.com\r\nX: 1\r\nto : c@example.com\r\n\r\nbody";
        let (header, body) = Header::split(raw);
        let to: Vec<String> = header.addresses("To").iter().map(|a| a.address.to_string()).collect();
        assert_eq!(to, ["a@example.com", "b@example.com", "c@example.com"]);
        assert_eq!(body, b"body");
    }

    #[test]
    fn a_line_that_is_no_field_begins_the_body() {
        let (header, body) = Header::split(b"Subject: hi\nnot a field at all\nmore: x\n");
        assert_eq!(header.text("subject").as_deref(), Some("hi"));
        assert_eq!(body, b"not a field at all\nmore: x\n");
    }

    #[test]
    fn subjects_are_decoded_onto_one_line() {
        let check = |raw: &[u8], want: &str| {
            let (header, _) = Header::split(raw);
            assert_eq!(header.text("Subject").as_deref(), Some(want));
        };
        check(b"Subject: =?iso-8859-2?Q?=B1=E6?=\r\n\r\n", "\u{105}\u{107}");
        check(b"Subject: =?utf-8?B?w7w=?=\r\n =?utf-8?Q?=C3=A4?= x\r\n\r\n", "üä x");
        check(b"Subject: Rechnung f\xfcr M\xe4rz", "Rechnung für März");
        check(b"Subject: =?utf-8?Q?a=0D=0ABcc:_x?=\r\n\r\n", "a Bcc: x");
        check("Subject: schön\n\n".as_bytes(), "schön");
        check(b"Subject: =?iso-8859-1?Q?Fr_\xf6?=\r\n\r\n", "Fr ö");
    }
}
