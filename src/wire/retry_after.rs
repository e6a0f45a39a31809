//! `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Longer than this is not believed; the next answer will say it again.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait from `now`; `None` where the value is neither form.
pub(super) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit mean longer than we ever wait.
        return Some(value.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let wait = Duration::try_from(date(value)?.duration_since(now)).unwrap_or(Duration::ZERO);
    Some(wait.min(LONGEST))
}

/// An IMF-fixdate (RFC 9110 §5.6.7): a date of RFC 2822 but for its obsolete zone `GMT`, which the
/// parser takes as well.
pub(super) fn date(value: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        assert_eq!(parse("120", now), Some(Duration::from_secs(120)));
        assert_eq!(parse("Sun, 22 Nov 2026 10:01:30 GMT", now), Some(Duration::from_secs(90)));
        assert_eq!(parse("Sun, 22 Nov 2026 09:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(parse("99999999999999999999999", now), Some(LONGEST));
        for nonsense in ["", "soon", "-5", "1.5", "12 s"] {
            assert_eq!(parse(nonsense, now), None, "{nonsense}");
        }
    }
}
