//! The text of a mail for people: out of its text parts, or out of its HTML where it has no other.

use super::attribution::is_forward_subject;
use super::choose::Chosen;
use super::parse::MAX_TEXT;
use super::quote::{self, Cut};
use super::structure::Part;
use super::{bounds, html};

/// The text of a mail, without what was quoted, and the quote.
pub(super) fn of(chosen: &Chosen<'_, '_>, subject: &str) -> Cut {
    let text = whole(chosen);
    if is_forward_subject(subject) { Cut { reply: text, quoted: None } } else { quote::cut(&text) }
}

/// The whole text of a mail. A text part that is blank beside an HTML part that is not says nothing.
pub(super) fn whole(chosen: &Chosen<'_, '_>) -> String {
    let text = joined(&chosen.text);
    let text = if text.trim().is_empty() { joined(&chosen.html) } else { text };
    limited(text.trim_end())
}

fn joined(parts: &[&Part<'_>]) -> String {
    let texts = parts.iter().map(|part| text_of(part)).filter(|text| !text.trim().is_empty());
    texts.collect::<Vec<_>>().join("\n")
}

/// The text of one part.
pub(super) fn text_of(part: &Part<'_>) -> String {
    if part.is("text", "html") {
        return html::to_text(&part.text());
    }
    let text = part.text();
    let param =
        |name: &str, value: &str| part.kind.get(name).is_some_and(|have| have.eq_ignore_ascii_case(value));
    if param("format", "flowed") { unflow(&text, param("delsp", "yes")) } else { text }
}

/// Joins the lines of format=flowed (RFC 3676 §4.1, §4.2).
fn unflow(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The quote depth of the paragraph that goes on with the next line.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.chars().take_while(|c| *c == '>').count();
        let content = line.get(depth..).unwrap_or_default();
        let content = content.strip_prefix(' ').unwrap_or(content);
        if open.take() != Some(depth) {
            if !out.is_empty() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            if depth > 0 {
                out.push(' ');
            }
        }
        // The signature line ends in a space and is never flowed (§4.3).
        let flows = content.ends_with(' ') && content != "-- ";
        let kept = if flows && delete_space { content.strip_suffix(' ').unwrap_or(content) } else { content };
        out.push_str(kept);
        open = flows.then_some(depth);
    }
    out
}

fn limited(text: &str) -> String {
    bounds::at_most_octets(text, MAX_TEXT).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_lines_are_joined() {
        assert_eq!(unflow("One \ntwo.\nThree\n", false), "One two.\nThree");
        assert_eq!(unflow("> a \n> b\nc \n d\n-- \nx", false), "> a b\nc d\n-- \nx");
        assert_eq!(unflow(">> a \n> b", false), ">> a \n> b");
        assert_eq!(unflow("日 \n本", true), "日本");
    }
}
