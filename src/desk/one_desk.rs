//! One desk per mailbox: another desk's marker stops mail in and out until an admin decides.

use std::sync::atomic::Ordering;

use super::{Desk, DeskError};
use crate::store::{Look, StoreError, WriteError};
use crate::tracker::{FormId, RunId, Viewer};

impl Desk {
    /// An admin decides that the mailbox is this desk's from now on. The street of incoming mail
    /// carries it out; the other desk, where there is one, stops by itself.
    ///
    /// # Errors
    /// [`DeskError::Forbidden`] for everyone else, [`DeskError::Done`] where nothing is in the way.
    pub async fn take_over(&self, viewer: Viewer, form: FormId) -> Result<(), DeskError> {
        if !viewer.admin {
            return Err(DeskError::Forbidden);
        }
        if self.standing.get().stopped.is_none() {
            return Err(DeskError::Done);
        }
        let now = self.clock.now();
        self.store
            .write(move |w| {
                if w.form_used(&form)? {
                    return Err(DeskError::Done);
                }
                Ok(w.use_form(&form, now)?)
            })
            .await?;
        tracing::warn!(account = viewer.account.0, "an admin decided that this desk takes the mailbox over");
        self.take_over.store(true, Ordering::Relaxed);
        self.ring_intake();
        Ok(())
    }

    /// Whether somebody decided so, and it is still to be carried out.
    pub(crate) fn is_taking_over(&self) -> bool {
        self.take_over.load(Ordering::Relaxed)
    }

    pub(crate) fn has_taken_over(&self) {
        self.take_over.store(false, Ordering::Relaxed);
    }

    /// Puts a run on the store's list; only then a marker may name it.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn begin_run(&self, run: RunId) -> Result<(), StoreError> {
        self.store.write(move |w| w.add_run(run)).await.map_err(WriteError::flatten)
    }

    /// Notes that this run ends in order: the next one need not wait before it sends.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn end_run(&self) -> Result<(), StoreError> {
        self.store.write(|w| w.end_run()).await.map_err(WriteError::flatten)
    }
}
