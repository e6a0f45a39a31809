//! The sockets: where browsers and the command line come in.
#![allow(clippy::disallowed_methods, reason = "the control socket is a file of the daemon's own")]

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;

use super::StartError;
use crate::config::Config;
use crate::tls::Challenges;
use crate::upkeep::Certificates;
use crate::web::{self, Speak};

/// One bound listener.
pub(super) struct Web {
    pub(super) address: SocketAddr,
    listener: TcpListener,
    speak: Speak,
    settings: web::Settings,
    what: What,
}

/// What is served there.
#[derive(Clone)]
enum What {
    Tracker,
    /// The way to the tracker.
    Redirect(Challenges),
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
    certificates: Option<&Certificates>,
    demo: Option<web::DemoHint>,
) -> Result<Vec<Web>, StartError> {
    let speak = match certificates {
        Some(certificates) => Speak::Tls(certificates.shown().server_config()?),
        None => Speak::PlainBehind(config.web.trusted_proxies.clone()),
    };
    let settings = web::Settings {
        public_url: config.public_url.clone(),
        trusted_proxies: config.web.trusted_proxies.clone(),
        watchers: watchers(config)?,
        version: env!("CARGO_PKG_VERSION"),
        demo,
    };
    let mut bound = Vec::new();
    for address in &config.web.listen {
        bound.push(Web::bind(*address, "web.listen", &settings, speak.clone(), What::Tracker).await?);
    }
    let challenges = certificates.map(|certificates| certificates.challenges().clone()).unwrap_or_default();
    for address in &config.web.redirect {
        let what = What::Redirect(challenges.clone());
        bound.push(Web::bind(*address, "web.redirect", &settings, Speak::PlainForAll, what).await?);
    }
    Ok(bound)
}

impl Web {
    async fn bind(
        address: SocketAddr,
        setting: &'static str,
        settings: &web::Settings,
        speak: Speak,
        what: What,
    ) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen { address, setting, error };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { address, listener, speak, settings: settings.clone(), what })
    }

    pub(super) fn is_tracker(&self) -> bool {
        matches!(self.what, What::Tracker)
    }

    pub(super) fn has_tls(&self) -> bool {
        matches!(self.speak, Speak::Tls(_))
    }

    pub(super) async fn serve(
        self,
        desk: crate::desk::Desk,
        theme: crate::theme::Theme,
        stop: watch::Receiver<bool>,
    ) {
        let proxies = self.settings.trusted_proxies.clone();
        let router = match self.what {
            What::Tracker => {
                let random = desk.random.clone();
                web::Web::new(desk, theme, random, self.settings).router()
            }
            What::Redirect(challenges) => web::redirect(&self.settings.public_url, challenges),
        };
        web::serve(self.listener, self.speak, proxies, router, stop).await;
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

/// Takes the control socket away at the end, so that nothing looks like a daemon that is there. To be
/// called while the store is still locked: nobody else has a socket at this path until then.
pub(super) fn unbind_control(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "the control socket could not be removed");
    }
}
