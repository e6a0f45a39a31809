//! The time of day was set back: what would wait for a time that has moved away.

use std::time::Duration;

use jiff::SignedDuration;

use super::Desk;
use crate::store::{Look, StoreError, WriteError};
use crate::tracker::OutboxState;

impl Desk {
    /// Letters that wait for a time of the clock from before it was set back by so much: each waits,
    /// or is looked for, no longer than it would have been.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn pull_letters_back(&self, by: Duration) -> Result<(), StoreError> {
        let now = self.clock.now();
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        let pulled = self.store.write(move |w| {
            for mut row in w.letters_in(OutboxState::Waiting, usize::MAX)? {
                if row.not_before > now {
                    row.not_before = row.not_before.checked_sub(by).unwrap_or(now);
                    w.put_letter(&row)?;
                }
            }
            // These are looked for until so long after their mark.
            for mut row in w.letters_in(OutboxState::Submitting, usize::MAX)? {
                if let Some(since) = row.submitted_at.filter(|since| *since > now) {
                    row.submitted_at = Some(since.checked_sub(by).unwrap_or(now));
                    w.put_letter(&row)?;
                }
            }
            Ok::<_, StoreError>(())
        });
        pulled.await.map_err(WriteError::flatten)?;
        self.ring_outbox();
        Ok(())
    }
}
