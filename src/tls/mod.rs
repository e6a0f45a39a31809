//! Certificates in and out: whom we believe, and what we show.
//!
//! One crypto provider, aws-lc, given by name everywhere, so that nothing depends on a default of
//! the process. What is shown comes from files, from an authority or from ourselves, and can be
//! replaced while connections are open ([`Shown`]). Nothing here speaks to an authority: that goes
//! over the wire, and is `acme`'s.

mod certificate;
mod challenge;
mod client;
mod error;
mod generated;
mod kept;
mod pair;
mod request;
mod shown;
mod standing;
mod watched;
mod write;

pub use certificate::{Certificate, Distrust};
pub use challenge::{ACME_TLS, Answering, Challenges};
pub use client::{client_config, connect, for_mail};
pub use error::TlsError;
pub use generated::generated;
pub use kept::Kept;
pub use pair::Pair;
pub use request::request;
pub use rustls::{ClientConfig, ServerConfig};
pub use shown::Shown;
pub use standing::{CertificateHealth, CertificateStanding, CertificateTrouble, Origin};
pub use tokio_rustls::TlsAcceptor;
pub use watched::Watched;

#[cfg(test)]
mod tests;
