//! A certificate in the operator's files. Something else renews it; here it is read again.

use std::path::Path;

use jiff::Timestamp;

use super::{House, ReloadError};
use crate::tls::{CertificateStanding, CertificateTrouble, Origin, Pair, Shown, TlsError, Watched};

/// The operator's files.
pub(super) struct Files {
    house: House,
    watched: Watched,
    /// What is shown.
    pair: Pair,
    trouble: Option<CertificateTrouble>,
    /// What was found wrong by the last look. Two files are never replaced at one moment, so that
    /// it counts when it is still so at the next.
    doubt: Option<Timestamp>,
}

impl Files {
    pub(super) fn begin(house: House, certificate: &Path, key: &Path) -> Result<(Self, Pair), TlsError> {
        let (watched, pair) = Watched::begin(certificate, key)?;
        let files = Self { house, watched, pair: pair.clone(), trouble: None, doubt: None };
        files.tell();
        Ok((files, pair))
    }

    pub(super) fn look(&mut self, shown: &Shown) {
        match self.watched.look(false).map(|read| self.take(read, shown)) {
            Some(Ok(())) => self.doubt = None,
            Some(Err(error)) => match self.doubt {
                Some(since) => self.refuse(&error, since),
                None => self.doubt = Some(self.house.clock.now()),
            },
            None => {}
        }
        self.tell();
    }

    pub(super) fn reload(&mut self, shown: &Shown) -> Result<(), ReloadError> {
        let taken = self.watched.look(true).map_or(Ok(()), |read| self.take(read, shown));
        if let Err(error) = &taken {
            let since = *self.doubt.get_or_insert(self.house.clock.now());
            self.refuse(error, since);
        } else {
            self.doubt = None;
        }
        self.tell();
        taken
    }

    /// Shows what was read, unless it is worse than what there is.
    fn take(&mut self, read: Result<Pair, TlsError>, shown: &Shown) -> Result<(), ReloadError> {
        let pair = read?;
        if let Some(why) = self.worse(&pair) {
            return Err(ReloadError::Worse { path: self.watched.certificate().to_owned(), why });
        }
        self.trouble = None;
        if pair.says() != self.pair.says() {
            let until = pair.says().not_after;
            tracing::info!(file = %self.watched.certificate().display(), %until, "a new certificate is shown");
        }
        shown.show(pair.clone());
        self.pair = pair;
        Ok(())
    }

    /// Why browsers would refuse the new one, though they take the old one.
    fn worse(&self, new: &Pair) -> Option<String> {
        let (host, now) = (&self.house.host, self.house.clock.now());
        let good = |pair: &Pair| pair.says().covers(host) && pair.says().not_after > now;
        if good(new) || !good(&self.pair) {
            return None;
        }
        let says = new.says();
        Some(if says.covers(host) {
            format!("expired on {}; put a newer one there", says.not_after.strftime("%Y-%m-%d"))
        } else {
            format!("is for {}, not for {host}; put one for {host} there", says.names.join(", "))
        })
    }

    fn refuse(&mut self, error: &ReloadError, since: Timestamp) {
        let why = format!("{error}; the certificate from before stays in use");
        self.trouble = Some(CertificateTrouble { why, since, again: None });
    }

    fn tell(&self) {
        let origin = Origin::File(self.watched.certificate().display().to_string());
        let trouble = self.trouble.clone();
        let stands =
            CertificateStanding { trouble, ..CertificateStanding::of(origin, &self.pair, &self.house.host) };
        self.house.teller.tell(&stands, self.house.clock.now());
    }
}
