//! What the mail server took into a mailbox since a time, whole.
//!
//! A mailbox is read in pages while others change it: an Email that goes away moves those behind it
//! forward, past the page that is asked for next, and one that gets another id between the query and
//! the get is missing. Whoever concludes something from what is *not* there has to read it whole.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{EmailId, EmailInfo, Jmap, JmapError, MailboxId};
use crate::mail::MessageId;

/// How many are asked for at once.
const PAGE: usize = 500;
/// How often it is read anew before that is given up for now.
const TRIES: usize = 5;

/// A mailbox, read once from its newest Email on.
struct Read {
    emails: Vec<EmailInfo>,
    /// Those that the server lists and does not give.
    missing: Vec<EmailId>,
}

impl Jmap {
    /// What a mailbox took since then, newest first, each Email once and none passed over. An Email that
    /// the server lists and does not give, however often it is asked, is left out.
    ///
    /// # Errors
    /// Where the server does not say, or where the mailbox changes each time it is read.
    pub async fn all_since(
        &self,
        mailbox: &MailboxId,
        since: Timestamp,
    ) -> Result<Vec<EmailInfo>, JmapError> {
        let mut missing_before = Vec::new();
        for _ in 0..TRIES {
            let Some(read) = self.read_since(mailbox, since).await? else { continue };
            if read.missing == missing_before {
                return Ok(read.emails);
            }
            missing_before = read.missing;
        }
        Err(JmapError::malformed("a mailbox", &"what lies there changed each time it was read"))
    }

    /// `None` where it shows that something before a page went away.
    async fn read_since(&self, mailbox: &MailboxId, since: Timestamp) -> Result<Option<Read>, JmapError> {
        let mut read = Read { emails: Vec::new(), missing: Vec::new() };
        let (mut listed, mut position, mut known_pages) = (HashSet::new(), 0, 0);
        loop {
            let page = self.newest(mailbox, position, PAGE).await?;
            // Each page begins with the last one of the page before.
            if !listed.is_empty() && page.ids.first().is_none_or(|id| !listed.contains(id)) {
                return Ok(None);
            }
            let found = page.found();
            let older = page.emails.iter().rev().find(|email| is_dated(email));
            let older = older.is_some_and(|email| email.received_at < since);
            let mut new: HashSet<EmailId> = page.ids.into_iter().filter(|id| !listed.contains(id)).collect();
            // As many came meanwhile, or the server gives the same page each time.
            known_pages = if new.is_empty() { known_pages + 1 } else { 0 };
            if known_pages > TRIES {
                return Ok(None);
            }
            listed.extend(new.iter().cloned());
            for email in page.emails.into_iter().filter(|email| new.remove(&email.id)) {
                read.emails.extend((email.received_at >= since || !is_dated(&email)).then_some(email));
            }
            read.missing.extend(new);
            // The last page of a server that gives no total holds what the one before ended with, alone.
            let over = found <= 1 || page.total.is_some_and(|total| (position + found) as u64 >= total);
            if older || over {
                read.missing.sort();
                return Ok(Some(read));
            }
            position += found - 1;
        }
    }

    /// Those of a mailbox with these Message-IDs, back to what the server took at that time. Clocks
    /// differ, so let `since` be earlier rather than later.
    ///
    /// # Errors
    /// As [`Jmap::all_since`].
    pub async fn find_by_message_id(
        &self,
        mailbox: &MailboxId,
        ids: &HashSet<MessageId>,
        since: Timestamp,
    ) -> Result<Vec<(MessageId, EmailId)>, JmapError> {
        let mut found = Vec::new();
        for email in self.all_since(mailbox, since).await? {
            let wanted = email.message_ids.into_iter().filter(|id| ids.contains(id));
            found.extend(wanted.map(|id| (id, email.id.clone())));
        }
        Ok(found)
    }
}

/// One of which the server does not say when it came may be of any time.
fn is_dated(email: &EmailInfo) -> bool {
    email.received_at != Timestamp::UNIX_EPOCH
}
