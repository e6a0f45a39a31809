//! Signing in and out, sessions, and the links that work once.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::{Desk, DeskError};
use crate::mail::Address;
use crate::secret::{PasswordError, Token};
use crate::store::{Look, StoreError, WriteError};
use crate::tracker::{Account, Session, Viewer};

/// A session ends this long after it was last used …
const IDLE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// … and this long after it began, however often it is used.
const ABSOLUTE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How exactly the last use is recorded: not every page is a commit.
const TOUCH: SignedDuration = SignedDuration::from_mins(15);

/// Why someone is not signed in. An unknown address, a wrong password, a disabled account and one
/// without a password are all the same to whoever asks.
#[derive(Debug, Error)]
pub enum SignInError {
    #[error("Address and password do not match.")]
    Wrong,
    #[error("There were too many tries. Wait 15 minutes and try again.")]
    Throttled,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a password was not set.
#[derive(Debug, Error)]
pub enum SetPasswordError {
    #[error("the link is unknown, used or expired")]
    Gone,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WriteError<SetPasswordError>> for SetPasswordError {
    fn from(error: WriteError<SetPasswordError>) -> Self {
        match error {
            WriteError::Refused(error) => error,
            WriteError::Store(error) => Self::Store(error),
        }
    }
}

/// Who a session belongs to.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub viewer: Viewer,
    pub account: Account,
}

impl Desk {
    /// Signs in, and gives the new session's token; the session before, if any, ends.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn sign_in(
        &self,
        address: &str,
        password: &str,
        peer: IpAddr,
        before: Option<&Token>,
    ) -> Result<(Token, SignedIn), SignInError> {
        if !self.throttle.admit(self.clock.now(), address, peer) {
            return Err(SignInError::Throttled);
        }
        let account = match Address::parse(address) {
            Ok(address) => self.store.read()?.account_by_address(&address)?,
            Err(_) => None,
        };
        let account = account.filter(|account| !account.disabled);
        let hash = account.as_ref().and_then(|account| account.password.as_deref());
        let known = self.passwords.verify(password, hash).await;
        let Some(account) = account.filter(|_| known) else { return Err(SignInError::Wrong) };
        self.throttle.succeeded(address, peer);
        let token = self.random.token();
        let session = self.new_session(&token, &account);
        let before = before.map(Token::hash);
        let (id, password) = (account.id, account.password.clone());
        let begun = self.store.write(move |write| {
            // The password may have been changed, or the account disabled, while this one was
            // looked at.
            let still = |now: &Account| !now.disabled && now.password == password;
            if !write.account(id)?.as_ref().is_some_and(still) {
                return Ok(false);
            }
            if let Some(before) = &before {
                write.drop_session(before)?;
            }
            write.put_session(&session)?;
            Ok::<_, StoreError>(true)
        });
        if !begun.await.map_err(WriteError::flatten)? {
            return Err(SignInError::Wrong);
        }
        Ok((token, signed_in(account)))
    }

    /// Ends a session. Ending one that has ended is no error.
    ///
    /// # Errors
    /// The store.
    pub async fn sign_out(&self, token: &Token) -> Result<(), DeskError> {
        let hash = token.hash();
        self.store.write(move |write| write.drop_session(&hash)).await.map_err(WriteError::flatten)?;
        Ok(())
    }

    /// Who a session belongs to; `None` where it has ended, or its account is disabled.
    ///
    /// # Errors
    /// The store.
    pub async fn session(&self, token: &Token) -> Result<Option<SignedIn>, StoreError> {
        let now = self.clock.now();
        let (session, account) = {
            let read = self.store.read()?;
            let Some(session) = read.session(&token.hash())? else { return Ok(None) };
            let account = read.account(session.account)?;
            (session, account)
        };
        let Some(account) = account.filter(|account| !account.disabled && lives(&session, now)) else {
            return Ok(None);
        };
        // Times from before the clock was set back are pulled back too, or the session would outlive
        // its limits.
        let ahead = session.seen_at > now || session.created_at > now;
        if ahead || now.duration_since(session.seen_at) >= TOUCH {
            let touched = Session { seen_at: now, created_at: session.created_at.min(now), ..session };
            // Where the store cannot write, reading goes on: that a session lives longer by its
            // last use is not worth an error.
            let written = self.store.write(move |write| {
                // It may have been ended meanwhile.
                if write.session(&touched.token_hash)?.is_some() {
                    write.put_session(&touched)
                } else {
                    Ok(())
                }
            });
            if let Err(error) = written.await.map_err(WriteError::flatten) {
                tracing::debug!(%error, "a session's last use was not recorded");
            }
        }
        Ok(Some(signed_in(account)))
    }

    /// Whose link this is; `None` where it is unknown, used or expired. Looking uses nothing up.
    ///
    /// # Errors
    /// The store.
    pub fn see_account_link(&self, token: &Token) -> Result<Option<Account>, DeskError> {
        let read = self.store.read()?;
        let link = read.account_link(&token.hash())?.filter(|link| link.expires_at > self.clock.now());
        let Some(link) = link else { return Ok(None) };
        Ok(read.account(link.account)?.filter(|account| !account.disabled))
    }

    /// Sets the password behind a one-time link and signs in. The link is used up in the same
    /// commit.
    ///
    /// # Errors
    /// See [`SetPasswordError`].
    pub async fn set_password(&self, link: &Token, password: &str) -> Result<Token, SetPasswordError> {
        // Hashing costs; a link that is made up is not worth it.
        let known = self.store.read()?.account_link(&link.hash())?.is_some();
        if !known {
            return Err(SetPasswordError::Gone);
        }
        let hash = self.passwords.hash(password).await?;
        let (link, now) = (link.hash(), self.clock.now());
        let token = self.random.token();
        let token_hash = token.hash();
        self.store
            .write(move |write| -> Result<(), SetPasswordError> {
                let found = write.account_link(&link)?.filter(|link| link.expires_at > now);
                let account = match &found {
                    Some(found) => write.account(found.account)?,
                    None => None,
                };
                let mut account =
                    account.filter(|account| !account.disabled).ok_or(SetPasswordError::Gone)?;
                // Nor does any older link open this account from now on.
                write.drop_account_links_of(account.id)?;
                account.password = Some(hash.clone());
                write.put_account(&account)?;
                // Whoever was signed in with the old password no longer is.
                write.drop_sessions_of(account.id)?;
                write.put_session(&Session {
                    token_hash,
                    account: account.id,
                    created_at: now,
                    seen_at: now,
                })?;
                Ok(())
            })
            .await?;
        Ok(token)
    }

    fn new_session(&self, token: &Token, account: &Account) -> Session {
        let now = self.clock.now();
        Session { token_hash: token.hash(), account: account.id, created_at: now, seen_at: now }
    }
}

fn signed_in(account: Account) -> SignedIn {
    SignedIn { viewer: Viewer { account: account.id, admin: account.admin }, account }
}

fn lives(session: &Session, now: Timestamp) -> bool {
    now.duration_since(session.seen_at) < IDLE && now.duration_since(session.created_at) < ABSOLUTE
}
