//! From the octets of a mail to an `Inbound`. Whatever the octets, there is one.

use std::panic::{self, AssertUnwindSafe};

use super::choose::choose;
use super::header::{Header, at_most};
use super::structure::{self, Part, Structure};
use super::{Attachment, Authentication, Defect, Inbound, NameAddr};
use super::{authentication, automatic, bounce, charset, plain, provenance, scan};

/// How many characters of a subject are kept.
const MAX_SUBJECT: usize = 500;
/// How many octets of text are kept; the raw mail has the rest.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// Reads a mail. `authserv_id` is the name under which the receiving server writes its
/// Authentication-Results (RFC 8601 §2.2); without it nothing is known about the sender.
#[must_use]
pub fn parse(raw: &[u8], authserv_id: Option<&str>) -> Inbound {
    // The crates that decode are other people's code on hostile input. Should one of them panic,
    // that mail is unparsable, and the next one is not held up.
    let read = || inbound(&structure::read(raw), authserv_id).unwrap_or_else(|| unparsable(raw));
    panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| unparsable(raw))
}

/// What the parts of a mail say; `None` where there is no header at all.
pub(super) fn inbound(structure: &Structure<'_>, authserv_id: Option<&str>) -> Option<Inbound> {
    let header = &structure.root.header;
    if header.is_empty() {
        return None;
    }
    let chosen = choose(&structure.root);
    let senders = header.addresses("From");
    let subject = header.text("Subject").unwrap_or_default();
    let text = plain::of(&chosen, &subject).reply;
    let mut inbound = Inbound {
        message_id: scan::message_id(header),
        in_reply_to: scan::in_reply_to(header),
        references: scan::references(header),
        from: senders.first().cloned(),
        reply_to: header.addresses("Reply-To"),
        to: header.addresses("To"),
        cc: header.addresses("Cc"),
        date: header.date("Date"),
        subject: at_most(&subject, MAX_SUBJECT).trim_end().to_owned(),
        scanned: scan::scan(header),
        automatic: automatic::automatic(header),
        report: bounce::report(&structure.root),
        authentication: authentication_of(header, authserv_id, &senders),
        text,
        attachments: chosen.files.iter().map(|part| attachment(part)).collect(),
        body_hash: *blake3::hash(structure.root.body).as_bytes(),
        check: provenance::check_mark(header),
        defects: Vec::new(),
    };
    inbound.defects = defects(&inbound, &senders, structure.cut);
    Some(inbound)
}

/// What is known of the first sender. With several From addresses nobody can tell whom a pass is about
/// (RFC 7489 §6.6.1), but whoever fails is not made better by a second address.
fn authentication_of(header: &Header<'_>, authserv_id: Option<&str>, senders: &[NameAddr]) -> Authentication {
    let first = senders.first().map(|from| &from.address);
    match authentication::authentication(header, authserv_id, first) {
        Authentication::Pass if are_several(senders) => Authentication::Unknown,
        other => other,
    }
}

/// Whether senders are not all the same: one who is named twice is one.
fn are_several(senders: &[NameAddr]) -> bool {
    senders.windows(2).any(|pair| matches!(pair, [one, next] if one.address != next.address))
}

fn defects(inbound: &Inbound, senders: &[NameAddr], cut: bool) -> Vec<Defect> {
    let checks = [
        (inbound.from.is_none(), Defect::NoSender),
        (are_several(senders), Defect::SeveralSenders),
        (inbound.subject.is_empty(), Defect::NoSubject),
        (inbound.date.is_none(), Defect::NoDate),
        (inbound.message_id.is_none(), Defect::NoMessageId),
        (inbound.text.trim().is_empty(), Defect::NoText),
        (cut, Defect::TooManyParts),
    ];
    checks.into_iter().filter_map(|(wrong, defect)| wrong.then_some(defect)).collect()
}

/// One file of a mail.
pub(super) fn attachment(part: &Part<'_>) -> Attachment {
    Attachment {
        part: part.number,
        name: part.name().unwrap_or_else(|| fallback_name(part)),
        content_type: part.media_type(),
        size: u64::try_from(part.size()).unwrap_or(u64::MAX),
        content_id: part.content_id(),
    }
}

/// A name for a file that has none: its kind and its number.
fn fallback_name(part: &Part<'_>) -> String {
    let ending = match part.media_type().as_str() {
        "message/rfc822" => "eml",
        "text/calendar" => "ics",
        "text/plain" => "txt",
        "image/jpeg" => "jpg",
        "application/octet-stream" => "bin",
        // Of the rest the subtype is as good a name as any, as far as it is a word.
        _ => part.kind.subkind.as_str(),
    };
    let word: String = ending.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    format!("part-{}.{}", part.number, if word.is_empty() { "bin" } else { &word })
}

/// What is left where nothing is understood: the octets as text.
pub(super) fn unparsable(raw: &[u8]) -> Inbound {
    let start = raw.get(..MAX_TEXT).unwrap_or(raw);
    let text = charset::guess(start).replace("\r\n", "\n").replace('\0', " ");
    Inbound {
        text: text.trim().to_owned(),
        body_hash: *blake3::hash(raw).as_bytes(),
        defects: vec![Defect::Unparsable, Defect::NoSender],
        ..Inbound::unread()
    }
}

#[cfg(test)]
mod tests;
