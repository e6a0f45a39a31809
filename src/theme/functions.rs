//! What templates can call: times as people read them, sizes, subjects, static files.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::assets::Assets;

/// Adds all filters and functions. Times are shown in `zone`.
pub(super) fn add(environment: &mut Environment<'static>, assets: &Assets, zone: TimeZone) {
    let hrefs = assets.hrefs();
    environment.add_function("asset", move |name: &str| {
        let missing =
            || Error::new(ErrorKind::InvalidOperation, format!("the theme has no static file {name}"));
        hrefs.get(name).cloned().ok_or_else(missing)
    });
    environment.add_filter("octets", octets_text);
    environment.add_filter("bare_subject", |subject: &str| bare_subject(subject).to_owned());
    environment.add_filter("age", |state: &State<'_, '_>, at: &str| {
        Ok::<_, Error>(age_text(now(state)?.duration_since(read(at)?)))
    });
    let shown = zone.clone();
    environment.add_filter("moment", move |state: &State<'_, '_>, at: &str| {
        let at = read(at)?;
        Ok::<_, Error>(element(at, &shown, &written(at, now(state)?, &shown, Shape::Full)))
    });
    let shown = zone.clone();
    environment.add_filter("moment_short", move |state: &State<'_, '_>, at: &str| {
        let at = read(at)?;
        Ok::<_, Error>(element(at, &shown, &written(at, now(state)?, &shown, Shape::Short)))
    });
    let shown = zone.clone();
    environment.add_filter("moment_text", move |state: &State<'_, '_>, at: &str| {
        Ok::<_, Error>(written(read(at)?, now(state)?, &shown, Shape::Full))
    });
    let shown = zone.clone();
    environment.add_filter("seconds", move |at: &str| {
        let at = read(at)?;
        Ok::<_, Error>(element(at, &shown, &at.to_zoned(shown.clone()).strftime("%H:%M:%S").to_string()))
    });
    environment.add_filter("clock", move |at: &str| {
        let at = read(at)?;
        Ok::<_, Error>(element(at, &zone, &at.to_zoned(zone.clone()).strftime("%H:%M").to_string()))
    });
}

fn read(at: &str) -> Result<Timestamp, Error> {
    at.parse().map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("{at} is no time")))
}

/// The time at which the page is made; every page's context has it.
fn now(state: &State<'_, '_>) -> Result<Timestamp, Error> {
    let missing = || Error::new(ErrorKind::UndefinedError, "the context has no time named now");
    let value = state.lookup("now").ok_or_else(missing)?;
    read(value.as_str().ok_or_else(missing)?)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `Mon 16 Nov, 09:12`
    Full,
    /// `16 Nov, 09:12`
    Short,
}

/// A time as a person reads it; the year stands there only where it is another one.
fn written(at: Timestamp, now: Timestamp, zone: &TimeZone, shape: Shape) -> String {
    let at = at.to_zoned(zone.clone());
    let this_year = at.year() == now.to_zoned(zone.clone()).year();
    let form = match (shape, this_year) {
        (Shape::Full, true) => "%a %-d %b, %H:%M",
        (Shape::Full, false) => "%a %-d %b %Y, %H:%M",
        (Shape::Short, true) => "%-d %b, %H:%M",
        (Shape::Short, false) => "%-d %b %Y, %H:%M",
    };
    at.strftime(form).to_string()
}

/// A `time` element. Nothing in it comes from outside, so it is safe as it is.
fn element(at: Timestamp, zone: &TimeZone, text: &str) -> Value {
    let machine = at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    Value::from_safe_string(format!("<time datetime=\"{machine}\">{text}</time>"))
}

/// How long, in the largest unit that is not zero: `12 min`, `5 h`, `2 d`; at least a minute.
#[must_use]
pub fn age_text(age: SignedDuration) -> String {
    let minutes = age.as_mins().max(1);
    match minutes {
        1..60 => format!("{minutes} min"),
        60..1440 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}

/// A size as a person reads it: `84 kB`.
#[must_use]
pub fn octets_text(octets: u64) -> String {
    match octets {
        0..1_000 => format!("{octets} bytes"),
        1_000..1_000_000 => format!("{} kB", octets.div_ceil(1_000)),
        _ => format!("{}.{} MB", octets / 1_000_000, octets % 1_000_000 / 100_000),
    }
}

/// A subject without the marks that answering and forwarding put before it.
fn bare_subject(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((mark, after)) = rest.split_once(':') {
        let known = ["re", "aw", "antw", "sv", "vs", "fw", "fwd", "wg", "tr", "rv", "odp", "ynt"];
        if !known.contains(&mark.trim().to_lowercase().as_str()) || after.trim().is_empty() {
            break;
        }
        rest = after.trim();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_in_the_largest_unit() {
        let check = |seconds, text| assert_eq!(age_text(SignedDuration::from_secs(seconds)), text);
        check(-5, "1 min");
        check(59, "1 min");
        check(60, "1 min");
        check(3599, "59 min");
        check(3600, "1 h");
        check(86_399, "23 h");
        check(86_400 * 3, "3 d");
    }

    #[test]
    fn subjects_lose_the_marks_of_answering() {
        assert_eq!(bare_subject("Re: AW: Rechnung: falsch"), "Rechnung: falsch");
        assert_eq!(bare_subject("Re:"), "Re:");
        assert_eq!(bare_subject("Help: now"), "Help: now");
    }

    #[test]
    fn times_name_the_year_when_it_is_another() {
        let now: Timestamp = "2026-11-19T13:31:00Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let check =
            |at: &str, shape, text| assert_eq!(written(at.parse().unwrap(), now, &berlin, shape), text);
        check("2026-11-16T08:12:00Z", Shape::Full, "Mon 16 Nov, 09:12");
        check("2025-12-31T23:30:00Z", Shape::Short, "1 Jan, 00:30");
        check("2025-12-31T22:30:00Z", Shape::Short, "31 Dec 2025, 23:30");
    }
}
