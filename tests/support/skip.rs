//! Says plainly which test could not run for want of a program, and never passes that over.
//!
//! A skipped test prints `skipped: …` and notes it in the file that `tests/run` names, which lists
//! them at its end. Where `POSTDESK_REQUIRE=1`, as in CI, a missing program fails the test.

use std::io::Write as _;
use std::path::Path;

/// A program that a test needs and that is not part of Postdesk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    Cyrus,
    Chromium,
    Pebble,
}

impl Piece {
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Cyrus => &[
                "/usr/lib/cyrus/bin/master",
                "/usr/lib/cyrus/bin/httpd",
                "/usr/lib/cyrus/bin/lmtpd",
                "/usr/lib/cyrus/bin/ctl_cyrusdb",
                "/usr/sbin/saslpasswd2",
            ],
            Self::Chromium => &["/usr/bin/chromium", "/usr/bin/chromedriver"],
            Self::Pebble => &["/usr/bin/pebble", "/usr/bin/pebble-challtestsrv"],
        }
    }

    fn packages(self) -> &'static str {
        match self {
            Self::Cyrus => "cyrus-imapd cyrus-caldav cyrus-clients cyrus-admin sasl2-bin libsasl2-modules",
            Self::Chromium => "chromium chromium-driver",
            Self::Pebble => "pebble",
        }
    }
}

/// Whether the test has to be left out, since a program is missing.
///
/// # Panics
/// Where nothing may be left out (`POSTDESK_REQUIRE=1`).
pub fn without(test: &str, pieces: &[Piece]) -> bool {
    let missing = pieces
        .iter()
        .filter_map(|piece| Some((piece, piece.programs().iter().find(|path| !Path::new(path).exists())?)))
        .map(|(piece, path)| format!("{path} is missing (Debian packages: {})", piece.packages()))
        .collect::<Vec<_>>();
    if missing.is_empty() {
        return false;
    }
    let line = format!("skipped: {test}: {}", missing.join("; "));
    assert!(std::env::var("POSTDESK_REQUIRE").as_deref() != Ok("1"), "{line}");
    eprintln!("{line}");
    if let Ok(file) = std::env::var("POSTDESK_SKIPPED")
        && let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(file)
    {
        let _ = writeln!(file, "{line}");
    }
    true
}
