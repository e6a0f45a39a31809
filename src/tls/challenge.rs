//! What an authority looks for when it asks whether a host is ours: over TLS (RFC 8737), or over
//! HTTP (RFC 8555 §8.3). It is there while an order is under way, and at no other time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::TlsError;

/// The ALPN name of a connection that is there for the challenge alone (RFC 8737 §3).
pub const ACME_TLS: &[u8] = b"acme-tls/1";

/// The answers that are there at present. Cheap to clone; all clones share them.
#[derive(Clone, Debug, Default)]
pub struct Challenges(Arc<Mutex<Answers>>);

#[derive(Debug, Default)]
struct Answers {
    /// By host, in lower case.
    by_tls: BTreeMap<String, Arc<CertifiedKey>>,
    /// By token.
    by_http: BTreeMap<String, String>,
}

/// An answer that is given until this is dropped.
#[derive(Debug)]
pub struct Answering {
    challenges: Challenges,
    host: Option<String>,
    token: Option<String>,
}

impl Challenges {
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a certificate with this SHA-256 digest of the key authorization to whoever speaks
    /// `acme-tls/1` and asks for this host.
    ///
    /// # Errors
    /// Where no certificate can be made for that host.
    pub fn by_tls(&self, host: &str, digest: &[u8]) -> Result<Answering, TlsError> {
        let host = host.to_ascii_lowercase();
        let key = proof(&host, digest)?;
        self.answers().by_tls.insert(host.clone(), Arc::new(key));
        Ok(Answering { challenges: self.clone(), host: Some(host), token: None })
    }

    /// Tells this key authorization to whoever asks for the token.
    #[must_use]
    pub fn by_http(&self, token: &str, answer: &str) -> Answering {
        self.answers().by_http.insert(token.to_owned(), answer.to_owned());
        Answering { challenges: self.clone(), host: None, token: Some(token.to_owned()) }
    }

    /// The key authorization for a token that somebody asks for.
    #[must_use]
    pub fn token(&self, token: &str) -> Option<String> {
        self.answers().by_http.get(token).cloned()
    }

    pub(super) fn host(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        self.answers().by_tls.get(&host.to_ascii_lowercase()).cloned()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut answers = self.challenges.answers();
        if let Some(host) = &self.host {
            answers.by_tls.remove(host);
        }
        if let Some(token) = &self.token {
            answers.by_http.remove(token);
        }
    }
}

/// A certificate that nobody has to believe: for this name alone, with the digest in a critical
/// extension (RFC 8737 §3).
fn proof(host: &str, digest: &[u8]) -> Result<CertifiedKey, TlsError> {
    if digest.len() != 32 {
        return Err(TlsError::Digest { host: host.to_owned() });
    }
    let made = || {
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate()?;
        Ok((params.self_signed(&key)?.der().clone(), key.serialize_der()))
    };
    let (certificate, key) = made().map_err(|source| TlsError::Generate { host: host.to_owned(), source })?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let key = aws_lc_rs::sign::any_supported_type(&key)
        .map_err(|source| TlsError::Proof { host: host.to_owned(), source })?;
    // Whether they go together is not asked: a critical extension that only authorities know would
    // be an objection.
    Ok(CertifiedKey::new(vec![certificate], key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_there_while_it_is_wanted() {
        let challenges = Challenges::default();
        let by_tls = challenges.by_tls("Desk.Example.com", &[7; 32]).unwrap();
        let by_http = challenges.by_http("token", "token.print");
        assert!(challenges.host("desk.example.COM").is_some());
        assert_eq!(challenges.token("token").as_deref(), Some("token.print"));
        assert!(challenges.host("example.com").is_none() && challenges.token("other").is_none());
        drop((by_tls, by_http));
        assert!(challenges.host("desk.example.com").is_none() && challenges.token("token").is_none());
    }

    #[test]
    fn a_proof_needs_a_whole_digest() {
        assert!(Challenges::default().by_tls("desk.example.com", &[7; 31]).is_err());
    }
}
