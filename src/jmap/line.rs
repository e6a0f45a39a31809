//! The line to the mail server: connected when it is first needed, and shared by both streets, so
//! that a desk starts whether or not the server answers.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::{Jmap, JmapConfig, JmapError};
use crate::clock::Clock;
use crate::secret::Random;
use crate::wire::Wire;

/// A line that connects when it is first needed. Cheap to clone; all clones share it.
#[derive(Clone)]
pub struct Line(Arc<Inner>);

struct Inner {
    config: JmapConfig,
    wire: Wire,
    clock: Clock,
    random: Random,
    jmap: OnceCell<Jmap>,
}

impl Line {
    #[must_use]
    pub fn new(config: JmapConfig, wire: Wire, clock: Clock, random: Random) -> Self {
        Self(Arc::new(Inner { config, wire, clock, random, jmap: OnceCell::new() }))
    }

    /// The session, signed in to now where that has not happened yet.
    ///
    /// # Errors
    /// As [`Jmap::connect`]; the next call tries again.
    pub async fn jmap(&self) -> Result<&Jmap, JmapError> {
        let inner = &self.0;
        let connect = || {
            Jmap::connect(inner.config.clone(), inner.wire.clone(), inner.clock.clone(), inner.random.clone())
        };
        inner.jmap.get_or_try_init(connect).await
    }
}
