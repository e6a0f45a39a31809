//! Adding accounts and giving them a way in.

use std::time::Duration;

use jiff::Timestamp;

use super::{Desk, DeskError};
use crate::clock::after;
use crate::mail::Address;
use crate::secret::Token;
use crate::store::{Look, Write};
use crate::tracker::{Account, AccountId, AccountLink, Handle, ProjectPath, Role};

/// How long an invitation works.
pub(super) const INVITATION: Duration = Duration::from_hours(7 * 24);
/// How long a link for a new password works.
pub(super) const NEW_PASSWORD: Duration = Duration::from_mins(30);

/// What a new account needs.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub handle: Handle,
    pub name: Option<String>,
    pub address: Address,
    pub admin: bool,
    /// The projects that it joins, with its role in each.
    pub projects: Vec<(ProjectPath, Role)>,
}

impl Desk {
    /// Adds an account and a link that works once, for seven days, with which its owner chooses a
    /// password.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] where handle or address are taken or a project is not there.
    pub async fn add_account(&self, new: NewAccount) -> Result<(Account, Token), DeskError> {
        let now = self.clock.now();
        let token = self.random.token();
        let hash = token.hash();
        let added = self.store.write(move |w| {
            let account = insert(w, &new, now)?;
            let expires_at = after(now, INVITATION);
            let link = AccountLink { token_hash: hash, account: account.id, expires_at, letter: None };
            w.put_account_link(&link)?;
            Ok::<_, DeskError>(account)
        });
        Ok((added.await?, token))
    }

    /// Every account, by handle. For the command line, which asks as the operator.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn accounts(&self) -> Result<Vec<Account>, DeskError> {
        Ok(self.store.read()?.accounts()?)
    }

    /// A link that works once, for 30 minutes, with which the account's owner chooses a new
    /// password.
    ///
    /// # Errors
    /// [`DeskError::NotFound`].
    pub async fn new_password_link(&self, handle: Handle) -> Result<Token, DeskError> {
        let now = self.clock.now();
        let token = self.random.token();
        let hash = token.hash();
        self.store
            .write(move |w| {
                let account = w.account_by_handle(&handle)?.ok_or(DeskError::NotFound)?.id;
                let expires_at = after(now, NEW_PASSWORD);
                Ok::<_, DeskError>(w.put_account_link(&AccountLink {
                    token_hash: hash,
                    account,
                    expires_at,
                    letter: None,
                })?)
            })
            .await?;
        Ok(token)
    }

    /// Gives an account a password, as the operator may, and ends its sessions.
    ///
    /// # Errors
    /// [`DeskError::NotFound`]; [`DeskError::Invalid`] where the password is too short.
    pub async fn give_password(&self, handle: Handle, password: &str) -> Result<(), DeskError> {
        let hash = self.passwords.hash(password).await;
        let hash = hash.map_err(|error| DeskError::Invalid(error.to_string()))?;
        self.store
            .write(move |w| {
                let mut account = w.account_by_handle(&handle)?.ok_or(DeskError::NotFound)?;
                account.password = Some(hash.clone());
                w.drop_sessions_of(account.id)?;
                w.drop_account_links_of(account.id)?;
                Ok::<_, DeskError>(w.put_account(&account)?)
            })
            .await?;
        Ok(())
    }
}

/// Adds an account to the store and to its projects.
pub(super) fn insert(w: &mut Write<'_>, new: &NewAccount, now: Timestamp) -> Result<Account, DeskError> {
    refuse_taken(w, new)?;
    let mut projects = Vec::new();
    for (path, role) in &new.projects {
        let project = w.project_by_path(path)?;
        let none =
            || DeskError::Invalid(format!("there is no project {path}; `postdesk project list` shows all"));
        projects.push((project.ok_or_else(none)?, *role));
    }
    let mut account = Account {
        id: AccountId(0),
        handle: new.handle.clone(),
        name: new.name.clone().unwrap_or_else(|| new.handle.to_string()),
        address: new.address.clone(),
        admin: new.admin,
        disabled: false,
        password: None,
        notices: crate::tracker::Notices::default(),
        created_at: now,
    };
    account.id = w.add_account(&account)?;
    for (mut project, role) in projects {
        project.members.push((account.id, role));
        w.put_project(&project)?;
    }
    Ok(account)
}

fn refuse_taken(w: &Write<'_>, new: &NewAccount) -> Result<(), DeskError> {
    if w.account_by_handle(&new.handle)?.is_some() {
        return Err(DeskError::Invalid(format!("there is an account @{} already", new.handle)));
    }
    if w.account_by_address(&new.address)?.is_some() {
        return Err(DeskError::Invalid(format!(
            "there is an account with the address {} already",
            new.address
        )));
    }
    Ok(())
}
