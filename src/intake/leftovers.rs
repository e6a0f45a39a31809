//! What an erasure has left to remove: Emails on the mail server, and files. It is done when all are
//! gone, however often that has to be tried.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{Holder, Intake, IntakeError};
use crate::jmap::{EmailId, EmailInfo, Jmap};
use crate::mail::MessageId;
use crate::store::{Look, StoreError, SweepError, WriteError};
use crate::tracker::{ErasureId, Leftover, RawHash};

/// How many are looked at together.
const PAGE: usize = 200;

/// What was removed, and what is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Copies on the mail server that were destroyed, or gone already.
    pub copies: u64,
    pub files: u64,
    /// What is tried again later.
    pub copies_left: u64,
    pub files_left: u64,
    /// Why the mail server was not asked, or refused.
    pub trouble: Option<String>,
}

impl Cleared {
    /// Whether nothing is left.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.copies_left == 0 && self.files_left == 0
    }
}

/// What may be removed of one page: the places on the list.
type Done = Vec<u64>;

impl Intake {
    /// Removes what erasures have left, and ends those that have nothing left; of one erasure where
    /// it is named. May be repeated.
    ///
    /// # Errors
    /// Where the store fails. Trouble with the mail server stands in the answer.
    pub async fn clear_leftovers(&self, only: Option<ErasureId>) -> Result<Cleared, IntakeError> {
        let mut cleared = Cleared::default();
        let erasures = self.desk.store.read()?.erasures()?;
        for erasure in erasures.into_iter().filter(|erasure| only.is_none_or(|id| id == erasure.id)) {
            self.clear_one(erasure.id, &mut cleared).await?;
            let id = erasure.id;
            let ended = self.desk.store.write(move |w| {
                let open = w.erasure(id)?.is_some_and(|erasure| erasure.address.is_some());
                if !open && w.leftovers(id, 0, 1)?.is_empty() {
                    w.end_erasure(id)?;
                    return Ok(true);
                }
                Ok::<_, StoreError>(false)
            });
            if ended.await.map_err(WriteError::flatten)? {
                tracing::info!(erasure = id.0, "an erasure is done");
            }
        }
        Ok(cleared)
    }

    async fn clear_one(&self, id: ErasureId, cleared: &mut Cleared) -> Result<(), IntakeError> {
        let mut after = 0;
        loop {
            let page = self.desk.store.read()?.leftovers(id, after, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            let mut done = self.clear_files(&page, cleared).await?;
            match self.clear_copies(&page).await {
                Ok(gone) => {
                    cleared.copies += gone.len() as u64;
                    done.extend(gone);
                }
                Err(error) => cleared.trouble = Some(error.whole()),
            }
            let copies = page.iter().filter(|(_, left)| !matches!(left, Leftover::Raw(_)));
            cleared.copies_left += copies.filter(|(place, _)| !done.contains(place)).count() as u64;
            let dropped = self.desk.store.write(move |w| {
                for place in &done {
                    w.drop_leftover(id, *place)?;
                }
                Ok::<_, StoreError>(())
            });
            dropped.await.map_err(WriteError::flatten)?;
        }
    }

    async fn clear_files(
        &self,
        page: &[(u64, Leftover)],
        cleared: &mut Cleared,
    ) -> Result<Done, IntakeError> {
        let files: Vec<(u64, RawHash)> = page
            .iter()
            .filter_map(|(place, left)| match left {
                Leftover::Raw(hash) => Some((*place, *hash)),
                _ => None,
            })
            .collect();
        if files.is_empty() {
            return Ok(Done::new());
        }
        let hashes = files.iter().map(|(_, hash)| *hash).collect();
        let left: HashSet<_> = self.desk.store.forget_raw(hashes).await?.into_iter().collect();
        let done: Done = files.iter().filter(|(_, hash)| !left.contains(hash)).map(|(at, _)| *at).collect();
        cleared.files += done.len() as u64;
        cleared.files_left += (files.len() - done.len()) as u64;
        Ok(done)
    }

    /// Destroys the copies on the server that are what the list says they are: ids are re-issued by
    /// restored servers.
    async fn clear_copies(&self, page: &[(u64, Leftover)]) -> Result<Done, IntakeError> {
        if page.iter().all(|(_, left)| matches!(left, Leftover::Raw(_))) {
            return Ok(Done::new());
        }
        if self.marker.look().await? == Holder::Other {
            let why = "the mailbox is another desk's at present; `postdesk adopt --take-over`";
            return Err(crate::desk::DeskError::Invalid(why.to_owned()).into());
        }
        let jmap = self.jmap().await?;
        let infos = self.infos(jmap, page).await?;
        let in_sent = self.in_sent(jmap, page, &infos).await?;
        let (mut done, mut found) = (Done::new(), Vec::new());
        for (place, left) in page {
            let email = match left {
                Leftover::Raw(_) => continue,
                Leftover::Email { account, .. } if *account != jmap.account_id() => None,
                Leftover::Email { email, received_at, .. } => {
                    let known = infos.get(email.as_str()).filter(|info| is_it(left, info)).cloned();
                    let known = match known {
                        None if *received_at > Timestamp::UNIX_EPOCH => {
                            // It may go by another id by now.
                            jmap.taken_at(*received_at).await?.into_iter().find(|info| is_it(left, info))
                        }
                        known => known,
                    };
                    known.map(|info| info.id)
                }
                Leftover::Letter { message_id, email, .. } => email
                    .as_ref()
                    .and_then(|email| infos.get(email.as_str()))
                    .filter(|info| info.message_ids.contains(message_id))
                    .map(|info| info.id.clone())
                    .or_else(|| in_sent.get(message_id).cloned()),
            };
            match email {
                Some(email) => found.push((*place, email)),
                None => done.push(*place),
            }
        }
        let ids: Vec<_> = found.iter().map(|(_, id)| id.clone()).collect();
        for ((place, _), destroyed) in found.iter().zip(jmap.destroy(&ids).await?) {
            match destroyed {
                Ok(()) => done.push(*place),
                Err(fault) => tracing::warn!(%fault, "the mail server does not destroy an erased mail"),
            }
        }
        Ok(done)
    }

    async fn infos(
        &self,
        jmap: &Jmap,
        page: &[(u64, Leftover)],
    ) -> Result<HashMap<String, EmailInfo>, IntakeError> {
        let ids: HashSet<&String> = page
            .iter()
            .filter_map(|(_, left)| match left {
                Leftover::Email { email, .. } => Some(email),
                Leftover::Letter { email, .. } => email.as_ref(),
                Leftover::Raw(_) => None,
            })
            .collect();
        let ids: Vec<_> = ids.into_iter().map(|id| EmailId::from(id.as_str())).collect();
        let infos = jmap.emails(&ids).await?;
        Ok(infos.into_iter().map(|info| (info.id.as_str().to_owned(), info)).collect())
    }

    /// Letters in Sent of which the id is not known, or not right any more.
    async fn in_sent(
        &self,
        jmap: &Jmap,
        page: &[(u64, Leftover)],
        infos: &HashMap<String, EmailInfo>,
    ) -> Result<HashMap<MessageId, EmailId>, IntakeError> {
        let mut wanted = HashSet::new();
        let mut since = Timestamp::MAX;
        for (_, left) in page {
            let Leftover::Letter { message_id, email, since: due } = left else { continue };
            let known = email.as_ref().and_then(|email| infos.get(email));
            if known.is_none_or(|info| !info.message_ids.contains(message_id)) {
                wanted.insert(message_id.clone());
                since = since.min(*due);
            }
        }
        let Some(sent) =
            (if wanted.is_empty() { None } else { jmap.find_mailbox(&self.settings.sent).await? })
        else {
            return Ok(HashMap::new());
        };
        // Clocks differ, and ours may have been ahead then.
        let since = since.min(self.desk.clock.now());
        let since = since.checked_sub(jiff::SignedDuration::from_hours(24)).unwrap_or(since);
        Ok(jmap.find_by_message_id(&sent.id, &wanted, since).await?.into_iter().collect())
    }
}

/// Whether an Email is what an erasure has left, whatever its id.
fn is_it(left: &Leftover, info: &EmailInfo) -> bool {
    let Leftover::Email { blob, size, received_at, .. } = left else { return false };
    info.blob.as_str() == blob && info.size == *size && info.received_at == *received_at
}

impl From<SweepError> for IntakeError {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Store(error) => Self::Store(error),
            SweepError::Raw(error) => Self::Raw(error),
        }
    }
}
