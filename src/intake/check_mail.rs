//! Test mails that `check --send` left behind: they are no mails from before the desk came.

use super::{Intake, IntakeError};
use crate::jmap::{Jmap, MailboxId};
use crate::mail;
use crate::store::Look;
use crate::triage::{CHECK_ID, is_check_mail};

/// How many of the newest mails are looked at, and how large one may be.
const LOOKED_AT: usize = 50;
const LARGEST: u64 = 64 * 1024;

impl Intake {
    /// How many test mails of this desk's own lie in a mailbox.
    pub(super) async fn check_mails(&self, jmap: &Jmap, mailbox: &MailboxId) -> Result<u64, IntakeError> {
        let page = jmap.newest(mailbox, 0, LOOKED_AT).await?;
        let mut count = 0;
        for email in page.emails.iter().filter(|email| email.size <= LARGEST) {
            let Some(id) = email.message_ids.first().filter(|id| id.as_str().starts_with(CHECK_ID)) else {
                continue;
            };
            let cap = usize::try_from(LARGEST).unwrap_or(usize::MAX);
            let raw = match jmap.download(&email.blob, cap).await {
                Ok(raw) => raw,
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(error.into()),
            };
            let store = self.desk.store.read()?.store_id()?;
            if mail::provenance(&raw).check.is_some_and(|mark| is_check_mail(&store, id, &mark)) {
                count += 1;
            }
        }
        Ok(count)
    }
}
