//! What an agent writes: Markdown, for the page, for letters, and as plain text.
//!
//! HTML in it is shown as it was typed. Line breaks are kept, because people who write mail expect
//! them to be; addresses become links.

use pulldown_cmark::{Alignment, Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::linkify::{anchor, escape, link};

mod text;

pub use text::to_text;

/// The extensions beyond CommonMark: tables and strikethrough.
const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH);

/// The Markdown as safe HTML.
#[must_use]
pub fn to_html(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() * 2);
    let mut writer = Writer::default();
    html::push_html(&mut out, Parser::new_ext(markdown, OPTIONS).map(|event| writer.event(event)));
    out
}

/// Puts our own HTML in the place of events that carry addresses or HTML of the agent's.
#[derive(Default)]
struct Writer {
    /// Links and images around the text in hand, and whether each was written as a link.
    links: Vec<bool>,
    code: bool,
}

impl Writer {
    fn event<'a>(&mut self, event: Event<'a>) -> Event<'a> {
        let html = |html: String| Event::InlineHtml(html.into());
        match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::SoftBreak => Event::HardBreak,
            Event::Text(text) if self.links.is_empty() && !self.code => html(linked(&text)),
            Event::Start(Tag::CodeBlock(_)) => {
                self.code = true;
                // The language of a fenced block is of no use here, and text of the agent's.
                Event::Start(Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Indented))
            }
            Event::End(TagEnd::CodeBlock) => {
                self.code = false;
                Event::End(TagEnd::CodeBlock)
            }
            // An image would be loaded from someone's server by whoever reads it: it is a link.
            Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. }) => {
                let mail = link_type == LinkType::Email;
                let dest_url = if mail { format!("mailto:{dest_url}") } else { dest_url.into_string() };
                let written = is_allowed(&dest_url) && !self.links.contains(&true);
                self.links.push(written);
                html(if written { opening(&dest_url) } else { String::new() })
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                html(if self.links.pop() == Some(true) { "</a>".to_owned() } else { String::new() })
            }
            // Alignment would be a style attribute, which no page of ours may have.
            Event::Start(Tag::Table(columns)) => {
                Event::Start(Tag::Table(columns.iter().map(|_| Alignment::None).collect()))
            }
            Event::Start(Tag::HtmlBlock) => html("<p>".to_owned()),
            Event::End(TagEnd::HtmlBlock) => html("</p>\n".to_owned()),
            Event::Start(Tag::Heading { id: _, classes: _, attrs: _, level: _ }) => {
                html("<p><strong>".to_owned())
            }
            Event::End(TagEnd::Heading(_)) => html("</strong></p>\n".to_owned()),
            other => other,
        }
    }
}

/// Where a link may lead.
fn is_allowed(target: &str) -> bool {
    let scheme = target.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| matches!(scheme.as_str(), "http" | "https" | "mailto"))
}

fn opening(target: &str) -> String {
    let mut whole = String::new();
    anchor(target, "", &mut whole);
    whole.truncate(whole.len() - "</a>".len());
    whole
}

fn linked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.contains('@') || text.contains("://") {
        link(text, &mut out);
    } else {
        escape(text, &mut out);
    }
    out
}

#[cfg(test)]
mod tests;
