//! The signals that end the daemon.

use tokio::signal::unix::{SignalKind, signal};

/// Resolves at the first SIGTERM or SIGINT.
pub async fn stop_signal() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be watched; the daemon has to be killed");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

/// Resolves when the terminal closes (SIGHUP), for what should not outlive it. To the daemon, SIGHUP
/// means to read its configuration again.
pub async fn terminal_closed() {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return std::future::pending().await };
    hangup.recv().await;
}
