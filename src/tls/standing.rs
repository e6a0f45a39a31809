//! How the tracker's certificate stands, for `status`, `check`, pages and metrics.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Pair;

/// How long before its end a certificate is worth a word. Authorities' certificates are renewed
/// well before that.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);

/// Where the certificate that is shown comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A file of the operator's, by its path.
    File(String),
    /// This authority gave it.
    Authority(String),
    /// Of our own making, until this authority has given one.
    Meanwhile(String),
    /// Of our own making.
    Generated,
}

/// Why there is no newer certificate, though there should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateTrouble {
    pub why: String,
    pub since: Timestamp,
    /// When it is tried again by itself.
    pub again: Option<Timestamp>,
}

/// How the tracker's certificate stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStanding {
    pub origin: Origin,
    /// Whether it is for the host of `public_url`.
    pub covers: bool,
    pub not_after: Timestamp,
    /// When a new one will be asked for.
    pub renewal: Option<Timestamp>,
    pub trouble: Option<CertificateTrouble>,
}

/// How bad that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateHealth {
    Good,
    /// Something is to be done, and there is time.
    Warn,
    /// Browsers refuse it.
    Refused,
}

impl CertificateStanding {
    /// How this certificate stands, where nothing is known to be wrong with it.
    #[must_use]
    pub fn of(origin: Origin, pair: &Pair, host: &str) -> Self {
        let says = pair.says();
        Self { origin, covers: says.covers(host), not_after: says.not_after, renewal: None, trouble: None }
    }

    /// The days until the certificate ends, as a gauge has them: below 0 it has ended.
    #[must_use]
    pub fn days(&self, now: Timestamp) -> f64 {
        self.not_after.duration_since(now).as_secs_f64() / 86_400.0
    }

    /// How bad it is: one of our own making, and any trouble, is worth a word too.
    #[must_use]
    pub fn health(&self, now: Timestamp) -> CertificateHealth {
        let end = self.end(now);
        let worth_a_word = self.is_ours() || self.trouble.is_some();
        if worth_a_word { end.max(CertificateHealth::Warn) } else { end }
    }

    /// How bad it is by its end and by its names alone. One of our own making is renewed in time.
    #[must_use]
    pub fn end(&self, now: Timestamp) -> CertificateHealth {
        if self.not_after <= now || !self.covers {
            CertificateHealth::Refused
        } else if !self.is_ours() && self.not_after.duration_since(now) < SOON {
            CertificateHealth::Warn
        } else {
            CertificateHealth::Good
        }
    }

    fn is_ours(&self) -> bool {
        matches!(self.origin, Origin::Meanwhile(_) | Origin::Generated)
    }

    /// One line that says it all.
    #[must_use]
    pub fn line(&self, now: Timestamp) -> String {
        let mut line = match &self.origin {
            Origin::File(path) => format!("{path}, "),
            Origin::Authority(name) => format!("from {name}, "),
            Origin::Meanwhile(name) => {
                format!("of our own making until {name} has given one; browsers warn of it; ")
            }
            Origin::Generated => "of our own making; browsers warn of it; ".to_owned(),
        };
        let end = day(self.not_after);
        #[allow(clippy::cast_possible_truncation, reason = "days are few")]
        let days = self.days(now).floor() as i64;
        match days {
            ..0 => line.push_str(&format!("expired on {end}")),
            0 => line.push_str(&format!("expires today, {end}")),
            _ => line.push_str(&format!("good until {end} ({days} days)")),
        }
        if !self.covers {
            line.push_str(", not for the host of `public_url`");
        }
        if let Some(trouble) = &self.trouble {
            line.push_str(&format!("; in trouble since {}: {}", minute(trouble.since), trouble.why));
            if let Some(again) = trouble.again {
                line.push_str(&format!("; tried again at {}", minute(again)));
            }
        } else if let Some(renewal) = self.renewal {
            line.push_str(&format!(", renewed about {}", day(renewal)));
        }
        line
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_of_in_one_line() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-22T10:00:00Z");
        let good = CertificateStanding {
            origin: Origin::Authority("ca.example".to_owned()),
            covers: true,
            not_after: at("2027-01-22T09:00:00Z"),
            renewal: Some(at("2026-12-22T10:00:00Z")),
            trouble: None,
        };
        assert_eq!(
            good.line(now),
            "from ca.example, good until 2027-01-22 (60 days), renewed about 2026-12-22"
        );
        assert_eq!(good.health(now), CertificateHealth::Good);
        assert!((good.days(now) - 60.958).abs() < 0.001);
        let trouble = CertificateTrouble {
            why: "no".to_owned(),
            since: at("2026-11-22T09:00:00Z"),
            again: Some(at("2026-11-22T11:00:00Z")),
        };
        let failing = CertificateStanding { trouble: Some(trouble), ..good.clone() };
        assert!(
            failing.line(now).ends_with(
                "(60 days); in trouble since 2026-11-22 09:00 UTC: no; tried again at 2026-11-22 11:00 UTC"
            ),
            "{}",
            failing.line(now)
        );
        assert_eq!(failing.health(now), CertificateHealth::Warn);
        let over = CertificateStanding { not_after: at("2026-11-22T09:59:59Z"), ..good.clone() };
        assert!(over.line(now).contains("expired on 2026-11-22"), "{}", over.line(now));
        assert_eq!(over.health(now), CertificateHealth::Refused);
        let foreign = CertificateStanding { covers: false, ..good.clone() };
        assert_eq!(foreign.end(now), CertificateHealth::Refused);
        let soon = CertificateStanding { not_after: at("2026-12-06T09:59:59Z"), ..good.clone() };
        assert_eq!(soon.end(now), CertificateHealth::Warn);
        let own = CertificateStanding { origin: Origin::Meanwhile("ca.example".to_owned()), ..good };
        assert_eq!((own.health(now), own.end(now)), (CertificateHealth::Warn, CertificateHealth::Good));
        assert!(own.line(now).contains("until ca.example has given one"));
    }
}
