//! The one TOML file: what the operator decides. What a page edits lives in the store.
//!
//! Unknown settings are refused, every value is read into its type, and what must fit together is
//! checked when the file is read. Each error names the file, the line and the setting, and says
//! what to do. A secret never stands in the file: the file says where it is.

mod addresses;
mod check;
mod error;
mod load;
mod login;
mod mailbox_ref;
mod network;
mod read;
mod secret;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

pub use addresses::{Addresses, ReplyTo};
pub use error::ConfigError;
pub use login::Login;
pub use mailbox_ref::{MailboxRef, MailboxRefError};
pub use network::Network;
pub use secret::Secret;

use crate::mail::Address;
use crate::triage::{Budgets, Site};

/// Everything that the operator decides.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where Postdesk keeps everything: the database, the raw mails, a generated certificate.
    #[serde(default = "read::data")]
    pub data: PathBuf,
    /// Where the control socket lies; else in the data folder. A path of a socket has at most 107
    /// octets.
    pub runtime: Option<PathBuf>,
    /// Where browsers reach the tracker: `https://desk.example.com`. Every link is made of it,
    /// never of what a request says. No path. `http` only for this machine, or behind a proxy
    /// that `trusted_proxies` names.
    #[serde(deserialize_with = "read::public_url")]
    pub public_url: Url,
    /// This machine's name, as the marker in the mailbox has it; else the system's host name. Set it
    /// where that changes with each start, as in many containers.
    #[serde(default)]
    pub machine: String,
    /// The mail account.
    pub mail: Mail,
    /// Which mailbox is for what.
    #[serde(default)]
    pub mailboxes: Mailboxes,
    /// The site's own addresses.
    pub addresses: Addresses,
    /// Where the tracker listens.
    #[serde(default)]
    pub web: Web,
    /// The tracker's certificate. Without it the tracker speaks plain HTTP.
    pub tls: Option<TlsSource>,
    #[serde(default)]
    pub limits: Limits,
}

/// The mail account, reached by JMAP (RFC 8620).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server: `https://mail.example.com`, or the address of its JMAP session.
    #[serde(deserialize_with = "read::mail_url")]
    pub url: Url,
    /// With `password`: HTTP Basic.
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// In place of `user` and `password`: a bearer token.
    pub token: Option<Secret>,
    /// The account's id or name, for a login that has several; else its primary one.
    pub account: Option<String>,
    /// The account's own mail address.
    #[serde(deserialize_with = "read::address")]
    pub address: Address,
    /// A PEM file with further certificate authorities, for a server with a private one.
    pub ca: Option<PathBuf>,
    /// Other servers that may see the login, where the session names any: for downloads, say.
    #[serde(default, deserialize_with = "read::origins")]
    pub trusted_origins: Vec<Url>,
    /// How often to look for mail where the server has no push, in seconds.
    #[serde(default = "read::poll_seconds", deserialize_with = "read::positive")]
    pub poll_seconds: u64,
    /// What stands after the `@` in our Message-IDs; else the host of `public_url`.
    #[serde(default, deserialize_with = "read::host")]
    pub host: Option<String>,
}

impl Mail {
    #[must_use]
    pub fn poll(&self) -> Duration {
        Duration::from_secs(self.poll_seconds)
    }

    /// The login, its secret read from where it is.
    ///
    /// # Errors
    /// Where the secret is not there.
    pub fn login(&self) -> Result<Login, ConfigError> {
        match (&self.user, &self.password, &self.token) {
            (_, _, Some(token)) => Ok(Login::Bearer(token.read("mail.token")?)),
            (Some(user), Some(password), None) => {
                Ok(Login::Basic { user: user.clone(), password: password.read("mail.password")? })
            }
            _ => Err(ConfigError::login(None)),
        }
    }
}

/// Which mailbox is for what: `role:inbox`, or a name such as `Postdesk/Handled`. What is missing
/// is created, but for the intake mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mailboxes {
    /// Where mail comes in. All of it is taken.
    #[serde(deserialize_with = "read::mailbox")]
    pub intake: MailboxRef,
    /// Where mails go that became part of a ticket.
    #[serde(deserialize_with = "read::mailbox")]
    pub handled: MailboxRef,
    /// Where mails go that a person has to decide about.
    #[serde(deserialize_with = "read::mailbox")]
    pub held: MailboxRef,
    /// Where sent letters go.
    #[serde(deserialize_with = "read::mailbox")]
    pub sent: MailboxRef,
    /// Where letters lie until they are sent. Postdesk's own: never the people's drafts.
    #[serde(deserialize_with = "read::mailbox")]
    pub drafts: MailboxRef,
    /// Where mails go that lay in the intake mailbox before the desk was, if so decided.
    #[serde(deserialize_with = "read::mailbox")]
    pub earlier: MailboxRef,
    /// Where the marker lies that says which desk serves this account. Postdesk's own.
    #[serde(deserialize_with = "read::mailbox")]
    pub marker: MailboxRef,
    /// Destroy handled and sent mails on the mail server when they are so many days old and the desk
    /// has the whole of each. Without it, they stay.
    pub keep_days: Option<std::num::NonZeroU32>,
}

impl Default for Mailboxes {
    fn default() -> Self {
        let role = |role: &str| MailboxRef::Role(role.to_owned());
        let name = |names: &[&str]| MailboxRef::Name(names.iter().map(|&name| name.to_owned()).collect());
        Self {
            intake: role("inbox"),
            handled: name(&["Postdesk", "Handled"]),
            held: name(&["Postdesk", "Held"]),
            sent: role("sent"),
            drafts: name(&["Postdesk", "Outgoing"]),
            earlier: name(&["Earlier"]),
            marker: name(&["Postdesk", "Marker"]),
            keep_days: None,
        }
    }
}

/// Where the tracker listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Addresses with their ports: `["127.0.0.1:8080", "[::1]:8080"]`.
    #[serde(deserialize_with = "read::listeners")]
    pub listen: Vec<SocketAddr>,
    /// Proxies whose `Forwarded` or `X-Forwarded-For` is believed: addresses or networks.
    #[serde(deserialize_with = "read::networks")]
    pub trusted_proxies: Vec<Network>,
}

impl Default for Web {
    fn default() -> Self {
        Self { listen: vec![SocketAddr::from(([127, 0, 0, 1], 8080))], trusted_proxies: Vec::new() }
    }
}

/// The tracker's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsSource {
    /// PEM files: the certificate with its chain, and its key.
    Files { certificate: PathBuf, key: PathBuf },
    /// One that Postdesk makes and signs itself, for trying out. Browsers will warn.
    Generated,
}

/// Bounds on what is taken in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// A larger mail is held unread, in octets.
    #[serde(deserialize_with = "read::positive")]
    pub max_mail_bytes: u64,
    /// How many letters of one kind may leave within a minute: replies, notices, confirmations.
    /// More of that kind wait; the others go on.
    #[serde(deserialize_with = "read::positive")]
    pub letters_per_minute: u32,
    /// The same to one address.
    #[serde(deserialize_with = "read::positive")]
    pub letters_per_minute_to_one: u32,
    /// How long a reply waits before it leaves, so that it can be taken back, in seconds; 0 for not
    /// at all.
    pub undo_seconds: u32,
    /// Confirmations to one authenticated sender within an hour.
    pub confirmations_per_hour: u32,
    /// The same within a day.
    pub confirmations_per_day: u32,
    /// Confirmations within a day to a sender of whom nothing is known.
    pub confirmations_per_day_unknown: u32,
    /// Confirmations within a day to a sender on whose tickets no person has acted.
    pub confirmations_per_day_unattended: u32,
    /// New mails of one sender within an hour; what comes beyond is held.
    #[serde(deserialize_with = "read::positive")]
    pub mails_per_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let budgets = Budgets::default();
        Self {
            max_mail_bytes: 64 * 1024 * 1024,
            letters_per_minute: 1200,
            letters_per_minute_to_one: 30,
            undo_seconds: 20,
            confirmations_per_hour: budgets.confirmations_per_hour,
            confirmations_per_day: budgets.confirmations_per_day,
            confirmations_per_day_unknown: budgets.confirmations_per_day_unknown,
            confirmations_per_day_unattended: budgets.confirmations_per_day_unattended,
            mails_per_hour: budgets.mails_per_hour,
        }
    }
}

impl Limits {
    /// How long a reply waits before it leaves.
    #[must_use]
    pub fn undo(&self) -> Duration {
        Duration::from_secs(u64::from(self.undo_seconds))
    }

    /// What one sender may cause.
    #[must_use]
    pub fn budgets(&self) -> Budgets {
        Budgets {
            confirmations_per_hour: self.confirmations_per_hour,
            confirmations_per_day: self.confirmations_per_day,
            confirmations_per_day_unknown: self.confirmations_per_day_unknown,
            confirmations_per_day_unattended: self.confirmations_per_day_unattended,
            mails_per_hour: self.mails_per_hour,
        }
    }
}

impl Config {
    /// The site's own addresses, for triage.
    #[must_use]
    pub fn site(&self) -> Site {
        Site {
            wildcard: self.addresses.wildcard.clone(),
            suffix_wildcard: self.addresses.suffix_wildcard.clone(),
            former: self.addresses.former.clone(),
            account: self.mail.address.clone(),
            host: self.host(),
            authserv_id: self.addresses.authserv_id.clone(),
            budgets: self.limits.budgets(),
        }
    }

    /// What stands after the `@` in our Message-IDs, in lower case.
    #[must_use]
    pub fn host(&self) -> String {
        let public = || self.public_url.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned();
        self.mail.host.clone().unwrap_or_else(public).to_lowercase()
    }

    /// The socket that the command line speaks to: in the runtime folder, else
    /// in the data folder.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.runtime.as_ref().unwrap_or(&self.data).join("control.sock")
    }

    /// Whether browsers reach the tracker by https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

#[cfg(test)]
mod tests;
