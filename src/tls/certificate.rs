//! What a certificate says of itself: whom it names and until when (RFC 5280 §4.1.2.5, §4.2.1.6).
//!
//! Nothing is believed here. Whether a certificate is accepted is rustls' to say; this is for the
//! sentences that an operator reads.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::{CertificateError, ClientConfig, Error};
use tokio::io::{AsyncRead, AsyncWrite};

use super::TlsError;
use super::client::{certificates, connect};

/// Whom a certificate names and how long it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Host names and addresses, as it has them.
    pub names: Vec<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// The number that its authority gave it, as it is encoded (RFC 5280 §4.1.2.2).
    pub serial: Vec<u8>,
    /// The key that signed it, as its authority numbers its keys (RFC 5280 §4.2.1.1).
    pub authority_key: Option<Vec<u8>>,
}

/// Why a server's certificate was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    Expired,
    NotYetValid,
    /// It is for other names.
    OtherName,
    /// No authority that we believe has signed it.
    UnknownIssuer,
}

impl Certificate {
    /// The first certificate of a PEM file.
    ///
    /// # Errors
    /// Names the file.
    pub fn of_file(path: &Path) -> Result<Self, TlsError> {
        let chain = certificates(path)?;
        let first = chain.first().and_then(|first| Self::of_der(first));
        first.ok_or_else(|| TlsError::NoCertificate { path: path.to_owned() })
    }

    /// The certificate that a server shows over this connection, once it is accepted.
    ///
    /// # Errors
    /// Where it is not accepted; [`Distrust::of`] says why.
    pub async fn shown_by<S>(config: &Arc<ClientConfig>, host: &str, stream: S) -> io::Result<Option<Self>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = connect(config, host, stream).await?;
        let (_, connection) = stream.get_ref();
        let first = connection.peer_certificates().and_then(|chain| chain.first());
        Ok(first.and_then(|first| Self::of_der(first)))
    }

    /// Whether it is for this host (RFC 6125 §6.4.3: a `*` stands for one whole label).
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_lowercase();
        self.names.iter().any(|name| {
            let name = name.to_lowercase();
            let below = name.strip_prefix("*.");
            name == host || below.is_some_and(|rest| host.split_once('.').is_some_and(|(_, up)| up == rest))
        })
    }

    pub(super) fn of_der(der: &[u8]) -> Option<Self> {
        let mut certificate = Der(Der(der).take(SEQUENCE)?);
        let mut fields = Der(certificate.take(SEQUENCE)?);
        fields.skip(VERSION);
        let serial = fields.take(INTEGER)?.to_vec();
        // Algorithm, issuer.
        fields.next()?;
        fields.next()?;
        let mut validity = Der(fields.take(SEQUENCE)?);
        let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
        let (mut names, mut authority_key) = (Vec::new(), None);
        while let Some((tag, content)) = fields.next() {
            if tag == EXTENSIONS {
                names = extension(content, SUBJECT_ALT_NAME).and_then(alternative_names).unwrap_or_default();
                authority_key = extension(content, AUTHORITY_KEY).and_then(key_identifier);
            }
        }
        Some(Self { names, not_before, not_after, serial, authority_key })
    }
}

impl Distrust {
    /// What rustls found wrong, where a handshake failed over the certificate.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        let Error::InvalidCertificate(why) = error.get_ref()?.downcast_ref::<Error>()? else { return None };
        match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Some(Self::Expired),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Some(Self::NotYetValid)
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Some(Self::OtherName)
            }
            // A bad signature is that of another authority by the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Some(Self::UnknownIssuer),
            _ => None,
        }
    }
}

// Tags of X.690 §8.1.2, as far as certificates have them here.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const BOOLEAN: u8 = 0x01;
const OCTETS: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
const KEY_IDENTIFIER: u8 = 0x80;
/// `2.5.29.17`, subjectAltName.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// `2.5.29.35`, authorityKeyIdentifier.
const AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];

/// Reads one DER value after the other (X.690 §10.1: lengths are definite).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if length >= 0x80 {
            let (octets, after) = rest.split_at_checked(length - 0x80)?;
            length = octets
                .iter()
                .try_fold(0_usize, |sum, octet| sum.checked_mul(256)?.checked_add(usize::from(*octet)))?;
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((*tag, content))
    }

    /// The next value, if it has this tag.
    fn take(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == wanted).map(|(_, content)| content)
    }

    /// Leaves the next value out, if it has this tag.
    fn skip(&mut self, tag: u8) {
        if self.0.first() == Some(&tag) {
            self.next();
        }
    }
}

/// RFC 5280 §4.1.2.5: `YYMMDDHHMMSSZ` up to 2049, `YYYYMMDDHHMMSSZ` from then on.
fn time((tag, content): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let text = match (tag, text.get(..2)?.parse::<u8>().ok()?) {
        (UTC_TIME, 50..) => format!("19{text}"),
        (UTC_TIME, _) => format!("20{text}"),
        (GENERALIZED_TIME, _) => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The value of the extension by this number.
fn extension<'a>(extensions: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut list = Der(Der(extensions).take(SEQUENCE)?);
    while let Some((_, extension)) = list.next() {
        let mut extension = Der(extension);
        let found = extension.take(OID)? == wanted;
        extension.skip(BOOLEAN);
        let value = extension.take(OCTETS)?;
        if found {
            return Some(value);
        }
    }
    None
}

fn alternative_names(value: &[u8]) -> Option<Vec<String>> {
    let mut names = Der(Der(value).take(SEQUENCE)?);
    Some(std::iter::from_fn(|| names.next()).filter_map(name).collect())
}

fn key_identifier(value: &[u8]) -> Option<Vec<u8>> {
    Some(Der(Der(value).take(SEQUENCE)?).take(KEY_IDENTIFIER)?.to_vec())
}

fn name((tag, content): (u8, &[u8])) -> Option<String> {
    match tag {
        DNS_NAME => String::from_utf8(content.to_vec()).ok(),
        IP_ADDRESS => match content.len() {
            4 => Some(IpAddr::from(<[u8; 4]>::try_from(content).ok()?).to_string()),
            16 => Some(IpAddr::from(<[u8; 16]>::try_from(content).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyIdMethod, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_says_its_names_and_days() {
        let names = vec!["desk.example.com".to_owned(), "*.help.example".to_owned(), "192.0.2.7".to_owned()];
        let mut params = CertificateParams::new(names.clone()).unwrap();
        params.not_before = date_time_ymd(2026, 1, 2);
        params.not_after = date_time_ymd(2051, 3, 4);
        params.serial_number = Some(vec![0x01, 0x80].into());
        params.use_authority_key_identifier_extension = true;
        params.key_identifier_method = KeyIdMethod::PreSpecified(vec![9, 8, 7]);
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let read = Certificate::of_der(made.der()).unwrap();
        assert_eq!(read.names, names);
        assert_eq!(read.not_before.to_string(), "2026-01-02T00:00:00Z");
        assert_eq!(read.not_after.to_string(), "2051-03-04T00:00:00Z");
        assert_eq!(read.serial, [0x01, 0x80]);
        assert_eq!(read.authority_key, Some(vec![9, 8, 7]));
        for host in ["desk.example.com", "DESK.example.com", "a.help.example", "192.0.2.7"] {
            assert!(read.covers(host), "{host}");
        }
        for host in ["example.com", "help.example", "a.b.help.example", "192.0.2.8", "x.desk.example.com"] {
            assert!(!read.covers(host), "{host}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        for der in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x03\x02\x01", &[0x30; 64]] {
            assert_eq!(Certificate::of_der(der), None);
        }
    }
}
