//! What was found: for each thing one line that says what it is, what it means and what to do.

use std::fmt;

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Ok,
    /// The desk runs, and something of it does not work as it could.
    Warn,
    /// The desk would not run.
    Bad,
    /// Not tried, because something before it stands in the way.
    Skip,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    /// What was looked at, in a word or two.
    pub thing: &'static str,
    /// What was found, what it means, what to do; on one line.
    pub text: String,
}

impl Finding {
    /// The line as it is printed, coloured for a terminal.
    #[must_use]
    pub fn line(&self, colours: bool) -> String {
        let (symbol, word, colour) = match self.level {
            Level::Ok => ("✓", "ok", "32"),
            Level::Warn => ("!", "warn", "33"),
            Level::Bad => ("✗", "bad", "31"),
            Level::Skip => ("–", "skip", "2"),
        };
        let mark = format!("{symbol} {word:<4}");
        let mark = if colours { format!("\x1b[{colour}m{mark}\x1b[0m") } else { mark };
        format!("{mark}  {:<16} {}", self.thing, self.text)
    }
}

/// Everything that was found, told to somebody as it is found.
pub struct Report<'a> {
    tell: Box<dyn FnMut(&Finding) + Send + 'a>,
    findings: Vec<Finding>,
}

impl<'a> Report<'a> {
    pub(super) fn new(tell: impl FnMut(&Finding) + Send + 'a) -> Self {
        Self { tell: Box::new(tell), findings: Vec::new() }
    }

    pub(super) fn add(&mut self, level: Level, thing: &'static str, text: impl fmt::Display) {
        // Whatever a server says, a finding stays one line without escapes for the terminal.
        let text = text.to_string();
        let text = text.split(char::is_control).map(str::trim).collect::<Vec<_>>().join(" ");
        let finding = Finding { level, thing, text };
        (self.tell)(&finding);
        self.findings.push(finding);
    }

    pub(super) fn ok(&mut self, thing: &'static str, text: impl fmt::Display) {
        self.add(Level::Ok, thing, text);
    }

    pub(super) fn warn(&mut self, thing: &'static str, text: impl fmt::Display) {
        self.add(Level::Warn, thing, text);
    }

    pub(super) fn bad(&mut self, thing: &'static str, text: impl fmt::Display) {
        self.add(Level::Bad, thing, text);
    }

    pub(super) fn skip(&mut self, thing: &'static str, text: impl fmt::Display) {
        self.add(Level::Skip, thing, text);
    }

    /// How many things stand in the way of running.
    #[must_use]
    pub fn in_the_way(&self) -> usize {
        self.findings.iter().filter(|finding| finding.level == Level::Bad).count()
    }

    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_with_its_level_as_a_word() {
        let mut told = Vec::new();
        let mut report = Report::new(|finding| told.push(finding.line(false)));
        report.ok("disk", "10 GB are free.");
        report.bad("login", "it said\r\n\x1b[2Jno");
        assert_eq!(report.in_the_way(), 1);
        drop(report);
        assert_eq!(
            told,
            ["✓ ok    disk             10 GB are free.", "✗ bad   login            it said   [2Jno"]
        );
        let finding = Finding { level: Level::Warn, thing: "x", text: "y".to_owned() };
        assert!(finding.line(true).starts_with("\x1b[33m! warn\x1b[0m  x "));
    }
}
