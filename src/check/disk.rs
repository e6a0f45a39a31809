//! The data folder and the store in it.

use std::io;
use std::path::Path;

use super::{Checked, Daemon, Report, service};
use crate::control::{Answer, ControlError, Request, Survey, ask};
use crate::store::{FolderFacts, OpenError, Peek, Peeked, StorePath, VERSION};
use crate::theme::octets_text;

/// With less than this free, the store stops writing soon or cannot even be made.
const TOO_LITTLE: u64 = 32 * 1024 * 1024;
/// With less than this free, it is time to make room.
const LITTLE: u64 = 1024 * 1024 * 1024;

/// sockaddr_un has room for 108 octets, the last of which is a zero (unix(7)).
const LONGEST_SOCKET: usize = 107;
/// Where the service's unit has its socket.
const SERVICE: &str = "/run/postdesk";

/// The folder: there, ours, writable, and with room.
pub(super) fn folder(report: &mut Report<'_>, checked: &Checked<'_>) {
    let path = StorePath::new(&checked.config.data);
    let shown = path.folder().display();
    let facts = match path.look() {
        Ok(facts) => facts,
        Err(error) => {
            report.bad(
                "data folder",
                format!(
                    "{shown} cannot be used: {error}. Point `data` to a folder that Postdesk may write to."
                ),
            );
            return;
        }
    };
    let by_service = || service::refused(checked.service.as_ref()?, path.folder(), &facts);
    if let Some(why) = refused(path.folder(), &facts).or_else(by_service) {
        report.bad("data folder", why);
        return;
    }
    room(report, &facts);
    if !facts.exists {
        report.ok("data folder", format!("{shown} is not there yet; it is made at the first start."));
    } else if facts.ours != 0 && facts.owner != facts.ours {
        report.warn(
            "data folder",
            format!(
                "{shown} belongs to another user (number {}); give it to Postdesk's with `chown`.",
                facts.owner
            ),
        );
    } else if facts.mode & 0o077 != 0 {
        report.warn(
            "data folder",
            format!("{shown} is open to other users (mode {:o}); close it with `chmod 700`.", facts.mode),
        );
    } else {
        report.ok("data folder", format!("{shown} can be written."));
    }
}

/// Why nothing can be kept there. A folder above ours is never to be given away: it may be
/// `/var/lib`.
fn refused(folder: &Path, facts: &FolderFacts) -> Option<String> {
    let error = facts.refused.as_ref()?;
    let (folder, place) = (folder.display(), facts.place.display());
    Some(if facts.exists && facts.owner != facts.ours && error.kind() == io::ErrorKind::PermissionDenied {
        format!(
            "{place} belongs to another user (number {}), and this one may not write there. If Postdesk runs as that \
             user, run this as root or as that user; else give it to Postdesk's (`chown`, `chmod 700`).",
            facts.owner
        )
    } else if facts.exists {
        format!(
            "{place} cannot be written ({error}), so nothing can be kept. Give it to the user that Postdesk runs \
             as (`chown`, `chmod 700`), or point `data` to another folder."
        )
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        format!(
            "{folder} is not there, and this user may not make it in {place}. Make it as root for the user that \
             Postdesk runs as: `install -d -m 700 -o postdesk -g postdesk {folder}`."
        )
    } else {
        format!(
            "{folder} is not there, and cannot be made in {place} ({error}). Point `data` to another folder."
        )
    })
}

fn room(report: &mut Report<'_>, facts: &FolderFacts) {
    let (place, free) = (facts.place.display(), octets_text(facts.free));
    if facts.free < TOO_LITTLE {
        report.bad(
            "disk space",
            format!(
                "The disk under {place} is full: only {free} are free, and mail can be neither taken in nor sent. \
                 Make room, or point `data` to a larger disk."
            ),
        );
    } else if facts.free < LITTLE {
        report.warn("disk space", format!("Only {free} are free under {place}; make room soon."));
    } else {
        report.ok("disk space", format!("{free} are free."));
    }
}

/// The socket by which commands speak to the daemon, which does not start where it cannot be made.
pub(super) fn socket(report: &mut Report<'_>, checked: &Checked<'_>) {
    let path = checked.config.control_socket();
    let octets = path.as_os_str().len();
    if octets > LONGEST_SOCKET {
        report.bad(
            "control socket",
            format!(
                "{} has {octets} octets, and the path of a socket has at most {LONGEST_SOCKET}, so the desk does not \
                 start. Set `runtime` to a folder with a shorter path, such as \"{SERVICE}\".",
                path.display()
            ),
        );
    }
    // One that this user may not look into is left to who asks the daemon.
    let gone = |folder: &Path| match folder.metadata() {
        Ok(about) => !about.is_dir(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    let Some(folder) = checked.config.runtime.as_deref().filter(|folder| gone(folder)) else { return };
    if folder == Path::new(SERVICE) {
        // systemd makes it at each start and takes it away at each stop (`RuntimeDirectory=`).
        report.ok(
            "control socket",
            format!("{SERVICE} is not there at present; the service makes it at its start."),
        );
        return;
    }
    report.bad(
        "control socket",
        format!(
            "`runtime` is {folder}, which is no folder that is there, so the desk does not start. Make it as root for \
             the user that Postdesk runs as: `install -d -m 700 -o postdesk -g postdesk {folder}`; or correct \
             `runtime`.",
            folder = folder.display()
        ),
    );
}

/// The store: told about by the daemon that has it open, else looked into.
pub(super) async fn store(report: &mut Report<'_>, checked: &mut Checked<'_>) {
    match ask(&checked.config.control_socket(), &Request::Survey).await {
        Ok(Answer::Survey(survey)) => {
            checked.daemon = Daemon::Runs;
            daemon(report, &survey);
            checked.survey = Some(*survey);
        }
        Ok(Answer::Refused(why)) => {
            checked.daemon = Daemon::Runs;
            report.bad(
                "daemon",
                format!(
                    "A daemon runs, and does not say what its store has: {why}. Look at its log, and restart it \
                     (`systemctl restart postdesk`)."
                ),
            );
        }
        Ok(_) => {
            checked.daemon = Daemon::Runs;
            report.warn(
                "daemon",
                "A daemon runs that does not know this question; restart it after an upgrade.",
            );
        }
        Err(ControlError::NobodyThere) => checked.survey = alone(report, checked),
        // No daemon can have a socket at such a path; `socket` says so.
        Err(ControlError::Io(error)) if error.kind() == io::ErrorKind::InvalidInput => {
            checked.survey = alone(report, checked);
        }
        Err(error) => checked.daemon = unasked(report, checked, &error),
    }
}

/// Somebody has the socket, and could not be asked.
fn unasked(report: &mut Report<'_>, checked: &Checked<'_>, error: &ControlError) -> Daemon {
    let socket = checked.config.control_socket();
    let socket = socket.display();
    match error {
        ControlError::Silence => {
            report.bad(
                "daemon",
                "A daemon runs, and does not answer: it hangs. Restart it (`systemctl restart postdesk`).",
            );
            Daemon::Runs
        }
        ControlError::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            report.warn(
                "daemon",
                format!(
                    "This user may not ask at {socket} whether a daemon runs, so the store was not looked at. Run \
                     this as root or as the user that Postdesk runs as."
                ),
            );
            Daemon::Unknown
        }
        ControlError::Language(_) => {
            report.warn(
                "daemon",
                format!(
                    "A daemon runs, and {error}. Restart it after an upgrade (`systemctl restart postdesk`)."
                ),
            );
            Daemon::Runs
        }
        ControlError::Io(_) | ControlError::NobodyThere => {
            report.warn(
                "daemon",
                format!(
                    "{error}, so whether one runs at {socket} is not known. Look at its log, and restart it."
                ),
            );
            Daemon::Unknown
        }
    }
}

fn daemon(report: &mut Report<'_>, survey: &Survey) {
    if survey.writable {
        report.ok("store", format!("A daemon runs and has it open, with schema version {}.", survey.schema));
    } else {
        report.bad(
            "store",
            "The running daemon cannot write to its store; its log says why. Make room or mend the disk, and it \
             goes on by itself.",
        );
    }
    if let Some(intake) = survey.intake.as_ref().filter(|intake| intake.starts_with("in trouble")) {
        report.warn("daemon", format!("Its intake is {intake}."));
    }
}

fn alone(report: &mut Report<'_>, checked: &Checked<'_>) -> Option<Survey> {
    let peek = match StorePath::new(&checked.config.data).peek() {
        Ok(Peeked::None) => {
            report.ok("store", "There is none yet; it is made at the first start.");
            return None;
        }
        Ok(Peeked::InUse) => {
            report.bad(
                "store",
                format!(
                    "Another process has it open, and nobody answers at {}. If that is Postdesk, let `runtime` say \
                     where its socket is; else stop that process.",
                    checked.config.control_socket().display()
                ),
            );
            return None;
        }
        Ok(Peeked::Unclean) => {
            report.warn("store", "It was not closed in order; the next start repairs it by itself.");
            return None;
        }
        Ok(Peeked::Store(peek)) => peek,
        Err(error @ (OpenError::Newer { .. } | OpenError::Unfinished { .. })) => {
            report.bad("store", format!("{error}."));
            return None;
        }
        Err(error) => {
            report.bad("store", format!("{error}. Look at its owner, or restore a backup."));
            return None;
        }
    };
    looked_into(report, &peek)
}

fn looked_into(report: &mut Report<'_>, peek: &Peek) -> Option<Survey> {
    match Survey::read(&peek.read, peek.version) {
        Ok(survey) if peek.version < VERSION => {
            report.ok(
                "store",
                format!("It has schema version {}; the next start brings it to {VERSION}.", peek.version),
            );
            Some(survey)
        }
        Ok(survey) => {
            report.ok("store", format!("It can be read and has schema version {}.", peek.version));
            Some(survey)
        }
        Err(error) => {
            report.bad("store", format!("{error}. Restore a backup."));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_made_is_made_by_root_and_the_one_above_it_is_left_alone() {
        let refused = |folder: &str, exists, kind: io::ErrorKind| {
            let facts = FolderFacts {
                exists,
                place: if exists { folder.into() } else { "/var/lib".into() },
                refused: Some(kind.into()),
                owner: 0,
                ours: 1000,
                mode: 0o755,
                free: 1,
            };
            super::refused(Path::new(folder), &facts).unwrap()
        };
        let missing = refused("/var/lib/postdesk", false, io::ErrorKind::PermissionDenied);
        assert!(
            missing.contains("`install -d -m 700 -o postdesk -g postdesk /var/lib/postdesk`"),
            "{missing}"
        );
        let read_only = refused("/var/lib/postdesk", false, io::ErrorKind::ReadOnlyFilesystem);
        for text in [missing, read_only] {
            assert!(text.starts_with("/var/lib/postdesk is not there") && !text.contains("chmod"), "{text}");
        }
        let theirs = refused("/var/lib/postdesk", true, io::ErrorKind::PermissionDenied);
        assert!(theirs.contains("`chmod 700`"), "{theirs}");
    }
}
