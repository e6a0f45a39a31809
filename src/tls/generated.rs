//! A certificate of our own making, kept in the data folder and renewed in time.
#![allow(clippy::disallowed_methods, reason = "certificate files belong to this module")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};

use super::{Pair, TlsError, write};

/// How long a certificate is good: browsers take none for longer than 398 days.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24 * 397);
/// How long before its end it is made anew.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A certificate of our own making for this host; it is made, or made anew, where needed. `folder`
/// is where it is kept.
///
/// # Errors
/// Names the file.
pub fn generated(folder: &Path, host: &str, now: Timestamp) -> Result<Pair, TlsError> {
    let (certificate, key) = ensure(folder, host, now)?;
    Pair::of_files(&certificate, &key)
}

/// The certificate's and the key's file.
fn ensure(folder: &Path, host: &str, now: Timestamp) -> Result<(PathBuf, PathBuf), TlsError> {
    let (certificate, key) = (folder.join("generated.crt"), folder.join("generated.key"));
    // Whom the certificate names and until when, beside it, so that nobody has to read X.509.
    let label = folder.join("generated.txt");
    if certificate.is_file() && key.is_file() && is_current(&label, host, now) {
        return Ok((certificate, key));
    }
    let until = now.saturating_add(GOOD_FOR).unwrap_or(Timestamp::MAX);
    let (certificate_pem, key_pem) =
        generate(host, now, until).map_err(|source| TlsError::Generate { host: host.to_owned(), source })?;
    write::folder(folder)?;
    // The label goes first and comes last: a crash in between makes a new pair.
    match fs::remove_file(&label) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(TlsError::Write { path: label, source });
        }
        _ => {}
    }
    write::whole(&key, key_pem.as_bytes(), 0o600)?;
    write::whole(&certificate, certificate_pem.as_bytes(), 0o644)?;
    write::whole(&label, format!("{host}\n{until}\n").as_bytes(), 0o644)?;
    Ok((certificate, key))
}

fn is_current(label: &Path, host: &str, now: Timestamp) -> bool {
    let Ok(text) = fs::read_to_string(label) else { return false };
    let mut lines = text.lines();
    let (named, until) = (lines.next(), lines.next().and_then(|until| until.parse::<Timestamp>().ok()));
    named == Some(host) && until.is_some_and(|until| until.duration_since(now) > AHEAD)
}

fn generate(host: &str, from: Timestamp, until: Timestamp) -> Result<(String, String), rcgen::Error> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let mut names = vec![name.to_owned()];
    if name != "localhost" {
        names.push("localhost".to_owned());
    }
    let mut params = CertificateParams::new(names)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, "Postdesk, made by itself");
    params.distinguished_name = subject;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A day earlier, for browsers whose clock is behind.
    let (year, month, date) = day(from.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(from));
    params.not_before = rcgen::date_time_ymd(year, month, date);
    let (year, month, date) = day(until);
    params.not_after = rcgen::date_time_ymd(year, month, date);
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// A calendar day in UTC.
fn day(at: Timestamp) -> (i32, u8, u8) {
    let date = at.to_zoned(TimeZone::UTC).date();
    (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
}
