//! The login at the mail server, and where its secret is kept.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::kind::Kind;
use super::{Kept, Setup, SetupError};
use crate::config::Secret;
use crate::mail::Address;

/// What is answered in place of a user.
const TOKEN: &str = "token";

impl Setup<'_> {
    /// Asks for the user and the password, or for a token.
    pub(super) fn login(&mut self, address: &Address) -> Result<(), SetupError> {
        let kind = Kind::of(&self.config()?.mail.url, &[]);
        if let Some(hint) = kind.login() {
            self.talk.say(&format!("  {hint}"))?;
        }
        let user = self.user(address, kind.takes_token())?;
        let by_token = user.is_none();
        let (secret, kept) = self.secret(by_token)?;
        let setting = if by_token { "mail.token" } else { "mail.password" };
        for setting in ["mail.user", "mail.password", "mail.token"] {
            self.written.without(setting);
        }
        if let Some(user) = user {
            self.written.text("mail.user", &user);
        }
        let place = match &kept {
            Kept::Here => self.place.secret(Self::secret_name(by_token)),
            Kept::There(place) => place.clone(),
        };
        self.written.secret(setting, &place);
        self.secret = Some((secret, kept));
        Ok(())
    }

    /// The name of a secret that is written: a file's, or a credential's.
    pub(super) fn secret_name(by_token: bool) -> &'static str {
        if by_token { "mail-token" } else { "mail-password" }
    }

    /// The user; none where a token stands for it.
    fn user(&mut self, address: &Address, takes_token: bool) -> Result<Option<String>, SetupError> {
        if std::mem::take(&mut self.options.token) {
            return Ok(None);
        }
        let answer = match self.options.user.take() {
            Some(user) => user,
            None => {
                let usual = if takes_token { TOKEN } else { address.as_str() };
                self.talk.ask("--user", "User there, or \"token\" to sign in by an API token", Some(usual))?
            }
        };
        Ok((answer != TOKEN).then_some(answer))
    }

    /// The secret, and where it is kept.
    fn secret(&mut self, by_token: bool) -> Result<(SecretString, Kept), SetupError> {
        let given = self.options.password_file.take();
        let credential = self.options.credential.clone();
        let what = if by_token { "Token" } else { "Password" };
        let mut file = None;
        loop {
            let secret = match given.as_deref().filter(|_| file.is_none()) {
                Some(path) if path == Path::new("-") => self.talk.given_secret()?,
                Some(path) => {
                    file = Some(path.to_owned());
                    SecretString::from("")
                }
                None => {
                    let question = format!("{what} (not shown), or file:/where/it/is");
                    let typed = self.talk.ask_secret("--password-file", &question)?;
                    file = typed.expose_secret().strip_prefix("file:").map(PathBuf::from);
                    typed
                }
            };
            let read = match &file {
                None => Ok((secret, Kept::Here)),
                Some(path) => self.read(path),
            };
            match (read, &credential) {
                (Ok((secret, _)), Some(name)) => {
                    return Ok((secret, Kept::There(Secret::Credential(name.clone()))));
                }
                (Ok(both), None) => return Ok(both),
                (Err(why), _) => self.talk.wrong(&why)?,
            }
        }
    }

    /// A secret that is to stay where it is, unless the service could not read it there.
    fn read(&self, path: &Path) -> Result<(SecretString, Kept), String> {
        let path = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let place = Secret::File(path.clone());
        let secret = place.read("--password-file").map_err(|error| format!("{error}."))?;
        let kept = if self.place.can_read(&path) { Kept::There(place) } else { Kept::Here };
        Ok((secret, kept))
    }
}
