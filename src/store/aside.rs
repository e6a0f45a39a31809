//! Work that blocks on the disk or takes its time, beside the async threads.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::JoinHandle;

/// Runs work that blocks or computes, and gives what it comes to; a panic in it is an error here.
///
/// On a runtime of one thread it takes its turn on that thread, so that the order of everything
/// that happens in a simulation is the same each time.
pub fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::CurrentThread => tokio::spawn(async move { work() }),
        _ => tokio::task::spawn_blocking(work),
    }
}
