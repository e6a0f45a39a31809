//! The real `postdesk` binary in a folder of its own: started, asked, ended politely or killed, and
//! started again on the same data.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::folder;
use super::http;
use super::keeper;
use super::wait::{LONG, holds, until};

const BINARY: &str = env!("CARGO_BIN_EXE_postdesk");

/// A desk's folder with its configuration, and the daemon on it while it runs. A test that fails
/// prints the daemon's log.
pub struct Daemon {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    environment: Vec<(&'static str, String)>,
}

impl Daemon {
    /// Writes the configuration and starts nothing yet. `config` gets the desk's folder and the port
    /// of loopback that its tracker listens on.
    pub fn prepare(config: impl FnOnce(&Path, u16) -> String) -> Self {
        let folder = folder::temporary("desk");
        let port = folder::free_port();
        let text = config(folder.path(), port);
        std::fs::write(folder.path().join("postdesk.toml"), text).expect("the configuration");
        Self { child: None, folder, port, environment: Vec::new() }
    }

    /// Sets a variable of its environment, and of that of its commands.
    pub fn environment(&mut self, name: &'static str, value: impl Into<String>) {
        self.environment.push((name, value.into()));
    }

    /// The process, while it runs.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `http://127.0.0.1:…`, where the tracker listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("postdesk.toml")
    }

    /// Starts the daemon and waits until it answers `/healthz`.
    ///
    /// # Panics
    /// Where it ends instead, or does not answer.
    pub async fn start(&mut self) {
        self.spawn();
        let url = format!("{}/healthz", self.url());
        let answered = until("the daemon to answer /healthz", LONG, async || {
            if let Some(status) = self.ended() {
                return Some(Err(status));
            }
            http::get(&url).await.ok().map(|_| Ok(()))
        })
        .await;
        if let Err(status) = answered {
            panic!("the daemon ended at its start: {status}\n{}", self.log());
        }
    }

    /// Starts the daemon without waiting for anything.
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).expect("a log");
        let child = self
            .command(&["run", "--config", &self.config().display().to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log again"))
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{BINARY}: {error}")));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(arguments).current_dir(self.folder.path()).env("RUST_BACKTRACE", "1");
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// The exit status, if the daemon has ended by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().expect("its status")
    }

    /// Ends it by SIGTERM, and waits until it has ended in order.
    pub async fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        keeper::signal(child.id(), "TERM");
        let status = until("the daemon to end", Duration::from_secs(30), async || {
            child.try_wait().expect("its status")
        });
        status.await
    }

    /// Ends it by SIGKILL, as a power cut would.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("the kill");
        child.wait().expect("its end");
    }

    /// Runs another command of the binary with this configuration, such as
    /// `["project", "list"]`; it speaks to the running daemon where there is one.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// The same, with something at its standard input (a password).
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        use std::io::Write as _;
        let mut child = self
            .command(arguments)
            .env("POSTDESK_CONFIG", self.config())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{BINARY}: {error}"));
        // A command that reads nothing has closed its end; that is its right.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
        child.wait_with_output().expect("its output")
    }

    /// The status of a command to whose output and errors nobody listens any more.
    pub fn run_unheard(&self, arguments: &[&str]) -> ExitStatus {
        let unheard = || std::io::pipe().expect("a pipe").1;
        self.command(arguments)
            .env("POSTDESK_CONFIG", self.config())
            .stdin(Stdio::null())
            .stdout(unheard())
            .stderr(unheard())
            .status()
            .unwrap_or_else(|error| panic!("{BINARY}: {error}"))
    }

    /// As [`Daemon::run`], for a command that must do well; returns what it printed.
    pub fn must(&self, arguments: &[&str]) -> String {
        printed(arguments, &self.run(arguments))
    }

    /// Whether no letter is still to be begun. One of those under way may be one of which a crash left
    /// nobody knowing; it is looked for, and does not leave again by itself.
    pub fn no_letter_waits(&self) -> bool {
        let status = self.must(&["status"]);
        let number = |what: &str| {
            let (_, rest) = status.split_once(what)?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()
        };
        let open = number("letters waiting: ").unwrap_or_else(|| panic!("{status}"));
        open == number("under way or looked for: ").unwrap_or(0)
    }

    /// As [`Daemon::must`], with something at its standard input.
    pub fn must_with(&self, arguments: &[&str], input: &str) -> String {
        printed(arguments, &self.run_with(arguments, input))
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("daemon.log")
    }

    /// What the daemon has printed so far, over all its runs.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until the log has this text.
    pub async fn logs(&self, text: &str) {
        holds(&format!("{text:?} in the log"), LONG, async || self.log().contains(text)).await;
    }
}

fn printed(arguments: &[&str], output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "postdesk {}: {}\n{out}\n{err}", arguments.join(" "), output.status);
    out.into_owned()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- the daemon's log\n{}", self.log());
        }
    }
}
