//! Where things go, and whose they are: the file, and the user that the service runs as.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The user that the package makes for the service.
const USER: &str = "postdesk";

/// The user of the service, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// The configuration's place.
pub(super) struct Place {
    pub(super) file: PathBuf,
    /// Where this is root, and the service has a user of its own.
    pub(super) service: Option<Service>,
}

impl Place {
    pub(super) fn find(file: &Path) -> Self {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let root = rustix::process::geteuid().is_root();
        Self { file, service: if root { service() } else { None } }
    }

    pub(super) fn exists(&self) -> bool {
        self.file.exists()
    }

    /// Where the secret of the mail account is written.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.file.with_file_name(name)
    }

    /// The data folder of somebody who may not write to the usual one.
    pub(super) fn data(&self) -> Option<PathBuf> {
        let root = rustix::process::geteuid().is_root();
        let usual = self.file.starts_with("/etc");
        (!root && !usual).then(|| self.beside("data"))
    }

    /// A command of this program that is to work with the store: as the user of the service, so
    /// that what it makes is that user's.
    pub(super) fn command(&self, arguments: &[&str]) -> std::io::Result<Command> {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).arg("--config").arg(&self.file);
        if let Some(service) = self.service {
            command.uid(service.user).gid(service.group).current_dir("/");
        }
        Ok(command)
    }
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
}
