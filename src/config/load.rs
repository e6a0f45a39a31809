//! From the file to a checked [`Config`].
#![allow(clippy::disallowed_methods, reason = "the configuration file belongs to this module")]

use std::io;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::changes::Source;
use super::plain;
use super::{
    Addresses, Config, ConfigError, ExternalAccount, Limits, Mail, Mailboxes, ReplyTo, Secret, TlsSource,
    Watch, Web, check,
};
use crate::mail::Address;
use crate::triage::Wildcard;

impl Config {
    /// Reads and checks the file. Paths in it that are not absolute start at its folder.
    ///
    /// # Errors
    /// The first thing that is wrong, with file, line, setting and what to do.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| unread(&error).at(path, None))?;
        let mut config = Self::parse(&text, path)?;
        if config.machine.is_empty() {
            config.machine = host_name();
        }
        config.root(path.parent().unwrap_or(Path::new("")));
        config.source.path = Some(path.to_owned());
        check::files(&config).map_err(|error| placed(error, &text, path))?;
        Ok(config)
    }

    /// Reads and checks a text; `path` is for the errors alone, no file is touched.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            // Of the error only the message is shown: the rest quotes the file.
            let message = error.message();
            if let Some(missing) = plain::missing(message) {
                return missing.at(path, None);
            }
            let place = error.span().map(|span| place(text, span.start));
            let (line, setting) = place.map_or((None, None), |(line, setting)| (Some(line), setting));
            ConfigError::of_file(plain::words(message)).in_setting(setting).at(path, line)
        })?;
        check::values(&config).map_err(|error| placed(error, text, path))?;
        config.source.settings = toml::from_str(text).unwrap_or_default();
        Ok(config)
    }

    /// The configuration of a demo: everything on this machine, nothing read from any file.
    #[must_use]
    pub fn for_demo(
        data: PathBuf,
        public_url: Url,
        mail_url: Url,
        password: SecretString,
        address: Address,
        wildcard: Wildcard,
    ) -> Self {
        Self {
            data,
            runtime: None,
            public_url,
            machine: "demo".to_owned(),
            theme: None,
            mail: Mail {
                url: mail_url,
                user: Some(address.as_str().to_owned()),
                password: Some(Secret::Given(password)),
                token: None,
                account: None,
                address,
                ca: None,
                trusted_origins: Vec::new(),
                poll_seconds: 15,
                host: None,
            },
            mailboxes: Mailboxes::default(),
            addresses: Addresses {
                wildcard,
                suffix_wildcard: None,
                former: Vec::new(),
                authserv_id: None,
                reply_to: ReplyTo::default(),
            },
            web: Web::default(),
            tls: None,
            limits: Limits { undo_seconds: 0, ..Limits::default() },
            source: Source::default(),
            watch: Watch::default(),
        }
    }

    /// Makes paths start at the folder of the file.
    fn root(&mut self, folder: &Path) {
        let root = |path: &mut PathBuf| *path = folder.join(&*path);
        root(&mut self.data);
        for path in [&mut self.runtime, &mut self.theme].into_iter().flatten() {
            root(path);
        }
        if let Some(ca) = &mut self.mail.ca {
            root(ca);
        }
        for secret in
            [&mut self.mail.password, &mut self.mail.token, &mut self.watch.token].into_iter().flatten()
        {
            if let Secret::File(path) = secret {
                root(path);
            }
        }
        match &mut self.tls {
            Some(TlsSource::Files { certificate, key }) => {
                root(certificate);
                root(key);
            }
            Some(TlsSource::Acme(acme)) => {
                if let Some(ca) = &mut acme.ca {
                    root(ca);
                }
                if let Some(ExternalAccount { key: Secret::File(path), .. }) = &mut acme.external_account {
                    root(path);
                }
            }
            Some(TlsSource::Generated) | None => {}
        }
    }
}

/// Why the file was not read. The usual reason is that a command was typed by somebody else than
/// root: the file is the desk's alone.
fn unread(error: &io::Error) -> ConfigError {
    ConfigError::of_file(match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "this user may not read the configuration; run this as root or as \
                                            the user that Postdesk runs as, and let that user read it"
                .to_owned()
        }
        _ => format!("the configuration cannot be read: {error}; --config says where it is"),
    })
}

/// The system's name for this machine.
fn host_name() -> String {
    // Not by a file of /proc: a service may not see it.
    match rustix::system::uname().nodename().to_string_lossy().trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}

/// An error of a check, with the line of its setting where the file has one.
fn placed(error: ConfigError, text: &str, path: &Path) -> ConfigError {
    let line = error.setting().and_then(|setting| line_of(text, setting));
    error.at(path, line)
}

/// The line and the setting at an offset: the table above it, and the key before the `=`.
fn place(text: &str, offset: usize) -> (usize, Option<String>) {
    let mut table = String::new();
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let end = start + line.len();
        let heading = heading(line);
        if let Some(heading) = heading {
            heading.clone_into(&mut table);
        }
        if offset < end || end == text.len() {
            let key = line.split_once('=').map(|(key, _)| key.trim()).filter(|key| is_key(key));
            let setting = match (table.as_str(), key) {
                ("", None) => None,
                ("", Some(key)) => Some(key.to_owned()),
                (table, None) => Some(table.to_owned()),
                (table, Some(key)) => Some(format!("{table}.{key}")),
            };
            return (number + 1, setting);
        }
        start = end;
    }
    (1, None)
}

/// The line on which a setting stands; else that of its table.
fn line_of(text: &str, setting: &str) -> Option<usize> {
    let mut table = String::new();
    let mut of_table = None;
    for (number, line) in text.lines().enumerate() {
        if let Some(heading) = heading(line) {
            heading.clone_into(&mut table);
            if heading == setting || setting.strip_prefix(heading).is_some_and(|rest| rest.starts_with('.')) {
                of_table = Some(number + 1);
            }
        }
        let key = line.split_once('=').map(|(key, _)| key.trim()).filter(|key| is_key(key));
        let full = key.map(|key| if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") });
        if full.as_deref() == Some(setting) {
            return Some(number + 1);
        }
    }
    of_table
}

fn heading(line: &str) -> Option<&str> {
    let line = line.split('#').next().unwrap_or_default().trim();
    line.strip_prefix('[')?.strip_suffix(']').map(str::trim).filter(|name| is_key(name))
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
