//! What a person asks the street of incoming mail to fetch: a held mail that could not be downloaded,
//! a mail out of the mail server's Junk. They are carried out with the next sweep and kept in memory
//! alone: after a restart the mail is still where it was, and one click asks again.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;

use super::held::{held_row, refuse_twice};
use super::{Desk, DeskError, visible};
use crate::tracker::{FormId, MailRowId, Viewer};
use crate::triage::{HoldCause, VerdictKind};

/// Something for the street to fetch into the intake mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// A held mail whose content is to be asked for once more.
    AskAgain(MailRowId),
    /// An Email of the Junk mailbox, by its id.
    FromJunk(String),
}

/// What lies in the mail server's Junk mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Junk {
    pub total: u64,
    /// The newest of them.
    pub newest: Vec<JunkMail>,
}

/// One mail in Junk, as the mail server describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JunkMail {
    /// The JMAP Email id.
    pub email: String,
    pub from: String,
    pub subject: String,
    pub received_at: Timestamp,
    /// In octets.
    pub size: u64,
}

/// Where the street writes what lies in Junk. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct JunkBoard(Arc<RwLock<Option<Junk>>>);

impl JunkBoard {
    /// What lay there when it was last looked at; nothing where there is no such mailbox.
    #[must_use]
    pub fn get(&self) -> Option<Junk> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, junk: Option<Junk>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = junk;
    }

    fn forget(&self, email: &str) {
        if let Some(junk) = &mut *self.0.write().unwrap_or_else(PoisonError::into_inner) {
            let before = junk.newest.len();
            junk.newest.retain(|mail| mail.email != email);
            junk.total = junk.total.saturating_sub((before - junk.newest.len()) as u64);
        }
    }
}

/// Errands that nobody has run yet.
pub(super) type Errands = Arc<Mutex<Vec<Errand>>>;

impl Desk {
    /// What lies in Junk, for somebody who works in any project: nobody knows yet whom it is for.
    ///
    /// # Errors
    /// The store.
    pub fn see_junk(&self, viewer: Viewer) -> Result<Option<Junk>, DeskError> {
        let works = visible::works_anywhere(&self.store.read()?, viewer)?;
        Ok(self.junk.get().filter(|junk| works && junk.total > 0))
    }

    /// Asks for a mail out of Junk: it goes to the intake mailbox, and is taken in from there as if
    /// it had come now.
    ///
    /// # Errors
    /// [`DeskError::Forbidden`] where the viewer works nowhere; [`DeskError::NotFound`] where it is
    /// not among those that were seen last.
    pub async fn take_from_junk(&self, viewer: Viewer, email: &str, form: FormId) -> Result<(), DeskError> {
        let known = self.junk.get().is_some_and(|junk| junk.newest.iter().any(|mail| mail.email == email));
        let now = self.clock.now();
        self.store
            .write(move |w| {
                if !visible::works_anywhere(w, viewer)? {
                    return Err(DeskError::Forbidden);
                }
                refuse_twice(w, &form)?;
                if !known {
                    return Err(DeskError::NotFound);
                }
                Ok(w.use_form(&form, now)?)
            })
            .await?;
        self.junk.forget(email);
        self.send_for(Errand::FromJunk(email.to_owned()));
        Ok(())
    }

    /// Asks the mail server once more for the content of a mail that it did not give before.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where the mail is no longer held for that.
    pub async fn ask_again(&self, viewer: Viewer, row: MailRowId, form: FormId) -> Result<(), DeskError> {
        let now = self.clock.now();
        self.store
            .write(move |w| {
                let held = held_row(w, row)?;
                if held.verdict != VerdictKind::Hold(HoldCause::NoContent) {
                    return Err(DeskError::NotFound);
                }
                if !visible::may_decide(w, viewer, visible::works_anywhere(w, viewer)?, &held)? {
                    return Err(DeskError::Forbidden);
                }
                refuse_twice(w, &form)?;
                Ok(w.use_form(&form, now)?)
            })
            .await?;
        self.send_for(Errand::AskAgain(row));
        Ok(())
    }

    fn send_for(&self, errand: Errand) {
        self.errands.lock().unwrap_or_else(PoisonError::into_inner).push(errand);
        self.ring_intake();
    }

    /// Takes what was asked for, for the street that carries it out.
    pub(crate) fn take_errands(&self) -> Vec<Errand> {
        std::mem::take(&mut *self.errands.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
