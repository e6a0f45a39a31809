//! Connections that wait for their next request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use url::Origin;

use super::dial::{BoxStream, Counted};

/// Waiting connections that are kept for one origin.
const KEPT: usize = 8;

/// One connection, with the task that drives it.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    written: Arc<AtomicU64>,
    driver: Driver,
    idle_since: Timestamp,
}

/// Ends the task with the connection, so that nothing is written after the last look at the
/// counter.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Connection {
    pub(super) async fn open(stream: BoxStream, now: Timestamp) -> Result<Self, hyper::Error> {
        let (stream, written) = Counted::new(stream);
        let (sender, connection) = http1::Builder::new().handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(async move {
            // What goes wrong is told to whoever waits for the answer.
            let _ = connection.await;
        });
        Ok(Self { sender, written, driver: Driver(driver), idle_since: now })
    }

    /// How many octets were written so far.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    /// Ends the connection and tells how many octets were written in all.
    pub(super) async fn end(self) -> u64 {
        let Self { sender, written, mut driver, .. } = self;
        drop(sender);
        driver.0.abort();
        let _ = (&mut driver.0).await;
        written.load(Ordering::SeqCst)
    }
}

#[derive(Default)]
pub(super) struct Pool(Mutex<HashMap<Origin, Vec<Connection>>>);

impl Pool {
    /// The connection to `origin` that was in use last, if it was no longer ago than `fresh`.
    pub(super) fn take(&self, origin: &Origin, now: Timestamp, fresh: Duration) -> Option<Connection> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = waiting.get_mut(origin)?;
        while let Some(connection) = connections.pop() {
            if connection.sender.is_ready() && age(&connection, now) <= fresh {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection whose last answer has been read to its end.
    pub(super) fn put(&self, origin: Origin, mut connection: Connection, now: Timestamp) {
        if connection.sender.is_closed() {
            return;
        }
        connection.idle_since = now;
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = waiting.entry(origin).or_default();
        if connections.len() >= KEPT {
            connections.remove(0);
        }
        connections.push(connection);
    }
}

/// A clock that was set back makes a connection old, which costs a new one and nothing else.
fn age(connection: &Connection, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(connection.idle_since)).unwrap_or(Duration::MAX)
}
