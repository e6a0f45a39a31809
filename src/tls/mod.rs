//! Certificates in and out: whom we believe, and what we show.
//!
//! One crypto provider, aws-lc, given by name everywhere, so that nothing depends on a default of
//! the process.

mod certificate;
mod client;
mod error;
mod generated;
mod server;

pub use certificate::{Certificate, Distrust};
pub use client::{client_config, connect, for_mail};
pub use error::TlsError;
pub use rustls::{ClientConfig, ServerConfig};
pub use server::server_config;
pub use tokio_rustls::TlsAcceptor;

#[cfg(test)]
mod tests;
