//! The end of a set-up: files, the first project, the first admin, and what is left to do.

use std::process::Stdio;

use secrecy::ExposeSecret;

use super::kind::{Kind, Site};
use super::{Kept, Setup, SetupError};
use crate::config::{Secret, Written};
use crate::mail::Address;

/// The answer that leaves a step away.
const NONE: &str = "-";

impl Setup<'_> {
    /// Writes the secret, then the configuration that names it.
    pub(super) fn write(&mut self) -> Result<(), SetupError> {
        self.talk.say("")?;
        let file = self.place.file.clone();
        if !self.talk.yes(&format!("Write {}?", file.display()), true)? {
            return Err(SetupError::Refused("nothing was written".to_owned()));
        }
        let by_token = self.config()?.mail.token.is_some();
        let (owner, group) = self.place.service.map(|of| (of.user, of.group)).unzip();
        if self.place.exists() {
            let aside = Written::put_aside(&file)?;
            self.talk.say(&format!("  kept {}", aside.display()))?;
        }
        if let Some((secret, Kept::Here)) = &self.secret {
            let path = self.place.beside(Self::secret_name(by_token));
            Written::save_secret(&path, secret.expose_secret(), owner, group)?;
            self.talk.say(&format!("  wrote {}", path.display()))?;
        }
        self.written.save(&file, group)?;
        self.talk.say(&format!("  wrote {}", file.display()))
    }

    /// The first project and the first admin, where they are wanted.
    pub(super) async fn first_steps(&mut self, address: &Address) -> Result<(), SetupError> {
        if matches!(&self.secret, Some((_, Kept::There(Secret::Credential(_))))) {
            // The store is opened by the service alone, which has the credential.
            return Ok(());
        }
        self.talk.say("")?;
        let usual = if self.talk.asks() { address.local() } else { NONE };
        let project = match self.options.project.take() {
            Some(project) => project,
            None => self.talk.ask(
                "--project",
                "Path of the first project, such as acme/web (- for none)",
                Some(usual),
            )?,
        };
        if project != NONE {
            self.postdesk(&["project", "add", &project, "--default"])?;
        }
        let admin = match self.options.admin.take() {
            Some(admin) => admin,
            None => self.talk.ask(
                "--admin",
                "Your own mail address, to sign in with (- for later)",
                Some(NONE),
            )?,
        };
        if let Some((local, _)) = admin.split_once('@') {
            let handle: String = local
                .to_lowercase()
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                .collect();
            self.postdesk(&["admin", "create", handle.trim_matches('-'), &admin])?;
        }
        Ok(())
    }

    /// Runs a command of this program, which says for itself what it did.
    fn postdesk(&mut self, arguments: &[&str]) -> Result<(), SetupError> {
        let output = self.place.command(arguments)?.stdin(Stdio::null()).output()?;
        let text = [output.stdout, output.stderr].concat();
        for line in String::from_utf8_lossy(&text).lines() {
            self.talk.say(&format!("  {line}"))?;
        }
        if output.status.success() {
            return Ok(());
        }
        let failed = SetupError::Command { command: arguments.join(" ") };
        if self.talk.asks() { self.talk.say(&format!("  {failed}.")) } else { Err(failed) }
    }

    /// What only people can do.
    pub(super) fn what_to_do(&mut self, kind: &Kind, signature: Option<&str>) -> Result<(), SetupError> {
        let config = self.config()?;
        let wildcard = &config.addresses.wildcard;
        let shown = wildcard.to_string();
        let site = Site {
            address: config.mail.address.as_str(),
            wildcard: &shown,
            domain: wildcard.domain(),
            catch_all: wildcard.is_catch_all(),
        };
        self.talk.say("\nAt the mail server:")?;
        for step in kind.steps(&site) {
            self.talk.say(&format!("- {step}"))?;
        }
        if let Some(found) = signature {
            self.talk.say(&format!("  The test mail said: {found}"))?;
        }
        self.talk.say("\nHere:")?;
        if let Some((_, Kept::There(Secret::Credential(name)))) = &self.secret {
            self.talk.say(&format!(
                "- Give the service its credential: `LoadCredential={name}:…` or `LoadCredentialEncrypted={name}:…`."
            ))?;
        }
        let start = match self.place.service {
            Some(_) => "systemctl enable --now postdesk".to_owned(),
            None => format!("postdesk run --config {}", self.place.file.display()),
        };
        self.talk.say(&format!("- Start the desk: `{start}`; restart it if it runs already."))?;
        self.talk.say("- `postdesk check --send` tries it all again, at any time.")
    }
}
