//! Reading the configuration again while the desk runs, by `postdesk reload` or SIGHUP: what can change
//! at once does, and it is said what needs a restart. No connection is cut, and a file that cannot be
//! read changes nothing.

use std::io::IsTerminal;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, watch};

use crate::config::{Config, ConfigError};
use crate::control;
use crate::intake::Intake;
use crate::systemd;
use crate::upkeep::Certificates;

/// The settings that are in force at once; a name that ends in a dot is that of a section.
const AT_ONCE: &[&str] = &["limits.max_mail_bytes"];

/// What a reload works on. Cheap to clone; one reload runs at a time.
#[derive(Clone)]
pub(super) struct Reload {
    /// The configuration as it is in force, and as it was read at the start where that is so still.
    running: Arc<Mutex<Config>>,
    intake: Intake,
    /// Read again, or asked for again, whatever changed.
    certificates: Option<Certificates>,
}

/// What a reload changed.
#[derive(Debug, PartialEq, Eq)]
struct Reloaded {
    /// The settings that differ and are in force now.
    in_force: Vec<String>,
    /// The settings that differ and are not.
    needs_restart: Vec<String>,
}

impl Reload {
    pub(super) fn new(config: Config, intake: Intake, certificates: Option<Certificates>) -> Self {
        Self { running: Arc::new(Mutex::new(config)), intake, certificates }
    }

    /// For `postdesk reload`, which comes in over the control socket.
    pub(super) fn for_the_operator(&self) -> control::Reload {
        let reload = self.clone();
        Arc::new(move || {
            let reload = reload.clone();
            Box::pin(async move { reload.told().await })
        })
    }

    /// Whether there is a file to be read again: a demo has none.
    async fn has_file(&self) -> bool {
        self.running.lock().await.path().is_some()
    }

    /// Reads the file again and puts in force what can be.
    ///
    /// # Errors
    /// Where it cannot be read, or is wrong. Everything stays as it was.
    async fn reload(&self) -> Result<Reloaded, ConfigError> {
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

    /// The same, logged, with what to print.
    ///
    /// # Errors
    /// The sentence to print.
    pub(super) async fn told(&self) -> Result<Vec<String>, String> {
        match self.reload().await {
            Ok(reloaded) => {
                reloaded.log();
                self.reload_certificates().await?;
                Ok(reloaded.lines())
            }
            Err(error) => {
                tracing::error!(%error, "the configuration was not read again; the former one stays in force");
                Err(format!("{error}; the former configuration stays in force"))
            }
        }
    }
}

impl Reload {
    async fn reload_certificates(&self) -> Result<(), String> {
        let Some(certificates) = &self.certificates else { return Ok(()) };
        certificates.reload().await.map_err(|error| {
            tracing::error!(%error, "the certificate was not read again; the former one stays in use");
            format!("{error}; the former certificate stays in use")
        })
    }
}

impl Reloaded {
    fn nothing() -> Self {
        Self { in_force: Vec::new(), needs_restart: Vec::new() }
    }

    fn log(&self) {
        tracing::info!(in_force = self.in_force.join(", "), "the configuration was read again");
        if !self.needs_restart.is_empty() {
            let settings = self.needs_restart.join(", ");
            tracing::warn!(settings, "these settings need a restart to come into force");
        }
    }

    /// For whoever asked for it.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec!["The configuration was read again; no connection was cut.".to_owned()];
        if !self.in_force.is_empty() {
            lines.push(format!("In force from now on: {}", self.in_force.join(", ")));
        }
        if !self.needs_restart.is_empty() {
            lines.push(format!("These need a restart: {}", self.needs_restart.join(", ")));
        }
        lines
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
        let _ = reload.told().await;
        systemd::ready(&status);
    }
}
