//! A mail's HTML made safe to show, and made text.
//!
//! A short list of elements is kept, with few attributes; styles, scripts, forms and embedded
//! things are not. Images become words, unless remote ones were asked for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};

use super::body::RemoteImages;
use super::tags::{Tag, tags};
use super::{bounds, images};

/// The elements that are kept. Of all others the content stays.
const ELEMENTS: [&str; 49] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];
/// The elements of which nothing stays.
const EMPTIED: [&str; 6] = ["script", "style", "title", "iframe", "noscript", "textarea"];

/// HTML that may stand in a page, and how many remote images it has or had.
pub(super) struct Clean {
    pub(super) html: String,
    pub(super) remote_images: usize,
}

/// Makes a mail's HTML safe; `None` where it is too large or too deep to be tried.
pub(super) fn clean(html: &str, images: RemoteImages) -> Option<Clean> {
    // A page has one heading of the first rank, and it is not the mail's.
    let safe = sanitised(html, |tag| {
        let big = tag.is("h1") || tag.is("h2");
        big.then_some(if tag.closing { "</h3>" } else { "<h3>" })
    })?;
    Some(images::replace(safe.trim(), images))
}

/// The text of a mail's HTML.
pub(super) fn to_text(html: &str) -> String {
    // A ruler is drawn as wide as the text may be, which is no width at all.
    let safe = sanitised(html, |tag| tag.is("hr").then_some("<p>---</p>"));
    let config =
        html2text::config::plain_no_decorate().raw_mode(true).no_link_wrapping().allow_width_overflow();
    let config = config.link_footnotes(true).unicode_strikeout(false);
    let text = safe.and_then(|safe| config.string_from_read(safe.as_bytes(), WIDTH).ok());
    text.map_or_else(|| images::strip_tags(html), |text| tidy(&text))
}

/// What the sanitiser leaves of a text in which some tags were exchanged before.
fn sanitised(html: &str, exchange: impl Fn(&Tag<'_>) -> Option<&'static str>) -> Option<String> {
    // The commonest reference, which Outlook writes by the thousand, is no white space in HTML, so
    // it may stand for itself anywhere; see the bound on references.
    let html = rewrite(html, exchange).replace("&nbsp;", "\u{a0}");
    bounds::is_bounded(&html).then(|| builder().clean(&html).to_string())
}

/// Lines are not broken at all; the page and the mail program do that.
const WIDTH: usize = 10_000;

/// Lines without white space at their end, at most one blank line between them.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines().map(|line| line.trim_end_matches([' ', '\u{a0}', '\t'])) {
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim_matches('\n').to_owned()
}

/// Puts other tags in the place of some.
fn rewrite(html: &str, with: impl Fn(&Tag<'_>) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut done = 0;
    for tag in tags(html) {
        if let Some(other) = with(&tag) {
            out.push_str(html.get(done..tag.start).unwrap_or_default());
            out.push_str(other);
            done = tag.end;
        }
    }
    out.push_str(html.get(done..).unwrap_or_default());
    out
}

fn builder() -> Builder<'static> {
    let cells = || HashSet::from(["colspan", "rowspan"]);
    let attributes = HashMap::from([
        ("a", HashSet::from(["href"])),
        ("img", HashSet::from(["src", "alt", "width", "height"])),
        ("ol", HashSet::from(["start"])),
        ("td", cells()),
        ("th", cells()),
    ]);
    let mut builder = Builder::default();
    builder
        .tags(HashSet::from(ELEMENTS))
        .clean_content_tags(HashSet::from(EMPTIED))
        .tag_attributes(attributes)
        .generic_attributes(HashSet::from(["lang", "dir", "title"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(filter);
    builder
}

/// What the lists above cannot say about values.
fn filter<'a>(element: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let scheme = value.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
    let number = || value.len() <= 4 && value.bytes().all(|b| b.is_ascii_digit());
    let kept = match (element, attribute) {
        ("a", "href") => matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel"),
        ("img", "src") => matches!(scheme.as_str(), "http" | "https" | "cid"),
        (_, "colspan" | "rowspan" | "start") => number(),
        (_, "dir") => matches!(value, "ltr" | "rtl" | "auto"),
        (_, "lang") => value.len() <= 35 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        _ => true,
    };
    kept.then_some(Cow::Borrowed(value))
}

#[cfg(test)]
mod tests;
