//! The session (RFC 8620 §2): where things are, what the server can take, whose mail it is.

use std::collections::HashMap;
use std::time::Duration;

use http::header::ACCEPT;
use http::{HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;
use url::{Origin, Url};

use super::{BlobId, JmapError, Offers, http_fault};
use crate::clock::Clock;
use crate::wire::{Credentials, Limits as WireLimits, Request, Wire, WireError};

const MAIL: &str = "urn:ietf:params:jmap:mail";
const CORE: &str = "urn:ietf:params:jmap:core";
const SUBMISSION: &str = "urn:ietf:params:jmap:submission";
const QUOTA: &str = "urn:ietf:params:jmap:quota";

/// The way out where the configured address is not the right one.
const URL_HINT: &str =
    "the setting `url` in [mail] takes the mail server's address or the address of its session";

/// What stays as it is in a variable of a URL template (RFC 6570 §3.2.2).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the server can take (RFC 8620 §2); where it does not say, what §2 suggests at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub max_size_upload: u64,
    pub max_concurrent_upload: u64,
    pub max_size_request: u64,
    pub max_concurrent_requests: u64,
    pub max_calls_in_request: u64,
    pub max_objects_in_get: u64,
    pub max_objects_in_set: u64,
}

/// One session, resolved: all URLs are absolute, and the account is chosen.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) state: String,
    pub(super) account: String,
    pub(super) account_name: String,
    pub(super) limits: Limits,
    pub(super) offers: Offers,
    /// The names of its capabilities, and what names its make.
    pub(super) marks: Vec<String>,
    /// The EHLO names of what the server's submission can do, upper case (RFC 8621 §1.3.2).
    pub(super) submission_extensions: Vec<String>,
    pub(super) api: Url,
    base: Url,
    download: String,
    upload: String,
    event_source: Option<String>,
    pub(super) allowed: Vec<Origin>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default, deserialize_with = "super::lenient::map")]
    capabilities: HashMap<String, Value>,
    #[serde(default, deserialize_with = "super::lenient::map")]
    accounts: HashMap<String, Account>,
    #[serde(default, deserialize_with = "super::lenient::map")]
    primary_accounts: HashMap<String, String>,
    api_url: String,
    download_url: String,
    upload_url: String,
    #[serde(default, deserialize_with = "super::lenient::text")]
    event_source_url: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    state: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    #[serde(default, deserialize_with = "super::lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::map")]
    account_capabilities: HashMap<String, Value>,
    #[serde(default)]
    is_read_only: Value,
}

/// Where to ask, and whom to trust with the login.
pub(super) struct Door<'a> {
    pub(super) url: &'a Url,
    /// The login, as a header.
    pub(super) header: &'a HeaderValue,
    /// Origins beside the session's own that may see the login.
    pub(super) trusted: &'a [Origin],
    /// The account's id or name, where the operator chose one.
    pub(super) account: Option<&'a str>,
}

impl Session {
    /// Finds and reads the session: at the URL itself where it has a path, else by
    /// `/.well-known/jmap` (RFC 8620 §2.2).
    pub(super) async fn fetch(door: &Door<'_>, wire: &Wire, clock: &Clock) -> Result<Self, JmapError> {
        let mut url = door.url.clone();
        if url.path() == "/" || url.path().is_empty() {
            url.set_path("/.well-known/jmap");
        }
        let mut allowed = vec![url.origin()];
        allowed.extend(door.trusted.iter().cloned());
        let limits =
            WireLimits { read: Duration::from_secs(30), cap: 4 * 1024 * 1024, ..WireLimits::default() };
        let request = Request::get(url)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .credentials(Credentials::new(door.header.clone(), allowed.clone()))
            .limits(limits);
        let response = match wire.send(request).await {
            Err(WireError::Redirect { from, to }) => {
                return Err(JmapError::Session(format!(
                    "{from} leads on to {to}, which is another server; if that is right, set `url` in [mail] to it"
                )));
            }
            other => other?,
        };
        if response.status == StatusCode::NOT_FOUND {
            return Err(JmapError::Session(format!(
                "there is no JMAP session at {}; {URL_HINT}",
                response.url
            )));
        }
        if !response.status.is_success() {
            return Err(http_fault(&response, clock.now()).into());
        }
        let document: Document = serde_json::from_slice(&response.body).map_err(|error| {
            JmapError::Session(format!("{} is not a JMAP session ({error}); {URL_HINT}", response.url))
        })?;
        Self::resolve(document, response.url, door.account, allowed)
    }

    fn resolve(
        document: Document,
        base: Url,
        account: Option<&str>,
        allowed: Vec<Origin>,
    ) -> Result<Self, JmapError> {
        let (id, chosen) = choose(&document, account).map(|(id, chosen)| (id, chosen.clone()))?;
        let extensions = chosen
            .account_capabilities
            .get(SUBMISSION)
            .and_then(|capability| capability.get("submissionExtensions"))
            .and_then(Value::as_object)
            .map(|map| map.keys().map(|name| name.to_uppercase()).collect())
            .unwrap_or_default();
        let has = |name: &str| chosen.account_capabilities.contains_key(name);
        let offers = Offers {
            mail: has(MAIL),
            submission: document.capabilities.contains_key(SUBMISSION) && has(SUBMISSION),
            // A request that names what the session does not is refused as a whole (RFC 8620 §3.3).
            quota: document.capabilities.contains_key(QUOTA) && has(QUOTA),
            read_only: chosen.is_read_only == Value::Bool(true),
        };
        let session = Self {
            offers,
            marks: marks(&document, &chosen),
            state: document.state.unwrap_or_default(),
            account_name: chosen.name.unwrap_or_else(|| id.clone()),
            account: id,
            limits: limits(document.capabilities.get(CORE)),
            submission_extensions: extensions,
            api: join(&base, &document.api_url)?,
            base,
            download: document.download_url,
            upload: document.upload_url,
            event_source: document.event_source_url.filter(|url| !url.is_empty()),
            allowed,
        };
        session.check_origins()?;
        Ok(session)
    }

    /// The login goes to the origin of the session and to those that the operator trusts; a
    /// session document that names others is refused at once, with the way out.
    fn check_origins(&self) -> Result<(), JmapError> {
        let blob = BlobId::from("b");
        for url in [self.api.clone(), self.upload_url()?, self.download_url(&blob)?] {
            if !self.allowed.contains(&url.origin()) {
                let origin = url.origin().ascii_serialization();
                let session = Box::new(self.base.clone());
                return Err(JmapError::OtherServer { session, url: Box::new(url), origin });
            }
        }
        Ok(())
    }

    pub(super) fn upload_url(&self) -> Result<Url, JmapError> {
        join(&self.base, &expand(&self.upload, &[("accountId", &self.account)]))
    }

    pub(super) fn download_url(&self, blob: &BlobId) -> Result<Url, JmapError> {
        let variables = [
            ("accountId", self.account.as_str()),
            ("blobId", blob.as_str()),
            ("type", "application/octet-stream"),
            ("name", "mail.eml"),
        ];
        join(&self.base, &expand(&self.download, &variables))
    }

    /// Where to listen (RFC 8620 §7.3); none where the server has no push, or has it at an origin
    /// that may not see the login.
    pub(super) fn event_source_url(&self, ping: Duration) -> Option<Url> {
        let ping = ping.as_secs().to_string();
        let variables = [("types", "Email"), ("closeafter", "no"), ("ping", ping.as_str())];
        let url = join(&self.base, &expand(self.event_source.as_deref()?, &variables)).ok()?;
        self.allowed.contains(&url.origin()).then_some(url)
    }
}

/// The account: the configured one, else the primary one for mail, else the only one.
fn choose<'a>(document: &'a Document, wanted: Option<&str>) -> Result<(String, &'a Account), JmapError> {
    let with_mail =
        |id: &&String| document.accounts.get(*id).is_some_and(|a| a.account_capabilities.contains_key(MAIL));
    if let Some(wanted) = wanted {
        let by_name = || {
            document
                .accounts
                .iter()
                .find(|(_, account)| account.name.as_deref() == Some(wanted))
                .map(|(id, account)| (id.clone(), account))
        };
        let by_id = document.accounts.get(wanted).map(|account| (wanted.to_owned(), account));
        return by_id.or_else(by_name).ok_or_else(|| {
            let why = format!(
                "the mail server has no account \"{wanted}\" for this login; the setting `account` in [mail] \
                 takes one of"
            );
            JmapError::Accounts { why, names: names(document) }
        });
    }
    let mut ids: Vec<&String> = document.accounts.keys().filter(with_mail).collect();
    ids.sort();
    let primary = document.primary_accounts.get(MAIL);
    let chosen = match (primary, ids.as_slice()) {
        (Some(primary), _) if document.accounts.contains_key(primary) => primary,
        (_, [only]) => only,
        // Servers let anyone read a session without accounts: that is no login (RFC 8620 §2).
        (_, []) => {
            return Err(JmapError::Credentials(
                "the mail server knows no mail account for this login; check `user` and `password`, or \
                 `token`, in [mail]"
                    .to_owned(),
            ));
        }
        _ => {
            let why = "this login has several mail accounts; set `account` in [mail] to one of".to_owned();
            return Err(JmapError::Accounts { why, names: names(document) });
        }
    };
    let account =
        document.accounts.get(chosen).ok_or_else(|| JmapError::malformed("the session", &"no account"))?;
    Ok((chosen.clone(), account))
}

fn names(document: &Document) -> Vec<String> {
    let mut names: Vec<String> = document
        .accounts
        .iter()
        .map(|(id, account)| account.name.as_deref().unwrap_or(id).to_owned())
        .collect();
    names.sort();
    names
}

/// What tells of the server's make: the names of its capabilities, and that of its Sieve
/// implementation (RFC 9661 §1.3.1), which many call after themselves.
fn marks(document: &Document, account: &Account) -> Vec<String> {
    let both = || document.capabilities.iter().chain(&account.account_capabilities);
    let implementation = |(_, value): (&String, &Value)| {
        value.get("implementation").and_then(Value::as_str).map(str::to_owned)
    };
    let mut marks: Vec<String> = both().map(|(name, _)| name.clone()).collect();
    marks.extend(both().filter_map(implementation));
    marks.sort();
    marks.dedup();
    marks
}

fn limits(core: Option<&Value>) -> Limits {
    let limit = |name: &str, otherwise: u64| {
        core.and_then(|core| core.get(name)).and_then(Value::as_u64).filter(|n| *n > 0).unwrap_or(otherwise)
    };
    Limits {
        max_size_upload: limit("maxSizeUpload", 50_000_000),
        max_concurrent_upload: limit("maxConcurrentUpload", 4),
        max_size_request: limit("maxSizeRequest", 10_000_000),
        max_concurrent_requests: limit("maxConcurrentRequests", 4),
        max_calls_in_request: limit("maxCallsInRequest", 16),
        max_objects_in_get: limit("maxObjectsInGet", 500),
        max_objects_in_set: limit("maxObjectsInSet", 500),
    }
}

/// Fills in a template of level 1 (RFC 6570 §1.2), which is all that RFC 8620 §2 uses.
fn expand(template: &str, variables: &[(&str, &str)]) -> String {
    variables.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), &utf8_percent_encode(value, UNRESERVED).to_string())
    })
}

fn join(base: &Url, reference: &str) -> Result<Url, JmapError> {
    base.join(reference)
        .map_err(|error| JmapError::malformed("the session", &format!("{reference} is no address ({error})")))
}
