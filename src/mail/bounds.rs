//! What is checked before the HTML crates see a text, because their work cannot be stopped and
//! grows with the square of the depth. One pass, linear in the size.
//!
//! The depth is an upper bound: where a closing tag may not close what it names, it is taken to
//! close nothing.

use std::collections::HashMap;

use super::tags::tags;

/// The largest HTML that is rendered as such, in octets.
const MAX_HTML: usize = 1 << 20;
/// The deepest nesting.
const MAX_DEPTH: usize = 256;
/// The most attributes of one tag.
const MAX_ATTRIBUTES: usize = 200;
/// A bound on the elements that a browser's parser may build: each block may reopen every
/// formatting element that was not closed (HTML Standard §13.2.4.3).
const MAX_ELEMENTS: usize = 200_000;

/// A bound on character references times size: the parser looks at all that follows at each of
/// them. Measured: 2³¹ takes a tenth of a second.
const MAX_REFERENCE_COST: usize = 1 << 31;

/// Elements that have no content.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// Elements that end where their parent does, or with the next of their kind; they deepen nothing
/// that the elements around them do not.
const OPTIONAL_END: [&str; 13] =
    ["p", "li", "tr", "td", "th", "dt", "dd", "tbody", "thead", "tfoot", "option", "html", "body"];
/// Elements that are reopened in the next block.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Elements past which a closing tag does not reach.
const BARRIERS: [&str; 6] = ["table", "object", "marquee", "applet", "button", "caption"];
/// Elements that close as blocks do: everything inside them is closed with them.
const BLOCKS: [&str; 30] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "header",
    "hgroup",
    "listing",
    "main",
    "menu",
    "nav",
    "ol",
    "pre",
    "section",
    "summary",
    "ul",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
];

/// Elements that no mail needs and that bring the parser's odder rules with them, by which the
/// depth could not be told from the tags alone.
const STRANGE: [&str; 8] = ["svg", "math", "select", "plaintext", "xmp", "noembed", "noframes", "template"];

/// Whether a text is small and flat enough to be given to the HTML crates.
pub(super) fn is_bounded(html: &str) -> bool {
    let references = html.bytes().filter(|b| *b == b'&').count();
    if html.len() > MAX_HTML || references.saturating_mul(html.len()) > MAX_REFERENCE_COST {
        return false;
    }
    let mut open: Vec<String> = Vec::new();
    let mut formatting: HashMap<String, usize> = HashMap::new();
    let (mut unclosed, mut elements) = (0_usize, 0_usize);
    for tag in tags(html) {
        if tag.attributes().take(MAX_ATTRIBUTES + 1).count() > MAX_ATTRIBUTES {
            return false;
        }
        let name = tag.name.to_ascii_lowercase();
        let known = |list: &[&str]| list.contains(&name.as_str());
        if known(&STRANGE) {
            return false;
        }
        elements += 1 + unclosed;
        if tag.closing {
            if let Some(count) = formatting.get_mut(&name).filter(|count| **count > 0) {
                *count -= 1;
                unclosed -= 1;
            }
            close(&mut open, &name);
        } else if !known(&VOID) {
            if known(&FORMATTING) {
                *formatting.entry(name.clone()).or_default() += 1;
                unclosed += 1;
            }
            if !known(&OPTIONAL_END) {
                open.push(name);
            }
        }
        if open.len() > MAX_DEPTH || unclosed > MAX_DEPTH || elements > MAX_ELEMENTS {
            return false;
        }
    }
    true
}

/// Takes off the stack what a closing tag surely closes.
fn close(open: &mut Vec<String>, name: &str) {
    let is = |list: &[&str], name: &str| list.contains(&name);
    let at = open.iter().rposition(|have| {
        have == name
            || is(&BARRIERS, have)
            || !is(&BLOCKS, name) && !is(&BARRIERS, name) && !is(&FORMATTING, name) && is(&BLOCKS, have)
    });
    let Some(at) = at.filter(|at| open.get(*at).is_some_and(|have| have == name)) else {
        return;
    };
    if is(&FORMATTING, name) {
        // What stands inside stays open (HTML Standard §13.2.6.4.7, the adoption agency).
        open.remove(at);
    } else {
        open.truncate(at);
    }
}

/// The beginning of a text, at most so many octets.
pub(super) fn at_most_octets(text: &str, octets: usize) -> &str {
    let mut end = octets.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::testing::cost_of;

    #[test]
    fn ordinary_mails_are_within_bounds() {
        let row = "<tr><td><p class=MsoNormal><b>x</b><o:p></o:p></p></td></tr>";
        assert!(is_bounded(&format!("<table>{}</table>", row.repeat(3_000))));
        assert!(is_bounded(&"<div><span><a href=x>y</a></span></div><br><p>z".repeat(10_000)));
        assert!(is_bounded(&"<!--[if mso]><table><tr><td><![endif]-->x".repeat(500)));
        assert!(is_bounded(""));
    }

    #[test]
    fn hostile_ones_are_not() {
        for html in [
            "<div>".repeat(1_000),
            "<div><table><td></div>".repeat(1_000),
            "<span><div></span>".repeat(1_000),
            "<b><div></b>".repeat(1_000),
            "<div><!--x--><textarea></div></textarea>".repeat(1_000),
            "<svg><style><g></style>".repeat(1_000),
            "<div><svg><![CDATA[></div></svg>]]>".to_owned(),
            format!(
                "<p>{}</p>{}",
                (0..250).map(|n| format!("<b id={n}>")).collect::<String>(),
                "<p>x</p>".repeat(20_000)
            ),
            format!("<a {}>", "x y ".repeat(1_000)),
            "x".repeat(2 << 20),
            "&".repeat(1 << 16),
            "&amp;x".repeat(1 << 15),
        ] {
            assert!(!is_bounded(&html), "{}", at_most_octets(&html, 60));
        }
    }

    #[test]
    fn the_check_itself_is_linear() {
        for piece in ["<", "<a", "<a b=\"", "<!--", "<![CDATA[", "</", "<style>", "<a ", "<b></b>", "<!"] {
            let html = piece.repeat((1 << 20) / piece.len());
            let cost = cost_of(|| is_bounded(&html));
            assert!(cost < 10.0, "{piece} took {cost} s");
        }
    }
}
