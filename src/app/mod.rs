//! The daemon: built from a configuration, run until it is told to stop, stopped in order.

mod error;
mod listen;
mod parts;
mod signal;

use std::net::SocketAddr;

use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use error::StartError;
pub use signal::stop_signal;

use crate::config::Config;
use crate::control::{self, Answer, Operator, Request};
use crate::desk::Desk;
use crate::web::DemoHint;
use listen::Web;
use parts::Parts;

/// A daemon that holds its store, its sockets and its control socket, and does not run yet.
pub struct App {
    parts: Parts,
    web: Vec<Web>,
    control: UnixListener,
}

impl App {
    /// Opens the store and binds the sockets. The mail server is not asked yet: a desk starts
    /// whether or not it answers. `demo` is what the first page of a demo explains.
    ///
    /// # Errors
    /// Each a sentence that says what to do.
    pub async fn build(config: Config, demo: Option<DemoHint>) -> Result<Self, StartError> {
        let parts = Parts::build(&config)?;
        let web = listen::bind(&config, &parts, demo).await?;
        let control = listen::bind_control(&config.control_socket()).await?;
        parts.begin_run().await?;
        Ok(Self { parts, web, control })
    }

    /// Where the tracker listens, with the ports that were really bound.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.web.iter().map(|web| web.address)
    }

    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.parts.desk
    }

    /// Serves until `stop` resolves, then ends in order: no new requests, the mail and the letter
    /// in hand finished, the store closed last.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(false);
        let parts = self.parts;
        let operator = Operator { desk: parts.desk.clone(), intake: parts.intake.clone(), running: true };
        let mut tasks: Vec<JoinHandle<()>> = Vec::new();
        for web in self.web {
            tracing::info!(address = %web.address, tls = web.tls.is_some(), "the tracker listens");
            tasks.push(tokio::spawn(web.serve(parts.desk.clone(), parts.theme.clone(), stopped.clone())));
        }
        tasks.push(tokio::spawn(control::serve(self.control, operator, stopped.clone())));
        let (intake, delivery, upkeep) = (parts.intake.clone(), parts.delivery.clone(), parts.upkeep.clone());
        let (s1, s2, s3) = (stopped.clone(), stopped.clone(), stopped);
        tasks.push(tokio::spawn(async move { intake.run(s1).await }));
        tasks.push(tokio::spawn(async move { delivery.run(s2).await }));
        tasks.push(tokio::spawn(async move { upkeep.run(s3).await }));
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "postdesk is ready");
        stop.await;
        tracing::info!("stopping: what is in hand is finished first");
        stopping.send_replace(true);
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a street ended badly");
            }
        }
        parts.desk.store.close().await;
        tracing::info!("stopped");
    }
}

/// Carries a command out without a daemon: on the store itself, which is then in nobody's hands.
///
/// # Errors
/// Where the store cannot be opened.
pub async fn answer_alone(config: Config, request: Request) -> Result<Answer, StartError> {
    let parts = Parts::build(&config)?;
    let operator = Operator { desk: parts.desk.clone(), intake: parts.intake.clone(), running: false };
    let told = control::answer(&operator, request).await;
    parts.desk.store.close().await;
    Ok(told)
}
