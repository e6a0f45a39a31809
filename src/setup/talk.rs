//! Questions and answers, by lines: over any terminal, and from a pipe.

use std::io::{self, BufRead, Write};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::SecretString;

use super::SetupError;
use crate::check::Finding;

/// Somebody to ask, or nobody.
pub struct Talk<'a> {
    input: Box<dyn BufRead + Send + 'a>,
    output: Box<dyn Write + Send + 'a>,
    asks: bool,
    colours: bool,
}

impl<'a> Talk<'a> {
    /// `asks` is whether anything may be asked at all; `colours` whether a terminal shows it.
    #[must_use]
    pub fn new(
        input: impl BufRead + Send + 'a,
        output: impl Write + Send + 'a,
        asks: bool,
        colours: bool,
    ) -> Self {
        Self { input: Box::new(input), output: Box::new(output), asks, colours }
    }

    pub(super) fn asks(&self) -> bool {
        self.asks
    }

    pub(super) fn say(&mut self, line: &str) -> Result<(), SetupError> {
        writeln!(self.output, "{line}")?;
        Ok(self.output.flush()?)
    }

    /// Shows what was found. A terminal that is gone is noticed at the next question.
    pub(super) fn found(&mut self, finding: &Finding) {
        let _ = writeln!(self.output, "  {}", finding.line(self.colours));
        let _ = self.output.flush();
    }

    /// Says what is wrong with an answer, which is then asked for again; where nothing is asked,
    /// that is the end.
    pub(super) fn wrong(&mut self, why: &str) -> Result<(), SetupError> {
        if !self.asks {
            return Err(SetupError::Refused(why.trim_end_matches('.').to_owned()));
        }
        self.say(&format!("  {why}"))
    }

    /// Asks until there is an answer. `flag` is the one that would have given it.
    pub(super) fn ask(
        &mut self,
        flag: &'static str,
        question: &str,
        usual: Option<&str>,
    ) -> Result<String, SetupError> {
        if !self.asks {
            return usual.map(str::to_owned).ok_or(SetupError::Missing { flag });
        }
        loop {
            match usual {
                Some(usual) => write!(self.output, "{question} [{usual}]: ")?,
                None => write!(self.output, "{question}: ")?,
            }
            self.output.flush()?;
            let line = self.line()?;
            match (line.trim(), usual) {
                ("", Some(usual)) => return Ok(usual.to_owned()),
                ("", None) => {}
                (answer, _) => return Ok(answer.to_owned()),
            }
        }
    }

    /// Asks for what nobody should read over a shoulder.
    pub(super) fn ask_secret(
        &mut self,
        flag: &'static str,
        question: &str,
    ) -> Result<SecretString, SetupError> {
        if !self.asks {
            return Err(SetupError::Missing { flag });
        }
        loop {
            write!(self.output, "{question}: ")?;
            self.output.flush()?;
            let hidden = hide_typing();
            let line = self.line();
            if hidden {
                show_typing();
                self.say("")?;
            }
            let line = line?;
            if !line.is_empty() {
                return Ok(SecretString::from(line));
            }
        }
    }

    /// The secret that a script gives on standard input, up to the end of the line.
    pub(super) fn given_secret(&mut self) -> Result<SecretString, SetupError> {
        Ok(SecretString::from(self.line()?))
    }

    pub(super) fn yes(&mut self, question: &str, usual: bool) -> Result<bool, SetupError> {
        if !self.asks {
            return Ok(usual);
        }
        let usual = if usual { "yes" } else { "no" };
        loop {
            match self.ask("--yes", question, Some(usual))?.to_lowercase().as_str() {
                "yes" | "y" => return Ok(true),
                "no" | "n" => return Ok(false),
                _ => self.say("  Answer yes or no.")?,
            }
        }
    }

    fn line(&mut self) -> Result<String, SetupError> {
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            return Err(SetupError::Ended);
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// Lets the terminal show what is typed; to be called before the program ends in the middle.
pub fn show_typing() {
    echo(true);
}

/// False where standard input is no terminal.
fn hide_typing() -> bool {
    echo(false)
}

fn echo(on: bool) -> bool {
    let input = io::stdin();
    let Ok(mut modes) = tcgetattr(&input) else { return false };
    modes.local_modes.set(LocalModes::ECHO, on);
    tcsetattr(&input, OptionalActions::Now, &modes).is_ok()
}
