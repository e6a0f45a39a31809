//! The mbox format (RFC 4155) as `mboxrd`: lines that begin with `From `, behind any number of `>`,
//! get one more `>`, so that each mail can be had back.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::mail;

/// Appends one mail. Line ends become those of mbox, a line feed alone.
pub(super) fn append(out: &mut impl Write, raw: &[u8]) -> io::Result<()> {
    let parsed = mail::parse(raw, None);
    let sender = parsed.from.map_or_else(|| "MAILER-DAEMON".to_owned(), |from| from.address.to_string());
    let date = parsed.date.unwrap_or(Timestamp::UNIX_EPOCH);
    // RFC 4155 appendix A: the sender, and the time in UTC as `asctime` writes it.
    writeln!(out, "From {sender} {}", date.strftime("%a %b %e %H:%M:%S %Y"))?;
    let body = raw.strip_suffix(b"\n").unwrap_or(raw);
    for line in body.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let quotes = line.iter().take_while(|octet| **octet == b'>').count();
        if line.get(quotes..).is_some_and(|rest| rest.starts_with(b"From ")) {
            out.write_all(b">")?;
        }
        out.write_all(line)?;
        out.write_all(b"\n")?;
    }
    out.write_all(b"\n")
}
