//! Reading the configuration again while the desk runs (SIGHUP): what can change at once does, and
//! the log names what needs a restart. No connection is cut, and a file that cannot be read
//! changes nothing.

use std::io::IsTerminal;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, watch};

use crate::config::{Config, ConfigError};
use crate::intake::Intake;
use crate::systemd;

/// The settings that are in force at once; a name that ends in a dot is that of a section.
const AT_ONCE: &[&str] = &["limits.max_mail_bytes"];

/// What a reload works on. Cheap to clone; one reload runs at a time.
#[derive(Clone)]
pub(super) struct Reload {
    /// The configuration as it is in force, and as it was read at the start where that is so still.
    running: Arc<Mutex<Config>>,
    intake: Intake,
}

/// What a reload changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reloaded {
    /// The settings that differ and are in force now.
    pub in_force: Vec<String>,
    /// The settings that differ and are not.
    pub needs_restart: Vec<String>,
}

impl Reload {
    pub(super) fn new(config: Config, intake: Intake) -> Self {
        Self { running: Arc::new(Mutex::new(config)), intake }
    }

    /// Whether there is a file to be read again: a demo has none.
    async fn has_file(&self) -> bool {
        self.running.lock().await.path().is_some()
    }

    /// Reads the file again and puts in force what can be.
    ///
    /// # Errors
    /// Where it cannot be read, or is wrong. Everything stays as it was.
    pub(super) async fn reload(&self) -> Result<Reloaded, ConfigError> {
        let mut running = self.running.lock().await;
        let Some(path) = running.path() else { return Ok(Reloaded::nothing()) };
        let new = Config::load(path)?;
        let changes = running.changes(&new);
        let (in_force, needs_restart): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|name| is_at_once(name));
        self.intake.set_largest_mail(new.limits.max_mail_bytes);
        // What needs a restart is named again at the next reload, as long as it does.
        running.take_from(&new, &in_force);
        Ok(Reloaded { in_force, needs_restart })
    }
}

impl Reloaded {
    fn nothing() -> Self {
        Self { in_force: Vec::new(), needs_restart: Vec::new() }
    }

    fn log(&self) {
        if !self.in_force.is_empty() {
            tracing::info!(settings = self.in_force.join(", "), "in force from now on");
        }
        if !self.needs_restart.is_empty() {
            let settings = self.needs_restart.join(", ");
            tracing::warn!(settings, "the configuration says otherwise, and needs a restart for it");
        }
        tracing::info!("the configuration was read again");
    }
}

fn is_at_once(name: &str) -> bool {
    AT_ONCE.iter().any(|setting| name == *setting || setting.ends_with('.') && name.starts_with(setting))
}

/// Reloads at each SIGHUP, until `stop` says so. `status` is what systemd shows afterwards.
pub(super) async fn at_hangup(reload: Reload, status: String, mut stop: watch::Receiver<bool>) {
    // A terminal that closes ends the daemon, as it ends everything that was begun in it.
    if !reload.has_file().await || std::io::stderr().is_terminal() {
        return;
    }
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            heard = hangup.recv() => if heard.is_none() { return },
        }
        systemd::reloading();
        match reload.reload().await {
            Ok(reloaded) => reloaded.log(),
            Err(error) => {
                tracing::error!(%error, "the configuration was not read again; the former one stays in force");
            }
        }
        systemd::ready(&status);
    }
}
