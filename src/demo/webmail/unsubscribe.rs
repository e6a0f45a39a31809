//! How a mail says that it can be stopped (RFC 2369, RFC 8058), as mail programs read it.

use url::Url;

use super::page::Unsubscribe;
use crate::demo::server::headers;
use crate::mail::Address;

/// The URLs of List-Unsubscribe, in order, and whether one click is offered.
fn urls(raw: &[u8]) -> (Vec<Url>, bool) {
    let fields = headers::fields(raw);
    let value = |wanted: &str| {
        fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map_or("", |(_, value)| value)
    };
    let urls = value("List-Unsubscribe").split('<').skip(1).filter_map(|rest| {
        let (url, _) = rest.split_once('>')?;
        let url: String = url.split_whitespace().collect();
        Url::parse(&url).ok()
    });
    let one_click = value("List-Unsubscribe-Post").trim().eq_ignore_ascii_case("List-Unsubscribe=One-Click");
    (urls.collect(), one_click)
}

/// What a mail program offers for this mail. One click is offered for the desk's own links only,
/// because the page's policy lets no form go elsewhere.
pub fn read(raw: &[u8], desk: &Url) -> Option<Unsubscribe> {
    let (urls, one_click) = urls(raw);
    let link = urls.iter().find(|url| ["https", "http"].contains(&url.scheme()));
    let by_mail = urls.iter().any(|url| url.scheme() == "mailto");
    if link.is_none() && !by_mail {
        return None;
    }
    let ours = link.filter(|url| one_click && url.origin() == desk.origin());
    Some(Unsubscribe { one_click: ours.map(Url::to_string), link: link.map(Url::to_string), by_mail })
}

/// The address and subject of the mail that stops these mails (RFC 6068).
pub fn by_mail(raw: &[u8]) -> Option<(Address, String)> {
    let (urls, _) = urls(raw);
    let url = urls.into_iter().find(|url| url.scheme() == "mailto")?;
    let address = percent_encoding::percent_decode_str(url.path()).decode_utf8().ok()?;
    let subject = url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("subject"));
    let subject = subject.map_or("unsubscribe".to_owned(), |(_, value)| value.into_owned());
    Some((Address::parse(&address).ok()?, subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Subject: x\r\nList-Unsubscribe: <http://localhost:8080/u/abc>,\r\n \
        <mailto:incoming+key-unsubscribe@desk.example?subject=stop%20it>\r\n";

    #[test]
    fn a_program_offers_what_the_header_names() {
        let desk = Url::parse("http://localhost:8080/").unwrap();
        let raw = format!("{HEAD}List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nx");
        let link = Some("http://localhost:8080/u/abc".to_owned());
        let offered = read(raw.as_bytes(), &desk).unwrap();
        assert_eq!(offered, Unsubscribe { one_click: link.clone(), link, by_mail: true });
        let plain = format!("{HEAD}\r\nx");
        assert_eq!(
            read(plain.as_bytes(), &desk).unwrap().one_click,
            None,
            "no click without the Post header"
        );
        let elsewhere = Url::parse("https://desk.example/").unwrap();
        assert_eq!(read(raw.as_bytes(), &elsewhere).unwrap().one_click, None);
        assert_eq!(read(b"Subject: x\r\n\r\nx", &desk), None);
        let (to, subject) = by_mail(raw.as_bytes()).unwrap();
        assert_eq!((to.as_str(), subject.as_str()), ("incoming+key-unsubscribe@desk.example", "stop it"));
    }
}
