//! A mail that goes out, as octets. The same draft gives the same octets, whenever and wherever:
//! Date, Message-ID and boundaries come with the draft.
//!
//! No value can begin a header of its own: what would break a line is taken out of every one.
//! There is no Bcc; who gets a mail is said by the envelope alone.

use std::borrow::Cow;

use data_encoding::BASE64;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::{
    HeaderType, address, content_type::ContentType, date::Date, raw::Raw, text::Text,
};
use mail_builder::mime::{BodyPart, MimePart};

use super::header::one_line;
use super::{MessageId, NameAddr};

/// Everything that a mail is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub from: NameAddr,
    pub to: NameAddr,
    pub reply_to: Option<NameAddr>,
    pub subject: String,
    pub date: Timestamp,
    pub message_id: MessageId,
    pub in_reply_to: Option<MessageId>,
    /// Oldest first.
    pub references: Vec<MessageId>,
    pub text: String,
    /// Left out where it is empty.
    pub html: String,
    /// Further headers, such as List-Unsubscribe or Auto-Submitted. Those that a draft has fields
    /// for, MIME headers and Bcc are left out.
    pub headers: Vec<(&'static str, String)>,
    /// What the boundaries are made of; random, and kept with the draft.
    pub boundary_seed: [u8; 16],
    pub attachments: Vec<DraftFile>,
}

/// A file that goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftFile {
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// Headers that `headers` may not name: the draft has fields for them, or they are not to be.
const RESERVED: [&str; 16] = [
    "from",
    "to",
    "cc",
    "bcc",
    "sender",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "resent-bcc",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
];

/// Composes a mail: multipart/alternative with the text first, inside multipart/mixed where files
/// go along (RFC 2046 §5.1.3, §5.1.4).
#[must_use]
pub fn compose(draft: &Draft) -> Vec<u8> {
    let mut builder =
        MessageBuilder::new().header("From", name_addr(&draft.from)).header("To", name_addr(&draft.to));
    if let Some(reply_to) = &draft.reply_to {
        builder = builder.header("Reply-To", name_addr(reply_to));
    }
    builder = builder
        .header("Subject", text(&draft.subject))
        .header("Date", Date::new(draft.date.as_second()))
        .header("Message-ID", ids(std::slice::from_ref(&draft.message_id)));
    if let Some(id) = &draft.in_reply_to {
        builder = builder.header("In-Reply-To", ids(std::slice::from_ref(id)));
    }
    if !draft.references.is_empty() {
        builder = builder.header("References", ids(&draft.references));
    }
    for (name, value) in draft.headers.iter().filter(|(name, _)| is_free(name)) {
        builder = builder.header(*name, structured(value));
    }
    let mut out = Vec::new();
    builder.header("MIME-Version", Raw::new("1.0")).body(body(draft)).serialize(&mut out);
    out
}

/// Whether a name is a header's, and one that the draft may set (RFC 5322 §2.2).
fn is_free(name: &str) -> bool {
    let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    fits && !RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

fn body(draft: &Draft) -> MimePart<'_> {
    let plain = MimePart::new(utf8("text/plain"), lines(&draft.text));
    let message = if draft.html.is_empty() {
        plain
    } else {
        let html = MimePart::new(utf8("text/html"), lines(&draft.html));
        multipart("multipart/alternative", "alternative", vec![plain, html], draft)
    };
    if draft.attachments.is_empty() {
        return message;
    }
    let files = draft.attachments.iter().map(file);
    multipart("multipart/mixed", "mixed", std::iter::once(message).chain(files).collect(), draft)
}

fn utf8(kind: &'static str) -> ContentType<'static> {
    ContentType::new(kind).attribute("charset", "utf-8")
}

/// Text with the line ends of mail (RFC 5322 §2.3), and one at its end.
fn lines(text: &str) -> BodyPart<'static> {
    let mut body = String::with_capacity(text.len() + text.len() / 32);
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    for line in text.lines() {
        body.push_str(line);
        body.push_str("\r\n");
    }
    BodyPart::Text(Cow::Owned(body))
}

fn multipart<'a>(kind: &'static str, word: &str, parts: Vec<MimePart<'a>>, draft: &Draft) -> MimePart<'a> {
    let kind = ContentType::new(kind).attribute("boundary", boundary(word, draft));
    MimePart::new(kind, parts)
}

/// A boundary made of the seed, other for each multipart and found in no part.
fn boundary(word: &str, draft: &Draft) -> String {
    let mut round = 0_u32;
    loop {
        let mut hasher = blake3::Hasher::new_derive_key("postdesk mail boundary v1");
        hasher.update(&draft.boundary_seed).update(word.as_bytes()).update(&round.to_le_bytes());
        let hash = hasher.finalize().to_hex();
        let boundary = format!("=_{}", hash.as_str().get(..32).unwrap_or_default());
        // Files travel as base64, in which no underscore can stand.
        if !draft.text.contains(&boundary) && !draft.html.contains(&boundary) {
            return boundary;
        }
        round = round.wrapping_add(1);
    }
}

/// A file, always as base64 and always to be saved, never shown (RFC 2183 §2.2).
fn file(file: &DraftFile) -> MimePart<'_> {
    let kind = content_type(&file.content_type);
    let name = one_line(&file.name);
    let part =
        MimePart::new(ContentType::new(kind), BodyPart::Binary(Cow::Owned(wrapped_base64(&file.bytes))));
    part.attachment(name).header("Content-Transfer-Encoding", Raw::new("base64"))
}

/// Base64 in lines of 76 characters (RFC 2045 §6.8).
fn wrapped_base64(bytes: &[u8]) -> Vec<u8> {
    let code = BASE64.encode(bytes);
    let mut out = Vec::with_capacity(code.len() + code.len() / 38);
    for line in code.as_bytes().chunks(76) {
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A type as RFC 6838 §4.2 has it, or the one that says nothing. A multipart or a message may not
/// be base64 (RFC 2045 §6.4).
fn content_type(kind: &str) -> String {
    let kind = kind.trim().to_ascii_lowercase();
    let word = |text: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        !text.is_empty() && text.len() <= 127 && text.bytes().all(fits)
    };
    match kind.split_once('/') {
        Some((first, second))
            if word(first) && word(second) && first != "multipart" && first != "message" =>
        {
            kind
        }
        _ => "application/octet-stream".to_owned(),
    }
}

fn name_addr(who: &NameAddr) -> HeaderType<'static> {
    let name = who.name.as_deref().map(one_line).filter(|name| !name.is_empty());
    let address = who.address.as_str().to_owned();
    match name {
        Some(name) if needs_words(&name) => Raw::new(format!("{} <{address}>", words(&name))).into(),
        name => address::Address::new_address(name, address).into(),
    }
}

/// Unstructured text, encoded where it has to be.
fn text(value: &str) -> HeaderType<'static> {
    let value = one_line(value);
    if needs_words(&value) { Raw::new(words(&value)).into() } else { Text::new(value).into() }
}

/// A value with a syntax of its own, which is ASCII: written as it is. Any other is text.
fn structured(value: &str) -> HeaderType<'static> {
    let line = one_line(value);
    if line.is_ascii() { Raw::new(line).into() } else { text(&line) }
}

/// Whether a text would be read as encoded words although it is none.
fn needs_words(text: &str) -> bool {
    text.contains("=?")
}

/// Encoded words of at most 75 characters (RFC 2047 §2), cut between characters.
fn words(text: &str) -> String {
    let mut list: Vec<String> = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        if piece.len() + c.len_utf8() > 42 {
            list.push(std::mem::take(&mut piece));
        }
        piece.push(c);
    }
    list.push(piece);
    let word = |piece: &String| format!("=?utf-8?B?{}?=", BASE64.encode(piece.as_bytes()));
    list.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Ids in angle brackets; what could end one or break a line is taken out.
fn ids(list: &[MessageId]) -> HeaderType<'static> {
    let id = |id: &MessageId| {
        let clean: String = id.as_str().chars().filter(|c| !matches!(c, '<' | '>')).collect();
        format!("<{clean}>")
    };
    Raw::new(list.iter().map(id).collect::<Vec<_>>().join(" ")).into()
}

#[cfg(test)]
mod tests;
