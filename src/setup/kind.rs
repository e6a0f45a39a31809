//! Whose mail server it is, and what is to be done there that Postdesk cannot do by itself.

use url::Url;

/// A make of mail server that Postdesk has words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Stalwart,
    Cyrus,
    Fastmail,
    Other,
}

/// What the words are about.
pub(super) struct Site<'a> {
    pub(super) address: &'a str,
    pub(super) wildcard: &'a str,
    pub(super) domain: &'a str,
    pub(super) catch_all: bool,
}

impl Kind {
    /// By the server's address, and by what its session names. Fastmail runs Cyrus, so it is looked
    /// for first.
    pub(super) fn of(url: &Url, marks: &[String]) -> Self {
        let host = url.host_str().unwrap_or_default();
        let has = |word: &str| marks.iter().any(|mark| mark.to_lowercase().contains(word));
        if host == "fastmail.com" || host.ends_with(".fastmail.com") || has("fastmail.com/") {
            Self::Fastmail
        } else if has("cyrus") {
            Self::Cyrus
        } else if has("stalwart") {
            Self::Stalwart
        } else {
            Self::Other
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stalwart => "Stalwart",
            Self::Cyrus => "Cyrus",
            Self::Fastmail => "Fastmail",
            Self::Other => "of a make that says nothing of itself",
        }
    }

    /// What is to be known before signing in.
    pub(super) fn login(self) -> Option<&'static str> {
        match self {
            Self::Fastmail => Some(
                "Fastmail takes API tokens alone: Settings, Privacy & Security, Integrations; allow mail and sending.",
            ),
            _ => None,
        }
    }

    pub(super) fn takes_token(self) -> bool {
        self == Self::Fastmail
    }

    /// The page about it.
    fn page(self) -> Option<&'static str> {
        match self {
            Self::Stalwart => Some("docs/connect-stalwart.md"),
            Self::Cyrus => Some("docs/connect-cyrus.md"),
            Self::Fastmail => Some("docs/connect-fastmail.md"),
            Self::Other => None,
        }
    }

    /// What is to be done at the mail server, one thing each.
    pub(super) fn steps(self, site: &Site<'_>) -> Vec<String> {
        let mut steps = vec![self.delivery(site), self.aliases(site), self.signature()];
        steps.extend(self.page().map(|page| format!("More about {}: {page}", self.name())));
        steps
    }

    /// Getting the wildcard's mail.
    fn delivery(self, site: &Site<'_>) -> String {
        let Site { address, wildcard, domain, .. } = site;
        let text = match (site.catch_all, self) {
            (true, Self::Stalwart) => {
                format!("set {address} as the catch-all address of the domain {domain}.")
            }
            (true, Self::Cyrus) => format!(
                "let the MTA in front give all of {domain} to {address} (Postfix: `@{domain} {address}` in \
                 virtual_alias_maps)."
            ),
            (true, Self::Fastmail) => {
                format!("add the alias *@{domain} that delivers to {address} (Settings, My email addresses).")
            }
            (true, Self::Other) => format!("deliver every address of {domain} to {address}."),
            (false, Self::Stalwart) => format!("leave sub-addressing on for the domain {domain}."),
            (false, Self::Cyrus) => {
                "let the MTA in front pass on what follows the + (Postfix: `recipient_delimiter = +`); \
                                     Cyrus itself takes it as it is."
                    .to_owned()
            }
            (false, Self::Fastmail) => {
                "nothing has to be done, unless a rule files mail to +addresses away.".to_owned()
            }
            (false, Self::Other) => "switch sub-addressing on.".to_owned(),
        };
        format!("Mail to {wildcard}, with anything in place of {{key}}, has to reach {address}: {text}")
    }

    fn aliases(self, site: &Site<'_>) -> String {
        let address = site.address;
        match self {
            Self::Stalwart => format!(
                "An address of a project's own: add it to the aliases of the account {address}, then \
                 `postdesk project edit PATH --add-alias ADDRESS`."
            ),
            Self::Cyrus => format!(
                "An address of a project's own: an alias of the MTA that delivers to {address}, then \
                 `postdesk project edit PATH --add-alias ADDRESS`."
            ),
            Self::Fastmail => format!(
                "An address of a project's own: an alias that delivers to {address} (Settings, My email addresses; \
                 it brings the sending identity), then `postdesk project edit PATH --add-alias ADDRESS`."
            ),
            Self::Other => format!(
                "An address of a project's own: an alias that delivers to {address}, with an identity to send as, then \
                 `postdesk project edit PATH --add-alias ADDRESS`."
            ),
        }
    }

    /// RFC 8058 §4.
    fn signature(self) -> String {
        let text = match self {
            Self::Stalwart => {
                "Stalwart leaves both out by itself: add them to the headers of the domain's DKIM signatures."
            }
            Self::Cyrus => {
                "Cyrus signs nothing: add both to what the signer of the MTA covers (OpenDKIM: SignHeaders; Rspamd: \
                 sign_headers)."
            }
            Self::Fastmail => "Fastmail decides what it covers.",
            Self::Other => "Add both to what the server signs.",
        };
        format!(
            "The DKIM signature has to cover List-Unsubscribe and List-Unsubscribe-Post, else mail programs show no \
             button for it. {text} `postdesk check --send` tells."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_make_is_told_by_what_the_session_names() {
        let of = |url: &str, marks: &[&str]| {
            let marks: Vec<String> = marks.iter().map(|mark| (*mark).to_owned()).collect();
            Kind::of(&Url::parse(url).unwrap(), &marks)
        };
        let own = "https://mail.example.com/";
        let core = "urn:ietf:params:jmap:core";
        assert_eq!(of(own, &[core]), Kind::Other);
        assert_eq!(of(own, &[core, "https://cyrusimap.org/ns/jmap/mail"]), Kind::Cyrus);
        assert_eq!(of(own, &[core, "Stalwart v1.0.0"]), Kind::Stalwart);
        let cyrus_too = &["https://cyrusimap.org/ns/jmap/mail", "https://www.fastmail.com/dev/maskedemail"];
        assert_eq!(of(own, cyrus_too), Kind::Fastmail);
        assert_eq!(of("https://api.fastmail.com/jmap/session", &[]), Kind::Fastmail);
        assert_eq!(of("https://notfastmail.com/", &[]), Kind::Other);
    }

    #[test]
    fn each_make_is_told_of_delivery_aliases_and_signatures() {
        for kind in [Kind::Stalwart, Kind::Cyrus, Kind::Fastmail, Kind::Other] {
            for catch_all in [true, false] {
                let site = Site {
                    address: "a@b.example",
                    wildcard: "{key}@b.example",
                    domain: "b.example",
                    catch_all,
                };
                let text = kind.steps(&site).join("\n");
                for word in ["a@b.example", "{key}@b.example", "--add-alias", "List-Unsubscribe-Post"] {
                    assert!(text.contains(word), "{kind:?}: no {word} in {text}");
                }
            }
        }
    }
}
