//! Why there is no TLS.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why certificates could not be used. Each sentence names the file.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("{} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} has no certificate in PEM form (`-----BEGIN CERTIFICATE-----`)", path.display())]
    NoCertificate { path: PathBuf },
    #[error("{} has no private key in PEM form (`-----BEGIN PRIVATE KEY-----`)", path.display())]
    NoKey { path: PathBuf },
    #[error("{} and {} do not go together, or are of a kind that is not supported", certificate.display(), key.display())]
    Pair { certificate: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("{} has a certificate that cannot be used as an authority", path.display())]
    Authority { path: PathBuf, source: rustls::Error },
    #[error(
        "the system has no certificate authorities that can be used; install them (Debian: ca-certificates)"
    )]
    Platform { source: rustls::Error },
    #[error("a certificate for {host} could not be made")]
    Generate { host: String, source: rcgen::Error },
    #[error("a proof that {host} is ours could not be made")]
    Proof { host: String, source: rustls::Error },
    #[error("what proves that {host} is ours is no SHA-256 digest")]
    Digest { host: String },
    #[error("TLS 1.2 and 1.3 are not to be had")]
    Protocol { source: rustls::Error },
}
