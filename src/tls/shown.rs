//! What the tracker shows: one certificate, which can be replaced while connections are open.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::challenge::ACME_TLS;
use super::{Certificate, Challenges, Pair, TlsError};

/// What the tracker shows. Cheap to clone; all clones show the same. A connection keeps what it was
/// shown when it began.
#[derive(Clone)]
pub struct Shown(Arc<Inner>);

struct Inner {
    pair: RwLock<Pair>,
    challenges: Challenges,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shown").field(&self.says()).finish()
    }
}

impl Shown {
    #[must_use]
    pub fn new(pair: Pair, challenges: Challenges) -> Self {
        Self(Arc::new(Inner { pair: RwLock::new(pair), challenges }))
    }

    /// Shows this one to all who come from now on.
    pub fn show(&self, pair: Pair) {
        *self.0.pair.write().unwrap_or_else(PoisonError::into_inner) = pair;
    }

    /// What the shown certificate says of itself.
    #[must_use]
    pub fn says(&self) -> Certificate {
        self.0.pair.read().unwrap_or_else(PoisonError::into_inner).says().clone()
    }

    /// A TLS server that shows it: 1.2 and 1.3, HTTP/2 and 1.1, and an authority's challenge.
    ///
    /// # Errors
    /// Where the crypto provider has no such protocol.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|source| TlsError::Protocol { source })?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), ACME_TLS.to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Shown {
    /// Whoever speaks the challenge's protocol alone sees its proof, or nothing.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello.alpn().is_some_and(|mut names| names.next() == Some(ACME_TLS) && names.next().is_none()) {
            return self.0.challenges.host(hello.server_name()?);
        }
        Some(Arc::clone(&self.0.pair.read().unwrap_or_else(PoisonError::into_inner).key))
    }
}
