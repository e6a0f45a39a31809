//! The one TOML file: what the operator decides. What a page edits lives in the store.
//!
//! Unknown settings are refused, every value is read into its type, and what must fit together is
//! checked when the file is read. Each error names the file, the line and the setting, and says
//! what to do. A secret never stands in the file: the file says where it is.
//!
//! The documentation of the structs is the operator's: `packaging/postdesk.toml` and
//! `docs/configuration.md` are made of it (`tests/configuration.rs`). The `toml` block of a setting is
//! its line in the example file: commented out where it may be left away, unless it says `set`.

mod addresses;
mod changes;
mod check;
mod error;
mod load;
mod login;
mod mailbox_ref;
mod named;
mod network;
mod plain;
mod read;
mod secret;
mod tls;
mod written;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

pub use addresses::{Addresses, ReplyTo};
pub use error::ConfigError;
pub use login::Login;
pub use mailbox_ref::{MailboxRef, MailboxRefError};
pub use network::Network;
pub use secret::Secret;
pub use tls::{Acme, Challenge, ExternalAccount, TlsSource};
pub use written::{Written, WrittenError};

use crate::mail::Address;
use crate::triage::{Budgets, Site};

/// Everything that the operator decides.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where Postdesk keeps everything: the database, the raw mails, a generated certificate. It
    /// belongs to the user that Postdesk runs as, and to nobody else.
    ///
    /// ```toml
    /// data = "/var/lib/postdesk"
    /// ```
    #[serde(default = "read::data")]
    pub data: PathBuf,
    /// Where the control socket lies, over which the command line speaks to the daemon; else in the
    /// data folder. The path of a socket has at most 107 octets.
    ///
    /// ```toml
    /// runtime = "/run/postdesk"
    /// ```
    pub runtime: Option<PathBuf>,
    /// Where browsers reach the tracker. Every link is made of it, never of what a request says. It
    /// has no path, and is `http` only on this machine, or behind a proxy that `trusted_proxies`
    /// names.
    ///
    /// ```toml
    /// public_url = "https://desk.example.com"
    /// ```
    #[serde(deserialize_with = "read::public_url")]
    pub public_url: Url,
    /// This machine's name, as the marker in the mailbox has it; else the system's host name. Set it
    /// where that changes with each start, as in many containers.
    ///
    /// ```toml
    /// machine = "desk-1"
    /// ```
    #[serde(default)]
    pub machine: String,
    /// A folder with templates of your own, each in the place of the one of that name; else all are
    /// Postdesk's.
    ///
    /// ```toml
    /// theme = "theme"
    /// ```
    pub theme: Option<PathBuf>,
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
    /// For whoever watches over the desk.
    #[serde(default)]
    pub watch: Watch,
    #[serde(skip)]
    source: changes::Source,
}

/// The mail account, reached by JMAP (RFC 8620).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server, or the address of its JMAP session. Without a path the session is looked for
    /// at `/.well-known/jmap` (RFC 8620 §2.2).
    ///
    /// ```toml
    /// url = "https://mail.example.com"
    /// ```
    #[serde(deserialize_with = "read::mail_url")]
    pub url: Url,
    /// The name that Postdesk signs in with.
    ///
    /// ```toml,set
    /// user = "support@example.com"
    /// ```
    pub user: Option<String>,
    /// Where its password is.
    ///
    /// ```toml,set
    /// password = { file = "mail-password" }
    /// ```
    pub password: Option<Secret>,
    /// In place of `user` and `password`: where a token is (RFC 6750), as Fastmail gives them.
    ///
    /// ```toml
    /// token = { file = "mail-token" }
    /// ```
    pub token: Option<Secret>,
    /// The account's id or name, for a login that has several; else its primary one.
    ///
    /// ```toml
    /// account = "support@example.com"
    /// ```
    pub account: Option<String>,
    /// The account's own mail address. Mail to it goes to the default project; where there is none,
    /// it is held.
    ///
    /// ```toml
    /// address = "support@example.com"
    /// ```
    #[serde(deserialize_with = "read::address")]
    pub address: Address,
    /// A PEM file with further certificate authorities, for a mail server with a private one.
    ///
    /// ```toml
    /// ca = "mail-ca.pem"
    /// ```
    pub ca: Option<PathBuf>,
    /// Other servers that may see the login, where the JMAP session names any: for downloads, say.
    ///
    /// ```toml
    /// trusted_origins = ["https://download.example.com"]
    /// ```
    #[serde(default, deserialize_with = "read::origins")]
    pub trusted_origins: Vec<Url>,
    /// How often to look for mail where the server has no push, in seconds.
    ///
    /// ```toml
    /// poll_seconds = 15
    /// ```
    #[serde(default = "read::poll_seconds", deserialize_with = "read::positive")]
    pub poll_seconds: u64,
    /// What stands after the `@` in Message-IDs of letters; else the host of `public_url`.
    ///
    /// ```toml
    /// host = "desk.example.com"
    /// ```
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

/// Which mailbox is for what: by role, `role:inbox`, or by name, `Postdesk/Handled`, where `/` stands
/// between a mailbox and one inside it. What is missing is created. No two settings may name the same
/// one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mailboxes {
    /// Where mail comes in. All of it is taken.
    ///
    /// ```toml
    /// intake = "role:inbox"
    /// ```
    #[serde(deserialize_with = "read::mailbox")]
    pub intake: MailboxRef,
    /// Where mails go that became part of a ticket.
    ///
    /// ```toml
    /// handled = "Postdesk/Handled"
    /// ```
    #[serde(deserialize_with = "read::mailbox")]
    pub handled: MailboxRef,
    /// Where mails go that a person has to decide about.
    ///
    /// ```toml
    /// held = "Postdesk/Held"
    /// ```
    #[serde(deserialize_with = "read::mailbox")]
    pub held: MailboxRef,
    /// Where sent letters go.
    ///
    /// ```toml
    /// sent = "role:sent"
    /// ```
    #[serde(deserialize_with = "read::mailbox")]
    pub sent: MailboxRef,
    /// Where letters lie until they are sent. Postdesk's own: never the people's drafts.
    ///
    /// ```toml
    /// drafts = "Postdesk/Outgoing"
    /// ```
    #[serde(deserialize_with = "read::mailbox")]
    pub drafts: MailboxRef,
    /// Where mails go that lay in the intake mailbox before the desk was, if so decided.
    ///
    /// ```toml
    /// earlier = "Earlier"
    /// ```
    #[serde(deserialize_with = "read::mailbox")]
    pub earlier: MailboxRef,
    /// Where the marker lies that says which desk serves this account. Postdesk's own.
    ///
    /// ```toml
    /// marker = "Postdesk/Marker"
    /// ```
    #[serde(deserialize_with = "read::mailbox")]
    pub marker: MailboxRef,
    /// Destroy handled and sent mails on the mail server when they are so many days old and the desk
    /// has the whole of each. Without it, they stay.
    ///
    /// ```toml
    /// keep_days = 90
    /// ```
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
    /// Addresses with their ports. Without `[tls]` and without a proxy only this machine's own are
    /// allowed.
    ///
    /// ```toml
    /// listen = ["127.0.0.1:8080"]
    /// ```
    #[serde(deserialize_with = "read::listeners")]
    pub listen: Vec<SocketAddr>,
    /// Proxies that speak https in front of Postdesk, and whose `Forwarded` or `X-Forwarded-For` is
    /// believed: addresses, or networks such as `10.0.0.0/8`. Without `[tls]`, whoever is neither of
    /// these nor on this machine is refused.
    ///
    /// ```toml,set
    /// trusted_proxies = ["127.0.0.1", "::1"]
    /// ```
    #[serde(deserialize_with = "read::networks")]
    pub trusted_proxies: Vec<Network>,
    /// Addresses with their ports that lead browsers to `public_url`, and answer an authority that
    /// asks by http-01. Nothing else is told there.
    ///
    /// ```toml
    /// redirect = ["[::]:80"]
    /// ```
    #[serde(deserialize_with = "read::listeners")]
    pub redirect: Vec<SocketAddr>,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8080))],
            trusted_proxies: Vec::new(),
            redirect: Vec::new(),
        }
    }
}

/// Bounds on what is taken in and what is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// A larger mail is held unread, in octets.
    ///
    /// ```toml
    /// max_mail_bytes = 67108864
    /// ```
    #[serde(deserialize_with = "read::positive")]
    pub max_mail_bytes: u64,
    /// How many letters of one kind may leave within a minute: replies, notices, confirmations.
    /// More of that kind wait; the others go on.
    ///
    /// ```toml
    /// letters_per_minute = 1200
    /// ```
    #[serde(deserialize_with = "read::positive")]
    pub letters_per_minute: u32,
    /// The same to one address, within a minute.
    ///
    /// ```toml
    /// letters_per_minute_to_one = 30
    /// ```
    #[serde(deserialize_with = "read::positive")]
    pub letters_per_minute_to_one: u32,
    /// How long a reply waits before it leaves, so that it can be taken back, in seconds; 0 for not
    /// at all.
    ///
    /// ```toml
    /// undo_seconds = 20
    /// ```
    pub undo_seconds: u32,
    /// Confirmations to one authenticated sender within an hour.
    ///
    /// ```toml
    /// confirmations_per_hour = 5
    /// ```
    pub confirmations_per_hour: u32,
    /// Confirmations to one authenticated sender within a day.
    ///
    /// ```toml
    /// confirmations_per_day = 20
    /// ```
    pub confirmations_per_day: u32,
    /// Confirmations within a day to a sender of whom nothing is known.
    ///
    /// ```toml
    /// confirmations_per_day_unknown = 1
    /// ```
    pub confirmations_per_day_unknown: u32,
    /// Confirmations within a day to a sender on whose tickets no person has acted.
    ///
    /// ```toml
    /// confirmations_per_day_unattended = 3
    /// ```
    pub confirmations_per_day_unattended: u32,
    /// New mails of one sender, or without any, within an hour; what comes beyond is held.
    ///
    /// ```toml
    /// mails_per_hour = 50
    /// ```
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

/// For whoever watches over the desk.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Watch {
    /// What a Prometheus sends as a bearer token to read `/metrics`. Without it, only this machine
    /// may read it, and only where no proxy stands before the tracker.
    ///
    /// ```toml
    /// token = { file = "metrics-token" }
    /// ```
    pub token: Option<Secret>,
}

impl Config {
    /// Whether a request that comes from this machine was made here: where a proxy stands before
    /// the tracker, everybody's requests come from it.
    #[must_use]
    pub fn has_no_proxy(&self) -> bool {
        self.web.trusted_proxies.is_empty() && (self.tls.is_some() || !self.is_https())
    }

    /// The token for `/metrics`, its secret read.
    ///
    /// # Errors
    /// Where the secret is not there.
    pub fn watch_token(&self) -> Result<Option<SecretString>, ConfigError> {
        self.watch.token.as_ref().map(|token| token.read("watch.token")).transpose()
    }

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
