//! The end of a set-up: files, the first project, the first admin, and what is left to do.

use std::process::{Command, Stdio};

use secrecy::ExposeSecret;

use super::kind::{Kind, Site};
use super::{Kept, NONE, Setup, SetupError};
use crate::config::{Secret, TlsSource, Written};
use crate::mail::Address;

impl Setup<'_> {
    /// Writes the secret, then the configuration that names it.
    pub(super) fn write(&mut self) -> Result<(), SetupError> {
        self.talk.say("")?;
        let file = self.place.file.clone();
        if !self.talk.yes(&format!("Write {}?", file.display()), true)? {
            return Err(SetupError::Refused("nothing was written".to_owned()));
        }
        let by_token = self.config()?.mail.token.is_some();
        if self.place.exists() {
            let aside = Written::put_aside(&file)?;
            self.talk.say(&format!("  kept {}", aside.display()))?;
        }
        if let Some((secret, Kept::Here)) = &self.secret {
            let (name, secret) = (Self::secret_name(by_token), secret.expose_secret());
            let path = match self.place.service {
                Some(_) => Written::save_credential(name, secret)?,
                None => {
                    let path = self.place.beside(name);
                    Written::save_secret(&path, secret)?;
                    path
                }
            };
            self.talk.say(&format!("  wrote {}", path.display()))?;
        }
        self.written.save(&file, self.place.service.map(|service| service.group))?;
        self.talk.say(&format!("  wrote {}", file.display()))
    }

    /// Starts the service, where there is one that would run, and nobody minds. Says whether it runs.
    pub(super) fn start(&mut self) -> Result<bool, SetupError> {
        let given = match self.elsewhere() {
            Some(credential) => self.place.gives(credential),
            None => true,
        };
        if self.options.no_start || !given || !self.place.has_manager() {
            return Ok(false);
        }
        if !self.talk.yes("Start the desk now, and whenever this computer starts?", true)? {
            return Ok(false);
        }
        // One that runs already is to read the new file.
        for arguments in [["enable", "postdesk"], ["restart", "postdesk"]] {
            let mut systemctl = Command::new("systemctl");
            systemctl.arg("--quiet").args(arguments);
            if !self.runs(&format!("systemctl {}", arguments.join(" ")), systemctl)? {
                return Ok(false);
            }
        }
        self.talk.say("  The desk runs.")?;
        Ok(true)
    }

    /// The credential that the operator has to give the service.
    fn elsewhere(&self) -> Option<&str> {
        match &self.secret {
            Some((_, Kept::There(Secret::Credential(name)))) => Some(name),
            _ => None,
        }
    }

    /// The first project and the first admin, where they are wanted. False where nobody can make them
    /// yet: the service's store is opened by the service alone.
    pub(super) fn first_steps(&mut self, address: &Address, runs: bool) -> Result<bool, SetupError> {
        if !runs && (self.place.service.is_some() || self.elsewhere().is_some()) {
            return Ok(false);
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
        Ok(true)
    }

    /// Runs a command of this program.
    fn postdesk(&mut self, arguments: &[&str]) -> Result<bool, SetupError> {
        let command = self.place.command(arguments)?;
        self.runs(&format!("postdesk {}", arguments.join(" ")), command)
    }

    /// Runs a command, which says for itself what it did; whether it succeeded. By a script's hand a
    /// failure is the end.
    fn runs(&mut self, shown: &str, mut command: Command) -> Result<bool, SetupError> {
        let output = command.stdin(Stdio::null()).output()?;
        let text = [output.stdout, output.stderr].concat();
        for line in String::from_utf8_lossy(&text).lines() {
            self.talk.say(&format!("  {line}"))?;
        }
        if output.status.success() {
            return Ok(true);
        }
        let failed = SetupError::Command { command: shown.to_owned() };
        if !self.talk.asks() {
            return Err(failed);
        }
        self.talk.say(&format!("  {failed}."))?;
        Ok(false)
    }

    /// What only people can do. `begun` is whether project and admin were asked for.
    pub(super) fn what_to_do(
        &mut self,
        kind: &Kind,
        signature: Option<&str>,
        runs: bool,
        begun: bool,
    ) -> Result<(), SetupError> {
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
        if let Some(name) = self.elsewhere().filter(|name| !self.place.gives(name)) {
            let text = format!(
                "- Give the service its credential: `LoadCredential={name}:…` or `LoadCredentialEncrypted={name}:…`."
            );
            self.talk.say(&text)?;
        }
        if let Some(TlsSource::Acme(acme)) = &config.tls {
            let (port, host) = (acme.challenge.port(), config.public_url.host_str().unwrap_or_default());
            self.talk.say(&format!(
                "- See to it that port {port} of {host} is reached from outside. The certificate comes by itself once the \
                 desk runs; until then browsers warn of one of its own making."
            ))?;
        }
        if !runs {
            let start = match self.place.service {
                Some(_) => "systemctl enable --now postdesk".to_owned(),
                None => format!("postdesk run --config {}", self.place.file.display()),
            };
            self.talk.say(&format!("- Start the desk: `{start}`; restart it if it runs already."))?;
        }
        if !begun {
            self.talk.say(
                "- Once it runs: `postdesk project add acme/web --default`, and `postdesk admin create jane \
                 jane@example.com`, which prints a link to choose a password by.",
            )?;
        }
        self.talk.say("- `postdesk check --send` tries it all again, at any time.")
    }
}
