//! Account letters: their links open an account, so they are written anew with each try, lie in no
//! file of ours, and are destroyed on the mail server as soon as they have left.
//!
//! The submission itself marks the draft that left, and only then is it destroyed. A draft without
//! the mark, or none at all, proves nothing: a mail server that was restored has lost it as well.

use super::lanes::Asked;
use super::{Delivery, DeliveryError, Ways};
use crate::desk::LookFound;
use crate::jmap::{AfterSending, EmailId, EmailInfo, Envelope, SUBMITTED, Submission};
use crate::mail::{self, Draft, NameAddr};
use crate::secret::Token;
use crate::store::aside;
use crate::theme::{AccountLetter, Letter};
use crate::tracker::{Account, LetterKind, OutboxRow, OutboxState};

impl Delivery {
    /// Sends one account letter that is due, and puts on record how that ended.
    pub(super) async fn send_secret(&self, row: OutboxRow, asked: &Asked<'_>) -> Result<(), DeliveryError> {
        let (jmap, ways) = (self.jmap().await?, self.ways().await?);
        if let Some(left_over) = self.email_of(&row).await? {
            // Of an earlier try, with a link that opens nothing any more.
            self.unwanted(&left_over.id).await;
        }
        let Some((account, link)) = self.desk.account_link(row.id).await? else {
            return Ok(self
                .desk
                .withdraw(row.id, "the account is disabled or not on record any more")
                .await?);
        };
        let rendered = self.theme.letter("en", &self.account_letter(&row, &account, &link))?;
        let draft = self.compose_secret(&row, &ways, &account, rendered);
        let bytes = aside(move || mail::compose(&draft)).await?;
        // Whether it arrived is not always known; what is not the row's own is destroyed later.
        let imported = self.import(&row, bytes.into(), &ways).await;
        let Some(imported) = imported.inspect_err(|_| self.make_untidy())? else { return Ok(()) };
        let ready = self.ready(jmap, (&row, &imported.id), ways, asked).await;
        let (ready, ways) = ready.inspect_err(|_| self.make_untidy())?;
        // Until then the row does not name the draft, so no later try knows of it.
        let begun = self.desk.begin_submission(row.id, imported.id.as_str().to_owned()).await;
        let Some(row) = begun.inspect_err(|_| self.make_untidy())? else {
            self.make_untidy();
            return Ok(());
        };
        let envelope = Envelope { from: ways.sender.clone(), to: account.address };
        let outcome = ready.submit(&imported.id, &envelope, &ways.identity, &AfterSending::Mark).await;
        let (unknown, left) =
            (matches!(outcome, Submission::Unknown { .. }), matches!(outcome, Submission::Accepted { .. }));
        let settled = self.settle(&row, &imported.id, outcome, &ways).await;
        // While its end is not on record, the draft may be what proves it.
        if !unknown && (settled.is_ok() || !left) {
            self.unwanted(&imported.id).await;
        }
        settled
    }

    /// Destroys what is of no use any more; where that fails, the mailbox is tidied later.
    async fn unwanted(&self, email: &EmailId) {
        if !matches!(self.destroy(email).await, Ok(Ok(()))) {
            self.make_untidy();
        }
    }

    /// The Email that the row names, if it is there and is this letter: a server that was restored
    /// gives ids a second time.
    async fn email_of(&self, row: &OutboxRow) -> Result<Option<EmailInfo>, DeliveryError> {
        let Some(id) = &row.email else { return Ok(None) };
        let id = EmailId::from(id.as_str());
        let found = self.jmap().await?.emails(std::slice::from_ref(&id)).await?;
        Ok(found.into_iter().find(|info| info.id == id && info.message_ids.contains(&row.message_id)))
    }

    /// A draft that bears the mark was sent, and one that a submission names. Any other proves nothing;
    /// the mailbox is tidied of it when the search is given up.
    pub(super) async fn look_for_secret(&self, row: &OutboxRow) -> Result<LookFound, DeliveryError> {
        if row.state != OutboxState::Submitting {
            return Ok(LookFound::Nothing);
        }
        let is_it = |info: &EmailInfo| info.message_ids.contains(&row.message_id);
        let info = match self.email_of(row).await? {
            Some(info) => Some(info),
            // The server may have given it another id.
            None => self.outgoing().await?.into_iter().find(is_it),
        };
        let Some(info) = info else { return Ok(LookFound::Nothing) };
        let submission = self.submission_of(&info.id, row).await?;
        let left = submission.is_some() || info.keywords.iter().any(|keyword| keyword == SUBMITTED);
        Ok(if left { LookFound::Left { email: None, submission } } else { LookFound::Nothing })
    }

    fn account_letter(&self, row: &OutboxRow, account: &Account, link: &Token) -> Letter {
        let letter = AccountLetter {
            name: account.name.clone(),
            address: account.address.to_string(),
            desk: self.desk.links().host().to_owned(),
            link: self.desk.links().welcome(link),
            unsubscribe_url: None,
        };
        match row.letter {
            LetterKind::Invitation => Letter::Invitation(letter),
            _ => Letter::NewPassword(letter),
        }
    }

    fn compose_secret(
        &self,
        row: &OutboxRow,
        ways: &Ways,
        account: &Account,
        rendered: crate::theme::Rendered,
    ) -> Draft {
        let boundary = blake3::hash(row.message_id.as_str().as_bytes());
        Draft {
            from: NameAddr { name: Some(self.desk.links().host().to_owned()), address: ways.sender.clone() },
            to: NameAddr { name: Some(account.name.clone()), address: account.address.clone() },
            reply_to: None,
            subject: rendered.subject,
            date: self.desk.clock.now(),
            message_id: row.message_id.clone(),
            in_reply_to: None,
            references: Vec::new(),
            text: rendered.text,
            html: rendered.html,
            headers: vec![
                ("Auto-Submitted", "auto-generated".to_owned()),
                ("X-Auto-Response-Suppress", "All".to_owned()),
            ],
            boundary_seed: boundary.as_bytes().first_chunk().copied().unwrap_or_default(),
            attachments: Vec::new(),
        }
    }
}
