//! Keeping the mail server's mailboxes small: filed and sent mails that are older than so many days
//! are destroyed there, once the desk has made sure of its own copy of each.

use jiff::Timestamp;

use super::{Holder, Intake, IntakeError};
use crate::desk::days_before;
use crate::jmap::{EmailInfo, Jmap, MailboxId};
use crate::store::{Look, Store, StoreError, aside};
use crate::tracker::{OutboxState, RawHash};
use crate::triage::VerdictKind;

/// How many Emails are looked at together.
const PAGE: usize = 200;
/// How many pages of a mailbox are looked at in one round; the next round goes on with the rest.
const PAGES: usize = 10;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    pub destroyed: u64,
    /// Old mails that stay, because the desk does not have the whole of them.
    pub kept: u64,
}

impl Intake {
    /// Destroys old mails in the mailboxes for handled mails and for sent letters, where a whole copy
    /// is on record. Mails that wait for a person stay, and those that the desk knows nothing of.
    /// Nothing is done while the desk is paused, or where the mailbox is another desk's.
    ///
    /// # Errors
    /// As every call to the server or the store.
    pub async fn trim_mailboxes(&self, days: u32) -> Result<Trimmed, IntakeError> {
        let mut trimmed = Trimmed::default();
        if self.desk.paused()?.is_some() || self.marker.look().await? == Holder::Other {
            return Ok(trimmed);
        }
        let until = days_before(self.desk.clock.now(), days);
        let jmap = self.jmap().await?;
        for name in [&self.settings.boxes.handled, &self.settings.sent] {
            if let Some(mailbox) = jmap.find_mailbox(name).await? {
                self.trim(jmap, &mailbox.id, until, &mut trimmed).await?;
            }
        }
        if trimmed.destroyed > 0 {
            let Trimmed { destroyed, kept } = trimmed;
            tracing::info!(destroyed, kept, "old mails were destroyed on the mail server; the desk has them");
        }
        Ok(trimmed)
    }

    async fn trim(
        &self,
        jmap: &Jmap,
        mailbox: &MailboxId,
        until: Timestamp,
        trimmed: &mut Trimmed,
    ) -> Result<(), IntakeError> {
        // Those that stay come first again in the next query.
        let mut position = 0;
        for _ in 0..PAGES {
            let page = jmap.page(mailbox, position, PAGE).await?;
            let ids: Vec<_> = page.emails.iter().map(|email| email.id.clone()).collect();
            let old =
                |email: &&EmailInfo| email.received_at > Timestamp::UNIX_EPOCH && email.received_at < until;
            if page.emails.iter().find(old).is_none() {
                return Ok(());
            }
            // Asked for again with their Message-IDs.
            let emails: Vec<_> = jmap.emails(&ids).await?.into_iter().filter(|email| old(&email)).collect();
            let (store, account, looked_at) = (self.desk.store.clone(), jmap.account_id(), emails.len());
            let safe = aside(move || safe(&store, &account, emails)).await??;
            let mut gone = 0;
            for done in jmap.destroy(&safe).await? {
                match done {
                    Ok(()) => gone += 1,
                    Err(fault) => tracing::debug!(%fault, "the mail server keeps an old mail"),
                }
            }
            trimmed.destroyed += gone as u64;
            trimmed.kept += (looked_at - gone) as u64;
            position += page.found() - gone;
            if looked_at < page.emails.len() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Those of which the desk has a whole copy: the very octets, read and compared with their hash.
fn safe(
    store: &Store,
    account: &str,
    emails: Vec<EmailInfo>,
) -> Result<Vec<crate::jmap::EmailId>, StoreError> {
    let mut safe = Vec::new();
    for email in emails {
        let kept = match copy_of(store, account, &email)? {
            // What the server calls a mail's size is its octets.
            Some(raw) => store.raw().get(&raw).is_ok_and(|octets| octets.len() as u64 == email.size),
            None => false,
        };
        if kept {
            safe.push(email.id);
        }
    }
    Ok(safe)
}

/// The file of an Email: of the row that was taken from it, or of the letter that it is.
fn copy_of(store: &Store, account: &str, email: &EmailInfo) -> Result<Option<RawHash>, StoreError> {
    let read = store.read()?;
    let rows = read.mail_rows_by_source(account, email.id.as_str())?;
    let row = rows.into_iter().find(|row| {
        let source = &row.source;
        let same = source.blob == email.blob.as_str() && source.size == email.size;
        row.filed
            && same
            && source.received_at == email.received_at
            && !matches!(row.verdict, VerdictKind::Hold(_))
    });
    if let Some(row) = row {
        return Ok(Some(row.raw));
    }
    for id in &email.message_ids {
        let letter = read.letter_by_message_id(id)?;
        let sent = letter.filter(|row| {
            matches!(row.state, OutboxState::Sent | OutboxState::PresumedSent) && row.next_look.is_none()
        });
        if let Some(draft) = sent.and_then(|row| row.draft) {
            return Ok(Some(draft.raw));
        }
    }
    Ok(None)
}
