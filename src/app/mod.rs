//! The daemon: built from a configuration, run until it is told to stop, stopped in order.

mod error;
mod keep;
mod listen;
mod parts;
mod reload;
mod signal;
mod watchdog;

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use error::StartError;
pub use signal::{stop_signal, terminal_closed};

use crate::clock::Clock;
use crate::config::Config;
use crate::control::{self, Answer, Operator, Request};
use crate::desk::{Desk, Street};
use crate::systemd;
use crate::upkeep::Certificates;
use crate::web::DemoHint;
use keep::kept_running;
use listen::Web;
use parts::Parts;
use reload::Reload;

/// A daemon that holds its store, its sockets and its control socket, and does not run yet.
pub struct App {
    parts: Parts,
    web: Vec<Web>,
    certificates: Option<Certificates>,
    control: UnixListener,
    control_path: PathBuf,
    reload: Reload,
}

impl App {
    /// Opens the store and binds the sockets. The mail server is not asked yet: a desk starts
    /// whether or not it answers. `demo` is what the first page of a demo explains.
    ///
    /// # Errors
    /// Each a sentence that says what to do.
    pub async fn build(config: Config, demo: Option<DemoHint>) -> Result<Self, StartError> {
        let of = config.clone();
        let parts = watchdog::with_time(&Clock::system(), move || Parts::build(&of)).await?;
        let certificates = Certificates::begin(&config, &parts.desk)?;
        let web = listen::bind(&config, certificates.as_ref(), demo).await?;
        let control_path = config.control_socket();
        let control = listen::bind_control(&control_path).await?;
        parts.begin_run().await?;
        let reload = Reload::new(config, parts.intake.clone(), certificates.clone());
        Ok(Self { parts, web, certificates, control, control_path, reload })
    }

    /// Where the tracker listens, with the ports that were really bound.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.web.iter().filter(|web| web.is_tracker()).map(|web| web.address)
    }

    /// What keeps the tracker's certificate, where it shows one: its `reload` reads files again.
    #[must_use]
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
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
        let reload = self.reload;
        let operator = Operator {
            desk: parts.desk.clone(),
            intake: parts.intake.clone(),
            running: true,
            reload: Some(reload.for_the_operator()),
        };
        let mut tasks: Vec<JoinHandle<()>> = Vec::new();
        for web in self.web {
            let what = if web.is_tracker() { "the tracker listens" } else { "the way to https listens" };
            tracing::info!(address = %web.address, tls = web.has_tls(), "{what}");
            tasks.push(tokio::spawn(web.serve(parts.desk.clone(), parts.theme.clone(), stopped.clone())));
        }
        tasks.push(tokio::spawn(control::serve(self.control, operator, stopped.clone())));
        tasks.extend(streets(&parts, &stopped));
        if let Some(certificates) = self.certificates {
            let clock = parts.desk.clock.clone();
            tasks.push(tokio::spawn(kept_running("certificates", clock, stopped.clone(), move |stop| {
                let certificates = certificates.clone();
                async move { certificates.run(stop).await }
            })));
        }
        let status = format!("serving at {}", parts.desk.links().base());
        tasks.push(tokio::spawn(reload::at_hangup(reload, status.clone(), stopped.clone())));
        // Fed until the very end, and ends with this function.
        let mut fed = JoinSet::new();
        fed.spawn(watchdog::feed(parts.desk.pulse().clone(), parts.desk.clock.clone(), stopped));
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "postdesk is ready");
        systemd::ready(&status);
        stop.await;
        systemd::stopping("what is in hand is finished first");
        tracing::info!("stopping: what is in hand is finished first");
        stopping.send_replace(true);
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a street ended badly");
            }
        }
        listen::unbind_control(&self.control_path);
        if let Err(error) = parts.desk.end_run().await {
            tracing::warn!(%error, "that this run ended in order could not be recorded; the next one waits a little before it sends");
        }
        parts.desk.store.close().await;
        tracing::info!("stopped");
    }
}

/// Mail in, mail out and upkeep, each kept running until `stop`.
fn streets(parts: &Parts, stop: &watch::Receiver<bool>) -> [JoinHandle<()>; 3] {
    let (intake, delivery, upkeep) = (parts.intake.clone(), parts.delivery.clone(), parts.upkeep.clone());
    let clock = || parts.desk.clock.clone();
    [
        tokio::spawn(kept_running(Street::Intake.name(), clock(), stop.clone(), move |stop| {
            let intake = intake.clone();
            async move { intake.run(stop).await }
        })),
        tokio::spawn(kept_running(Street::Delivery.name(), clock(), stop.clone(), move |stop| {
            let delivery = delivery.clone();
            async move { delivery.run(stop).await }
        })),
        tokio::spawn(kept_running(Street::Upkeep.name(), clock(), stop.clone(), move |stop| {
            let upkeep = upkeep.clone();
            async move { upkeep.run(stop).await }
        })),
    ]
}

/// Carries a command out without a daemon: on the store itself, which is then in nobody's hands.
///
/// # Errors
/// Where the store cannot be opened.
pub async fn answer_alone(config: Config, request: Request) -> Result<Answer, StartError> {
    let parts = Parts::build(&config)?;
    let operator =
        Operator { desk: parts.desk.clone(), intake: parts.intake.clone(), running: false, reload: None };
    let told = control::answer(&operator, request).await;
    parts.desk.store.close().await;
    Ok(told)
}
