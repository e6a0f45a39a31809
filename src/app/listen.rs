//! The sockets: where browsers and the command line come in.
#![allow(clippy::disallowed_methods, reason = "the control socket is a file of the daemon's own")]

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::tls::ServerConfig;
use jiff::Timestamp;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;

use super::StartError;
use super::parts::Parts;
use crate::config::{Config, TlsSource};
use crate::tls;
use crate::web;

/// One bound listener of the tracker.
pub(super) struct Web {
    pub(super) address: SocketAddr,
    pub(super) tls: Option<Arc<ServerConfig>>,
    listener: TcpListener,
    settings: web::Settings,
}

/// Until when the certificate that browsers are shown is good.
fn certificate_end(config: &Config) -> Option<Timestamp> {
    let file = match config.tls.as_ref()? {
        TlsSource::Files { certificate, .. } => certificate.clone(),
        TlsSource::Generated => config.data.join("tls").join("generated.crt"),
    };
    tls::Certificate::of_file(&file).ok().map(|certificate| certificate.not_after)
}

/// Who may read `/metrics`.
fn watchers(config: &Config) -> Result<web::Watchers, StartError> {
    Ok(match config.watch_token()? {
        Some(token) => web::Watchers::Token(token),
        None if config.has_no_proxy() => web::Watchers::Local,
        None => web::Watchers::Nobody,
    })
}

/// Binds every listener of the configuration. Port 0 takes a free one.
pub(super) async fn bind(
    config: &Config,
    parts: &Parts,
    demo: Option<web::DemoHint>,
) -> Result<Vec<Web>, StartError> {
    let tls = match &config.tls {
        Some(source) => {
            let host = config.public_url.host_str().unwrap_or("localhost");
            Some(tls::server_config(source, &config.data.join("tls"), host, parts.desk.clock.now())?)
        }
        None => None,
    };
    let until = tls.as_ref().and_then(|_| certificate_end(config));
    parts.desk.standing().update(|standing| standing.certificate_until = until);
    let settings = web::Settings {
        public_url: config.public_url.clone(),
        trusted_proxies: config.web.trusted_proxies.clone(),
        watchers: watchers(config)?,
        version: env!("CARGO_PKG_VERSION"),
        demo,
    };
    let mut bound = Vec::new();
    for address in &config.web.listen {
        let failed = |error| StartError::Listen { address: *address, error };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        bound.push(Web { address, tls: tls.clone(), listener, settings: settings.clone() });
    }
    Ok(bound)
}

impl Web {
    pub(super) async fn serve(
        self,
        desk: crate::desk::Desk,
        theme: crate::theme::Theme,
        stop: watch::Receiver<bool>,
    ) {
        let random = desk.random.clone();
        let router = web::Web::new(desk, theme, random, self.settings).router();
        web::serve(self.listener, self.tls, router, stop).await;
    }
}

/// Binds the control socket; one that a killed daemon left is taken over. The store's lock has
/// already told that no other daemon runs on this data folder.
pub(super) async fn bind_control(path: &Path) -> Result<UnixListener, StartError> {
    let failed = |error| StartError::Control { path: path.to_owned(), error };
    if UnixStream::connect(path).await.is_ok() {
        return Err(failed(io::Error::new(io::ErrorKind::AddrInUse, "another daemon listens on it")));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}
