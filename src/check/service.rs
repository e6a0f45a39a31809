//! What root finds to be well, and the user that the desk runs as may not have.

use std::path::Path;

use super::{Checked, Report};
use crate::config::Config;
use crate::store::{FolderFacts, StorePath};
use crate::systemd::{self, Service};

/// The user that the desk runs as, where root looks at it: the service's for the file of its unit, else
/// whoever has the data folder. None where that is root as well, and where somebody else looks.
pub(super) fn find(file: &Path, config: &Config) -> Option<Service> {
    let facts = StorePath::new(&config.data).look().ok()?;
    if facts.ours != 0 {
        return None;
    }
    let units = std::path::absolute(file).is_ok_and(|file| file == Path::new(systemd::FILE));
    let installed = if units { Service::installed() } else { None };
    installed.or_else(|| (facts.owner != 0).then(|| Service::of_user(facts.owner)))
}

/// Why the desk could not write to its data folder although root can.
pub(super) fn refused(service: &Service, folder: &Path, facts: &FolderFacts) -> Option<String> {
    let handed_over = service.is_by_unit() && folder == Path::new(systemd::STATE);
    if handed_over || service.can_write(&facts.place) {
        return None;
    }
    let (name, place, folder) = (service.name(), facts.place.display(), folder.display());
    Some(if facts.exists {
        format!(
            "{folder} cannot be written by {name}, the user that the desk runs as. Give it to that user: `chown -R \
             {name}: {folder}`."
        )
    } else {
        format!(
            "{folder} is not there, and {name}, the user that the desk runs as, may not make it in {place}. Make it: \
             `install -d -m 700 -o {name} {folder}`."
        )
    })
}

/// Whether that user may read each file that the configuration names, and the configuration itself.
pub(super) fn files(report: &mut Report<'_>, checked: &Checked<'_>) {
    let Some(service) = checked.service else { return };
    let name = service.name();
    let mut named = checked.config.named_files();
    named.push(("--config", checked.file));
    // Of one that is not there, another line speaks.
    let unreadable: Vec<_> =
        named.into_iter().filter(|(_, path)| path.exists() && !service.can_read(path)).collect();
    if unreadable.is_empty() {
        report.ok(
            "files",
            format!("{name}, the user that the desk runs as, can read every file that is named."),
        );
    }
    for (setting, path) in unreadable {
        let seen = service.sees(path);
        let path = path.display();
        let remedy = if seen {
            format!("Let it, by `chown {name} {path}` for instance, and let it into the folders above.")
        } else {
            "The service sees neither home folders nor /tmp; move it to /etc/postdesk.".to_owned()
        };
        report.bad(
            "files",
            format!("`{setting}` names {path}, which {name}, the user that the desk runs as, may not read. {remedy}"),
        );
    }
}
