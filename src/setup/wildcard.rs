//! The address that answers come back to: derived from the desk's own, and tried by a mail to itself.

use super::{Setup, SetupError, SignedIn};
use crate::check::{Found, Level};
use crate::mail::Address;

impl Setup<'_> {
    /// Asks for the wildcard and mails it. Gives what was found of the DKIM signature.
    pub(super) async fn wildcard(
        &mut self,
        address: &Address,
        signed_in: &SignedIn,
    ) -> Result<Option<String>, SetupError> {
        self.talk.say("")?;
        let (local, domain) = address.as_str().rsplit_once('@').unwrap_or_default();
        let usual = format!("{}+{{key}}@{domain}", local.trim_matches('"'));
        loop {
            self.ask_wildcard(&usual)?;
            let Some(found) = self.test(signed_in).await? else { return Ok(None) };
            if !found.is_bad() {
                let warned = |finding: &&crate::check::Finding| {
                    finding.thing == "signature" && finding.level == Level::Warn
                };
                return Ok(found.findings.iter().find(warned).map(|finding| finding.text.clone()));
            }
            if !self.talk.asks() {
                let text = found.bad().next().map(|finding| finding.text.clone()).unwrap_or_default();
                return Err(SetupError::Refused(text.trim_end_matches('.').to_owned()));
            }
            self.talk.say(
                "  Mend it at the mail server and try again, give another wildcard such as {key}@…, or",
            )?;
            self.talk
                .say("  answer \"plain\": answers are then joined by the mails that they answer alone.")?;
        }
    }

    fn ask_wildcard(&mut self, usual: &str) -> Result<(), SetupError> {
        let mut plain = std::mem::take(&mut self.options.plain);
        loop {
            let text = match self.options.wildcard.take() {
                Some(text) => text,
                None if plain => usual.to_owned(),
                None => self.talk.ask("--wildcard", "Address for answers", Some(usual))?,
            };
            plain |= text == "plain";
            let text = if text == "plain" { usual } else { &text };
            let before = self.written.clone();
            self.written.text("addresses.wildcard", text);
            let kind = match (plain, text.replace('%', "").starts_with("{key}@")) {
                (true, _) => "plain",
                (false, true) => "catch-all",
                (false, false) => "plus",
            };
            self.written.text("addresses.reply_to", kind);
            let config = match self.config() {
                Ok(config) => config,
                Err(error) => {
                    self.written = before;
                    self.talk.wrong(&error.to_string())?;
                    continue;
                }
            };
            let mut shown = None;
            let found = self.probe(&config).wildcard(|finding| shown = Some(finding.clone()));
            match shown.filter(|_| found.is_bad()) {
                None => return Ok(()),
                Some(bad) => self.talk.wrong(&bad.text)?,
            }
        }
    }

    /// None where no mail is to be sent.
    async fn test(&mut self, signed_in: &SignedIn) -> Result<Option<Found>, SetupError> {
        let Some(identity) = &signed_in.identity else { return Ok(None) };
        if self.options.no_test_mail {
            return Ok(None);
        }
        let question = "Send test mails to it now? They are destroyed when they have come back.";
        if self.talk.asks() && !self.talk.yes(question, true)? {
            return Ok(None);
        }
        let config = self.config()?;
        let probe = self.probe(&config);
        let talk = &mut self.talk;
        let wait = self.options.wait;
        let found = probe.to_itself(&signed_in.jmap, identity, wait, |finding| talk.found(finding)).await;
        Ok(Some(found))
    }
}
