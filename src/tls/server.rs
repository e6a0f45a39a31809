//! What we show: a certificate from files, or one of our own making.
#![allow(clippy::disallowed_methods, reason = "certificate files belong to this module")]

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use super::client::certificates;
use super::{TlsError, generated};
use crate::config::TlsSource;

/// What the web shows. `folder` is where generated certificates are kept, `host` whom they name.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn server_config(
    source: &TlsSource,
    folder: &Path,
    host: &str,
    now: Timestamp,
) -> Result<Arc<ServerConfig>, TlsError> {
    let (certificate, key) = match source {
        TlsSource::Files { certificate, key } => (certificate.clone(), key.clone()),
        TlsSource::Generated => generated::ensure(folder, host, now)?,
    };
    let chain = certificates(&certificate)?;
    let secret = std::fs::read(&key).map_err(|source| TlsError::Read { path: key.clone(), source })?;
    let secret = PrivateKeyDer::from_pem_slice(&secret).map_err(|_| TlsError::NoKey { path: key.clone() })?;
    let pair = |source| TlsError::Pair { certificate: certificate.clone(), key: key.clone(), source };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
