//! A walk over the tags of an HTML text, as a browser's tokenizer would cut it (HTML Standard
//! §13.2.5), without building anything. It serves the checks before the sanitiser and the search
//! for quotes; what it finds is never trusted to be safe.

/// One tag. `start..end` is where it stands, angle brackets included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    /// As written.
    pub(super) name: &'a str,
    pub(super) closing: bool,
    /// What stands between the name and the closing bracket.
    attributes: &'a str,
}

/// Elements whose content the tokenizer reads as text, up to their closing tag.
const RAW: [&str; 6] = ["script", "style", "textarea", "title", "iframe", "noscript"];

impl<'a> Tag<'a> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its attributes: names as written, values without quotes, character references undecoded.
    pub(super) fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.attributes }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The tags of a text, in order.
pub(super) struct Tags<'a> {
    html: &'a str,
    at: usize,
    /// The raw element that is open.
    raw: Option<&'a str>,
}

/// All tags of a text.
pub(super) fn tags(html: &str) -> Tags<'_> {
    Tags { html, at: 0, raw: None }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let rest = self.html.get(self.at..)?;
            let start = self.at + rest.find('<')?;
            let after = self.html.get(start + 1..)?;
            let closing = after.starts_with('/');
            let word = if closing { after.get(1..)? } else { after };
            self.at = start + 1;
            if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                if self.raw.is_none() {
                    self.skip_declaration(after);
                }
                continue;
            }
            let len =
                word.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(word.len());
            let (name, after) = word.split_at_checked(len)?;
            match self.raw {
                Some(raw) if !(closing && raw.eq_ignore_ascii_case(name)) => {}
                _ => return Some(self.tag(start, name, closing, after)),
            }
        }
    }
}

impl<'a> Tags<'a> {
    fn tag(&mut self, start: usize, name: &'a str, closing: bool, after: &'a str) -> Tag<'a> {
        let mut attributes = Attributes { rest: after };
        while attributes.next().is_some() {}
        let used = after.len() - attributes.rest.len();
        let bracket = usize::from(attributes.rest.starts_with('>'));
        let end = start + 1 + usize::from(closing) + name.len() + used + bracket;
        let is_raw = !closing && RAW.iter().any(|raw| raw.eq_ignore_ascii_case(name));
        self.raw = is_raw.then_some(name);
        self.at = end;
        Tag { start, end, name, closing, attributes: after.get(..used).unwrap_or_default() }
    }

    /// Goes past a comment, or to the end of any other declaration. `after` follows the `<`.
    fn skip_declaration(&mut self, after: &str) {
        let end = if let Some(comment) = after.strip_prefix("!--") {
            // HTML Standard §13.2.5.43 and following: `<!-->`, `<!--->`, `-->` and `--!>` end it.
            let close = comment.find("-->").unwrap_or(comment.len());
            let loud = comment.get(..close).and_then(|before| before.find("--!>"));
            let len = match comment.as_bytes() {
                [b'>', ..] => 1,
                [b'-', b'>', ..] => 2,
                _ => loud.map_or(close + 3, |at| at + 4),
            };
            3 + len
        } else if after.starts_with(['!', '?', '/']) {
            after.find('>').map_or(after.len(), |at| at + 1)
        } else {
            0
        };
        self.at = (self.at + end).min(self.html.len());
    }
}

/// The attributes of one tag.
pub(super) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        self.rest = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if self.rest.is_empty() || self.rest.starts_with('>') {
            return None;
        }
        // An equals sign at the beginning belongs to the name (HTML Standard §13.2.5.32).
        let skip = usize::from(self.rest.starts_with('='));
        let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=');
        let tail = self.rest.get(skip..).unwrap_or_default();
        let len = skip + tail.find(ends).unwrap_or(tail.len());
        let (name, after) = self.rest.split_at_checked(len)?;
        let spaceless = after.trim_ascii_start();
        let Some(value) = spaceless.strip_prefix('=') else {
            self.rest = after;
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        for quote in ['"', '\''] {
            if let Some(inner) = value.strip_prefix(quote) {
                let (inner, rest) = inner.split_once(quote).unwrap_or((inner, ""));
                self.rest = rest;
                return Some((name, inner));
            }
        }
        let len = value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len());
        let (value, rest) = value.split_at_checked(len)?;
        self.rest = rest;
        Some((name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(html: &str) -> Vec<String> {
        let show = |tag: Tag<'_>| format!("{}{}", if tag.closing { "/" } else { "" }, tag.name);
        tags(html).map(show).collect()
    }

    #[test]
    fn tags_are_cut_as_a_browser_cuts_them() {
        let check = |html: &str, want: &[&str]| assert_eq!(seen(html), want, "{html}");
        check("<p>a</p>", &["p", "/p"]);
        check("<a title=\"<b>\">", &["a"]);
        check("<a title='\"'><b>", &["a", "b"]);
        check("<a b=\">\" c=d>e<i>", &["a", "i"]);
        check("1 < 2 <3 <>", &[]);
        check("<!-- <b> --><i>", &["i"]);
        check("<!--><b>", &["b"]);
        check("<!---><b>", &["b"]);
        check("<!-- <b> --!><i>", &["i"]);
        check("<!-- <b>", &[]);
        check("<!DOCTYPE html><p>", &["p"]);
        check("<style><b></style><i>", &["style", "/style", "i"]);
        check("<style><a title=\"</style><b>\">", &["style", "/style", "b"]);
        check("<a", &["a"]);
        check("</", &[]);
    }

    #[test]
    fn attributes_are_read() {
        let tag = tags("<a HREF = 'x' =y b/c=d>").next().unwrap();
        let have: Vec<_> = tag.attributes().collect();
        assert_eq!(have, [("HREF", "x"), ("=y", ""), ("b", ""), ("c", "d")]);
        assert_eq!(tag.attribute("href"), Some("x"));
        assert_eq!(tag.end, 23);
    }
}
