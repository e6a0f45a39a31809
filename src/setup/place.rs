//! Where things go, and whose they are: the files, and the user that the service runs as.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::config::Secret;

/// The user that the package makes for the service.
const USER: &str = "postdesk";
/// The file that the service's unit reads.
const FILE: &str = "/etc/postdesk/postdesk.toml";
/// The credentials that the service's unit loads.
const LOADED: [&str; 2] = ["mail-password", "mail-token"];
/// Where the service sees nothing, by `ProtectHome=` and `PrivateTmp=` of its unit.
const HIDDEN: [&str; 5] = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

/// The user of the service, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) user: u32,
    pub(super) group: u32,
}

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
        let service = if root && file == Path::new(FILE) { service() } else { None };
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
        let Some(service) = self.service else { return true };
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let sees = |path: &Path| !HIDDEN.iter().any(|hidden| path.starts_with(hidden));
        let mut test = Command::new("test");
        test.arg("-r").arg(path);
        sees(path) && sees(&real) && as_service(&mut test, service).status().is_ok_and(|s| s.success())
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

/// Lets a command run as the service's user, with none of root's groups.
fn as_service(command: &mut Command, service: Service) -> &mut Command {
    use std::os::unix::process::CommandExt as _;
    command.uid(service.user).gid(service.group).current_dir("/")
}

/// Asks the system's user database.
fn service() -> Option<Service> {
    let output = Command::new("getent").args(["passwd", USER]).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    parse(line.lines().next()?)
}

/// A line of passwd(5).
fn parse(line: &str) -> Option<Service> {
    let mut fields = line.split(':').skip(2);
    let mut number = || fields.next()?.parse().ok();
    Some(Service { user: number()?, group: number()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_read_from_its_line() {
        let service = parse("postdesk:x:998:997:Postdesk:/var/lib/postdesk:/usr/sbin/nologin");
        assert_eq!(service, Some(Service { user: 998, group: 997 }));
        assert_eq!(parse("postdesk:x"), None);
    }

    #[test]
    fn what_the_unit_hides_or_does_not_load_is_not_the_services() {
        let here =
            Service { user: rustix::process::geteuid().as_raw(), group: rustix::process::getegid().as_raw() };
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let of = |service| Place { file: FILE.into(), service };
        assert!(of(None).can_read(folder.path()) && !of(Some(here)).can_read(folder.path()));
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
        for line in ["\nProtectHome=yes\n", "\nPrivateTmp=yes\n", "\nConfigurationDirectory=postdesk\n"] {
            assert!(unit.contains(line), "{line}");
        }
    }
}
