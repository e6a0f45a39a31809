//! A sweep: what lies in the intake mailbox, oldest first, in bounded pages, until nothing is
//! left that can be filed away.

use std::collections::HashSet;

use tokio::sync::watch;

use super::sort::source_of;
use super::{Boxes, Holder, Intake, IntakeError, graver};
use crate::desk::Street;
use crate::jmap::EmailId;
use crate::store::Look;
use crate::triage::{AdoptHow, Adoption, EmailRef, MailRow};

/// How many Emails are in hand at once.
const PAGE: usize = 50;

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    /// Everything that lay there is on record; `taken` were new.
    Done { taken: usize },
    /// The mailbox is not ours yet, and holds this many mails.
    NotAdopted { waiting: u64 },
    /// Another desk's marker lies in its mailbox; a person has to decide.
    Stopped,
    /// The desk is paused: nothing is taken in until a person says so.
    Paused,
}

impl Intake {
    /// Takes in what lies in the intake mailbox. May run at any time, and twice.
    ///
    /// # Errors
    /// Where the mail server or the store stand in the way; what was taken stays taken.
    pub async fn sweep(&self) -> Result<Swept, IntakeError> {
        let (_running, stop) = watch::channel(false);
        self.sweep_until(&stop).await
    }

    /// A sweep that ends after the page in hand when `stop` says so.
    pub(super) async fn sweep_until(&self, stop: &watch::Receiver<bool>) -> Result<Swept, IntakeError> {
        if self.desk.paused()?.is_some() {
            // Whose the mailbox is can be told and decided meanwhile.
            self.marker.look().await?;
            return Ok(Swept::Paused);
        }
        let adoption = match self.standing_adoption().await? {
            Ok(adoption) => adoption,
            Err(off) => return Ok(off),
        };
        // Before anything is created.
        if self.marker.hold().await? == Holder::Other {
            return Ok(Swept::Stopped);
        }
        self.recall_suspects()?;
        // A disk that is full is for what is begun already and for people.
        if !self.desk.store.has_room() {
            return Err(IntakeError::DiskFull);
        }
        let boxes = self.boxes().await?;
        self.run_errands(&boxes).await?;
        let (mut seen, mut gone, mut listed) = (HashSet::new(), HashSet::new(), HashSet::new());
        let (mut taken, mut stuck) = (0, 0);
        let (mut trouble, mut whole) = (None, false);
        while !*stop.borrow() {
            self.desk.pulse().works(Street::Intake);
            if self.desk.paused()?.is_some() {
                return Ok(Swept::Paused);
            }
            let mut page = self.jmap().await?.page(&boxes.intake, stuck, PAGE).await?;
            if page.found() == 0 {
                self.settle_unfiled(&boxes, &seen).await?;
                self.empty_hand().await?;
                whole = true;
                break;
            }
            seen.extend(page.emails.iter().map(|email| email.id.clone()));
            listed.extend(page.ids.iter().cloned());
            // A server may go on showing what it has just moved.
            page.emails.retain(|email| !gone.contains(&email.id));
            let sorted = self.sort(self.jmap().await?, &page.emails)?;
            let page_of = self.take(sorted, &adoption, &seen).await?;
            taken += page_of.new;
            let filed = self.file(&boxes, &boxes.intake, &page_of.rows).await?;
            stuck += page.found().saturating_sub(filed.len());
            gone.extend(filed);
            // One mail that cannot be had now does not hold up the others; a page of them is the
            // server's trouble.
            let none_came = page_of.rows.is_empty();
            let in_the_way = page_of.trouble.is_some();
            trouble = graver(trouble, page_of.trouble);
            let asked = trouble.as_ref().and_then(IntakeError::retry_after).is_some();
            if in_the_way && none_came || asked {
                break;
            }
        }
        let lies = |source: &EmailRef| !whole || seen.contains(&EmailId::from(source.email.as_str()));
        let missing = self.tries.keep(lies);
        let withheld = self.tries.withheld(&listed, &seen, whole);
        self.desk.standing().update(|standing| standing.not_downloaded = missing.saturating_add(withheld));
        self.look_at_junk().await;
        if trouble.is_none() {
            self.desk.pulse().swept();
        }
        trouble.map_or(Ok(Swept::Done { taken }), Err)
    }

    /// The adoption on record; an empty or missing mailbox is adopted at once, unless it is another
    /// desk's. `Err` is why a person has to decide first.
    async fn standing_adoption(&self) -> Result<Result<Adoption, Swept>, IntakeError> {
        let jmap = self.jmap().await?;
        let account = jmap.account_id();
        let name = self.settings.boxes.intake.to_string();
        if let Some(adoption) = self.desk.adoption(&account, &name)? {
            return Ok(Ok(adoption));
        }
        if self.marker.look().await? == Holder::Other {
            return Ok(Err(Swept::Stopped));
        }
        // One that a person is just emptying is not empty by itself.
        let _alone = self.adopting.lock().await;
        if let Some(adoption) = self.desk.adoption(&account, &name)? {
            return Ok(Ok(adoption));
        }
        let waiting = match jmap.find_mailbox(&self.settings.boxes.intake).await? {
            Some(mailbox) => {
                let page = jmap.page(&mailbox.id, 0, 1).await?;
                let all = page.total.unwrap_or(page.found() as u64);
                if all == 0 { 0 } else { all.saturating_sub(self.check_mails(jmap, &mailbox.id).await?) }
            }
            None => 0,
        };
        if waiting > 0 {
            return Ok(Err(Swept::NotAdopted { waiting }));
        }
        let adoption = self.desk.adopt(account, name, AdoptHow::Empty).await?;
        tracing::info!("the intake mailbox was empty and is adopted");
        Ok(Ok(adoption))
    }

    /// All that lay there was gone through: what is in hand still, of a run that ended, lies there no more.
    async fn empty_hand(&self) -> Result<(), IntakeError> {
        if !self.desk.store.read()?.in_hand()?.is_empty() {
            self.desk.in_hand(Vec::new()).await?;
        }
        Ok(())
    }

    /// Files Emails away by their verdicts and records which of them left. Gives these.
    pub(super) async fn file(
        &self,
        boxes: &Boxes,
        from: &crate::jmap::MailboxId,
        rows: &[MailRow],
    ) -> Result<Vec<EmailId>, IntakeError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let moves: Vec<_> = rows
            .iter()
            .map(|row| {
                (EmailId::from(row.source.email.as_str()), from.clone(), boxes.target(row.verdict).clone())
            })
            .collect();
        let results = self.jmap().await?.file(&moves).await?;
        let (mut filed, mut left) = (Vec::new(), Vec::new());
        let mut lost_box = false;
        for (row, result) in rows.iter().zip(results) {
            match result {
                Ok(()) => {
                    filed.push((row.id, row.verdict));
                    left.push(EmailId::from(row.source.email.as_str()));
                }
                Err(fault) => {
                    tracing::warn!(row = row.id.0, %fault, "this mail could not be filed away; it stays where it is");
                    lost_box |= !fault.is_not_found();
                }
            }
        }
        if lost_box {
            self.forget_boxes().await;
        }
        self.desk.filed(filed).await?;
        Ok(left)
    }

    /// Rows whose mail is not in the intake mailbox any more: one that a person decided anew moves
    /// from Held, any other has been moved by somebody else and counts as filed.
    async fn settle_unfiled(&self, boxes: &Boxes, seen: &HashSet<EmailId>) -> Result<(), IntakeError> {
        let mut rows = self.desk.store.read()?.unfiled(500)?;
        rows.retain(|row| !seen.contains(&EmailId::from(row.source.email.as_str())));
        if rows.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = rows.iter().map(|row| EmailId::from(row.source.email.as_str())).collect();
        let emails = self.jmap().await?.emails(&ids).await?;
        // An id that was issued again names another mail.
        let lies_in = |row: &MailRow, mailbox| {
            emails.iter().any(|e| {
                e.id.as_str() == row.source.email
                    && e.blob.as_str() == row.source.blob
                    && e.mailboxes.contains(mailbox)
            })
        };
        let is_known = |row: &MailRow| {
            emails.iter().any(|e| e.id.as_str() == row.source.email && e.blob.as_str() == row.source.blob)
        };
        let unknown: Vec<_> = rows.iter().filter(|row| !is_known(row)).cloned().collect();
        let renamed = self.held_by_other_ids(boxes, &unknown).await?;
        rows.retain(|row| renamed.iter().all(|other| other.id != row.id));
        let (mut held, gone): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| lies_in(row, &boxes.held));
        held.extend(renamed);
        self.file(boxes, &boxes.held, &held).await?;
        let gone = gone.into_iter().filter(|row| !lies_in(row, &boxes.intake));
        let gone = gone.map(|row| (row.id, row.verdict)).collect();
        self.desk.filed(gone).await?;
        Ok(())
    }

    /// Of rows whose Email is not known by its id, those whose mail lies in Held under another, which
    /// they bear from now on.
    async fn held_by_other_ids(&self, boxes: &Boxes, rows: &[MailRow]) -> Result<Vec<MailRow>, IntakeError> {
        let mut renamed = Vec::new();
        let Some(oldest) = rows.iter().map(|row| row.source.received_at).min() else { return Ok(renamed) };
        let jmap = self.jmap().await?;
        let account = jmap.account_id();
        for email in jmap.all_since(&boxes.held, oldest).await? {
            let source = source_of(&account, &email);
            let is_it =
                |row: &&MailRow| EmailRef { email: source.email.clone(), ..row.source.clone() } == source;
            if let Some(row) = rows.iter().find(is_it) {
                renamed.extend(self.desk.renamed(row.id, source).await?);
            }
        }
        Ok(renamed)
    }
}
