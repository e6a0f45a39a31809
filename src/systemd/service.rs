//! Who the desk runs as: its unit's file and user, and what that user may do with a file. Root may do
//! all, so what root finds says nothing of it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The file that the service's unit reads.
pub const FILE: &str = "/etc/postdesk/postdesk.toml";
/// The data folder that systemd hands over to the service at each start (`StateDirectory=`).
pub const STATE: &str = "/var/lib/postdesk";
/// The user that the package makes for the service.
const USER: &str = "postdesk";
/// Where the service sees nothing, by `ProtectHome=` and `PrivateTmp=` of its unit.
const HIDDEN: [&str; 5] = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

/// The user that the desk runs as, by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    pub user: u32,
    pub group: u32,
    /// Whether the unit starts it, which hides folders from it.
    by_unit: bool,
}

impl Service {
    /// The service that the package brings, where its user is there.
    #[must_use]
    pub fn installed() -> Option<Self> {
        let (_, user, group) = passwd(USER)?;
        Some(Self { user, group, by_unit: true })
    }

    /// A desk that somebody starts in another way, as this user.
    #[must_use]
    pub fn of_user(user: u32) -> Self {
        let group = passwd(&user.to_string()).map_or(user, |(_, _, group)| group);
        Self { user, group, by_unit: false }
    }

    /// The user's name; where it has none, its number.
    #[must_use]
    pub fn name(&self) -> String {
        let number = self.user.to_string();
        passwd(&number).map_or(number, |(name, ..)| name)
    }

    #[must_use]
    pub fn is_by_unit(&self) -> bool {
        self.by_unit
    }

    /// Whether the unit leaves this path to the service.
    #[must_use]
    pub fn sees(&self, path: &Path) -> bool {
        let path = absolute(path);
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        let hidden = |path: &Path| HIDDEN.iter().any(|hidden| path.starts_with(hidden));
        !self.by_unit || !(hidden(&path) || hidden(&real))
    }

    /// Whether the desk will be able to read this file, or what lies in this folder.
    #[must_use]
    pub fn can_read(&self, path: &Path) -> bool {
        self.sees(path) && self.may("-r", path) && (!path.is_dir() || self.may("-x", path))
    }

    #[must_use]
    pub fn can_write(&self, path: &Path) -> bool {
        self.may("-w", path)
    }

    /// Asks test(1) as that user, with none of root's groups but all of the user's own.
    fn may(&self, what: &str, path: &Path) -> bool {
        let (user, group) = (self.user.to_string(), self.group.to_string());
        let mut test = Command::new("test");
        if rustix::process::geteuid().is_root() {
            let groups = if passwd(&user).is_some() { "--init-groups" } else { "--clear-groups" };
            test = Command::new("setpriv");
            test.args(["--reuid", &user, "--regid", &group, groups, "test"]);
        }
        test.arg(what).arg(absolute(path)).current_dir("/");
        test.status().is_ok_and(|status| status.success())
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Asks the system's user database for a name or a number.
fn passwd(user: &str) -> Option<(String, u32, u32)> {
    let output = Command::new("getent").args(["passwd", user]).output().ok()?;
    parse(String::from_utf8(output.stdout).ok()?.lines().next()?)
}

/// A line of passwd(5).
fn parse(line: &str) -> Option<(String, u32, u32)> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let mut numbers = fields.skip(1).map(str::parse);
    Some((name, numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_user_is_read_from_its_line() {
        let found = parse("postdesk:x:998:997:Postdesk:/var/lib/postdesk:/usr/sbin/nologin");
        assert_eq!(found, Some(("postdesk".to_owned(), 998, 997)));
        assert_eq!(parse("postdesk:x"), None);
    }

    #[test]
    fn what_the_unit_hides_is_not_the_services() {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let about = folder.path().metadata().unwrap();
        let here = Service { user: about.uid(), group: about.gid(), by_unit: false };
        assert!(here.can_read(folder.path()) && here.can_write(folder.path()));
        let service = Service { by_unit: true, ..here };
        assert!(!service.sees(folder.path()) && !service.can_read(folder.path()));
        let unit = include_str!("../../systemd/postdesk.service");
        for line in ["ProtectHome=yes", "PrivateTmp=yes", "StateDirectory=postdesk", "User=postdesk"] {
            assert!(unit.contains(&format!("\n{line}\n")), "{line}");
        }
    }
}
