//! The customer's side of the demo: a small webmail, in which one is a sample customer.
//!
//! It needs no password and no script, and listens on loopback only. Looking changes nothing;
//! every change is a form of its own.

mod act;
mod answer;
mod compose;
mod form;
mod gate;
mod page;
mod show;
mod unsubscribe;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

use super::server::Server;
use crate::clock::Clock;
use crate::secret::Random;
use crate::theme::Theme;

/// A mail that one writes has at most this many octets, files included.
const MAX_BODY: usize = 15 * 1024 * 1024;

/// What the pages are made of.
#[derive(Clone)]
struct Webmail(Arc<Inner>);

struct Inner {
    server: Server,
    theme: Theme,
    clock: Clock,
    random: Random,
    /// Where the tracker is.
    desk: Url,
}

/// A webmail that listens.
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Running {
    /// Where a browser finds it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost:{}/", self.address.port())
    }

    /// Closes the port.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// All pages of the webmail.
pub fn router(server: Server, theme: Theme, clock: Clock, random: Random, desk: Url) -> Router {
    let webmail = Webmail(Arc::new(Inner { server, theme, clock, random, desk }));
    Router::new()
        .route("/", get(show::first))
        .route("/as/{who}", get(show::inbox))
        .route("/as/{who}/sent", get(show::sent))
        .route("/as/{who}/write", get(show::write).post(act::write))
        .route("/as/{who}/mail/{id}", get(show::mail))
        .route("/as/{who}/mail/{id}/part/{part}", get(show::part))
        .route("/as/{who}/mail/{id}/reply", post(act::reply))
        .route("/as/{who}/mail/{id}/unsubscribe", post(act::unsubscribe))
        .route("/as/{who}/mail/{id}/seen", post(act::seen))
        .route("/-/static/{file}", get(show::asset))
        .fallback(answer::not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(webmail.clone(), gate::guard))
        .with_state(webmail)
}

/// Listens on 127.0.0.1, at `port` or at a free one.
///
/// # Errors
/// Where the port cannot be had.
pub async fn start(router: Router, port: u16) -> io::Result<Running> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let (stop, mut stopped) = watch::channel(false);
    tokio::spawn(async move {
        let ended = async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(ended).await {
            tracing::error!(%error, "the demo's mailbox page has ended");
        }
    });
    Ok(Running { address, stop })
}
