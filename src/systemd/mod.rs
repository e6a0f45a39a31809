//! What systemd is told (sd_notify(3)), and what it asks for. Where no systemd started us, nothing
//! is said and nothing is asked. And who the desk is that systemd starts.
#![allow(clippy::disallowed_methods, reason = "what systemd says stands in the environment")]

mod journal;
mod service;

use std::time::Duration;

use sd_notify::NotifyState;

pub use journal::stderr_is_journal;
pub use service::{FILE, STATE, Service};

/// Whether a service manager listens.
#[must_use]
pub fn listens() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some_and(|socket| !socket.is_empty())
}

/// Starting takes longer than usual: this much more time is asked for, from now on. Say it again
/// before that is over.
pub fn extend_start(what: &str, by: Duration) {
    let micros = u32::try_from(by.as_micros()).unwrap_or(u32::MAX);
    say(&[NotifyState::Status(what), NotifyState::ExtendTimeoutUsec(micros)]);
}

/// The desk serves. `status` is the line that `systemctl status` shows.
pub fn ready(status: &str) {
    say(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// A new line for `systemctl status`.
pub fn status(status: &str) {
    say(&[NotifyState::Status(status)]);
}

/// The configuration is being read again. [`ready`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        // The time is what Type=notify-reload needs; others pass over it.
        Ok(now) => say(&[NotifyState::Reloading, now]),
        Err(_) => say(&[NotifyState::Reloading]),
    }
}

/// The desk is ending in order.
pub fn stopping(status: &str) {
    say(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// All is well, until the next time.
pub fn alive() {
    say(&[NotifyState::Watchdog]);
}

/// How often [`alive`] has to be said: four times in the time that `WatchdogSec=` sets, so that one
/// missed on a busy machine does no harm. `None` where there is no watchdog.
#[must_use]
pub fn watchdog_pause() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|within| within / 4).filter(|pause| !pause.is_zero())
}

fn say(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd could not be told");
    }
}
