//! The mail server: found or named, signed in to, and found to do what a desk needs.

use url::Url;

use super::find::{Found, find};
use super::kind::Kind;
use super::{Setup, SetupError, SignedIn};
use crate::check::distrust;
use crate::jmap::{HttpFault, JmapError};
use crate::mail::Address;
use crate::tls;
use crate::wire::{Wire, WireError};

/// What is asked again, since that is where the fault is.
enum Again {
    Server,
    Login,
    /// Nothing: something was added to the answers, and the same is tried once more.
    Nothing,
}

impl Setup<'_> {
    /// Asks for what is missing until somebody is signed in who can work as a desk.
    pub(super) async fn mail_server(&mut self, address: &Address) -> Result<SignedIn, SetupError> {
        if let Some(ca) = self.options.ca.take() {
            self.file("mail.ca", &ca)?;
        }
        if let Some(account) = self.options.account.take() {
            self.written.text("mail.account", &account);
        }
        self.trust_given();
        self.server(address).await?;
        self.login(address)?;
        loop {
            let again = match self.sign_in().await? {
                Ok(signed_in) => return Ok(signed_in),
                Err(again) => again,
            };
            match again {
                Again::Server => self.server(address).await?,
                Again::Login => self.login(address)?,
                Again::Nothing => {}
            }
        }
    }

    async fn sign_in(&mut self) -> Result<Result<SignedIn, Again>, SetupError> {
        let config = self.config()?;
        let probe = self.probe(&config);
        let jmap = match probe.sign_in().await {
            Ok(jmap) => jmap,
            Err(error) => return self.refused(&config.mail.url, &error).map(Err),
        };
        let talk = &mut self.talk;
        talk.say(&format!("  {} lets us in as \"{}\".", config.mail.url, jmap.account_name()))?;
        let (found, identity) = probe.account(&jmap, |finding| talk.found(finding)).await;
        if let Some(bad) = found.bad().next() {
            // It was shown already.
            if !talk.asks() {
                return Err(SetupError::Refused(bad.text.trim_end_matches('.').to_owned()));
            }
            return Ok(Err(Again::Login));
        }
        let kind = Kind::of(&config.mail.url, &jmap.marks());
        talk.say(&format!("  The mail server is {}.", kind.name()))?;
        Ok(Ok(SignedIn { jmap, identity, kind }))
    }

    /// The mail server's address: named, or found by the mail domain.
    async fn server(&mut self, address: &Address) -> Result<(), SetupError> {
        let mut usual = None;
        if self.options.server.is_none() {
            self.talk.say(&format!("Looking for the mail server of {} …", address.domain()))?;
            let (found, why) = self.find(address.domain()).await?;
            usual = self.proposed(&found, &why)?;
        }
        loop {
            let text = match self.options.server.take() {
                Some(text) => text,
                None => self.talk.ask("--server", "Mail server", usual.as_deref())?,
            };
            let url = if text.contains("://") { text.clone() } else { format!("https://{text}") };
            let before = self.written.clone();
            self.written.text("mail.url", &url);
            match self.config() {
                Ok(_) => return Ok(()),
                Err(error) => {
                    self.written = before;
                    self.talk.wrong(&error.to_string())?;
                }
            }
        }
    }

    async fn find(&self, domain: &str) -> Result<(Vec<Found>, Vec<String>), SetupError> {
        let config = self.config()?;
        let refused = |error: tls::TlsError| SetupError::Refused(error.to_string());
        let tls = tls::client_config(config.mail.ca.as_deref()).map_err(refused)?;
        Ok(find(domain, &self.dns(), &Wire::new(tls, self.clock.clone())).await)
    }

    /// The first that was found, with what speaks against it.
    fn proposed(&mut self, found: &[Found], why: &[String]) -> Result<Option<String>, SetupError> {
        let Some(first) = found.first() else {
            for why in why {
                self.talk.say(&format!("  {why}."))?;
            }
            return Ok(None);
        };
        self.talk.say(&format!("  {} names {}.", first.by, first.url))?;
        if first.own {
            return Ok(Some(first.url.to_string()));
        }
        let host = first.url.host_str().unwrap_or_default();
        let text = format!(
            "{host} is outside the domain of the address. The password goes there, so take it only if you know it."
        );
        if self.talk.asks() {
            self.talk.say(&format!("  {text}"))?;
            return Ok(Some(first.url.to_string()));
        }
        Err(SetupError::Refused(format!("{text} With --yes, --server has to name it")))
    }

    /// Says why there is no session, and what is to be asked again.
    fn refused(&mut self, url: &Url, error: &JmapError) -> Result<Again, SetupError> {
        let (text, again) = match error {
            JmapError::OtherServer { url, origin, .. } => return self.other_server(url, origin),
            JmapError::Accounts { names, .. } => return self.several_accounts(names),
            JmapError::Http(HttpFault { status, .. }) if status.as_u16() == 401 => (
                format!(
                    "{url} does not accept this login. Check user and password; some servers take a token alone."
                ),
                Again::Login,
            ),
            JmapError::Http(HttpFault { status, .. }) if status.as_u16() == 403 => (
                format!(
                    "{url} knows this login but does not let it in. It has to be allowed mail and sending over JMAP."
                ),
                Again::Login,
            ),
            JmapError::Credentials(_) => (
                format!(
                    "{url} gives this login no mail account. A token has to be allowed mail and sending."
                ),
                Again::Login,
            ),
            JmapError::Wire(WireError::Connect { host, source }) => (
                format!(
                    "There is no connection to {host}: {source}. Is the name right, and does the server run?"
                ),
                Again::Server,
            ),
            JmapError::Wire(WireError::Timeout { host, .. }) => {
                (format!("{host} does not answer in time."), Again::Server)
            }
            other => (
                distrust(other).unwrap_or_else(|| format!("There is no JMAP session: {}.", other.whole())),
                Again::Server,
            ),
        };
        self.talk.wrong(&text)?;
        Ok(again)
    }

    /// A server that the session names for a part of the work, as Fastmail does for downloads.
    fn other_server(&mut self, url: &Url, origin: &str) -> Result<Again, SetupError> {
        let text = format!("The session also names {url}, which is another server.");
        if !self.talk.asks() {
            return Err(SetupError::Refused(format!(
                "{text} The login is sent there only with --trust {origin}"
            )));
        }
        self.talk.say(&format!("  {text}"))?;
        if !self.talk.yes(&format!("May {origin} see the login too?"), false)? {
            return Ok(Again::Server);
        }
        self.options.trust.push(origin.to_owned());
        self.trust_given();
        Ok(Again::Nothing)
    }

    fn trust_given(&mut self) {
        if !self.options.trust.is_empty() {
            let trusted: Vec<&str> = self.options.trust.iter().map(String::as_str).collect();
            self.written.list("mail.trusted_origins", &trusted);
        }
    }

    fn several_accounts(&mut self, names: &[String]) -> Result<Again, SetupError> {
        let listed = names.join(", ");
        if !self.talk.asks() {
            let text = format!("this login has several mail accounts; --account takes one of: {listed}");
            return Err(SetupError::Refused(text));
        }
        self.talk.say(&format!("  This login has several mail accounts: {listed}."))?;
        let account =
            self.talk.ask("--account", "Which one is the desk's", names.first().map(String::as_str))?;
        self.written.text("mail.account", &account);
        Ok(Again::Nothing)
    }
}
