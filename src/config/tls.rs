//! The tracker's certificate: from files, from an authority by ACME, or of our own making.

use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use super::{Config, ConfigError, Secret, read};
use crate::mail::Address;

/// Where the tracker's certificate comes from.
#[derive(Clone, Debug)]
pub enum TlsSource {
    /// PEM files: the certificate with its chain, and its key. They are read again when they change.
    Files { certificate: PathBuf, key: PathBuf },
    /// An authority gives it, and renews it (RFC 8555).
    Acme(Box<Acme>),
    /// One that Postdesk makes and signs itself, for trying out. Browsers will warn.
    Generated,
}

/// The authority that gives the certificate, and how it sees that the host is ours. Whoever sets
/// this agrees to that authority's terms of service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Acme {
    /// The authority's directory (RFC 8555 §7.1.1).
    ///
    /// ```toml
    /// directory = "https://acme-v02.api.letsencrypt.org/directory"
    /// ```
    #[serde(deserialize_with = "directory")]
    pub directory: Url,
    /// Where the authority may write to. Not every authority wants or uses it.
    ///
    /// ```toml
    /// contact = "admin@example.com"
    /// ```
    #[serde(deserialize_with = "contact")]
    pub contact: Option<Address>,
    /// How the authority sees that the host is ours.
    ///
    /// ```toml
    /// challenge = "tls-alpn-01"
    /// ```
    pub challenge: Challenge,
    /// An account that already exists at the authority, for those that want one (RFC 8555 §7.3.4).
    ///
    /// ```toml
    /// external_account = { id = "kid", key = { credential = "acme-key" } }
    /// ```
    pub external_account: Option<ExternalAccount>,
    /// A PEM file with further certificate authorities, where the directory itself has a private one.
    ///
    /// ```toml
    /// ca = "acme-ca.pem"
    /// ```
    pub ca: Option<PathBuf>,
}

/// How an authority sees that the host is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Challenge {
    /// It speaks TLS with port 443 of the host, which leads to `listen` of [web] (RFC 8737).
    #[default]
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// It asks port 80 of the host, which leads to `redirect` of [web] (RFC 8555 §8.3).
    #[serde(rename = "http-01")]
    Http01,
}

impl Challenge {
    /// Its name in RFC 8555 and RFC 8737.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TlsAlpn01 => "tls-alpn-01",
            Self::Http01 => "http-01",
        }
    }

    /// The port that the authority comes to.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::TlsAlpn01 => 443,
            Self::Http01 => 80,
        }
    }
}

/// An account that already exists at the authority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalAccount {
    /// The key's id, as the authority shows it.
    pub id: String,
    /// The key in base64url, as the authority shows it.
    pub key: Secret,
}

impl Default for Acme {
    fn default() -> Self {
        Self {
            directory: lets_encrypt(),
            contact: None,
            challenge: Challenge::default(),
            external_account: None,
            ca: None,
        }
    }
}

#[allow(clippy::expect_used, reason = "a constant, which a test parses")]
fn lets_encrypt() -> Url {
    Url::parse("https://acme-v02.api.letsencrypt.org/directory").expect("a constant URL")
}

/// The tracker's certificate, where no proxy stands in front: of an authority (`[tls.acme]`), from
/// files, or of Postdesk's own making. Without this table the tracker speaks plain HTTP.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    /// A PEM file: the certificate with its chain. It is read again when it changes.
    ///
    /// ```toml
    /// certificate = "fullchain.pem"
    /// ```
    certificate: Option<PathBuf>,
    /// A PEM file: its private key.
    ///
    /// ```toml
    /// key = "privkey.pem"
    /// ```
    key: Option<PathBuf>,
    acme: Option<Box<Acme>>,
    /// In place of both: Postdesk makes a certificate and signs it itself, for trying out. Browsers
    /// will warn of it.
    ///
    /// ```toml
    /// generated = true
    /// ```
    #[serde(default)]
    generated: bool,
}

impl<'de> Deserialize<'de> for TlsSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Tls::deserialize(from)? {
            Tls { certificate: Some(certificate), key: Some(key), acme: None, generated: false } => {
                Ok(Self::Files { certificate, key })
            }
            Tls { certificate: None, key: None, acme: Some(acme), generated: false } => Ok(Self::Acme(acme)),
            Tls { certificate: None, key: None, acme: None, generated: true } => Ok(Self::Generated),
            _ => Err(D::Error::custom(
                "takes one of three: `certificate` and `key`, a table [tls.acme], or `generated = true`",
            )),
        }
    }
}

fn directory<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    let text = String::deserialize(from)?;
    let url = read::url::<D::Error>(&text, "https://acme-v02.api.letsencrypt.org/directory")?;
    if url.scheme() != "https" && !read::is_loopback(&url) {
        return Err(D::Error::custom("is plain http, which nobody can trust with certificates; use https"));
    }
    Ok(url)
}

fn contact<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Address>, D::Error> {
    read::address(from).map(Some)
}

/// What must fit together around [tls].
pub(super) fn fits(config: &Config) -> Result<(), ConfigError> {
    if let Some(address) =
        config.web.redirect.iter().find(|address| address.port() != 0 && config.web.listen.contains(address))
    {
        let what = format!("has {address}, which `listen` has too; give it a port of its own, such as 80");
        return Err(ConfigError::new("web.redirect", what));
    }
    if !config.web.redirect.is_empty() && !config.is_https() {
        let what =
            "leads browsers to https, but `public_url` is http; write https:// there, or take this away";
        return Err(ConfigError::new("web.redirect", what));
    }
    let Some(source) = &config.tls else { return Ok(()) };
    if !config.is_https() {
        let what =
            "is http, but with [tls] the tracker speaks https; write https:// here, or take [tls] away";
        return Err(ConfigError::new("public_url", what));
    }
    let TlsSource::Acme(acme) = source else { return Ok(()) };
    if !matches!(config.public_url.host(), Some(Host::Domain(_))) {
        let what =
            "has an address for a host, and [tls.acme] gets certificates for names; write the host's name";
        return Err(ConfigError::new("public_url", what));
    }
    if acme.challenge == Challenge::Http01 && config.web.redirect.is_empty() {
        let what = "is \"http-01\", by which the authority asks port 80, and nothing listens there; add \
                    `redirect = [\"[::]:80\"]` to [web], or use \"tls-alpn-01\"";
        return Err(ConfigError::new("tls.acme.challenge", what));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_lets_encrypt_over_our_own_port() {
        let acme = Acme::default();
        assert_eq!(acme.directory.host_str(), Some("acme-v02.api.letsencrypt.org"));
        assert_eq!((acme.challenge.name(), acme.challenge.port()), ("tls-alpn-01", 443));
    }
}
