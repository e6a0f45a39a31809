//! Everything that the server knows, and that tests may look at: accounts, and what has left.

use bytes::Bytes;
use jiff::Timestamp;

use super::account::Account;
use super::options::Options;
use crate::mail::Address;

/// One mail that left through a submission: what the rest of the world saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Who submitted it.
    pub login: String,
    pub at: Timestamp,
    pub mail_from: Address,
    /// Those recipients that were not refused.
    pub rcpt_to: Vec<Address>,
    pub raw: Bytes,
    /// The submission's id, which the server may have forgotten since.
    pub submission: String,
}

/// One Email as tests and the webmail see it.
#[derive(Clone, Debug)]
pub struct Mail {
    pub id: String,
    /// Stays the same where the id changes.
    pub blob: String,
    pub received_at: Timestamp,
    /// Names of the mailboxes it lies in.
    pub mailboxes: Vec<String>,
    pub keywords: Vec<String>,
    pub raw: Bytes,
}

/// All accounts, and what left.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) accounts: Vec<Account>,
    pub(super) left: Vec<Left>,
    /// Counts restarts; part of the session's state.
    pub(super) session: u64,
}

impl World {
    pub(super) fn new(options: &Options) -> Self {
        let accounts =
            options.users.iter().zip(1_u64..).map(|(user, number)| Account::new(user, number)).collect();
        Self { accounts, left: Vec::new(), session: 1 }
    }

    pub(super) fn account(&self, login: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.user.login == login)
    }

    pub(super) fn account_mut(&mut self, login: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.user.login == login)
    }

    /// The mails of one mailbox, oldest first. The mailbox is named by its role or its name; an
    /// unknown one is empty.
    #[must_use]
    pub fn mails(&self, login: &str, mailbox: &str) -> Vec<Mail> {
        let Some(account) = self.account(login) else { return Vec::new() };
        let Some(wanted) = account.find_mailbox(mailbox) else { return Vec::new() };
        account.mails(|email| email.mailboxes.contains(&wanted))
    }

    /// Every mail of an account, oldest first.
    #[must_use]
    pub fn all_mails(&self, login: &str) -> Vec<Mail> {
        self.account(login).map(|account| account.mails(|_| true)).unwrap_or_default()
    }

    /// Names of the mailboxes of an account.
    #[must_use]
    pub fn mailboxes(&self, login: &str) -> Vec<String> {
        let Some(account) = self.account(login) else { return Vec::new() };
        account.mailboxes.values().map(|mailbox| mailbox.name.clone()).collect()
    }

    /// Every mail that left, in order, also those whose submission object is gone.
    #[must_use]
    pub fn submissions(&self) -> &[Left] {
        &self.left
    }

    /// How many submission objects an account still has.
    #[must_use]
    pub fn submission_objects(&self, login: &str) -> usize {
        self.account(login).map_or(0, |account| account.submissions.len())
    }
}
