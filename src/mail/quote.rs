//! Where an answer ends and what it quotes begins, in plain text.
//!
//! Nothing is ever dropped: what is taken for a quote is folded, and can be opened. So the rules
//! are careful: only a quote that stands in one piece, at the end or at the beginning, is folded.
//! Answers between quoted lines, forwarded mails and lists of bullets stay as they are.

use super::attribution::{
    ends_in_wrote, is_attribution, is_forward_marker, is_header_line, is_original_marker,
};

/// A text, cut in two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// What the sender wrote.
    pub(super) reply: String,
    /// What was quoted, with its introduction.
    pub(super) quoted: Option<String>,
}

impl Cut {
    fn whole(text: &str) -> Self {
        Self { reply: trim_blank(text), quoted: None }
    }
}

/// How many lines an introduction such as `On … wrote:` may be broken into.
const MAX_ATTRIBUTION: usize = 4;

/// Cuts a text where its quote begins.
pub(super) fn cut(text: &str) -> Cut {
    let lines: Vec<&str> = text.lines().collect();
    if lines.iter().take(200).any(|line| is_forward_marker(line)) && !has_early_quote(&lines) {
        return Cut::whole(text);
    }
    let found = original(&lines).or_else(|| trailing(&lines)).or_else(|| leading(&lines));
    let Some((from, to)) = found else {
        return Cut::whole(text);
    };
    let quoted = join(lines.get(from..to));
    let before = join(lines.get(..from));
    let after = join(lines.get(to..));
    let reply = if before.is_empty() { after } else { before };
    if reply.is_empty() || quoted.is_empty() {
        return Cut::whole(text);
    }
    Cut { reply, quoted: Some(quoted) }
}

/// What a notice to an agent begins with, between dashes: an answer stands above it. Some mail programs
/// quote without a mark on the lines.
pub const ABOVE: &str = "Write your answer above this line";
/// Within how many lines above that the head of the notice stands that such a program writes.
const MAX_HEAD: usize = 12;

/// What of an answer to a notice its sender wrote: without quoted lines, wherever they stand, and what
/// introduces them, and without all from the head of a mail on that is quoted as it stands.
pub(super) fn own(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.truncate(end_of_own(&lines));
    let mut own: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if !is_quoted(line) {
            own.push(line);
            continue;
        }
        // At the first line of a quote: nothing between them but blank lines.
        let above = lines.get(..at).unwrap_or_default();
        if above.iter().rfind(|line| !line.trim().is_empty()).is_some_and(|line| !is_quoted(line))
            && let Some(start) = introduction(&lines, at)
            && !tells_more(lines.get(start..at).unwrap_or_default())
        {
            own.truncate(own.len().saturating_sub(at - start));
        }
    }
    // A text that was made of HTML names its links at the end, those of its quotes as well.
    let named = |mark: &str| own.iter().any(|line| footnote(line).is_none() && line.contains(mark));
    let kept = own.iter().filter(|line| footnote(line).is_none_or(named));
    trim_blank(&kept.copied().collect::<Vec<_>>().join("\n"))
}

/// Where the notice begins that an answer quotes without marks; else the head of any mail. One that stands
/// above a notice with marks, or further up, is the sender's own, as where somebody is told what to write.
fn end_of_own(lines: &[&str]) -> usize {
    let begins = |line: &&str| line.trim_start_matches(['>', ' ']).trim().trim_matches('-').trim() == ABOVE;
    let Some(at) = lines.iter().position(begins) else {
        return head(lines).unwrap_or(lines.len());
    };
    if lines.get(at).is_some_and(|line| is_quoted(line)) {
        return lines.len();
    }
    let near = at.saturating_sub(MAX_HEAD);
    let head = head(lines.get(near..at).unwrap_or_default()).map(|head| near + head);
    head.or_else(|| introduction(lines, at)).unwrap_or(at)
}

/// Whether what looks like an introduction has an end of a sentence in it: then it is more than one.
fn tells_more(introduction: &[&str]) -> bool {
    let stops = |text: &str| text.trim_end().ends_with(['.', '!', '?']);
    // Shorter ones are abbreviations.
    let ends = |word: &str| stops(word) && word.chars().filter(|c| c.is_alphabetic()).count() >= 3;
    let text = introduction.join(" ");
    let inside = introduction.iter().any(|line| stops(line)) || text.split_whitespace().any(ends);
    !ends_in_wrote(&text) && inside
}

/// The mark of a line such as `[3]: https://…`.
fn footnote(line: &str) -> Option<&str> {
    let (mark, _) = line.split_once(": ")?;
    let number = mark.strip_prefix('[')?.strip_suffix(']')?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(mark)
}

/// Whether a text quotes anything.
pub(super) fn quotes(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    end_of_own(&lines) < lines.len() || lines.iter().any(|line| is_quoted(line))
}

/// Whether a text says nothing but what it quotes and who wrote it.
pub(super) fn is_all_quoted(text: &str) -> bool {
    // The line above a signature (RFC 3676 §4.3). An answer may stand below a quote that stands below it.
    let signature = text.lines().position(|line| line.trim_end() == "--");
    let ends = signature.is_some_and(|at| !text.lines().skip(at).any(is_quoted));
    own(text).lines().take_while(|line| !ends || line.trim_end() != "--").all(|line| line.trim().is_empty())
}

/// A forwarded mail inside a quote is no reason to show the quote.
fn has_early_quote(lines: &[&str]) -> bool {
    let forward = lines.iter().position(|line| is_forward_marker(line));
    let quote = lines.iter().position(|line| is_original_marker(line) || line.starts_with('>'));
    matches!((forward, quote), (Some(forward), Some(quote)) if quote < forward)
}

/// `-----Original Message-----`, or a block of From, Sent, To, Subject: all from there is quoted,
/// if something stands before it.
fn original(lines: &[&str]) -> Option<(usize, usize)> {
    let at = head(lines)?;
    let before = lines.get(..at)?;
    // Quoted lines above it are the business of `trailing`.
    (has_text(before) && !before.iter().any(|line| is_quoted(line))).then_some((at, lines.len()))
}

/// Where the head of a quoted mail begins.
fn head(lines: &[&str]) -> Option<usize> {
    let marker = lines.iter().position(|line| is_original_marker(line));
    [marker, header_block(lines)].into_iter().flatten().min()
}

/// At least three header lines in a row, the first of them From; the ruler above belongs to it.
fn header_block(lines: &[&str]) -> Option<usize> {
    let at = lines.windows(4).position(|window| {
        let [first, rest @ ..] = window else { return false };
        let named = |line: &&&str| is_header_line(line);
        is_header_line(first) && starts_a_block(first) && rest.iter().filter(named).count() >= 2
    })?;
    let above = lines.get(..at).unwrap_or_default();
    let ruler = above.iter().rposition(|line| !line.trim().is_empty());
    let is_ruler =
        |line: &&str| line.trim().len() >= 5 && line.trim().chars().all(|c| matches!(c, '_' | '-' | '─'));
    Some(ruler.filter(|r| above.get(*r).is_some_and(is_ruler)).unwrap_or(at))
}

fn starts_a_block(line: &str) -> bool {
    super::attribution::is_from_line(line)
}

/// Quoted lines at the end, with blank lines between them and their introduction above.
fn trailing(lines: &[&str]) -> Option<(usize, usize)> {
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let mut at = last + 1;
    while let Some(line) = at.checked_sub(1).and_then(|above| lines.get(above)) {
        if !is_quoted(line) && !line.trim().is_empty() {
            break;
        }
        at -= 1;
    }
    let mut from = at + lines.get(at..)?.iter().position(|line| is_quoted(line))?;
    from = introduction(lines, from).unwrap_or(from);
    let before = lines.get(..from)?;
    // Quoted lines further up mean that the sender answers between them.
    (has_text(before) && !before.iter().any(|line| is_quoted(line))).then_some((from, last + 1))
}

/// Quoted lines at the beginning, the answer below: all of it in one piece.
fn leading(lines: &[&str]) -> Option<(usize, usize)> {
    let first = lines.iter().position(|line| is_quoted(line))?;
    let start = introduction(lines, first)?;
    let above = lines.get(..start)?;
    let rest = lines.get(first..)?;
    let len = rest.iter().position(|line| !is_quoted(line) && !line.trim().is_empty())?;
    let after = rest.get(len..)?;
    let blank = above.iter().all(|line| line.trim().is_empty());
    let alone = blank && has_text(after) && !after.iter().any(|line| is_quoted(line));
    alone.then_some((start, first + len))
}

/// Where the introduction of the quote that begins at a line begins itself.
fn introduction(lines: &[&str], quote: usize) -> Option<usize> {
    let above = lines.get(..quote)?;
    let end = above.iter().rposition(|line| !line.trim().is_empty())?;
    for len in 1..=MAX_ATTRIBUTION {
        let start = (end + 1).checked_sub(len)?;
        let piece = above.get(start..=end)?;
        if piece.iter().any(|line| line.trim().is_empty() || is_quoted(line)) {
            return None;
        }
        if is_attribution(&piece.join(" ")) {
            return Some(start);
        }
    }
    None
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn has_text(lines: &[&str]) -> bool {
    lines.iter().any(|line| line.chars().any(char::is_alphanumeric))
}

fn join(lines: Option<&[&str]>) -> String {
    trim_blank(&lines.unwrap_or_default().join("\n"))
}

/// Without blank lines at both ends and white space at the end; a first line keeps its indent.
fn trim_blank(text: &str) -> String {
    let text = text.trim_end();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            break;
        }
        start += line.len();
    }
    text.get(start..).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests;
