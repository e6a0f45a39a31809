//! A certificate with its chain and its key, known to go together.
#![allow(clippy::disallowed_methods, reason = "certificate files belong to this module")]

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::client::certificates;
use super::{Certificate, TlsError};

/// A certificate with its chain and its key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pair {
    pub(super) key: Arc<CertifiedKey>,
    says: Certificate,
}

impl Pair {
    /// Reads both from PEM files, which may be one and the same.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn of_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = certificates(certificate)?;
        let secret = std::fs::read(key).map_err(|source| TlsError::Read { path: key.to_owned(), source })?;
        let secret =
            PrivateKeyDer::from_pem_slice(&secret).map_err(|_| TlsError::NoKey { path: key.to_owned() })?;
        Self::of(chain, secret, certificate, key)
    }

    /// Reads both from one PEM text; `path` is for the errors.
    ///
    /// # Errors
    /// As [`Self::of_files`].
    pub fn of_pem(text: &str, path: &Path) -> Result<Self, TlsError> {
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<_, _>>().unwrap_or_default();
        let secret = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| TlsError::NoKey { path: path.to_owned() })?;
        Self::of(chain, secret, path, path)
    }

    fn of(
        chain: Vec<CertificateDer<'static>>,
        secret: PrivateKeyDer<'static>,
        certificate: &Path,
        key: &Path,
    ) -> Result<Self, TlsError> {
        let none = || TlsError::NoCertificate { path: certificate.to_owned() };
        let says = chain.first().and_then(|first| Certificate::of_der(first)).ok_or_else(none)?;
        let key =
            CertifiedKey::from_der(chain, secret, &aws_lc_rs::default_provider()).map_err(|source| {
                TlsError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), source }
            })?;
        Ok(Self { key: Arc::new(key), says })
    }

    /// What the certificate says of itself.
    #[must_use]
    pub fn says(&self) -> &Certificate {
        &self.says
    }
}
