//! What is wrong with the file, said to the person who wrote it.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// One thing that is wrong, with its place and the way out.
#[derive(Debug, Error)]
pub struct ConfigError {
    file: Option<PathBuf>,
    line: Option<usize>,
    /// Such as `mail.url`.
    setting: Option<String>,
    /// What is wrong, and what to do.
    what: String,
}

impl ConfigError {
    pub(super) fn new(setting: &str, what: impl Into<String>) -> Self {
        Self { file: None, line: None, setting: Some(setting.to_owned()), what: what.into() }
    }

    pub(super) fn of_file(what: impl Into<String>) -> Self {
        Self { file: None, line: None, setting: None, what: what.into() }
    }

    pub(super) fn login(line: Option<usize>) -> Self {
        let what = "needs either `user` and `password`, or `token`, to sign in at the mail server";
        Self { line, ..Self::new("mail", what) }
    }

    pub(super) fn at(mut self, file: &Path, line: Option<usize>) -> Self {
        self.file = Some(file.to_owned());
        self.line = self.line.or(line);
        self
    }

    pub(super) fn in_setting(mut self, setting: Option<String>) -> Self {
        self.setting = self.setting.or(setting);
        self
    }

    /// The setting that it is about, such as `mail.url`.
    #[must_use]
    pub fn setting(&self) -> Option<&str> {
        self.setting.as_deref()
    }

    /// Where in the file, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}", file.display())?;
            if let Some(line) = self.line {
                write!(f, ", line {line}")?;
            }
            f.write_str(": ")?;
        }
        match &self.setting {
            Some(setting) => write!(f, "`{setting}` {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}
