//! `postdesk setup`: asks for little, finds the rest, tests each answer as it is given, writes the
//! configuration, and says what is to be done at the mail server.
//!
//! What a flag gives is not asked for. With `--yes` nothing is: what is missing takes its default, and
//! what is wrong ends it, so that a script can run it.

mod error;
mod find;
mod finish;
mod front;
mod kind;
mod login;
mod options;
mod place;
mod server;
mod talk;
mod wildcard;

use std::path::Path;

use secrecy::SecretString;

pub use error::SetupError;
pub use options::{Authority, Front, Options};
pub use talk::{Talk, show_typing};

use crate::check::Probe;
use crate::clock::Clock;
use crate::config::{Config, Secret, Written};
use crate::dns::Dns;
use crate::jmap::{Identity, Jmap};
use crate::mail::Address;
use crate::secret::Random;
use crate::setup::place::Place;

/// The answer that leaves something away.
const NONE: &str = "-";

/// A set-up on its way.
pub struct Setup<'a> {
    options: Options,
    talk: Talk<'a>,
    /// The configuration so far.
    written: Written,
    /// The mail account's secret, and where it is to be.
    secret: Option<(SecretString, Kept)>,
    place: Place,
    clock: Clock,
    random: Random,
}

/// Where the mail account's secret is kept.
enum Kept {
    /// Where it is still to be written: beside the configuration, or where the service's unit takes
    /// it from.
    Here,
    /// Where the operator put it.
    There(Secret),
}

/// A session with the mail server that was found to do.
struct SignedIn {
    jmap: Jmap,
    identity: Option<Identity>,
    kind: kind::Kind,
}

/// Asks, tests and writes.
///
/// # Errors
/// Where it was ended before its time, an answer by flag is wrong, or a file cannot be written.
pub async fn run(options: Options, talk: Talk<'_>) -> Result<(), SetupError> {
    let mut setup = Setup {
        place: Place::find(&options.config),
        options,
        talk,
        written: Written::example(),
        secret: None,
        clock: Clock::system(),
        random: Random::system(),
    };
    setup.begin()?;
    let address = setup.address()?;
    let signed_in = setup.mail_server(&address).await?;
    setup.front(&address).await?;
    let signature = setup.wildcard(&address, &signed_in).await?;
    setup.write()?;
    let runs = setup.start()?;
    let begun = setup.first_steps(&address, runs)?;
    setup.what_to_do(&signed_in.kind, signature.as_deref(), runs, begun)
}

impl Setup<'_> {
    /// Says what comes, and asks before anything is replaced, so that nobody answers in vain.
    fn begin(&mut self) -> Result<(), SetupError> {
        self.talk.say("Postdesk is set up by a few questions; Enter takes what stands in brackets.")?;
        let file = self.options.config.clone();
        if !self.place.exists() || self.options.replace {
            return self.talk.say("");
        }
        self.talk.say(&format!("{} is there already.", file.display()))?;
        if !self.talk.asks() {
            return Err(SetupError::Exists { file });
        }
        let question = "Replace it at the end? It is kept beside, as postdesk.toml.before.";
        if self.talk.yes(question, false)? { self.talk.say("") } else { Err(SetupError::Kept { file }) }
    }

    fn address(&mut self) -> Result<Address, SetupError> {
        let mut given = self.options.address.take();
        loop {
            let text = match given.take() {
                Some(text) => text,
                None => self.talk.ask("--address", "Mail address of the desk", None)?,
            };
            match Address::parse(&text) {
                Ok(address) => {
                    self.written.text("mail.address", address.as_str());
                    return Ok(address);
                }
                Err(error) => self.talk.wrong(&format!("\"{text}\" is no mail address: {error}."))?,
            }
        }
    }

    /// The configuration so far, with the secret in it.
    fn config(&self) -> Result<Config, SetupError> {
        let mut config = Config::parse(&self.written.whole(), Path::new("the answers so far"))?;
        if let Some((secret, _)) = &self.secret {
            let given = Some(Secret::Given(secret.clone()));
            if config.mail.token.is_some() {
                config.mail.token = given;
            } else {
                config.mail.password = given;
            }
        }
        Ok(config)
    }

    /// Sets the path of a file that is there, and that the desk has to be able to read.
    fn file(&mut self, setting: &str, path: &Path) -> Result<(), SetupError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if path.is_file() && !self.place.can_read(&path) {
            return Err(SetupError::Unreadable { file: path });
        }
        self.written.text(setting, &path.display().to_string());
        Ok(())
    }

    fn probe<'b>(&self, config: &'b Config) -> Probe<'b> {
        Probe { config, clock: self.clock.clone(), random: self.random.clone() }
    }

    fn dns(&self) -> Dns {
        self.options.resolver.map_or_else(Dns::system, Dns::at)
    }
}
