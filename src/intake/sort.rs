//! What each Email of a page needs: to be taken, to be decided again, or only to be filed.

use super::{Intake, IntakeError};
use crate::jmap::{EmailInfo, Jmap};
use crate::store::Look;
use crate::triage::{EmailRef, MailRow};

/// A page of Emails, sorted by what they need, each in the order of the page.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Not on record.
    pub(super) new: Vec<EmailRef>,
    /// Held or ignored before, and put back into the intake mailbox by a person.
    pub(super) again: Vec<MailRow>,
    /// On record; only the filing is left.
    pub(super) file: Vec<MailRow>,
}

impl Intake {
    /// An Email id counts only where account, blob, size and `receivedAt` agree too, because
    /// restored servers issue ids again.
    pub(super) fn sort(&self, jmap: &Jmap, emails: &[EmailInfo]) -> Result<Sorted, IntakeError> {
        let account = jmap.account_id();
        let read = self.desk.store.read()?;
        let mut sorted = Sorted::default();
        for email in emails {
            let source = source_of(&account, email);
            let rows = read.mail_rows_by_source(&source.account, &source.email)?;
            match rows.into_iter().rev().find(|row| row.source == source) {
                None => sorted.new.push(source),
                Some(row) if row.filed && row.verdict.is_set_aside() => sorted.again.push(row),
                Some(row) => sorted.file.push(row),
            }
        }
        Ok(sorted)
    }
}

pub(super) fn source_of(account: &str, email: &EmailInfo) -> EmailRef {
    EmailRef {
        account: account.to_owned(),
        email: email.id.as_str().to_owned(),
        blob: email.blob.as_str().to_owned(),
        size: email.size,
        received_at: email.received_at,
    }
}
