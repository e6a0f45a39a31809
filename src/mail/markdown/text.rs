//! Markdown as plain text: what the text/plain half of a letter says.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// The Markdown as text that reads well without any drawing: emphasis without its signs, links
/// with their target behind them, lists and quotes with their marks.
#[must_use]
pub fn to_text(markdown: &str) -> String {
    let mut writer = Writer::default();
    for event in Parser::new_ext(markdown, super::OPTIONS) {
        writer.event(event);
    }
    let lines: Vec<&str> = writer.out.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[derive(Default)]
struct Writer {
    out: String,
    /// What stands before each line: quote marks and indents.
    prefix: Vec<&'static str>,
    /// The number of the next item of each list around; `None` where items have no number.
    lists: Vec<Option<u64>>,
    /// Where the text of each link begins, and its target.
    links: Vec<(usize, String)>,
    /// Cells of the present row.
    cells: usize,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) | Event::Code(text) => {
                self.text(&text);
            }
            Event::SoftBreak | Event::HardBreak => self.line(),
            Event::Rule => {
                self.block();
                self.text("---");
            }
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::Table(_) | Tag::HtmlBlock => {
                self.block();
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.open("> ");
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.block();
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::TableRow | Tag::TableHead => {
                self.cells = 0;
                if !self.at_line_start() {
                    self.line();
                }
            }
            Tag::TableCell => {
                if self.cells > 0 {
                    self.text(" | ");
                }
                self.cells += 1;
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((self.out.len(), dest_url.into_string()));
            }
            _ => {}
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::BlockQuote(_) | TagEnd::Item => self.close(),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Link | TagEnd::Image => self.link(),
            _ => {}
        }
    }

    fn item(&mut self) {
        if !self.at_line_start() {
            self.line();
        }
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => "- ".to_owned(),
        };
        self.text(&mark);
        self.prefix.push("  ");
    }

    /// Writes the target of a link behind its text, unless the text says it.
    fn link(&mut self) {
        let Some((start, target)) = self.links.pop() else {
            return;
        };
        let shown = self.out.get(start..).unwrap_or_default().trim().to_owned();
        let plain = target.strip_prefix("mailto:").unwrap_or(&target);
        if shown.is_empty() {
            self.text(plain);
        } else if shown != plain && shown.trim_end_matches('/') != plain.trim_end_matches('/') {
            self.text(&format!(" ({plain})"));
        }
    }

    fn text(&mut self, text: &str) {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.line();
            }
            self.out.extend(line.chars().filter(|c| *c != '\r' && *c != '\0'));
        }
    }

    fn open(&mut self, prefix: &'static str) {
        self.prefix.push(prefix);
        // A quote begins on the line in hand.
        self.out.push_str(prefix);
    }

    fn close(&mut self) {
        self.prefix.pop();
    }

    fn line(&mut self) {
        self.out.push('\n');
        for prefix in &self.prefix {
            self.out.push_str(prefix);
        }
    }

    /// A blank line, unless nothing stands before.
    fn block(&mut self) {
        if self.at_line_start() {
            return;
        }
        self.line();
        self.line();
    }

    /// Whether the line in hand has nothing but marks.
    fn at_line_start(&self) -> bool {
        let line = self.out.rsplit('\n').next().unwrap_or_default();
        let line = line.trim_start_matches(['>', ' ']);
        let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
        line.is_empty() || line == "- " || line.len() > number.len() && number == ". "
    }
}
