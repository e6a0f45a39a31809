//! What becomes of the images of a mail after the sanitiser, and of tags where it was not asked.

use super::body::RemoteImages;
use super::html::Clean;
use super::tags::{Tag, tags};

/// Replaces images in sanitised HTML. A remote one stays only where it was asked for; all others
/// become a word in their place. What measures a pixel or two is there to see who reads the mail:
/// it goes without a trace in the text, and counts.
pub(super) fn replace(safe: &str, images: RemoteImages) -> Clean {
    let mut html = String::with_capacity(safe.len());
    let mut remote_images = 0;
    let mut done = 0;
    for tag in tags(safe).filter(|tag| tag.is("img") && !tag.closing) {
        html.push_str(safe.get(done..tag.start).unwrap_or_default());
        done = tag.end;
        let source = tag.attribute("src").unwrap_or_default();
        let remote = source.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
        remote_images += usize::from(remote);
        if is_pixel(&tag) {
            continue;
        }
        let alt = tag.attribute("alt").unwrap_or_default();
        if remote && images == RemoteImages::Shown {
            html.push_str("<img src=\"");
            quoted(source, &mut html);
            html.push_str("\" alt=\"");
            quoted(alt, &mut html);
            html.push_str("\" loading=\"lazy\" referrerpolicy=\"no-referrer\">");
        } else {
            html.push_str("<span class=\"no-image\">Image");
            if !alt.trim().is_empty() {
                html.push_str(": ");
                quoted(alt.trim(), &mut html);
            }
            html.push_str("</span>");
        }
    }
    html.push_str(safe.get(done..).unwrap_or_default());
    Clean { html, remote_images }
}

fn is_pixel(tag: &Tag<'_>) -> bool {
    let small = |name: &str| {
        tag.attribute(name).is_some_and(|value| matches!(value.trim(), "0" | "1" | "2" | "0px" | "1px"))
    };
    small("width") && small("height")
}

/// A value out of sanitised HTML, whose ampersands are escaped already.
fn quoted(value: &str, out: &mut String) {
    for c in value.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// The text between the tags, for HTML that is too large or too deep for more.
pub(super) fn strip_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    let mut done = 0;
    let mut silent = false;
    for tag in tags(html) {
        if !silent {
            push_text(html.get(done..tag.start).unwrap_or_default(), &mut out);
        }
        done = tag.end;
        silent = !tag.closing && ["script", "style", "title"].iter().any(|name| tag.is(name));
        if BREAKING.iter().any(|name| tag.is(name)) && !out.ends_with("\n\n") {
            out.push('\n');
        }
    }
    if !silent {
        push_text(html.get(done..).unwrap_or_default(), &mut out);
    }
    out.trim().to_owned()
}

/// Elements at whose edges a line ends.
const BREAKING: [&str; 16] = [
    "p",
    "div",
    "br",
    "li",
    "tr",
    "table",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "ul",
    "ol",
    "pre",
    "hr",
    "section",
];

/// Text with its white space joined and the commonest character references decoded. Comments and
/// declarations are left out.
fn push_text(piece: &str, out: &mut String) {
    let mut rest = piece;
    let mut text = String::with_capacity(piece.len());
    while let Some((before, after)) = rest.split_once("<!") {
        text.push_str(before);
        let comment = after.starts_with("--");
        rest = after.split_once(if comment { "-->" } else { ">" }).map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let text = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    let text = text.replace("&#39;", "'").replace("&amp;", "&");
    for word in text.split_inclusive(char::is_whitespace) {
        let trimmed = word.trim_end();
        out.push_str(trimmed);
        if trimmed.len() < word.len() && !out.ends_with([' ', '\n']) {
            out.push(' ');
        }
    }
}

/// The visible text of a piece of HTML, in characters that are letters or digits.
pub(super) fn has_text(html: &str) -> bool {
    strip_tags(html).chars().any(char::is_alphanumeric)
}
