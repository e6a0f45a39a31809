//! What the mail servers on the way wrote about a mail, for `check` to show: who vouches in
//! Authentication-Results (RFC 8601), and what a DKIM signature covers (RFC 6376).

use super::authentication::sections;
use super::header::Header;

/// The header that a test mail of a desk's own carries.
pub const CHECK_HEADER: &str = "X-Postdesk-Check";

/// What was written about one mail on its way.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Provenance {
    /// The authserv-ids of Authentication-Results, the topmost first, each once.
    pub authserv_ids: Vec<String>,
    /// For each DKIM signature: its domain, and the names of the headers that it covers, in lower
    /// case.
    pub signatures: Vec<(String, Vec<String>)>,
    /// The value of [`CHECK_HEADER`].
    pub check: Option<String>,
}

/// Reads the header of a mail, of which no more needs to be at hand.
#[must_use]
pub fn provenance(raw: &[u8]) -> Provenance {
    let header = Header::split(raw).0;
    let mut found = Provenance { check: check_mark(&header), ..Provenance::default() };
    for value in header.all("Authentication-Results") {
        let id =
            sections(&value).first().and_then(|first| first.split_whitespace().next().map(str::to_owned));
        found.authserv_ids.extend(id.filter(|id| !found.authserv_ids.contains(id)));
    }
    found.signatures = header.all("DKIM-Signature").map(|value| signature(&value)).collect();
    found
}

/// The mark of a test mail of a desk's own, whoever's.
pub(super) fn check_mark(header: &Header<'_>) -> Option<String> {
    header.first(CHECK_HEADER).map(|mark| mark.trim().to_owned()).filter(|mark| !mark.is_empty())
}

/// RFC 6376 §3.5: tags `d=` and `h=`, whose white space says nothing.
fn signature(value: &str) -> (String, Vec<String>) {
    let tag = |name: &str| {
        let mut tags = value.split(';').filter_map(|tag| tag.split_once('='));
        tags.find(|(have, _)| have.trim() == name)
            .map(|(_, value)| value.split_whitespace().collect::<String>().to_lowercase())
            .unwrap_or_default()
    };
    (tag("d"), tag("h").split(':').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_vouches_and_what_is_signed() {
        let raw = b"Authentication-Results: mx.example.net 1;\r\n dkim=pass header.d=a.example\r\n\
                    Authentication-Results: (c) inner.example; none\r\n\
                    Authentication-Results: mx.example.net; none\r\n\
                    DKIM-Signature: v=1; a=rsa-sha256; d=A.example; s=s1;\r\n h=From : To:\r\n\tList-Unsubscribe; b=h=x\r\n\
                    X-Postdesk-Check:  abc\r\n\r\nbody\r\n";
        let found = provenance(raw);
        assert_eq!(found.authserv_ids, ["mx.example.net", "inner.example"]);
        let names = ["from", "to", "list-unsubscribe"].map(str::to_owned).to_vec();
        assert_eq!(found.signatures, [("a.example".to_owned(), names)]);
        assert_eq!(found.check.as_deref(), Some("abc"));
        assert_eq!(provenance(b"\r\n"), Provenance::default());
    }
}
