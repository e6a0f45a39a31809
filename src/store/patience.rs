//! Opening a store may take long: a large file that was not closed in order is repaired, an older
//! one copied and migrated. Whoever waits is told that it goes on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long one step of a migration may take, and how often at least patience is asked for in all
/// else.
const AT_MOST: Duration = Duration::from_mins(10);

/// Told while opening goes on, with the longest time until it is told again or opening has ended.
/// The usual one is told nothing.
#[derive(Clone, Default)]
pub struct Patience(Option<Arc<dyn Fn(Duration) + Send + Sync>>);

impl Patience {
    /// `ask` is called from the thread that opens, now and then.
    pub fn new(ask: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(ask)))
    }

    pub(super) fn ask(&self) {
        if let Some(ask) = &self.0 {
            ask(AT_MOST);
        }
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Patience").field(&self.0.is_some()).finish()
    }
}
