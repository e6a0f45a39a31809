//! The unsubscribe links of a mail of ours (RFC 2369 §3.2).

use super::ReplyKey;
use super::header::Header;

/// The tokens in a mail's List-Unsubscribe, by their form alone: the same one may stand in its
/// https and in its mailto link.
#[must_use]
pub fn unsubscribe_tokens(raw: &[u8]) -> Vec<ReplyKey> {
    let (header, _) = Header::split(raw);
    let mut tokens: Vec<ReplyKey> = Vec::new();
    for value in header.all("List-Unsubscribe") {
        for token in value.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(ReplyKey::parse) {
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_both_links_is_found_once() {
        let token = ReplyKey::from_random([7; 26]);
        let raw = format!(
            "Subject: x\r\nList-Unsubscribe: <https://desk.example/u/{token}>,\r\n \
             <mailto:incoming+{token}-unsubscribe@desk.example>\r\n\r\nList-Unsubscribe: <https://a/u/b>\r\n"
        );
        assert_eq!(unsubscribe_tokens(raw.as_bytes()), [token]);
        assert_eq!(unsubscribe_tokens(b"Subject: none\r\n\r\n"), []);
    }
}
