//! The one outgoing HTTP client: pooled, bounded, HTTPS everywhere but on this machine.
//!
//! It is built on hyper's own HTTP/1.1 connections, so that it knows how many octets of a request
//! were given to a connection: after a failure [`WireError::nothing_written`] is a proof, not a
//! guess. Connections are opened by a [`Dial`], so that a test can put an in-memory wire there,
//! and time is the [`Clock`]'s. A response is bounded in size and time, a redirect is followed
//! for GET and within one origin only, and credentials go to the origins they are for.

mod dial;
mod error;
mod exchange;
mod pool;
mod request;
mod retry_after;

use std::sync::Arc;

pub use dial::{BoxStream, Dial, Dialled, Stream, TcpDial};
pub use error::{Step, WireError};
pub use exchange::Incoming;
pub use request::{Credentials, Limits, Request, Response};

use crate::clock::Clock;
use crate::tls::ClientConfig;
use pool::Pool;

/// The client. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Wire(Arc<Inner>);

struct Inner {
    dial: Box<dyn Dial>,
    tls: Arc<ClientConfig>,
    clock: Clock,
    pool: Pool,
}

impl Wire {
    /// A client over the system's network.
    #[must_use]
    pub fn new(tls: Arc<ClientConfig>, clock: Clock) -> Self {
        Self::with_dial(tls, clock, TcpDial)
    }

    /// A client over connections that `dial` opens.
    #[must_use]
    pub fn with_dial(tls: Arc<ClientConfig>, clock: Clock, dial: impl Dial) -> Self {
        Self(Arc::new(Inner { dial: Box::new(dial), tls, clock, pool: Pool::default() }))
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
