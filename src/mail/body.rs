//! A mail as a page shows it.

use std::panic::{self, AssertUnwindSafe};

use super::attribution::is_forward_subject;
use super::choose::{Chosen, choose};
use super::header::{Header, at_most};
use super::parse::{attachment, inbound, unparsable};
use super::structure::{self, Part, Structure};
use super::{Attachment, Defect, Inbound, html, html_quote, linkify, plain, quote};

/// Whether images that lie on other people's servers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteImages {
    /// The default: loading one tells its owner who reads the mail, and when.
    Blocked,
    Shown,
}

/// A mail made ready for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedBody {
    /// Safe to put in a page as it stands.
    pub html: String,
    /// The same as plain text.
    pub text: String,
    /// What the mail quotes, as safe as `html`; to be folded.
    pub quoted: Option<String>,
    /// How many remote images there are, shown or not.
    pub remote_images: usize,
    pub attachments: Vec<Attachment>,
    /// The headers that people read: name and decoded value.
    pub headers: Vec<(&'static str, String)>,
    pub defects: Vec<Defect>,
}

/// The headers that people read, in the order in which they are shown.
const SHOWN: [&str; 6] = ["From", "Reply-To", "To", "Cc", "Date", "Subject"];

/// Renders a mail. It takes some milliseconds for a large one: not for an async thread.
#[must_use]
pub fn render(raw: &[u8], images: RemoteImages) -> RenderedBody {
    // As in `parse`: other people's code on hostile input.
    let shown = panic::catch_unwind(AssertUnwindSafe(|| shown(raw, images))).ok().flatten();
    shown.unwrap_or_else(|| {
        let whole = unparsable(raw);
        let text = as_text(&whole.text);
        page(whole, text, Vec::new())
    })
}

/// Renders an answer without anything that it quotes, wherever that stands, for people who may not read
/// what it answers.
#[must_use]
pub fn render_own(raw: &[u8]) -> RenderedBody {
    let mut body = render(raw, RemoteImages::Blocked);
    // What is folded for those who may read it all goes by other rules than what is left out.
    let whole = panic::catch_unwind(AssertUnwindSafe(|| plain::whole(&choose(&structure::read(raw).root))));
    let whole = whole.unwrap_or_else(|_| body.text.clone());
    let of_text = body.html == linkify::to_html(&body.text);
    if quote::quotes(&whole) || quote::quotes(&html::to_text(&body.html)) {
        body.text = quote::own(&whole);
        // The HTML is cut by other marks than the text.
        if of_text || quote::quotes(&html::to_text(&body.html)) {
            body.html = linkify::to_html(&body.text);
            body.remote_images = 0;
        }
    }
    body.quoted = None;
    body
}

/// The page of a mail that has a header.
fn shown(raw: &[u8], images: RemoteImages) -> Option<RenderedBody> {
    let structure = structure::read(raw);
    let whole = inbound(&structure, None)?;
    let body = body(&structure.root, images);
    Some(page(whole, body, headers(&structure.root.header)))
}

fn page(whole: Inbound, body: Shown, headers: Vec<(&'static str, String)>) -> RenderedBody {
    RenderedBody {
        html: body.html,
        text: whole.text,
        quoted: body.quoted,
        remote_images: body.remote_images,
        attachments: whole.attachments,
        headers,
        defects: whole.defects,
    }
}

struct Shown {
    html: String,
    quoted: Option<String>,
    remote_images: usize,
}

fn as_text(text: &str) -> Shown {
    Shown { html: linkify::to_html(text), quoted: None, remote_images: 0 }
}

fn body(root: &Part<'_>, images: RemoteImages) -> Shown {
    let chosen = choose(root);
    let subject = root.header.text("Subject").unwrap_or_default();
    let fold = !is_forward_subject(&subject);
    let is_html = |part: &&&Part<'_>| part.is("text", "html");
    let rendered = match (chosen.html.as_slice(), chosen.html.iter().filter(is_html).count()) {
        (_, 0) => None,
        ([single], _) => from_html(&single.text(), images, fold),
        (several, _) => from_parts(several, images),
    };
    // An HTML part that shows nothing says less than the text beside it.
    let empty = |shown: &Shown| {
        shown.remote_images == 0 && shown.html.replace("&nbsp;", "").trim_start_matches("<br>").is_empty()
    };
    rendered.filter(|shown| !empty(shown)).unwrap_or_else(|| from_text(&chosen, fold))
}

fn from_html(source: &str, images: RemoteImages, fold: bool) -> Option<Shown> {
    let cut = if fold {
        html_quote::cut(source)
    } else {
        html_quote::Cut { reply: source.to_owned(), quoted: None }
    };
    let reply = html::clean(&cut.reply, images)?;
    let quoted = match cut.quoted {
        Some(quoted) => Some(html::clean(&quoted, images)?),
        None => None,
    };
    let remote_images = reply.remote_images + quoted.as_ref().map_or(0, |quoted| quoted.remote_images);
    Some(Shown { html: reply.html, quoted: quoted.map(|quoted| quoted.html), remote_images })
}

/// Several texts with images or files between them, one below the other, nothing folded.
fn from_parts(parts: &[&Part<'_>], images: RemoteImages) -> Option<Shown> {
    let mut shown = Shown { html: String::new(), quoted: None, remote_images: 0 };
    for part in parts {
        if part.is("text", "html") {
            let clean = html::clean(&part.text(), images)?;
            shown.html.push_str(&clean.html);
            shown.remote_images += clean.remote_images;
        } else {
            shown.html.push_str(&linkify::to_html(&plain::text_of(part)));
        }
    }
    Some(shown)
}

fn from_text(chosen: &Chosen<'_, '_>, fold: bool) -> Shown {
    let text = plain::whole(chosen);
    let cut = if fold { quote::cut(&text) } else { quote::Cut { reply: text, quoted: None } };
    let quoted = cut.quoted.map(|quoted| linkify::to_html(&quoted));
    Shown { html: linkify::to_html(&cut.reply), quoted, remote_images: 0 }
}

fn headers(header: &Header<'_>) -> Vec<(&'static str, String)> {
    let value = |name: &'static str| {
        let text = header.text(name).filter(|text| !text.is_empty())?;
        Some((name, at_most(&text, 1_000).to_owned()))
    };
    SHOWN.into_iter().filter_map(value).collect()
}

/// One file of a mail, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// As the mail has it; never to be used as a path.
    pub name: String,
    /// As the mail has it; never to be believed.
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// The part with that number, if the mail has it and it is no container.
#[must_use]
pub fn part(raw: &[u8], number: u32) -> Option<FilePart> {
    let Structure { root, .. } = structure::read(raw);
    let part = root.walk().into_iter().find(|part| part.number == number && !part.is_multipart())?;
    let Attachment { name, content_type, .. } = attachment(part);
    Some(FilePart { name, content_type, bytes: part.bytes() })
}

#[cfg(test)]
mod tests;
