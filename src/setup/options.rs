//! What flags may give.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::Challenge;

/// Answers that were given by flags, and how to go about the rest.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The file that is written.
    pub config: PathBuf,
    /// A file that is there may be replaced.
    pub replace: bool,
    pub address: Option<String>,
    /// The mail server or its JMAP session.
    pub server: Option<String>,
    pub user: Option<String>,
    /// Sign in by a token, without a user.
    pub token: bool,
    /// The file that the password or token is in; `-` for standard input.
    pub password_file: Option<PathBuf>,
    /// The credential of systemd that the configuration is to name.
    pub credential: Option<String>,
    pub account: Option<String>,
    pub ca: Option<PathBuf>,
    /// Other servers that may see the login.
    pub trust: Vec<String>,
    /// The public host name or URL of the tracker.
    pub public: Option<String>,
    pub front: Option<Front>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub acme: Authority,
    pub listen: Vec<SocketAddr>,
    pub redirect: Vec<SocketAddr>,
    pub data: Option<PathBuf>,
    pub wildcard: Option<String>,
    /// Letters carry the plain address.
    pub plain: bool,
    /// No mail is sent to the desk itself.
    pub no_test_mail: bool,
    /// How long to wait for such a mail.
    pub wait: Duration,
    /// The service is not started.
    pub no_start: bool,
    /// The path of the first project; `-` for none.
    pub project: Option<String>,
    /// The mail address of the first admin; `-` for none.
    pub admin: Option<String>,
    /// Asked in place of the system's resolver.
    pub resolver: Option<SocketAddr>,
}

/// The authority that is to give the certificate.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    /// Its directory (RFC 8555 §7.1.1); else Let's Encrypt's.
    pub directory: Option<String>,
    /// Where it may write to; `-` for nowhere.
    pub contact: Option<String>,
    pub challenge: Challenge,
    /// A PEM file with further roots, where the directory itself has a private one.
    pub ca: Option<PathBuf>,
}

/// How browsers reach the tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// Through a proxy on this computer that speaks https.
    Proxy,
    /// Directly, with a certificate from an authority, by ACME (RFC 8555).
    Acme,
    /// Directly, with a certificate from files.
    Files,
    /// Directly, with a certificate that Postdesk makes, for trying out.
    Generated,
}
