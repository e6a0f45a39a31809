//! A key, and the request for a certificate for it (RFC 2986).

use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use super::TlsError;

/// A new key in PEM, and the request in DER for a certificate that names this host alone.
///
/// # Errors
/// Where the host is no name that a certificate can have.
pub fn request(host: &str) -> Result<(String, Vec<u8>), TlsError> {
    let made = || {
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        let key = KeyPair::generate()?;
        Ok((key.serialize_pem(), params.serialize_request(&key)?.der().to_vec()))
    };
    made().map_err(|source| TlsError::Generate { host: host.to_owned(), source })
}
