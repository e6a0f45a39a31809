//! Taking a page of Emails: recorded as in hand, downloaded, kept raw, parsed, decided.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use futures_util::stream::{self, StreamExt};

use super::sort::Sorted;
use super::tries::is_about_the_mail;
use super::{Intake, IntakeError, graver};
use crate::desk::{Arrived, Street};
use crate::jmap::{BlobId, EmailId, Failure, Headline, JmapError, Person};
use crate::mail::{self, Address, Inbound, NameAddr};
use crate::store::{Look, RawError, aside};
use crate::tracker::RawHash;
use crate::triage::{AdoptHow, Adoption, EmailRef, HoldCause, InHand, MailRow, VerdictKind};

/// How many downloads run at once; servers allow four requests at least (RFC 8620 §2).
const DOWNLOADS: usize = 3;

/// Runs that end over one mail alone before it is held unread.
const CRASHES: u8 = 2;

/// Stands for the bytes of a mail that was not downloaded.
const NOT_KEPT: RawHash = RawHash([0; 32]);

/// What became of a page.
pub(super) struct Taken {
    /// Rows whose Emails are to be filed away now.
    pub(super) rows: Vec<MailRow>,
    /// How many of them were not on record before.
    pub(super) new: usize,
    /// Why others could not be had; they are left for the next sweep.
    pub(super) trouble: Option<IntakeError>,
}

/// One mail's bytes, looked at.
struct Fetched {
    source: EmailRef,
    raw: RawHash,
    inbound: Arc<Inbound>,
    /// Held unread, for this cause.
    unread: Option<HoldCause>,
}

impl Intake {
    /// Takes in what is new on a page and gives the rows to file away. A page is in hand in one
    /// commit; mails that were in hand when a run ended are taken one at a time, and first: over
    /// one that comes later the run may end again, and would forget them.
    pub(super) async fn take(
        &self,
        sorted: Sorted,
        adoption: &Adoption,
        present: &HashSet<EmailId>,
    ) -> Result<Taken, IntakeError> {
        let mut rows = sorted.file;
        let (suspects, calm): (Vec<_>, Vec<_>) =
            sorted.new.into_iter().partition(|source| self.crashes_over(source).is_some());
        let before = rows.len();
        let mut trouble = None;
        for source in suspects {
            match self.take_alone(source, adoption, present).await {
                Ok(row) => rows.push(row),
                Err(error) => trouble = trouble.or(left_out(error)),
            }
        }
        if !calm.is_empty() {
            let (taken, left) = self.take_together(calm, adoption, present).await?;
            rows.extend(taken);
            trouble = graver(trouble, left);
        }
        let new = rows.len() - before;
        for row in sorted.again {
            match self.decide_again(row).await {
                Ok(row) => rows.extend(row),
                Err(error) => trouble = trouble.or(left_out(error)),
            }
        }
        Ok(Taken { rows, new, trouble })
    }

    /// The rows of those that could be had, and why others could not.
    async fn take_together(
        &self,
        sources: Vec<EmailRef>,
        adoption: &Adoption,
        present: &HashSet<EmailId>,
    ) -> Result<(Vec<MailRow>, Option<IntakeError>), IntakeError> {
        let in_hand = sources.iter().map(|source| InHand { source: source.clone(), crashes: 0 }).collect();
        self.desk.in_hand(in_hand).await?;
        let fetches: Vec<_> = sources.into_iter().map(|source| self.fetch(source)).collect();
        let fetched: Vec<_> = stream::iter(fetches).buffered(DOWNLOADS).collect().await;
        let mut receiving = Vec::new();
        let mut trouble = None;
        let mut in_hand_still = false;
        for mail in fetched {
            match mail {
                Ok(mail) => receiving.push(self.receive(mail, adoption, present)),
                Err(error) => {
                    in_hand_still = true;
                    trouble = graver(trouble, left_out(error));
                }
            }
        }
        // Polled in order, so they queue in order; the store commits them together.
        let mut rows = Vec::new();
        for row in futures_util::future::join_all(receiving).await {
            match row {
                Ok(row) => rows.push(row),
                Err(error) => {
                    in_hand_still = true;
                    trouble = graver(trouble, Some(error));
                }
            }
        }
        if in_hand_still {
            // What ended in an error has not ended the run: it is no suspect.
            self.desk.in_hand(Vec::new()).await?;
        }
        Ok((rows, trouble))
    }

    async fn take_alone(
        &self,
        source: EmailRef,
        adoption: &Adoption,
        present: &HashSet<EmailId>,
    ) -> Result<MailRow, IntakeError> {
        let taken = match self.fetch_alone(source.clone()).await {
            Ok(mail) => self.receive(mail, adoption, present).await,
            Err(error) => Err(error),
        };
        if taken.is_err() {
            // Not a crash: what is remembered of it stays in memory.
            self.desk.in_hand(Vec::new()).await?;
        }
        let row = taken?;
        self.clear_suspect(&source);
        Ok(row)
    }

    /// Downloads a mail while nothing else is in hand; one over which runs have ended often enough
    /// is not read.
    async fn fetch_alone(&self, source: EmailRef) -> Result<Fetched, IntakeError> {
        let crashes = self.crashes_over(&source).unwrap_or_default();
        // Found on record at a later start, this try counts as one that ended over it.
        let counted = InHand { source: source.clone(), crashes: crashes.saturating_add(1) };
        self.desk.in_hand(vec![counted]).await?;
        if crashes >= CRASHES {
            self.fetch_unread(source, HoldCause::Crash).await
        } else {
            self.fetch(source).await
        }
    }

    fn clear_suspect(&self, source: &EmailRef) {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }

    fn crashes_over(&self, source: &EmailRef) -> Option<u8> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner).get(source).copied()
    }

    /// Downloads a mail, keeps its raw bytes, and parses them off the async threads.
    async fn fetch(&self, source: EmailRef) -> Result<Fetched, IntakeError> {
        if source.size > self.largest_mail() {
            return Ok(self.unread(source, NOT_KEPT, HoldCause::TooLarge).await);
        }
        let raw = match self.content(&source).await? {
            Ok(raw) => raw,
            Err(cause) => return Ok(self.unread(source, NOT_KEPT, cause).await),
        };
        let (store, site) = (self.desk.store.clone(), Arc::clone(&self.desk.site));
        let kept = aside(move || {
            let hash = store.raw().put(&raw)?;
            Ok::<_, RawError>((hash, raw))
        });
        let (hash, raw) = kept.await??;
        let parsed = aside(move || mail::parse(&raw, site.authserv_id.as_deref()));
        match parsed.await {
            Ok(inbound) => Ok(Fetched { source, raw: hash, inbound: Arc::new(inbound), unread: None }),
            Err(error) => {
                tracing::error!(email = source.email, %error, "parsing a mail failed; it is held");
                Ok(self.unread(source, hash, HoldCause::Unparsable).await)
            }
        }
    }

    async fn fetch_unread(&self, source: EmailRef, cause: HoldCause) -> Result<Fetched, IntakeError> {
        let raw = match self.content(&source).await? {
            Ok(raw) => raw,
            Err(none) => return Ok(self.unread(source, NOT_KEPT, none).await),
        };
        let store = self.desk.store.clone();
        let kept = aside(move || store.raw().put(&raw));
        let hash = kept.await??;
        Ok(self.unread(source, hash, cause).await)
    }

    /// A mail that is held without being read. Who wrote it and about what is shown as the mail
    /// server reads it, where that tells; not of one over which runs end, which is not touched.
    async fn unread(&self, source: EmailRef, raw: RawHash, cause: HoldCause) -> Fetched {
        let told = match self.jmap().await {
            _ if cause == HoldCause::Crash => Ok(None),
            Ok(jmap) => jmap.headline(&EmailId::from(source.email.as_str())).await,
            Err(error) => Err(error),
        };
        let inbound = match told {
            Ok(Some(headline)) => unread_as(headline),
            Ok(None) => Inbound::unread(),
            Err(error) => {
                let email = &source.email;
                tracing::debug!(
                    email,
                    why = error.whole(),
                    "the mail server does not say who wrote this mail"
                );
                Inbound::unread()
            }
        };
        Fetched { source, raw, inbound: Arc::new(inbound), unread: Some(cause) }
    }

    /// A mail's bytes; or why it is to be held without them.
    async fn content(&self, source: &EmailRef) -> Result<Result<bytes::Bytes, HoldCause>, IntakeError> {
        let now = self.desk.clock.elapsed();
        match self.download(source).await {
            Ok(raw) => {
                self.tries.came(source, now);
                Ok(Ok(raw))
            }
            // Larger than the server said.
            Err(JmapError::TooLarge { .. }) => Ok(Err(HoldCause::TooLarge)),
            Err(error) if is_about_the_mail(&error) && self.tries.failed(source, &error, now) => {
                Ok(Err(HoldCause::NoContent))
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn download(&self, source: &EmailRef) -> Result<bytes::Bytes, JmapError> {
        self.desk.pulse().loads(Street::Intake, source.size);
        let cap = usize::try_from(self.largest_mail()).unwrap_or(usize::MAX);
        let raw = self.jmap().await?.download(&BlobId::from(source.blob.as_str()), cap).await?;
        // RFC 8621 §4.1.1: `size` is that of the raw data. A proxy on the way may cut it short and
        // call it whole.
        if (raw.len() as u64) < source.size {
            return Err(JmapError::Malformed {
                what: "a download".to_owned(),
                why: format!("{} of {} octets came", raw.len(), source.size),
            });
        }
        Ok(raw)
    }

    async fn receive(
        &self,
        mail: Fetched,
        adoption: &Adoption,
        present: &HashSet<EmailId>,
    ) -> Result<MailRow, IntakeError> {
        self.desk.pulse().works(Street::Intake);
        let known = self.row_of_same_bytes(&mail, present).await?;
        let quiet = adoption.how == AdoptHow::Import && mail.source.received_at <= adoption.at;
        let arrived = Arrived { source: mail.source, raw: mail.raw, inbound: mail.inbound, quiet };
        if let Some(row) = known {
            // As one that a person put back, which this may be; but not where filed mails are looked
            // through.
            if row.filed && row.verdict.is_set_aside() && !quiet {
                return Ok(self.desk.decide_again(row.id, arrived, mail.unread).await?.unwrap_or(row));
            }
            return Ok(row);
        }
        Ok(match mail.unread {
            Some(cause) => self.desk.hold(arrived, cause).await?,
            None => self.desk.receive(arrived).await?,
        })
    }

    /// A server may give an Email a new id between our taking it and our filing it. Bytes that
    /// match a row whose Email is not in the mailbox any more are that row's. So is an Email of the
    /// same arrival that comes once more, where the mail server or this desk was restored.
    async fn row_of_same_bytes(
        &self,
        mail: &Fetched,
        present: &HashSet<EmailId>,
    ) -> Result<Option<MailRow>, IntakeError> {
        let same_arrival = |row: &MailRow| {
            let source = EmailRef { email: mail.source.email.clone(), ..row.source.clone() };
            source == mail.source
        };
        let orphan = self.desk.store.read()?.mail_rows_by_raw(&mail.raw)?.into_iter().find(|row| {
            let taken = mail.raw != NOT_KEPT && !row.filed;
            (taken || same_arrival(row)) && !present.contains(&EmailId::from(row.source.email.as_str()))
        });
        let Some(row) = orphan else { return Ok(None) };
        // That its former id answers says nothing of an Email of the same arrival: some servers go on
        // answering to it.
        if !row.filed && !same_arrival(&row) && self.waits(&row).await? {
            return Ok(None);
        }
        Ok(self.desk.renamed(row.id, mail.source.clone()).await?)
    }

    /// Whether the Email of a row lies where it may still be taken in.
    async fn waits(&self, row: &MailRow) -> Result<bool, IntakeError> {
        let boxes = self.boxes().await?;
        let still = self.jmap().await?.emails(&[EmailId::from(row.source.email.as_str())]).await?;
        Ok(still
            .iter()
            .any(|email| email.mailboxes.contains(&boxes.intake) || email.mailboxes.contains(&boxes.held)))
    }

    /// A person put a held or ignored mail back: it is decided as if it came now, and may be one
    /// over which runs end.
    async fn decide_again(&self, row: MailRow) -> Result<Option<MailRow>, IntakeError> {
        let fetched = match self.fetch_alone(row.source.clone()).await {
            // A person asked once more, and the answer is the same.
            Err(IntakeError::Jmap(error)) if was_not_given(&row) && is_about_the_mail(&error) => {
                Ok(self.unread(row.source.clone(), NOT_KEPT, HoldCause::NoContent).await)
            }
            fetched => fetched,
        };
        let decided = match fetched {
            Ok(mail) => {
                let arrived =
                    Arrived { source: mail.source, raw: mail.raw, inbound: mail.inbound, quiet: false };
                self.desk.decide_again(row.id, arrived, mail.unread).await.map_err(IntakeError::from)
            }
            Err(error) => Err(error),
        };
        self.desk.in_hand(Vec::new()).await?;
        if decided.is_ok() {
            self.clear_suspect(&row.source);
        }
        decided
    }
}

/// What makes the sweep end in trouble. A mail that can never be downloaded does not: the sweep is
/// whole without it.
fn left_out(error: IntakeError) -> Option<IntakeError> {
    match &error {
        // It was told when it was first met.
        IntakeError::Jmap(jmap) if jmap.failure() == Failure::Permanent => None,
        _ => Some(error),
    }
}

fn was_not_given(row: &MailRow) -> bool {
    row.verdict == VerdictKind::Hold(HoldCause::NoContent)
}

/// What a line of a list says, for the list of held mails; what is no address is left out.
fn unread_as(headline: Headline) -> Inbound {
    let person = |person: Person| {
        let name = person.name.filter(|name| !name.trim().is_empty());
        Some(NameAddr { name, address: Address::parse(&person.email?).ok()? })
    };
    Inbound {
        from: headline.from.and_then(person),
        to: headline.to.into_iter().filter_map(person).collect(),
        subject: headline.subject,
        ..Inbound::unread()
    }
}
