//! When a certificate is asked for: at about two thirds of its life, or when its authority wishes,
//! and after a failure not too soon.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Window;
use crate::tls::Certificate;

/// After the first failure; each further one doubles it. Five failures in an hour are what
/// authorities bear with at most.
const FIRST: Duration = Duration::from_mins(15);
const LONGEST: Duration = Duration::from_hours(12);
/// The share of its life, in thousandths, at which a certificate is renewed: from, and for how long.
const FROM: i64 = 600;
const FOR: i64 = 67;

/// When this certificate is to be renewed. Each has a moment of its own within a span of days, so
/// that not all desks ask at once; it follows from the certificate's number, and stays the same
/// over restarts.
#[must_use]
pub fn due(certificate: &Certificate, window: Option<Window>) -> Timestamp {
    let (start, end) = match window {
        Some(window) => (window.start, window.end),
        None => {
            let life = certificate.not_after.duration_since(certificate.not_before);
            let share = |thousandths: i64| {
                let part = SignedDuration::from_secs(life.as_secs() / 1000 * thousandths);
                certificate.not_before.checked_add(part).unwrap_or(certificate.not_after)
            };
            (share(FROM), share(FROM + FOR))
        }
    };
    let span = end.duration_since(start).as_secs().max(0);
    let seed = blake3::hash(&certificate.serial);
    let draw = seed.as_bytes().first_chunk().map_or(0, |octets| u32::from_le_bytes(*octets));
    let within = i64::try_from(i128::from(span) * i128::from(draw) / (1 << 32)).unwrap_or(0);
    start.checked_add(SignedDuration::from_secs(within)).unwrap_or(start)
}

/// How long to wait after so many failures in a row; `draw` is a random number below 1000, and
/// `wished` what the authority asked for.
#[must_use]
pub fn pause(failures: u32, draw: u64, wished: Option<Duration>) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST);
    // Up to a fifth more.
    let more = doubled.saturating_mul(u32::try_from(draw.min(1000)).unwrap_or(0)) / 5000;
    (doubled + more).max(wished.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(serial: u8) -> Certificate {
        Certificate {
            names: vec![],
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2026-04-01T00:00:00Z".parse().unwrap(),
            serial: vec![serial],
            authority_key: None,
        }
    }

    #[test]
    fn a_certificate_is_renewed_between_six_tenths_and_two_thirds_of_its_life() {
        let days: Vec<f64> = (0..=255)
            .map(|serial| {
                let certificate = certificate(serial);
                assert_eq!(due(&certificate, None), due(&certificate, None));
                due(&certificate, None).duration_since(certificate.not_before).as_secs_f64() / 86_400.0
            })
            .collect();
        assert!(days.iter().all(|day| (54.0..=60.1).contains(day)), "{days:?}");
        let (least, most) =
            (days.iter().copied().fold(90.0, f64::min), days.iter().copied().fold(0.0, f64::max));
        assert!(most - least > 5.0, "they all ask at once: {least}…{most}");
    }

    #[test]
    fn the_authoritys_wish_counts_for_more() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (start, end) = (at("2026-01-05T00:00:00Z"), at("2026-01-06T00:00:00Z"));
        let window = Window { start, end, ask_again: Duration::from_hours(6) };
        for serial in 0..=255 {
            let due = due(&certificate(serial), Some(window));
            assert!(start <= due && due < end, "{due}");
        }
    }

    #[test]
    fn failures_make_it_patient() {
        assert_eq!(pause(1, 0, None), Duration::from_mins(15));
        assert_eq!(pause(1, 1000, None), Duration::from_mins(18));
        assert_eq!(pause(3, 0, None), Duration::from_hours(1));
        assert_eq!(pause(40, 0, None), LONGEST);
        assert_eq!(pause(1, 0, Some(Duration::from_hours(30))), Duration::from_hours(30));
        // No more than four in the first two hours.
        let first: Duration = (1..=4).map(|failures| pause(failures, 0, None)).sum();
        assert!(first > Duration::from_hours(2));
    }
}
