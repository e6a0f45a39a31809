//! The configuration file as `setup` writes it: the example, with the operator's own values in it.
//!
//! So every other setting stands beside them, with what it is for.
#![allow(clippy::disallowed_methods, reason = "the configuration file belongs to this module")]

use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use thiserror::Error;
use toml::Value;

use super::Secret;

const EXAMPLE: &str = include_str!("../../packaging/postdesk.toml");

/// Why a file could not be written.
#[derive(Debug, Error)]
#[error("{} cannot be written: {source}", path.display())]
pub struct WrittenError {
    path: PathBuf,
    source: io::Error,
}

/// A configuration in the making.
#[derive(Clone, Debug)]
pub struct Written {
    lines: Vec<String>,
}

impl Written {
    /// The example. Its values are placeholders until they are set.
    #[must_use]
    pub fn example() -> Self {
        Self { lines: EXAMPLE.lines().map(str::to_owned).collect() }
    }

    /// Sets a text, such as `mail.url`.
    pub fn text(&mut self, setting: &str, value: &str) {
        self.set(setting, &Value::from(value).to_string());
    }

    pub fn list(&mut self, setting: &str, values: &[&str]) {
        let values: Vec<String> = values.iter().map(|value| Value::from(*value).to_string()).collect();
        self.set(setting, &format!("[{}]", values.join(", ")));
    }

    pub fn yes(&mut self, setting: &str) {
        self.set(setting, "true");
    }

    /// Sets where a secret is. One that no file says cannot be written and is left out.
    pub fn secret(&mut self, setting: &str, place: &Secret) {
        let (kind, value) = match place {
            Secret::File(path) => ("file", path.display().to_string()),
            Secret::Env(name) => ("env", name.clone()),
            Secret::Credential(name) => ("credential", name.clone()),
            Secret::Given(_) => return,
        };
        self.set(setting, &format!("{{ {kind} = {} }}", Value::from(value)));
    }

    /// Comments a setting out.
    pub fn without(&mut self, setting: &str) {
        if let Some(line) = self.line(setting).filter(|line| !line.starts_with('#')) {
            line.insert(0, '#');
        }
    }

    /// Begins a table, such as `tls.acme`, whose settings may all be left away.
    pub fn table(&mut self, table: &str) {
        let heading = format!("#[{table}]");
        if let Some(line) = self.lines.iter_mut().find(|line| **line == heading) {
            line.remove(0);
        }
    }

    /// Comments a table out, with everything in it.
    pub fn without_table(&mut self, table: &str) {
        let heading = format!("[{table}]");
        let lines = self.lines.iter_mut().skip_while(|line| **line != heading);
        for (number, line) in lines.enumerate() {
            if number > 0 && line.trim_start_matches('#').starts_with('[') {
                break;
            }
            if !line.is_empty() && !line.starts_with('#') {
                line.insert(0, '#');
            }
        }
    }

    fn set(&mut self, setting: &str, value: &str) {
        let (table, key) = setting.rsplit_once('.').unwrap_or(("", setting));
        self.table(table);
        let new = format!("{key} = {value}");
        if let Some(line) = self.line(setting) {
            *line = new;
        }
    }

    /// The line of a setting, commented out or not.
    fn line(&mut self, setting: &str) -> Option<&mut String> {
        let (table, key) = setting.rsplit_once('.').unwrap_or(("", setting));
        let mut now = String::new();
        self.lines.iter_mut().find(|line| {
            let plain = line.strip_prefix('#').unwrap_or(line);
            if let Some(name) = plain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                name.clone_into(&mut now);
            }
            now == table && plain.strip_prefix(key).is_some_and(|rest| rest.starts_with(" = "))
        })
    }

    /// The whole file.
    #[must_use]
    pub fn whole(&self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }

    /// Writes the file, at once or not at all. `group` may read it too.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self, path: &Path, group: Option<u32>) -> Result<(), WrittenError> {
        put(path, self.whole().as_bytes(), 0o640, group, 0o755)
    }

    /// Writes a secret into a file of its own beside the configuration, for this user alone.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save_secret(path: &Path, secret: &str) -> Result<(), WrittenError> {
        put(path, format!("{secret}\n").as_bytes(), 0o600, None, 0o755)
    }

    /// Writes a secret where the service's unit takes this credential from, for root alone, and says
    /// where that is.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save_credential(name: &str, secret: &str) -> Result<PathBuf, WrittenError> {
        let path = Secret::stored(name);
        put(&path, format!("{secret}\n").as_bytes(), 0o600, None, 0o700)?;
        Ok(path)
    }

    /// Keeps the file that is there under another name, `postdesk.toml.before`.
    ///
    /// # Errors
    /// Where it cannot be moved.
    pub fn put_aside(path: &Path) -> Result<PathBuf, WrittenError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".before");
        let aside = PathBuf::from(name);
        std::fs::rename(path, &aside).map_err(|source| WrittenError { path: aside.clone(), source })?;
        Ok(aside)
    }
}

/// Writes a new file beside and puts it in place; it has its mode and group from the first octet on.
/// A folder that is not there is made with the mode `of_folder`.
fn put(
    path: &Path,
    octets: &[u8],
    mode: u32,
    group: Option<u32>,
    of_folder: u32,
) -> Result<(), WrittenError> {
    let failed = |source| WrittenError { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        std::fs::create_dir_all(folder).map_err(failed)?;
        // Whatever the umask: the service has to reach its configuration, and nobody a credential.
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(of_folder)).map_err(failed)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = folder.join(name);
    let _ = std::fs::remove_file(&new);
    let write = || -> io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&new)?;
        if group.is_some() {
            fchown(&file, None, group)?;
        }
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        file.write_all(octets)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    write().map_err(|source| {
        let _ = std::fs::remove_file(&new);
        failed(source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, TlsSource};

    #[test]
    fn values_stand_in_their_place_in_the_example() {
        let mut written = Written::example();
        written.text("public_url", "https://help.example.net");
        written.text("mail.address", "help\"me\"@example.net");
        written.text("mail.address", "help@example.net");
        written.without("mail.user");
        written.without("mail.password");
        written.secret("mail.token", &Secret::File("/etc/a \"b\"".into()));
        written.list("web.listen", &["[::1]:9000", "127.0.0.1:9000"]);
        written.without("web.trusted_proxies");
        written.text("tls.certificate", "c.pem");
        written.text("tls.key", "k.pem");
        let config = Config::parse(&written.whole(), Path::new("x.toml")).unwrap();
        assert_eq!(config.public_url.as_str(), "https://help.example.net/");
        assert_eq!(config.mail.address.as_str(), "help@example.net");
        assert!(config.mail.user.is_none());
        assert!(matches!(&config.mail.token, Some(Secret::File(path)) if path == Path::new("/etc/a \"b\"")));
        assert_eq!(config.web.listen.len(), 2);
        assert!(config.web.trusted_proxies.is_empty());
        assert!(matches!(config.tls, Some(TlsSource::Files { .. })));
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&written.whole()), lines(EXAMPLE), "everything else stays");
    }

    #[test]
    fn a_table_is_begun_and_left_away_with_all_that_is_in_it() {
        let mut written = Written::example();
        written.table("tls.acme");
        let acme = |written: &Written| {
            let config = Config::parse(&written.whole(), Path::new("x.toml")).unwrap();
            matches!(config.tls, Some(TlsSource::Acme(_)))
        };
        assert!(acme(&written), "{}", written.whole());
        written.text("tls.acme.contact", "admin@example.net");
        assert!(acme(&written));
        written.without_table("tls.acme");
        assert_eq!(written.whole().replace("admin@example.net", "admin@example.com"), EXAMPLE);
    }

    #[test]
    fn a_file_is_written_with_its_mode_and_one_before_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("etc/postdesk.toml");
        let secret = folder.path().join("etc/mail-password");
        Written::example().save(&path, None).unwrap();
        Written::save_secret(&secret, "hush").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&secret)), (0o640, 0o600));
        let stored = folder.path().join("credstore/postdesk.mail-password");
        put(&stored, b"hush\n", 0o600, None, 0o700).unwrap();
        let folders = (path.parent().unwrap(), stored.parent().unwrap());
        assert_eq!((mode(folders.0), mode(folders.1), mode(&stored)), (0o755, 0o700, 0o600));
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "hush\n");
        let aside = Written::put_aside(&path).unwrap();
        assert!(aside.ends_with("postdesk.toml.before") && aside.exists() && !path.exists());
        let error = Written::example().save(Path::new("/proc/none/postdesk.toml"), None).unwrap_err();
        assert!(error.to_string().starts_with("/proc/none/postdesk.toml cannot be written: "));
    }
}
