//! What the receiving server found out about the sender (RFC 8601).
//!
//! Only the topmost Authentication-Results of the configured authserv-id counts: servers write it
//! above what came with the mail, so anything further down may be forged.

use super::header::Header;
use super::{Address, Authentication, a_labels};

/// The verdict on the domain of From. `from` is `None` where the mail has no sender.
pub(super) fn authentication(
    header: &Header<'_>,
    authserv_id: Option<&str>,
    from: Option<&Address>,
) -> Authentication {
    let (Some(ours), Some(from)) = (authserv_id, from) else {
        return Authentication::Unknown;
    };
    let fields = header.all("Authentication-Results").map(|value| sections(&value));
    let is_ours = |list: &Vec<String>| {
        let id = list.first().and_then(|first| first.split_whitespace().next()).unwrap_or_default();
        id.eq_ignore_ascii_case(ours)
    };
    let Some(list) = fields.into_iter().find(is_ours) else {
        return Authentication::Unknown;
    };
    let results: Vec<Outcome> = list.iter().skip(1).filter_map(|section| outcome(section)).collect();
    judge(&results, from.domain())
}

/// DMARC decides where it was looked at (RFC 7489 §6.6.2); otherwise an aligned pass of DKIM or SPF.
///
/// Where it was looked at for a domain that has nothing to do with ours, the server read somebody else in
/// From than we do. Whoever of us is right, the sender is not proven to be ours, and was made to look so.
fn judge(results: &[Outcome], domain: &str) -> Authentication {
    let domain = domain.trim_end_matches('.');
    let dmarc = || results.iter().filter(|r| r.method == "dmarc");
    let about = |r: &Outcome| r.property("header.from").map(host);
    // A server that read nobody in From looked at nothing, and names an empty domain.
    let nobody = |r: &Outcome| about(r).is_some_and(|have| have.is_empty());
    let unread = dmarc().any(nobody);
    let dmarc = || dmarc().filter(|r| !nobody(r));
    for result in dmarc().filter(|r| about(r).is_none_or(|have| have == domain)) {
        match result.result.as_str() {
            "pass" => return Authentication::Pass,
            "fail" => return Authentication::Fail,
            _ => {}
        }
    }
    for (other, result) in dmarc().filter_map(|r| Some((about(r).filter(|have| have != domain)?, r))) {
        if !is_aligned(&other, domain) && !is_aligned(domain, &other) {
            return Authentication::Fail;
        }
        if result.result == "pass" {
            return Authentication::Unknown;
        }
    }
    let passed = |method: &str, names: &[&str]| {
        let mut passes = results.iter().filter(|r| r.method == method && r.result == "pass");
        passes.any(|r| {
            names.iter().filter_map(|name| r.property(name)).any(|have| is_aligned(&host(have), domain))
        })
    };
    let aligned = passed("dkim", &["header.d", "header.i"]) || passed("spf", &["smtp.mailfrom", "smtp.mail"]);
    match aligned {
        true => Authentication::Pass,
        // Or a From that only we can read would get round what its domain asks for.
        false if unread => Authentication::Fail,
        false => Authentication::Unknown,
    }
}

/// Whether a domain may vouch for another: the same, or one above it. A bare top-level domain
/// vouches for nobody; without the public suffix list nothing laxer is safe.
fn is_aligned(vouching: &str, domain: &str) -> bool {
    let above = || domain.strip_suffix(vouching).is_some_and(|rest| rest.ends_with('.'));
    vouching == domain || vouching.contains('.') && above()
}

/// The host of `user@host`, `@host` or `host`, in lower case and in A-labels (RFC 8616 §5 lets it stand in
/// U-labels).
fn host(value: &str) -> String {
    let value = value.rsplit_once('@').map_or(value, |(_, host)| host);
    let value = value.trim_matches(['"', '<', '>', '.']);
    a_labels(value).unwrap_or(value.into()).to_ascii_lowercase()
}

/// One `method=result` with its properties.
struct Outcome {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Outcome {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

/// Reads `method[/version]=result [reason=…] [ptype.property=value]…` (RFC 8601 §2.2).
fn outcome(section: &str) -> Option<Outcome> {
    let mut pairs = pairs(section).into_iter();
    let (method, result) = pairs.next()?;
    let method = method.split('/').next().unwrap_or_default().to_owned();
    Some(Outcome { method, result: result.to_ascii_lowercase(), properties: pairs.collect() })
}

/// The `name=value` pairs of a section, names in lower case, values without their quotes.
fn pairs(section: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = section.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        // Of words without `=` before the name only the last belongs to it.
        let name = name.split_whitespace().next_back().unwrap_or_default().to_ascii_lowercase();
        // Some servers write a property without a value.
        let word = after.split_whitespace().next();
        let none = after.starts_with(char::is_whitespace) && word.is_none_or(is_property);
        let (value, next) = if none { (String::new(), after) } else { value_of(after.trim_start()) };
        found.push((name, value));
        rest = next.trim_start();
    }
    found
}

/// Whether a word begins a `ptype.property=value`.
fn is_property(word: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let name = word.split_once('=').and_then(|(name, _)| name.split_once('.'));
    name.is_some_and(|(kind, property)| is_part(kind) && is_part(property))
}

/// The value that a text begins with, its quotes and backslashes undone, and what follows it. A value
/// goes on behind a closing quote, as the address does whose local part is quoted (RFC 8601 §2.2).
fn value_of(text: &str) -> (String, &str) {
    let (mut value, mut quoted) = (String::new(), false);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => return (value, text.get(at..).unwrap_or_default()),
            c => value.push(c),
        }
    }
    (value, "")
}

/// The value cut at its semicolons, comments left out (RFC 5322 §3.2.2), quoted strings kept whole.
pub(super) fn sections(value: &str) -> Vec<String> {
    let mut list = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for c in value.chars() {
        let plain = !std::mem::take(&mut escaped);
        match c {
            '\\' if plain => escaped = true,
            '"' if plain && depth == 0 => quoted = !quoted,
            '(' if plain && !quoted => depth += 1,
            ')' if plain && !quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            ';' if depth == 0 && !quoted => {
                list.push(String::new());
                continue;
            }
            _ => {}
        }
        if depth == 0
            && let Some(last) = list.last_mut()
        {
            last.push(c);
        } else if let Some(last) = list.last_mut().filter(|last| !last.ends_with(' ')) {
            last.push(' ');
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(head: &str) -> Authentication {
        let raw = format!("{head}\r\n\r\n");
        let from = Address::parse("anna@mail.example.com").unwrap();
        authentication(&Header::split(raw.as_bytes()).0, Some("mx.example.net"), Some(&from))
    }

    #[test]
    fn results() {
        let check = |value: &str, want: Authentication| {
            let value = value.replace("ID", "mx.example.net");
            assert_eq!(judged(&format!("Authentication-Results: {value}")), want, "{value}");
        };
        use Authentication::{Fail, Pass, Unknown};
        check("ID; dmarc=pass (p=none dis=none) header.from=mail.example.com", Pass);
        check("MX.Example.NET 1; dmarc=pass header.from=mail.example.com", Pass);
        check("ID; dmarc=fail header.from=mail.example.com; dkim=pass header.d=mail.example.com", Fail);
        check("ID; dkim=pass header.d=mail.example.com; dmarc=fail header.from=mail.example.com", Fail);
        check("ID; dmarc=pass header.from=example.com", Unknown);
        check("ID; dmarc=none header.from=example.com; dkim=pass header.d=example.com", Pass);
        check("ID; dmarc=none header.from=mail.example.com; spf=pass smtp.mailfrom=a@mail.example.com", Pass);
        check("ID;\r\n dkim=pass (good; signature) header.d=example.com header.s=s1", Pass);
        check("ID; dkim=pass reason=\"a; dmarc=pass\" header.i=@mail.example.com", Pass);
        check("ID; dkim=pass header.d=evil.example", Unknown);
        check("ID; dkim=pass header.d=notmail.example.com", Unknown);
        check("ID; dkim=pass header.d=com", Unknown);
        check("ID; dkim=pass header.d=sub.mail.example.com", Unknown);
        check("ID; dkim=fail header.d=mail.example.com; spf=softfail", Unknown);
        check("ID; none", Unknown);
        check("ID; (dmarc=pass)", Unknown);
        check("ID; dkim=neutral reason=\"dmarc=pass\"", Unknown);
        check("(comment) ID; dmarc=pass", Pass);
        check("other.example; dmarc=pass header.from=mail.example.com", Unknown);
        check("", Unknown);
    }

    #[test]
    fn whom_the_server_read_otherwise_is_not_whom_we_take_them_for() {
        for (property, want) in [
            ("dmarc=fail header.from=other.example", Authentication::Fail),
            ("dmarc=pass header.from=other.example", Authentication::Fail),
            ("dmarc=none header.from=mail.example.com.evil.example", Authentication::Fail),
            ("dmarc=fail header.from=cust; dkim=pass header.d=mail.example.com", Authentication::Fail),
            (
                "dmarc=none header.from=other.example; dmarc=pass header.from=mail.example.com",
                Authentication::Pass,
            ),
            (
                "dmarc=none header.from=other.example; dmarc=fail header.from=mail.example.com",
                Authentication::Fail,
            ),
        ] {
            let head = format!("Authentication-Results: mx.example.net; {property}");
            assert_eq!(judged(&head), want, "{property}");
        }
    }

    /// As Stalwart writes of a From in which it finds no address.
    #[test]
    fn where_the_server_read_nobody_only_a_signature_vouches() {
        for policy in ["", " policy.dmarc=reject"] {
            for (rest, want) in [
                ("", Authentication::Fail),
                ("; dkim=pass header.d=evil.example", Authentication::Fail),
                ("; dkim=pass header.d=mail.example.com", Authentication::Pass),
            ] {
                let head =
                    format!("Authentication-Results: mx.example.net; dmarc=none header.from={policy}{rest}");
                assert_eq!(judged(&head), want, "{head}");
            }
        }
        let spaced = "Authentication-Results: mx.example.net; dmarc=pass header.from = mail.example.com";
        assert_eq!(judged(spaced), Authentication::Pass);
    }

    #[test]
    fn a_domain_is_the_same_in_either_kind_of_labels() {
        let raw = "Authentication-Results: mx; dmarc=fail header.from=M\u{fc}ller.example\r\n\r\n";
        let from = Address::parse("anna@xn--mller-kva.example.").unwrap();
        let have = authentication(&Header::split(raw.as_bytes()).0, Some("mx"), Some(&from));
        assert_eq!(have, Authentication::Fail);
        let raw = raw.replace("fail", "pass");
        let have = authentication(&Header::split(raw.as_bytes()).0, Some("mx"), Some(&from));
        assert_eq!(have, Authentication::Pass);
    }

    #[test]
    fn a_quoted_local_part_vouches_for_nobody() {
        let check = |property: &str, want: Authentication| {
            let head = format!("Authentication-Results: mx.example.net; {property}");
            assert_eq!(judged(&head), want, "{property}");
        };
        use Authentication::{Pass, Unknown};
        check("spf=pass smtp.mailfrom=\"x@mail.example.com\"@evil.example", Unknown);
        check(
            "spf=pass smtp.mailfrom=\"x y@mail.example.com\"@evil.example smtp.helo=mail.example.com",
            Unknown,
        );
        check("spf=pass smtp.mailfrom=\"a\\\" smtp.mail=b@mail.example.com \\\"\"@evil.example", Unknown);
        check("spf=pass smtp.mailfrom=\"a\\\\\" smtp.mailfrom=b@mail.example.com", Unknown);
        check("spf=pass smtp.mailfrom=\"x@evil.example\"@mail.example.com", Pass);
        check("spf=pass smtp.mailfrom=\"anna@mail.example.com\"", Pass);
        check("dkim=pass reason=\"a \\\" header.d=x\" header.d=mail.example.com", Pass);
    }

    #[test]
    fn only_the_topmost_of_ours_counts() {
        let ours = "Authentication-Results: mx.example.net;";
        assert_eq!(judged(&format!("{ours} dmarc=fail\r\n{ours} dmarc=pass")), Authentication::Fail);
        assert_eq!(judged(&format!("{ours} none\r\n{ours} dmarc=pass")), Authentication::Unknown);
        let foreign = "Authentication-Results: else.example; dmarc=pass";
        assert_eq!(judged(&format!("{foreign}\r\n{ours} dmarc=fail")), Authentication::Fail);
        assert_eq!(judged("X-Authentication-Results: mx.example.net; dmarc=pass"), Authentication::Unknown);
    }

    #[test]
    fn without_an_id_or_a_sender_nothing_is_known() {
        let raw = b"Authentication-Results: mx.example.net; dmarc=pass\r\n\r\n";
        let header = Header::split(raw).0;
        let from = Address::parse("a@example.com").unwrap();
        assert_eq!(authentication(&header, None, Some(&from)), Authentication::Unknown);
        assert_eq!(authentication(&header, Some("mx.example.net"), None), Authentication::Unknown);
    }
}
