//! The browser's side: routes, the gate before them, one file per page or action.
//!
//! A handler holds no rule: it turns a form into a change, asks the desk, and shows what the desk
//! answers. A page is `see_*`, then a typed context, then the theme; an action ends in 303.

mod action;
mod answer;
mod frame;
mod gate;
mod page;
mod place;
mod redirect;
mod routes;
mod serve;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use url::Url;

use crate::config::Network;
use crate::desk::Desk;
use crate::secret::Random;
use crate::theme::Theme;

pub use gate::Watchers;
pub use redirect::redirect;
pub use serve::{ServeLimits, Speak, serve};

use gate::Limits;

/// What the pages have to know of the site.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides links, the cookie's kind and which origin forms come from; not the Host header.
    pub public_url: Url,
    /// Whose `X-Forwarded-For` or `Forwarded` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Who may read `/metrics`.
    pub watchers: Watchers,
    pub version: &'static str,
    /// What the sign-in page explains where this is a demo.
    pub demo: Option<DemoHint>,
}

/// How to get into a demo, for its first page.
#[derive(Clone, Debug)]
pub struct DemoHint {
    pub address: String,
    pub password: String,
    /// Where the customers' mailboxes are.
    pub mailbox: String,
}

impl Settings {
    /// Whether browsers reach the desk by https.
    fn secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The host that customers know, with a port where it is an unusual one.
    fn host(&self) -> String {
        let host = self.public_url.host_str().unwrap_or_default();
        match self.public_url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

/// What every handler works on. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    desk: Desk,
    theme: Theme,
    random: Random,
    settings: Settings,
    limits: Limits,
}

impl Web {
    #[must_use]
    pub fn new(desk: Desk, theme: Theme, random: Random, settings: Settings) -> Self {
        Self(Arc::new(Inner { desk, theme, random, settings, limits: Limits::default() }))
    }

    /// All routes behind the gate. Serve it with the peer's address as `ConnectInfo<SocketAddr>`,
    /// as [`serve`] does.
    pub fn router(self) -> Router {
        routes::router(self)
    }

    fn desk(&self) -> &Desk {
        &self.0.desk
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }
}
