//! Plain text as HTML: escaped, in paragraphs, quoted lines in blockquotes, links made.

use super::Address;

/// The deepest quote that is drawn; deeper lines stand in the deepest one.
const MAX_QUOTE: usize = 8;

/// Escapes a text for use between tags and in quoted attributes.
pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => {}
            c => out.push(c),
        }
    }
}

/// A whole text as HTML.
pub(super) fn to_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut depth = 0;
    let mut paragraph = false;
    for line in text.lines() {
        let (quote, line) = unquote(line);
        let blank = line.trim().is_empty();
        if paragraph && (blank || quote != depth) {
            out.push_str("</p>");
            paragraph = false;
        }
        if !blank || quote > 0 {
            while depth < quote {
                out.push_str("<blockquote>");
                depth += 1;
            }
            while depth > quote {
                out.push_str("</blockquote>");
                depth -= 1;
            }
        }
        if blank {
            continue;
        }
        out.push_str(if paragraph { "<br>" } else { "<p>" });
        paragraph = true;
        link_line(line, &mut out);
    }
    if paragraph {
        out.push_str("</p>");
    }
    out.push_str(&"</blockquote>".repeat(depth));
    out
}

/// How deep a line is quoted, and the line without the marks.
fn unquote(line: &str) -> (usize, &str) {
    let mut rest = line;
    let mut depth = 0;
    while let Some(after) = rest.trim_start_matches(' ').strip_prefix('>') {
        rest = after;
        depth += 1;
    }
    (depth.min(MAX_QUOTE), if depth > 0 { rest.strip_prefix(' ').unwrap_or(rest) } else { line })
}

/// One line, indents and runs of spaces kept, web and mail addresses made links.
fn link_line(line: &str, out: &mut String) {
    let indent = line.chars().take_while(|c| matches!(c, ' ' | '\t')).count();
    out.push_str(&"\u{a0}".repeat(indent.min(40)));
    link(line.trim(), out);
}

/// Escapes a text and makes links of the web and mail addresses in it.
pub(super) fn link(text: &str, out: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        let gap = rest.find(|c| !is_edge(c)).unwrap_or(rest.len());
        let (edge, after) = rest.split_at_checked(gap).unwrap_or((rest, ""));
        escape(edge, out);
        let len = after.find(is_edge).unwrap_or(after.len());
        let (word, after) = after.split_at_checked(len).unwrap_or((after, ""));
        link_word(word, out);
        rest = after;
    }
}

/// What ends an address on either side.
fn is_edge(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '\u{ab}' | '\u{bb}' | '\u{201c}'..='\u{201e}')
}

fn link_word(word: &str, out: &mut String) {
    let lower = word.to_ascii_lowercase();
    let web = ["https://", "http://"].into_iter().filter_map(|scheme| lower.find(scheme)).min();
    if let Some(start) = web {
        let (before, address) = word.split_at_checked(start).unwrap_or(("", word));
        let (address, after) = address.split_at_checked(web_end(address)).unwrap_or((address, ""));
        escape(before, out);
        if address.ends_with("://") {
            escape(address, out);
        } else {
            anchor(address, address, out);
        }
        escape(after, out);
        return;
    }
    let core = word.trim_matches(|c: char| !c.is_alphanumeric());
    match core.contains('@').then(|| Address::parse(core)) {
        Some(Ok(address)) if is_plain(&address) => {
            let (before, after) = word.split_once(core).unwrap_or(("", ""));
            escape(before, out);
            anchor(&format!("mailto:{core}"), core, out);
            escape(after, out);
        }
        _ => escape(word, out),
    }
}

/// Whether an address in running text is surely one.
fn is_plain(address: &Address) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    address.as_str().chars().all(|c| part(c) || c == '@') && address.domain().contains('.')
}

/// Where a web address ends: punctuation at its end belongs to the sentence, and a closing bracket
/// too, unless the address opens it.
fn web_end(address: &str) -> usize {
    let mut opened = address.chars().filter(|c| *c == '(').count();
    let mut closed = address.chars().filter(|c| *c == ')').count();
    let mut end = address.len();
    for (at, c) in address.char_indices().rev() {
        match c {
            '.' | ',' | ';' | ':' | '!' | '?' | ']' | '}' | '*' | '_' | '|' | '\u{2026}' => {}
            ')' if closed > opened => closed -= 1,
            '(' => opened = opened.saturating_sub(1),
            _ => break,
        }
        end = at;
    }
    end
}

/// A link that tells its target nothing about where it was clicked.
pub(super) fn anchor(target: &str, text: &str, out: &mut String) {
    out.push_str("<a href=\"");
    escape(target, out);
    out.push_str("\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">");
    escape(text, out);
    out.push_str("</a>");
}

#[cfg(test)]
mod tests {
    use super::*;

    const REL: &str = " rel=\"noopener noreferrer nofollow\" target=\"_blank\"";

    fn check(text: &str, want: &str) {
        assert_eq!(to_html(text).replace(REL, ""), want, "{text}");
    }

    #[test]
    fn paragraphs_breaks_and_quotes() {
        check("a\nb\n\n\nc", "<p>a<br>b</p><p>c</p>");
        check(
            "a\n> b\n>\n> c\n>> d\ne",
            "<p>a</p><blockquote><p>b</p><p>c</p><blockquote><p>d</p></blockquote></blockquote><p>e</p>",
        );
        check("  x  y", "<p>\u{a0}\u{a0}x  y</p>");
        check("", "");
        check("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
    }

    #[test]
    fn links() {
        check(
            "see https://example.com/a?b=c&d, ok",
            "<p>see <a href=\"https://example.com/a?b=c&amp;d\">https://example.com/a?b=c&amp;d</a>, ok</p>",
        );
        check(
            "(http://x.example/a_(b))",
            "<p>(<a href=\"http://x.example/a_(b)\">http://x.example/a_(b)</a>)</p>",
        );
        check("<https://x.example>", "<p>&lt;<a href=\"https://x.example\">https://x.example</a>&gt;</p>");
        check(
            "mail jane@example.com.",
            "<p>mail <a href=\"mailto:jane@example.com\">jane@example.com</a>.</p>",
        );
        check("javascript:alert(1) a@b https://", "<p>javascript:alert(1) a@b https://</p>");
        check(
            "https://x.example/\"onclick=x",
            "<p><a href=\"https://x.example/\">https://x.example/</a>&quot;onclick=x</p>",
        );
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        for piece in [">", "> ", "http://", "a@", "(", ")", ".", "https://x.example/(", "\n>", "@a.b"] {
            let text = piece.repeat((1 << 20) / piece.len());
            let cost = crate::mail::testing::cost_of(|| to_html(&text));
            assert!(cost < 10.0, "{piece:?} took {cost} s");
        }
    }
}
