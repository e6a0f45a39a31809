//! What the real daemon refuses to start on, each with a sentence that says what to do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and own their files"
)]

mod support;

use std::path::Path;

use postdesk::clock::Clock;
use postdesk::secret::Random;
use postdesk::store::{Store, StorePath, VERSION};
use redb::TableDefinition;
use support::daemon::Daemon;

/// A desk whose mail server answers nobody.
fn config(_: &Path, port: u16) -> String {
    format!(
        "data = \"data\"\npublic_url = \"http://localhost:{port}\"\n\
         [mail]\nurl = \"http://127.0.0.1:9\"\nuser = \"a\"\npassword = {{ file = \"password\" }}\n\
         address = \"a@desk.example\"\n\
         [addresses]\nwildcard = \"incoming+{{key}}@desk.example\"\n\
         [web]\nlisten = [\"127.0.0.1:{port}\"]\n"
    )
}

fn desk() -> Daemon {
    let daemon = Daemon::prepare(config);
    std::fs::write(daemon.folder().join("password"), "secret\n").unwrap();
    daemon
}

/// What the program says when it is to run on the folder of `daemon`, with another socket and port.
fn second(daemon: &Daemon) -> (bool, String) {
    let folder = daemon.folder();
    let text = std::fs::read_to_string(folder.join("postdesk.toml")).unwrap();
    let port = format!("127.0.0.1:{}", daemon.port());
    let text = text.replace(&port, "127.0.0.1:0").replacen("data = ", "runtime = \"elsewhere\"\ndata = ", 1);
    std::fs::create_dir_all(folder.join("elsewhere")).unwrap();
    let other = folder.join("second.toml");
    std::fs::write(&other, text).unwrap();
    let output = daemon.run(&["run", "--config", &other.display().to_string()]);
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn a_second_daemon_on_the_same_folder() {
    let mut daemon = desk();
    daemon.start().await;
    let (well, said) = second(&daemon);
    assert!(!well);
    let last = said.lines().last().unwrap();
    for part in ["another Postdesk is running on the data folder", "data", "stop it first"] {
        assert!(last.contains(part), "{said}");
    }
    assert!(daemon.ended().is_none(), "the first goes on");
    assert!(daemon.must(&["status"]).contains("mail in: "));
    assert!(daemon.stop().await.success());
}

#[tokio::test]
async fn a_store_of_a_newer_postdesk() {
    let daemon = desk();
    let path = StorePath::new(daemon.folder().join("data"));
    Store::open(&path, &Random::system(), &Clock::system()).unwrap().close().await;
    let database = redb::Database::create(path.database()).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta = TableDefinition::<&[u8], &[u8]>::new("meta");
    transaction
        .open_table(meta)
        .unwrap()
        .insert(b"version".as_slice(), (VERSION + 1).to_be_bytes().as_slice())
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    let (well, said) = second(&daemon);
    assert!(!well);
    let last = said.lines().last().unwrap();
    for part in ["written by a newer Postdesk", "install the newer Postdesk", "restore a backup"] {
        assert!(last.contains(part), "{said}");
    }
    let (well, said) = second(&daemon);
    assert!(!well && said.contains("newer Postdesk"), "however often: {said}");
}
