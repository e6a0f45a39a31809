//! Octets to text: charsets as labelled, and what to do where the label is missing or wrong.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes by the charset that the mail names, or by guess where it names none that is known.
///
/// A right label is never overruled; a wrong one only where the octets prove it wrong.
pub(super) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.map(|l| l.trim().trim_matches('"').to_ascii_lowercase());
    let text = match label.as_deref() {
        None | Some("" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit" | "default") => {
            guess(bytes)
        }
        // Labelled as seven bits a character, and yet UTF-8: mikel/mail#1423.
        Some(l) if l.starts_with("iso-2022-") && !bytes.is_ascii() => guess(bytes),
        Some(l) => match charset_decoder(l.as_bytes()) {
            Some(decoder) => decoder(bytes),
            None => guess(bytes),
        },
    };
    text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
}

/// Decodes without a label: UTF-8 where it is valid, ISO-2022-JP where its escapes stand in
/// seven-bit text, otherwise windows-1252, of which ISO-8859-1 is a part.
pub(super) fn guess(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if has_japanese_escape(bytes) => {
            by_name(bytes, "iso-2022-jp").unwrap_or_else(|| text.to_owned())
        }
        Ok(text) => text.to_owned(),
        // One broken character in a long UTF-8 text does not make it another charset.
        Err(_) if mostly_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => {
            by_name(bytes, "windows-1252").unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

fn by_name(bytes: &[u8], name: &str) -> Option<String> {
    charset_decoder(name.as_bytes()).map(|decoder| decoder(bytes))
}

/// `ESC $ B`, `ESC $ @` or `ESC ( J` (RFC 1468).
fn has_japanese_escape(bytes: &[u8]) -> bool {
    bytes.is_ascii() && bytes.windows(3).any(|w| matches!(w, b"\x1b$B" | b"\x1b$@" | b"\x1b(J"))
}

/// Whether the valid characters of more than one octet outnumber the places that are broken.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_followed_and_proven_wrong_ones_are_not() {
        let check = |bytes: &[u8], label: Option<&str>, want: &str| {
            assert_eq!(decode(bytes, label), want, "{label:?}");
        };
        check("für".as_bytes(), Some("utf8"), "für");
        check(b"f\xfcr", Some("iso-8859-1"), "für");
        check(b"\x80 5", Some("ISO-8859-1"), "€ 5");
        check(b"f\xfcr", Some("utf-8"), "für");
        check(b"f\xfcr", Some("x-no-such"), "für");
        check(b"f\xfcr", None, "für");
        check(b"\x1b$B$\"\x1b(B", None, "あ");
        check("あ".as_bytes(), Some("iso-2022-jp"), "あ");
        check(b"\x82\xa0", Some("Shift_JIS"), "あ");
        check(b"\x81\x30\x81\x30", Some("gb2312"), "\u{80}");
        check(b"\xef\xbb\xbfx", Some("utf-8"), "x");
        check(b"", None, "");
    }
}
