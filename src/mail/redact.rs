//! Taking a passage out of a raw mail: its parts are written anew in the encoding that they have, and
//! everything else stays octet by octet.

use super::structure::{self, Part};
use super::{RemoteImages, parse, render};

/// What stands in the place of a passage.
pub const REDACTED: &str = "[redacted]";

/// The mail without a passage, in all its texts and its subject; white space in the passage stands
/// for any white space. `None` where the passage is not found, or could not be taken out for certain:
/// because mark-up stands within it, or an unusual charset.
#[must_use]
pub fn redact(raw: &[u8], passage: &str) -> Option<Vec<u8>> {
    let words: Vec<&str> = passage.split_whitespace().collect();
    let structure = structure::read(raw);
    let mut changes = Vec::new();
    for part in structure.root.walk().into_iter().filter(|part| !part.is_multipart()) {
        if part.kind.kind != "text" {
            continue;
        }
        if let Some(body) = without(part, &words) {
            changes.push((place(raw, part.body)?, body));
        }
    }
    if contains(&parse(raw, None).subject, &words) {
        changes.push((subject(raw)?, format!("Subject: {REDACTED}\r\n").into_bytes()));
    }
    if changes.is_empty() {
        return None;
    }
    changes.sort_by_key(|(range, _)| range.start);
    let mut written = Vec::with_capacity(raw.len());
    let mut at = 0;
    for (range, body) in changes {
        written.extend_from_slice(raw.get(at..range.start)?);
        written.extend(body);
        at = range.end;
    }
    written.extend_from_slice(raw.get(at..)?);
    is_gone(&written, &words).then_some(written)
}

/// A text without a passage, as in [`redact`]. `None` where it is not found.
#[must_use]
pub fn redact_text(text: &str, passage: &str) -> Option<String> {
    let words: Vec<&str> = passage.split_whitespace().collect();
    let octets: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let written = replace(text.as_bytes(), &octets)?;
    String::from_utf8(written).ok()
}

/// The body of a part without the passage, encoded as it was. `None` where it is not in it.
fn without(part: &Part<'_>, words: &[&str]) -> Option<Vec<u8>> {
    let decoded = part.bytes();
    let mut forms = vec![words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>()];
    if part.kind.subkind == "html" {
        let escaped = |word: &&str| word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        forms.push(words.iter().map(|word| escaped(word).into_bytes()).collect());
    }
    // Charsets of one octet a character, as far as their first half and Latin-1 go.
    let narrow =
        |word: &&str| word.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<Vec<u8>>>();
    forms.extend(words.iter().map(narrow).collect::<Option<Vec<_>>>());
    let mut written = None;
    for form in forms {
        let form: Vec<&[u8]> = form.iter().map(Vec::as_slice).collect();
        let replaced = replace(written.as_deref().unwrap_or(&decoded), &form);
        written = replaced.or(written);
    }
    written.map(|written| encode(part, &written))
}

/// Every place of these words, with white space between them, replaced.
fn replace(text: &[u8], words: &[&[u8]]) -> Option<Vec<u8>> {
    let mut written = Vec::with_capacity(text.len());
    let (mut at, mut found) = (0, false);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match match_here(rest, words) {
            Some(length) => {
                written.extend_from_slice(REDACTED.as_bytes());
                at += length;
                found = true;
            }
            None => {
                written.extend(rest.first());
                at += 1;
            }
        }
    }
    found.then_some(written)
}

fn match_here(text: &[u8], words: &[&[u8]]) -> Option<usize> {
    let (first, more) = words.split_first()?;
    let mut rest = text.strip_prefix(*first)?;
    for word in more {
        let space = rest.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        rest = rest.get(space..).filter(|_| space > 0)?.strip_prefix(*word)?;
    }
    Some(text.len() - rest.len()).filter(|length| *length > 0)
}

fn encode(part: &Part<'_>, octets: &[u8]) -> Vec<u8> {
    match part.encoding().as_str() {
        "base64" => {
            let mut written = Vec::new();
            for line in data_encoding::BASE64.encode(octets).as_bytes().chunks(76) {
                written.extend_from_slice(line);
                written.extend_from_slice(b"\r\n");
            }
            written
        }
        "quoted-printable" => quoted_printable(octets),
        _ => octets.to_vec(),
    }
}

/// RFC 2045 §6.7; every octet that could be misread is a code.
fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let mut column = 0;
        for (place, octet) in text.iter().enumerate() {
            let last = place + 1 == text.len();
            let plain = matches!(octet, b'!'..=b'<' | b'>'..=b'~') || (*octet == b' ' && !last);
            if column > 72 {
                written.extend_from_slice(b"=\r\n");
                column = 0;
            }
            if plain {
                written.push(*octet);
                column += 1;
            } else {
                written.extend(format!("={octet:02X}").into_bytes());
                column += 3;
            }
        }
        if line.ends_with(b"\n") {
            written.extend_from_slice(b"\r\n");
        }
    }
    written
}

/// Where a slice of the mail stands in it.
fn place(raw: &[u8], part: &[u8]) -> Option<std::ops::Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(raw.as_ptr() as usize)?;
    let end = start.checked_add(part.len()).filter(|end| *end <= raw.len())?;
    Some(start..end)
}

/// The lines of the first Subject, with those that go on with it (RFC 5322 §2.2.3).
fn subject(raw: &[u8]) -> Option<std::ops::Range<usize>> {
    let (mut at, mut start) = (0, None);
    for line in raw.split_inclusive(|octet| *octet == b'\n') {
        let goes_on = matches!(line.first(), Some(b' ' | b'\t'));
        if let Some(start) = start.filter(|_| !goes_on) {
            return Some(start..at);
        }
        if line.trim_ascii().is_empty() {
            return None;
        }
        if line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"subject:")) {
            start = Some(at);
        }
        at += line.len();
    }
    None
}

/// Whether nobody can read the passage any more.
fn is_gone(raw: &[u8], words: &[&str]) -> bool {
    let structure = structure::read(raw);
    let texts = structure.root.walk().into_iter().filter(|part| part.kind.kind == "text");
    let (parsed, shown) = (parse(raw, None), render(raw, RemoteImages::Blocked));
    let read = [parsed.text, parsed.subject, shown.text, shown.html, shown.quoted.unwrap_or_default()];
    texts.map(Part::text).chain(read).all(|text| !contains(&plain(&text), words) && !contains(&text, words))
}

/// Mark-up taken out, roughly: enough to see a passage that mark-up divides.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

fn contains(text: &str, words: &[&str]) -> bool {
    let text: Vec<&str> = text.split_whitespace().collect();
    text.join(" ").contains(&words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(encoding: &str, kind: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "From: a@b.example\r\nSubject: Card\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }

    #[track_caller]
    fn gone(raw: &[u8], passage: &str, left: &str) {
        let written = redact(raw, passage).expect("it is taken out");
        let text = parse(&written, None).text;
        assert!(text.contains(REDACTED) && text.contains(left), "{text}");
        assert!(!text.contains(passage), "{text}");
        assert_eq!(redact(&written, passage), None, "a second time finds nothing");
    }

    #[test]
    fn a_passage_goes_in_every_encoding_and_the_rest_stays() {
        let text = "My card is 4111 1111\r\n 1111 1111, für Jörg.\r\nThanks = true.\r\n";
        let passage = "4111 1111 1111 1111";
        let utf8 = "text/plain; charset=utf-8";
        gone(&mail("8bit", utf8, text.as_bytes()), passage, "für Jörg");
        let packed = data_encoding::BASE64.encode(text.as_bytes());
        gone(&mail("base64", utf8, packed.as_bytes()), passage, "für Jörg");
        gone(&mail("quoted-printable", utf8, &quoted_printable(text.as_bytes())), passage, "Thanks = true.");
        let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        gone(&mail("8bit", "text/plain; charset=iso-8859-1", &latin), "für Jörg", "My card");
        gone(&mail("7bit", "text/html", b"<p>My card is <b>4111</b></p><p>a &amp; b</p>"), "a & b", "4111");
    }

    #[test]
    fn all_parts_and_the_subject_and_nothing_else() {
        let raw = b"From: a@b.example\r\nsubject: my\r\n secret thing\r\nTo: c@d.example\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nmy secret one\r\n\
            --x\r\nContent-Type: text/html\r\n\r\n<p>my\r\nsecret one</p>\r\n--x--\r\n";
        let written = redact(raw, "my secret").unwrap();
        let text = String::from_utf8(written).unwrap();
        assert_eq!(text.matches(REDACTED).count(), 3, "{text}");
        assert!(text.contains("Subject: [redacted]\r\nTo: c@d.example\r\n") && text.ends_with("--x--\r\n"));
    }

    #[test]
    fn what_is_not_certain_is_refused() {
        let divided = mail("7bit", "text/html", b"<p>my <b>sec</b>ret</p>");
        assert_eq!(redact(&divided, "my secret"), None);
        assert_eq!(redact(&divided, "nothing of it"), None);
        assert_eq!(redact(&divided, " "), None);
        assert_eq!(redact_text("a  b", "a b").as_deref(), Some(REDACTED));
    }
}
