//! Runs a server program for a test, and ends it with the test: also when the test panics, is
//! killed or hangs, with every process that it left behind.
//!
//! A small shell keeps it. The server gets a session of its own (`setsid`; Cyrus' master kills its
//! whole process group when it stops, the test runner too if it were in there), and the shell ends
//! it when the pipe from the test closes, which it does however the test ends.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const KEEP: &str = r#"
# Kills whatever is left of the session; Chromium is in a process group of its own.
sweep() {
    for stat in /proc/[0-9]*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue
        # proc(5): pid (comm) state ppid pgrp session …
        set -- ${line##*) }
        [ "$4" = "$pid" ] || continue
        process=${stat#/proc/}
        kill -s KILL "${process%/stat}" 2>/dev/null
    done
}
# The program's id is on record before the program runs.
setsid sh -c 'echo $$ >"$KEEPER_PID"; exec "$@"' program "$@" >>"$KEEPER_LOG" 2>&1 &
pid=$!
cat >/dev/null
kill -s TERM "$pid" 2>/dev/null
( sleep 5; sweep ) &
late=$!
wait "$pid"
kill "$late" 2>/dev/null
sweep
[ -z "$KEEPER_REMOVE" ] || rm -rf -- "$KEEPER_REMOVE"
exit 0
"#;

/// A program that runs; dropping it ends the program and waits for that.
pub struct Kept {
    shell: Child,
    log: PathBuf,
    pid: PathBuf,
}

impl Kept {
    /// Starts the program. Its output goes to `<name>.log` in the folder. The folder itself is
    /// removed at the end if `remove` says so.
    pub fn start(name: &str, command: &[&str], folder: &Path, remove: bool) -> io::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let pid = folder.join(format!("{name}.pid"));
        File::create(&log)?;
        let shell = Command::new("sh")
            .args(["-c", KEEP, "keeper"])
            .args(command)
            .env("KEEPER_LOG", &log)
            .env("KEEPER_PID", &pid)
            // Chromium writes to the home folder as well.
            .env("HOME", folder)
            .env("KEEPER_REMOVE", if remove { folder.as_os_str() } else { "".as_ref() })
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Away from the test's group, which a test runner kills when a test takes too long.
            .process_group(0)
            .spawn()?;
        Ok(Self { shell, log, pid })
    }

    /// What the program has printed so far.
    pub fn printed(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The program's process id, once it is started.
    pub fn pid(&self) -> Option<u32> {
        std::fs::read_to_string(&self.pid).ok()?.trim().parse().ok()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// The processes of this program's session whose command is `name`, by their ids.
pub fn of_session(session: u32, name: &str) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // proc(5): pid (comm) state ppid pgrp session …
            let Some((before, after)) = stat.rsplit_once(") ") else { return false };
            let comm = before.split_once('(').map_or("", |(_, comm)| comm);
            let mut fields = after.split(' ');
            // A zombie has ended; nobody may have asked how.
            comm == name && fields.next() != Some("Z") && fields.nth(2) == Some(session.to_string().as_str())
        })
        .collect()
}

/// Whether a process has an open connection to an address of loopback (IPv4).
pub fn talks_to(pid: u32, peer: SocketAddr) -> bool {
    // proc(5), /proc/pid/net/tcp: number, local, remote, state, … and the socket's inode in column 10;
    // state 01 is established.
    let remote = format!("0100007F:{:04X}", peer.port());
    let table = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap_or_default();
    let sockets = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is = fields.get(2) == Some(&remote.as_str()) && fields.get(3) == Some(&"01");
        is.then(|| format!("socket:[{}]", fields.get(9).copied().unwrap_or_default()))
    });
    let sockets: Vec<String> = sockets.collect();
    let Ok(files) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    files
        .flatten()
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .any(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
}

/// Whether a process runs, and is not just waiting to be asked how it ended.
pub fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, after)| !after.starts_with('Z'))
}

/// Sends a signal to a process of ours.
pub fn signal(pid: u32, signal: &str) {
    let _ =
        Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).stderr(Stdio::null()).status();
}
