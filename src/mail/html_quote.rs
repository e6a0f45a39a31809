//! Where an answer ends and what it quotes begins, in the HTML of the usual mail programs.
//!
//! The rules are those of `quote`: nothing is dropped, and only a quote in one piece is folded.
//! Both halves go through the sanitiser by themselves, so a wrong cut can spoil a layout, never
//! let anything through.

use super::images::has_text;
use super::tags::{Tag, tags};

/// The answer, and the quote.
pub(super) struct Cut {
    pub(super) reply: String,
    pub(super) quoted: Option<String>,
}

/// How far a quote reaches.
enum Reach {
    /// To where the element ends.
    Element,
    /// To the end of the mail: Outlook writes its quote without anything around it.
    End,
}

/// Cuts the HTML of a mail.
pub(super) fn cut(html: &str) -> Cut {
    let whole = || Cut { reply: html.to_owned(), quoted: None };
    let Some((start, end)) = find(html) else {
        return whole();
    };
    let piece = |from: usize, to: usize| html.get(from..to).unwrap_or_default();
    let (before, quote, after) = (piece(0, start), piece(start, end), piece(end, html.len()));
    if !has_text(quote) || is_answered_inside(quote) || first_quote(after).is_some() {
        return whole();
    }
    match (has_text(before), has_text(after)) {
        (true, false) => Cut { reply: before.to_owned(), quoted: Some(format!("{quote}{after}")) },
        (false, true) => Cut { reply: after.to_owned(), quoted: Some(format!("{before}{quote}")) },
        _ => whole(),
    }
}

/// Where the first quote stands.
fn find(html: &str) -> Option<(usize, usize)> {
    let (tag, reach) = first_quote(html)?;
    let end = match reach {
        Reach::End => html.len(),
        Reach::Element => element_end(html, &tag),
    };
    // Thunderbird introduces its quote in an element of its own, before it.
    let end = if tag.attribute("class").is_some_and(|class| class.contains("moz-cite-prefix")) {
        let rest = html.get(end..).unwrap_or_default();
        let (quote, _) =
            first_quote(rest).filter(|(quote, _)| !has_text(rest.get(..quote.start).unwrap_or_default()))?;
        end + element_end(rest, &quote)
    } else {
        end
    };
    Some((tag.start, end))
}

fn first_quote(html: &str) -> Option<(Tag<'_>, Reach)> {
    tags(html).filter(|tag| !tag.closing).find_map(|tag| reach(&tag).map(|reach| (tag, reach)))
}

/// Whether a tag begins a quote.
fn reach(tag: &Tag<'_>) -> Option<Reach> {
    let mut class = tag.attribute("class").unwrap_or_default().split_ascii_whitespace();
    let id = tag.attribute("id").unwrap_or_default();
    let (block, quote) = (tag.is("div"), tag.is("blockquote"));
    if block && (matches!(id, "divRplyFwdMsg" | "appendonsend") || is_outlook_ruler(tag)) {
        return Some(Reach::End);
    }
    let named = class.any(|name| {
        matches!(
            name,
            "gmail_quote"
                | "gmail_quote_container"
                | "yahoo_quoted"
                | "protonmail_quote"
                | "moz-cite-prefix"
                | "zmail_extra"
        )
    });
    let marked =
        named || tag.attribute("name") == Some("quote") || id == "mail-editor-reference-message-container";
    let cited = quote && tag.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("cite"));
    ((block || quote) && marked || cited).then_some(Reach::Element)
}

/// The line that Outlook for desktops draws above From, Sent, To and Subject.
fn is_outlook_ruler(tag: &Tag<'_>) -> bool {
    let style = tag.attribute("style").unwrap_or_default();
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let ruler = ["border-top:solid#e1e1e11.0pt", "border-top:solid#b5c4df1.0pt"]
        .iter()
        .any(|line| style.contains(line));
    ruler && style.starts_with("border:none;")
}

/// Where the element of a tag ends, by counting tags of its name.
fn element_end(html: &str, tag: &Tag<'_>) -> usize {
    let mut depth = 1_usize;
    for next in tags(html.get(tag.end..).unwrap_or_default()).filter(|next| next.is(tag.name)) {
        if next.closing {
            depth -= 1;
        } else {
            depth += 1;
        }
        if depth == 0 {
            return tag.end + next.end;
        }
    }
    html.len()
}

/// Whether someone wrote between the quoted passages: there is text after the first blockquote
/// inside. Gmail keeps such answers within the element of the quote.
fn is_answered_inside(quote: &str) -> bool {
    let outer = tags(quote).next().map_or(0, |tag| tag.end);
    let inside = quote.get(outer..).unwrap_or_default();
    let Some(first) = tags(inside).find(|tag| tag.is("blockquote") && !tag.closing) else {
        return false;
    };
    has_text(inside.get(element_end(inside, &first)..).unwrap_or_default())
        && !quote.starts_with("<blockquote")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, reply: &str, quoted: Option<&str>) {
        let have = cut(html);
        assert_eq!((have.reply.as_str(), have.quoted.as_deref()), (reply, quoted), "{html}");
    }

    #[test]
    fn quotes_of_the_usual_programs_are_folded() {
        for quote in [
            "<div class=\"gmail_quote gmail_quote_container\"><div class=\"gmail_attr\">On … wrote:<br></div><blockquote class=\"gmail_quote\">old</blockquote></div>",
            "<blockquote type=\"cite\"><div>On … wrote:</div>old<blockquote type=cite>older</blockquote></blockquote>",
            "<div class=\"moz-cite-prefix\">On … wrote:<br></div><blockquote type=\"cite\">old</blockquote>",
            "<div id=\"divRplyFwdMsg\"><b>From:</b> x</div><div>old</div>",
            "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'><b>From:</b> x</div><p>old</p>",
            "<div class=\"protonmail_quote\">old</div>",
            "<div name=\"quote\">old</div>",
        ] {
            check(&format!("<p>new</p>{quote}"), "<p>new</p>", Some(quote));
        }
    }

    #[test]
    fn an_answer_below_is_the_reply() {
        check(
            "<div class=\"moz-cite-prefix\">On … wrote:</div><blockquote type=\"cite\">old</blockquote><p>new</p>",
            "<p>new</p>",
            Some(
                "<div class=\"moz-cite-prefix\">On … wrote:</div><blockquote type=\"cite\">old</blockquote>",
            ),
        );
    }

    #[test]
    fn what_is_not_one_quote_in_one_piece_stays() {
        for html in [
            "<p>new</p><blockquote>layout</blockquote>",
            "<blockquote type=cite>a</blockquote>yes<blockquote type=cite>b</blockquote>no",
            "<p>x</p><div class=gmail_quote>On…<blockquote class=gmail_quote>a</blockquote>yes<blockquote>b</blockquote></div>",
            "<p>x</p><blockquote type=cite>a</blockquote><p>y</p>",
            "<blockquote type=cite>only</blockquote>",
            "<p>x</p><blockquote type=cite></blockquote>",
            "",
        ] {
            check(html, html, None);
        }
    }
}
