//! A certificate of our own making: for trying out, and until an authority has given one.

use jiff::{SignedDuration, Timestamp};

use super::House;
use crate::tls::{CertificateStanding, Origin, Pair, Shown, TlsError, generated};

/// How often to look whether it has to be made anew.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// A certificate of our own making.
pub(super) struct Own {
    house: House,
    pair: Pair,
    looked: Timestamp,
}

impl Own {
    pub(super) fn begin(house: House) -> Result<(Self, Pair), TlsError> {
        let now = house.clock.now();
        let pair = generated(&house.folder, &house.host, now)?;
        let own = Self { house, pair: pair.clone(), looked: now };
        own.tell(now);
        Ok((own, pair))
    }

    pub(super) fn look(&mut self, shown: &Shown) {
        let now = self.house.clock.now();
        if now.duration_since(self.looked) >= EVERY {
            self.looked = now;
            match generated(&self.house.folder, &self.house.host, now) {
                Ok(pair) => {
                    shown.show(pair.clone());
                    self.pair = pair;
                }
                Err(error) => tracing::warn!(%error, "the certificate could not be made anew"),
            }
        }
        self.tell(now);
    }

    fn tell(&self, now: Timestamp) {
        let stands = CertificateStanding::of(Origin::Generated, &self.pair, &self.house.host);
        self.house.teller.tell(&stands, now);
    }
}
