//! The real daemon under a service manager of the test's own: what it says on the notify socket
//! (sd_notify(3)), and with which status it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and own their files"
)]

mod support;

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use support::daemon::Daemon;
use support::keeper;
use support::wait::{LONG, until};

/// What the daemon says, one datagram after the other.
struct Manager(UnixDatagram);

impl Manager {
    fn of(daemon: &mut Daemon) -> Self {
        let path = daemon.folder().join("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        daemon.environment("NOTIFY_SOCKET", path.display().to_string());
        Self(socket)
    }

    /// The next datagram that has such a line, passing over others.
    async fn hears(&self, line: &str) -> String {
        until(line, LONG, async || {
            let mut octets = [0; 4096];
            loop {
                match self.0.recv(&mut octets) {
                    Ok(length) => {
                        let said = String::from_utf8_lossy(&octets[..length]).into_owned();
                        if said.lines().any(|said| said == line) {
                            return Some(said);
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                    Err(error) => panic!("{error}"),
                }
            }
        })
        .await
    }
}

/// A desk whose mail server does not answer: it serves all the same.
fn desk(limits: &str) -> Daemon {
    let daemon = Daemon::prepare(|_, port| {
        format!(
            "data = \"data\"\npublic_url = \"http://localhost:{port}\"\n\
             [mail]\nurl = \"http://127.0.0.1:1\"\nuser = \"a\"\npassword = {{ file = \"password\" }}\n\
             address = \"help@desk.example\"\n[addresses]\nwildcard = \"help+{{key}}@desk.example\"\n\
             [web]\nlisten = [\"127.0.0.1:{port}\"]\n[limits]\n{limits}\n"
        )
    });
    std::fs::write(daemon.folder().join("password"), "secret").unwrap();
    daemon
}

fn edit(daemon: &Daemon, from: &str, to: &str) {
    let path = daemon.folder().join("postdesk.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn it_says_when_it_serves_that_it_lives_and_when_it_stops() {
    let mut daemon = desk("");
    let manager = Manager::of(&mut daemon);
    daemon.environment("WATCHDOG_USEC", "400000");
    daemon.spawn();
    let starting = manager.hears("STATUS=opening the store").await;
    assert!(starting.contains("EXTEND_TIMEOUT_USEC=90000000"), "{starting}");
    let ready = manager.hears("READY=1").await;
    assert!(ready.contains(&format!("STATUS=serving at http://localhost:{}", daemon.port())), "{ready}");
    assert!(support::http::get(&format!("{}/sign-in", daemon.url())).await.is_ok(), "ready means serving");
    for _ in 0..3 {
        manager.hears("WATCHDOG=1").await;
    }
    let socket = daemon.folder().join("data/control.sock");
    assert!(socket.exists());
    assert!(daemon.stop().await.success());
    manager.hears("STOPPING=1").await;
    assert!(!socket.exists(), "a socket that nobody listens on stays behind");
}

#[tokio::test]
async fn a_reload_says_what_is_in_force_and_what_needs_a_restart() {
    let mut daemon = desk("max_mail_bytes = 1000000");
    let manager = Manager::of(&mut daemon);
    daemon.start().await;
    manager.hears("READY=1").await;
    edit(&daemon, "max_mail_bytes = 1", "max_mail_bytes = 2");
    edit(&daemon, "help+{key}", "desk+{key}");
    keeper::signal(daemon.id(), "HUP");
    let reloading = manager.hears("RELOADING=1").await;
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    manager.hears("READY=1").await;
    daemon.logs("limits.max_mail_bytes").await;
    let told = daemon.must(&["reload"]);
    assert!(told.contains("These need a restart: addresses.wildcard"), "{told}");
    assert!(!told.contains("max_mail_bytes"), "what is in force is not named again: {told}");
    // A file that is wrong changes nothing.
    edit(&daemon, "max_mail_bytes", "most_mail_bytes");
    keeper::signal(daemon.id(), "HUP");
    daemon.logs("the former one stays in force").await;
    assert!(support::http::get(&format!("{}/healthz", daemon.url())).await.is_ok());
    assert!(!daemon.run(&["reload"]).status.success());
    assert!(daemon.stop().await.success());
}

#[tokio::test]
async fn why_it_did_not_start_stands_in_its_status() {
    let mut daemon = desk("");
    let manager = Manager::of(&mut daemon);
    let unfinished = daemon.folder().join("data/restoring");
    std::fs::create_dir_all(&unfinished).unwrap();
    daemon.spawn();
    let why = format!(
        "STATUS={} is what a `postdesk restore` that did not finish has left; empty the data folder and restore again",
        unfinished.display()
    );
    manager.hears(&why).await;
    until("its end", Duration::from_secs(30), async || daemon.ended()).await;
}

#[tokio::test]
async fn a_wrong_configuration_ends_it_with_a_status_of_its_own() {
    let mut daemon = desk("most_mail_bytes = 1");
    daemon.spawn();
    let ended = until("its end", Duration::from_secs(30), async || daemon.ended()).await;
    assert_eq!(ended.code(), Some(78), "EX_CONFIG: {}", daemon.log());
}
