//! Where things go, and whose they are: the files, and the user that the service runs as.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::config::Secret;
use crate::systemd::{FILE, Service};

/// The credentials that the service's unit loads.
const LOADED: [&str; 2] = ["mail-password", "mail-token"];

/// The configuration's place.
pub(super) struct Place {
    pub(super) file: PathBuf,
    /// Where this is root, the file is the service's, and that has a user of its own.
    pub(super) service: Option<Service>,
}

impl Place {
    pub(super) fn find(file: &Path) -> Self {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let root = rustix::process::geteuid().is_root();
        let service = if root && file == Path::new(FILE) { Service::installed() } else { None };
        Self { file, service }
    }

    pub(super) fn exists(&self) -> bool {
        self.file.exists()
    }

    /// A file in the configuration's folder.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.file.with_file_name(name)
    }

    /// How the configuration names a secret that is still to be written: for the service as a
    /// credential, which its unit loads, else as a file beside the configuration.
    pub(super) fn secret(&self, name: &str) -> Secret {
        match self.service {
            Some(_) => Secret::Credential(name.to_owned()),
            None => Secret::File(PathBuf::from(name)),
        }
    }

    /// Whether the service will be given this credential, as things are.
    pub(super) fn gives(&self, credential: &str) -> bool {
        self.service.is_some() && LOADED.contains(&credential) && Secret::stored(credential).exists()
    }

    /// Whether the desk will be able to read this file. Root reads all; the service does not.
    pub(super) fn can_read(&self, path: &Path) -> bool {
        self.service.is_none_or(|service| service.can_read(path))
    }

    /// Whether systemd runs here, which starts the service.
    pub(super) fn has_manager(&self) -> bool {
        self.service.is_some() && Path::new("/run/systemd/system").is_dir()
    }

    /// The data folder of somebody who may not write to the usual one.
    pub(super) fn data(&self) -> Option<PathBuf> {
        let root = rustix::process::geteuid().is_root();
        let usual = self.file.starts_with("/etc");
        (!root && !usual).then(|| self.beside("data"))
    }

    /// A command of this program on this configuration.
    pub(super) fn command(&self, arguments: &[&str]) -> std::io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).arg("--config").arg(&self.file);
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_unit_does_not_load_is_not_the_services() {
        let here = Service::of_user(rustix::process::geteuid().as_raw());
        let of = |service| Place { file: FILE.into(), service };
        assert!(!of(None).gives("mail-password") && !of(Some(here)).gives("another"));
        assert!(
            matches!(of(None).secret("mail-token"), Secret::File(path) if path == Path::new("mail-token"))
        );
        assert!(
            matches!(of(Some(here)).secret("mail-token"), Secret::Credential(name) if name == "mail-token")
        );
    }

    #[test]
    fn the_unit_reads_the_file_and_the_credentials_of_these_names() {
        let unit = include_str!("../../systemd/postdesk.service");
        for name in LOADED {
            assert!(unit.contains(&format!("\nLoadCredential={name}:postdesk.{name}\n")), "{name}");
            assert!(Secret::stored(name).ends_with(format!("credstore/postdesk.{name}")));
        }
        assert!(unit.contains("\nExecStart=/usr/bin/postdesk run\n"), "it names no other configuration");
        assert!(unit.contains("\nConfigurationDirectory=postdesk\n"));
    }
}
