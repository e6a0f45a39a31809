//! The mailboxes that mail in goes through: found by role or name, created where missing.

use crate::config::MailboxRef;
use crate::jmap::{Jmap, JmapError, MailboxId};
use crate::triage::VerdictKind;

/// The configured names of the mailboxes.
#[derive(Clone, Debug)]
pub struct BoxNames {
    pub intake: MailboxRef,
    pub handled: MailboxRef,
    pub held: MailboxRef,
    /// Where an adoption that leaves what was there moves it.
    pub earlier: MailboxRef,
}

/// The mailboxes as the server knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boxes {
    pub intake: MailboxId,
    pub handled: MailboxId,
    pub held: MailboxId,
}

impl Boxes {
    /// Finds the mailboxes and creates those that are missing.
    ///
    /// # Errors
    /// As every call to the server.
    pub async fn ensure(jmap: &Jmap, names: &BoxNames) -> Result<Self, JmapError> {
        Ok(Self {
            intake: jmap.ensure_mailbox(&names.intake).await?,
            handled: jmap.ensure_mailbox(&names.handled).await?,
            held: jmap.ensure_mailbox(&names.held).await?,
        })
    }

    /// Where a mail goes by its outcome.
    #[must_use]
    pub fn target(&self, verdict: VerdictKind) -> &MailboxId {
        match verdict {
            VerdictKind::Hold(_) => &self.held,
            _ => &self.handled,
        }
    }
}
