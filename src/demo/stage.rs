//! Everything around the desk: the mail server with its users, and the mails that wait.

use std::io;

use super::samples::{self, SampleMail, SampleTo};
use super::server::{Incoming, Options, Server, User};
use crate::clock::Clock;
use crate::mail::{Address, AddressError};
use crate::secret::Random;
use crate::triage::{Wildcard, WildcardError};

/// The desk's own address.
const DESK: &str = "help@desk.example";
const WILDCARD: &str = "incoming+{key}@desk.example";
const AUTHORITY: &str = "mail.desk.example";

/// What a configuration needs to know of the mail account.
#[derive(Clone, Debug)]
pub struct MailFacts {
    /// Where the mail server is, to be found by `/.well-known/jmap`.
    pub url: String,
    pub user: String,
    pub password: String,
    /// The account's own address.
    pub address: Address,
    pub wildcard: Wildcard,
    /// Who writes Authentication-Results (RFC 8601 §2.5).
    pub authserv_id: String,
}

/// The mail server and its people.
#[derive(Clone)]
pub struct Stage {
    server: Server,
    facts: MailFacts,
    clock: Clock,
    random: Random,
}

/// The addresses of this module are constants, so an error here is a slip of its own.
fn slip(error: AddressError) -> io::Error {
    io::Error::other(error)
}

impl Stage {
    /// Starts the mail server, with the desk's account, the accounts' own, and the customers'.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(clock: Clock, random: Random) -> io::Result<Self> {
        let password = random.token().as_str().to_owned();
        let wildcard = Wildcard::parse(WILDCARD).map_err(|error: WildcardError| io::Error::other(error))?;
        let address = Address::parse(DESK).map_err(slip)?;
        let mut desk = User::new(address.clone(), &password).named("Help desk").wildcard(wildcard.clone());
        for alias in samples::projects().iter().filter_map(|project| project.alias) {
            desk = desk.alias(Address::parse(alias).map_err(slip)?);
        }
        let mut options = Options::new(clock.clone(), random.clone()).user(desk);
        options.host = AUTHORITY.to_owned();
        options.authserv_id = Some(AUTHORITY.to_owned());
        options.elsewhere = super::server::Unknown::Bounces;
        let people = samples::customers().iter().map(|customer| (customer.name, customer.address));
        let team = samples::accounts().iter().map(|account| (account.name, account.address));
        for (name, address) in people.chain(team) {
            // Nobody signs in as these, but the mailbox page, which needs no password.
            let user = User::new(Address::parse(address).map_err(slip)?, random.token().as_str()).named(name);
            options = options.user(user);
        }
        let server = Server::start(options).await?;
        let facts = MailFacts {
            url: server.url(),
            user: address.folded().to_owned(),
            password,
            address,
            wildcard,
            authserv_id: AUTHORITY.to_owned(),
        };
        Ok(Self { server, facts, clock, random })
    }

    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    #[must_use]
    pub fn facts(&self) -> &MailFacts {
        &self.facts
    }

    /// Delivers the sample mails, now that the desk has its mailbox. `current` tells a project's
    /// current address by its path; a mail to a project that is not there stays away. Returns how
    /// many arrived.
    pub fn deliver_samples(&self, current: impl Fn(&str) -> Option<Address>) -> usize {
        let arrives = |sample: &&SampleMail| {
            let to = match sample.to {
                SampleTo::Alias(alias) => Address::parse(alias).ok(),
                SampleTo::Current(path) => current(path),
                SampleTo::Key(key) => self.facts.wildcard.address(key),
            };
            to.is_some_and(|to| self.deliver_one(sample, &to))
        };
        samples::mails().iter().filter(arrives).count()
    }

    fn deliver_one(&self, sample: &SampleMail, to: &Address) -> bool {
        let raw = sample.raw(to.as_str(), self.clock.now(), &self.random.reply_key());
        let recipients = std::slice::from_ref(to);
        match samples::customers().iter().find(|customer| customer.key == sample.customer) {
            Some(customer) => self.server.send(customer.address, raw, recipients).is_ok(),
            None => {
                // Lists and robots send from the null sender (RFC 3834 §3.3).
                let mail = Incoming { mail_from: None, ..Incoming::new(raw, recipients) };
                self.server.deliver_as(&mail).iter().any(|landed| landed.at.is_some())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Automatic, parse};

    #[tokio::test]
    async fn the_sample_mails_arrive_as_what_they_are() {
        let stage = Stage::start(Clock::system(), Random::seeded(3)).await.unwrap();
        let wildcard = stage.facts().wildcard.clone();
        let arrived =
            stage.deliver_samples(|path| wildcard.address(&format!("{}-1-issue-", path.replace('/', "-"))));
        assert_eq!(arrived, samples::mails().len());
        let inbox = stage.server().mails(DESK, "inbox");
        assert_eq!(inbox.len(), arrived);
        let mails: Vec<_> = inbox.iter().map(|mail| parse(&mail.raw, Some(AUTHORITY))).collect();
        let find = |subject: &str| mails.iter().find(|mail| mail.subject.contains(subject)).unwrap();
        assert!(find("請求書が").text.contains("白い画面"));
        assert_eq!(find("請求書が").from.as_ref().unwrap().name.as_deref(), Some("田中 裕子"));
        assert!(find("Impossible").text.contains("adresse de livraison : le bouton « Enregistrer »"));
        assert_eq!(find("Rechnung").attachments[0].name, "Rechnung_R-2026-1187.pdf");
        assert!(find("Out of office").automatic.is_some());
        assert_eq!(find("[announce]").automatic, Some(Automatic::List));
        assert_eq!(find("Offer").authentication, crate::mail::Authentication::Pass);
        assert!(
            mails.iter().any(|mail| mail.subject.is_empty() && mail.text.contains("second administrator"))
        );
        let rendered = crate::mail::render(
            &inbox.iter().find(|mail| String::from_utf8_lossy(&mail.raw).contains("Rate limit")).unwrap().raw,
            crate::mail::RemoteImages::Blocked,
        );
        assert!(rendered.html.contains("<table") && rendered.remote_images == 1, "{}", rendered.html);
        assert_eq!(stage.server().mails("priya@raman-studio.example", "sent").len(), 2);
    }

    #[test]
    fn every_domain_is_one_that_cannot_exist() {
        let aliases = samples::projects().iter().filter_map(|project| project.alias);
        let people = samples::customers().iter().map(|customer| customer.address);
        let accounts = samples::accounts().iter().map(|account| account.address);
        for address in aliases.chain(people).chain(accounts).chain([DESK]) {
            assert!(address.ends_with(".example"), "{address}");
        }
    }
}
