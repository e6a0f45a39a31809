//! Transfer encodings (RFC 2045 §6), read so that nothing fails: what is no code is left out.

/// The octets of a body.
pub(super) fn transfer(body: &[u8], encoding: &str) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => base64(body),
        "quoted-printable" => quoted_printable(body),
        _ => body.to_vec(),
    }
}

/// Base64, with anything between its characters; padding may stand in the middle, as it does where
/// pieces were encoded one by one.
fn base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut have) = (0_u32, 0_u32);
    for byte in body {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                (bits, have) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push(u8::try_from(bits >> have & 0xff).unwrap_or_default());
        }
    }
    out
}

/// Quoted-printable; an `=` that begins no code stands for itself.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii_end();
        // White space before a line end was added on the way (§6.7 rule 3), the line end itself
        // stays; an `=` there joins the lines.
        let (text, soft) = match text.strip_suffix(b"=") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            match (first, after) {
                (b'=', [high, low, next @ ..]) if let (Some(high), Some(low)) = (hex(*high), hex(*low)) => {
                    out.push(high << 4 | low);
                    rest = next;
                }
                _ => {
                    out.push(*first);
                    rest = after;
                }
            }
        }
        if !soft && line.ends_with(b"\n") {
            out.push(b'\n');
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_survives_noise_and_inner_padding() {
        assert_eq!(transfer(b"aGVs\r\nbG8=", "BASE64"), b"hello");
        assert_eq!(transfer(b"aGVsbG8=aGVsbG8=", "base64"), b"hellohello");
        assert_eq!(transfer(b"aG!Vs b-G8", " base64 "), base64(b"aGVsb-G8"));
    }

    #[test]
    fn quoted_printable_joins_soft_lines() {
        assert_eq!(
            transfer(b"a=C3=BC=\r\nb=3D  \r\n= x =zz", "quoted-printable"),
            "aüb=\n= x =zz".as_bytes()
        );
    }

    #[test]
    fn anything_else_is_left_alone() {
        assert_eq!(transfer(b"x=41", "8bit"), b"x=41");
    }
}
