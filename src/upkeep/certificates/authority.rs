//! A certificate from an authority, asked for when there is none, and renewed in time.

use std::time::Duration;

use jiff::Timestamp;

use super::House;
use super::attempt::Attempts;
use crate::acme::{Acme, Window, due};
use crate::clock::after;
use crate::tls::{CertificateStanding, Origin, Pair, Shown, TlsError, generated};

/// After how long an authority is asked again for its wish, where it did not say.
const ASK_AGAIN: Duration = Duration::from_hours(6);

/// An authority, and what it gave.
pub(super) struct Authority {
    house: House,
    acme: Acme,
    /// What it gave, for the host as it is now.
    given: Option<Pair>,
    /// What is shown until it has given one.
    own: Option<Pair>,
    attempts: Attempts,
    /// When it wishes its certificate renewed, and when to ask for that again.
    window: Option<Window>,
    ask: Timestamp,
}

impl Authority {
    pub(super) fn begin(house: House, acme: Acme) -> Result<(Self, Pair), TlsError> {
        let now = house.clock.now();
        let given = match acme.kept().pair() {
            Ok(pair) => pair.filter(|pair| pair.says().covers(acme.host())),
            Err(error) => {
                tracing::warn!(%error, "the certificate in the data folder is of no use; another one is ordered");
                None
            }
        };
        let own = match &given {
            Some(_) => None,
            None => Some(generated(&house.folder, &house.host, now)?),
        };
        let attempts = Attempts::read(acme.kept(), acme.challenge());
        let authority = Self { house, acme, given, own, attempts, window: None, ask: now };
        authority.tell(now);
        let pair = authority.shown()?;
        Ok((authority, pair))
    }

    fn shown(&self) -> Result<Pair, TlsError> {
        match self.given.as_ref().or(self.own.as_ref()) {
            Some(pair) => Ok(pair.clone()),
            None => generated(&self.house.folder, &self.house.host, self.house.clock.now()),
        }
    }

    /// Orders a certificate if one is due, and not too soon after a failure; `at_once` is when
    /// somebody asked for it.
    pub(super) async fn look(&mut self, shown: &Shown, at_once: bool) {
        let now = self.house.clock.now();
        let is_behind = self.attempts.failures() > 0 || self.given.is_none();
        if self.due(now).await <= now && (!self.attempts.is_too_early(now) || (at_once && is_behind)) {
            self.order(shown).await;
        }
        self.tell(self.house.clock.now());
    }

    /// When the next one is due. The authority is asked for its wish now and then; that it does not
    /// answer is no reason to do anything.
    async fn due(&mut self, now: Timestamp) -> Timestamp {
        let Some(given) = &self.given else { return now };
        if self.ask <= now {
            let asked = self.acme.window(given).await;
            match asked {
                Ok(window) => self.window = window,
                Err(error) => tracing::debug!(%error, "the authority did not say when to renew"),
            }
            self.ask = after(now, self.window.map_or(ASK_AGAIN, |window| window.ask_again));
        }
        due(given.says(), self.window)
    }

    async fn order(&mut self, shown: &Shown) {
        match self.acme.issue(self.given.as_ref()).await {
            Ok(pair) => {
                let until = pair.says().not_after;
                tracing::info!(authority = self.acme.authority(), %until, "a new certificate is shown");
                shown.show(pair.clone());
                self.given = Some(pair);
                self.own = None;
                self.window = None;
                self.ask = self.house.clock.now();
                if self.attempts.failures() > 0 {
                    self.attempts = Attempts::default();
                    self.attempts.keep(self.acme.kept());
                }
            }
            Err(error) => {
                let draw = self.house.random.below(1000);
                self.attempts.failed(&error, self.acme.challenge(), self.house.clock.now(), draw);
                self.attempts.keep(self.acme.kept());
            }
        }
    }

    fn tell(&self, now: Timestamp) {
        let name = self.acme.authority().to_owned();
        let (host, trouble) = (&self.house.host, self.attempts.trouble());
        let stands = match (&self.given, &self.own) {
            (Some(given), _) => CertificateStanding {
                renewal: Some(due(given.says(), self.window)),
                trouble,
                ..CertificateStanding::of(Origin::Authority(name), given, host)
            },
            (None, Some(own)) => {
                CertificateStanding { trouble, ..CertificateStanding::of(Origin::Meanwhile(name), own, host) }
            }
            (None, None) => return,
        };
        self.house.teller.tell(&stands, now);
    }
}
