//! Account letters: an invitation or a link for a new password, by mail.
//!
//! The link is made when the letter is written, each time anew, so that it lies in no record and in
//! no file of ours: the store has its hash alone.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::accounts::{INVITATION, NEW_PASSWORD, NewAccount, insert};
use super::letters::row_for;
use super::session::SignInError;
use super::{Desk, DeskError};
use crate::clock::after;
use crate::mail::Address;
use crate::secret::{Random, Token};
use crate::store::{Look, StoreError, Write, WriteError};
use crate::tracker::{
    Account, AccountId, AccountLink, FormId, Handle, LetterKind, OutboxId, OutboxState, Recipient,
};

/// How many links for a new password one account gets within an hour by asking on the sign-in page.
const MOST_ASKED: usize = 3;
const WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// Among how many of the last letters to accounts those are counted.
const COUNTED: usize = 500;

impl Desk {
    /// Adds an account and makes an invitation due to its address.
    ///
    /// # Errors
    /// As [`Desk::add_account`]; [`DeskError::Invalid`] where mail to that address is stopped.
    pub async fn invite_account(&self, new: NewAccount) -> Result<Account, DeskError> {
        let (now, random, host) = (self.clock.now(), self.random.clone(), self.site.host.clone());
        let added = self.store.write(move |w| {
            let account = insert(w, &new, now)?;
            if w.suppressed(&account.address)? {
                return Err(DeskError::Invalid(NO_MAIL.to_owned()));
            }
            due(w, &random, &host, account.id, LetterKind::Invitation, now)?;
            Ok::<_, DeskError>(account)
        });
        let account = added.await?;
        self.ring_outbox();
        Ok(account)
    }

    /// Mails an account a link for a new password, as the operator may.
    ///
    /// # Errors
    /// [`DeskError::NotFound`]; [`DeskError::Invalid`] where mail to its address is stopped.
    pub async fn mail_new_password(&self, handle: Handle) -> Result<Account, DeskError> {
        let (now, random, host) = (self.clock.now(), self.random.clone(), self.site.host.clone());
        let found = self.store.write(move |w| {
            let account = w.account_by_handle(&handle)?.ok_or(DeskError::NotFound)?;
            if w.suppressed(&account.address)? {
                return Err(DeskError::Invalid(NO_MAIL.to_owned()));
            }
            due(w, &random, &host, account.id, LetterKind::NewPassword, now)?;
            Ok::<_, DeskError>(account)
        });
        let account = found.await?;
        self.ring_outbox();
        Ok(account)
    }

    /// Mails a link for a new password to whoever has an account with this address. The answer, and
    /// the time that it takes, are the same where nobody has: one commit with the form's id.
    ///
    /// # Errors
    /// [`SignInError::Throttled`] where one network or one address asks too often; the store.
    pub async fn ask_new_password(
        &self,
        address: &str,
        peer: IpAddr,
        form: FormId,
    ) -> Result<(), SignInError> {
        let now = self.clock.now();
        if !self.asking.admit(now, address, peer) {
            return Err(SignInError::Throttled);
        }
        let address = Address::parse(address.trim()).ok();
        let (random, host) = (self.random.clone(), self.site.host.clone());
        let asked = self.store.write(move |w| {
            if !w.use_form(&form, now)? {
                return Ok(());
            }
            let account = match &address {
                Some(address) => w.account_by_address(address)?,
                None => None,
            };
            let Some(account) = account.filter(|account| !account.disabled) else { return Ok(()) };
            if !w.suppressed(&account.address)? && !asked_often(w, account.id, now)? {
                due(w, &random, &host, account.id, LetterKind::NewPassword, now)?;
            }
            Ok::<_, StoreError>(())
        });
        asked.await.map_err(WriteError::flatten)?;
        self.ring_outbox();
        Ok(())
    }

    /// The account and a fresh link for a letter that is about to be written. The link of an earlier
    /// writing of it, which never left, opens nothing any more. `None` where the letter or the account
    /// is gone, or the account is disabled.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn account_link(&self, letter: OutboxId) -> Result<Option<(Account, Token)>, StoreError> {
        let now = self.clock.now();
        let token = self.random.token();
        let token_hash = token.hash();
        let made = self.store.write(move |w| {
            let Some(row) = w.letter(letter)?.filter(|row| row.state == OutboxState::Waiting) else {
                return Ok(None);
            };
            let Recipient::Account(id) = row.to else { return Ok(None) };
            let Some(account) = w.account(id)?.filter(|account| !account.disabled) else { return Ok(None) };
            let lasts = match row.letter {
                LetterKind::Invitation => INVITATION,
                _ => NEW_PASSWORD,
            };
            w.drop_account_links_in(letter)?;
            let expires_at = after(now, lasts);
            w.put_account_link(&AccountLink { token_hash, account: id, expires_at, letter: Some(letter) })?;
            Ok::<_, StoreError>(Some(account))
        });
        Ok(made.await.map_err(WriteError::flatten)?.map(|account| (account, token)))
    }
}

/// Why no account letter can go out.
const NO_MAIL: &str = "mail to this address is stopped, because letters to it came back or its owner wanted none; \
                       ask for the link itself with --link";

/// Makes a letter to an account due.
fn due(
    w: &mut Write<'_>,
    random: &Random,
    host: &str,
    account: AccountId,
    letter: LetterKind,
    now: Timestamp,
) -> Result<OutboxId, StoreError> {
    w.add_letter(row_for(random, host, Recipient::Account(account), letter, now))
}

/// Whether this account was mailed enough links within the last hour.
fn asked_often(look: &impl Look, account: AccountId, now: Timestamp) -> Result<bool, StoreError> {
    let recent = look.letters_to_accounts(COUNTED)?.into_iter().filter(|row| {
        row.to == Recipient::Account(account)
            && row.letter == LetterKind::NewPassword
            && now.duration_since(row.created_at) < WITHIN
    });
    Ok(recent.count() >= MOST_ASKED)
}
