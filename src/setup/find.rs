//! Finds the mail server of a domain (RFC 8620 §2.2): by its SRV record, else by its well-known URL.
//!
//! Nothing of the login is sent here. The DNS is not proof of anything, so a server outside the
//! domain is used only if the operator says so (RFC 6186 §6 has the same rule).

use http::StatusCode;
use url::Url;

use crate::dns::Dns;
use crate::wire::{Request, Wire, WireError};

const WELL_KNOWN: &str = "/.well-known/jmap";

/// A mail server that the domain names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) url: Url,
    /// Whether its name is of the domain itself.
    pub(super) own: bool,
    /// Who named it, for a person.
    pub(super) by: String,
}

/// What the domain names, the first choice first; and why there is nothing, where there is not.
pub(super) async fn find(domain: &str, dns: &Dns, wire: &Wire) -> (Vec<Found>, Vec<String>) {
    let (mut found, mut why) = (Vec::new(), Vec::new());
    match dns.service("_jmap._tcp", domain).await {
        Ok(targets) if targets.is_empty() => why.push(format!("{domain} has no SRV record _jmap._tcp")),
        Ok(targets) => found.extend(targets.into_iter().filter_map(|target| {
            // The port of https is left away by the URL itself.
            let url = Url::parse(&format!("https://{}:{}/", target.host, target.port)).ok()?;
            Some(Found { own: is_own(&url, domain), url, by: format!("the SRV record of {domain}") })
        })),
        Err(error) => why.push(error.to_string()),
    }
    if found.is_empty() {
        match well_known(domain, wire).await {
            Ok(url) => found.push(Found {
                own: is_own(&url, domain),
                url,
                by: format!("https://{domain}{WELL_KNOWN}"),
            }),
            Err(error) => why.push(error),
        }
    }
    (found, why)
}

/// Where the domain's own web server has a session, or says where one is.
async fn well_known(domain: &str, wire: &Wire) -> Result<Url, String> {
    let whole = format!("https://{domain}{WELL_KNOWN}");
    let url = Url::parse(&whole).map_err(|error| format!("{whole}: {error}"))?;
    match wire.send(Request::get(url.clone())).await {
        // Another server, which then has its session at that place.
        Err(WireError::Redirect { to, .. }) => match Url::parse(&to) {
            Ok(to) if to.scheme() == "https" => Ok(to),
            _ => Err(format!("{whole} leads on to {to}, which is no https address")),
        },
        Err(error) => Err(error.to_string()),
        // A session without a login, or a question for one.
        Ok(response) if response.status.is_success() || response.status == StatusCode::UNAUTHORIZED => {
            let is_json = response.media_type().is_some_and(|media| media.contains("json"));
            let asks = response.status == StatusCode::UNAUTHORIZED;
            if is_json || asks { Ok(origin(&response.url)) } else { Err(format!("{whole} is a web page")) }
        }
        Ok(response) => Err(format!("{whole} answers {}", response.status)),
    }
}

/// The server alone: its session is looked for again by the well-known URL.
fn origin(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_path("/");
    url.set_query(None);
    url
}

fn is_own(url: &Url, domain: &str) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}
