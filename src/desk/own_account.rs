//! What somebody who is signed in decides about the own account.

use super::held::refuse_twice;
use super::{Desk, DeskError};
use crate::store::Look;
use crate::tracker::{Account, FormId, Notices, Viewer};

/// The viewer's own account.
#[derive(Clone, Debug)]
pub struct OwnAccount {
    pub account: Account,
    /// Mail to its address is paused, because letters came back.
    pub paused: bool,
}

impl Desk {
    /// The viewer's own account.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where it is not on record any more.
    pub fn see_own_account(&self, viewer: Viewer) -> Result<OwnAccount, DeskError> {
        let read = self.store.read()?;
        let account = read.account(viewer.account)?.ok_or(DeskError::NotFound)?;
        Ok(OwnAccount { paused: read.paused(&account.address)?, account })
    }

    /// Chooses what the viewer is mailed about. Whoever wants mails is mailed again, also where
    /// letters came back before.
    ///
    /// # Errors
    /// [`DeskError::Done`] where the form was sent before.
    pub async fn choose_notices(
        &self,
        viewer: Viewer,
        form: FormId,
        choice: Notices,
    ) -> Result<(), DeskError> {
        let now = self.clock.now();
        self.store
            .write(move |w| {
                let mut account = w.account(viewer.account)?.ok_or(DeskError::NotFound)?;
                refuse_twice(w, &form)?;
                w.use_form(&form, now)?;
                if choice != Notices::Nothing {
                    w.lift_pause(&account.address)?;
                }
                account.notices = choice;
                Ok(w.put_account(&account)?)
            })
            .await
            .map_err(DeskError::from)
    }
}
