//! Whom we believe: the system's authorities, and one of the operator's own.
#![allow(clippy::disallowed_methods, reason = "certificate files belong to this module")]

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::TlsError;
use crate::config::Mail;

/// What we ask of servers: a certificate that the system's authorities vouch for, or one of `ca`,
/// a PEM file with one or more certificates.
///
/// # Errors
/// Names the file, or says that the system has no authorities.
pub fn client_config(ca: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let extra = ca.map(certificates).transpose()?.unwrap_or_default();
    let verifier =
        Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(|source| match ca {
            Some(path) => TlsError::Authority { path: path.to_owned(), source },
            None => TlsError::Platform { source },
        })?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|source| TlsError::Platform { source })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What we ask of the mail server: as [`client_config`], but where it is spoken to over plain http
/// on this machine nobody is asked for certificates, and the system needs to have none.
///
/// # Errors
/// As [`client_config`].
pub fn for_mail(mail: &Mail) -> Result<Arc<ClientConfig>, TlsError> {
    if mail.url.scheme() == "https" { client_config(mail.ca.as_deref()) } else { nobody() }
}

/// Believes nobody: every TLS connection fails.
fn nobody() -> Result<Arc<ClientConfig>, TlsError> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|source| TlsError::Platform { source })?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The certificates of a PEM file.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })?;
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().unwrap_or_default();
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate { path: path.to_owned() });
    }
    Ok(certificates)
}

/// Begins TLS with `host` over an open connection.
///
/// # Errors
/// Where the host's certificate or protocol is not accepted.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    config: &Arc<ClientConfig>,
    host: &str,
    stream: S,
) -> io::Result<TlsStream<S>> {
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    TlsConnector::from(Arc::clone(config)).connect(name, stream).await
}
