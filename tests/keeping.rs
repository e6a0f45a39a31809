//! The real program keeps its data: backed up while mail comes in, restored into another folder,
//! taken over and replayed; and what is damaged is found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and own their files"
)]

mod support;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use postdesk::clock::Clock;
use postdesk::demo::server::{Options, Server, User};
use postdesk::mail::Address;
use postdesk::secret::Random;
use postdesk::triage::Wildcard;
use support::daemon::Daemon;
use support::wait::{LONG, holds};

const DESK: &str = "support@desk.example";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn config(url: &str) -> impl FnOnce(&Path, u16) -> String {
    let url = url.to_owned();
    move |folder, port| {
        std::fs::write(folder.join("password"), "secret\n").unwrap();
        format!(
            "data = \"data\"\nruntime = \".\"\nmachine = \"alder\"\npublic_url = \"http://localhost:{port}\"\n\
             [mail]\nurl = \"{url}\"\nuser = \"{DESK}\"\npassword = {{ file = \"password\" }}\n\
             address = \"{DESK}\"\npoll_seconds = 1\n\
             [addresses]\nwildcard = \"incoming+{{key}}@desk.example\"\n\
             [web]\nlisten = [\"127.0.0.1:{port}\"]\n"
        )
    }
}

async fn server() -> Server {
    let wildcard = Wildcard::parse("incoming+{key}@desk.example").unwrap();
    let desk = User::new(address(DESK), "secret").wildcard(wildcard).alias(address("help@desk.example"));
    Server::start(Options::new(Clock::system(), Random::system()).user(desk)).await.unwrap()
}

/// Runs a command in a thread of its own: the server lives in this one. What it printed, and whether
/// it did well.
fn run(desk: &Daemon, arguments: &[&str]) -> (bool, String) {
    let output = tokio::task::block_in_place(|| desk.run(arguments));
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (output.status.success(), text)
}

#[track_caller]
fn must(desk: &Daemon, arguments: &[&str]) -> String {
    let (well, text) = run(desk, arguments);
    assert!(well, "postdesk {}: {text}", arguments.join(" "));
    text
}

/// Refused, with these words.
#[track_caller]
fn refused(desk: &Daemon, arguments: &[&str], words: &[&str]) {
    let (well, text) = run(desk, arguments);
    assert!(!well, "postdesk {} did well: {text}", arguments.join(" "));
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

fn deliver(server: &Server, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let raw = format!(
            "From: Customer {number} <c{number}@customer.example>\r\nTo: help@desk.example\r\n\
             Subject: Mail {number}\r\nMessage-ID: <m{number}@customer.example>\r\n\
             Date: Thu, 19 Nov 2026 13:59:00 +0000\r\n\r\nThis is mail {number}.\r\n"
        );
        assert_eq!(server.deliver(raw.into_bytes(), &[address("help@desk.example")]).len(), 1);
    }
}

async fn handled(server: &Server, mails: usize) {
    let filed = server.wait_until(|world| world.mails(DESK, "Handled").len() >= mails);
    tokio::time::timeout(LONG, filed).await.expect("the mails to be filed");
}

async fn settled(desk: &Daemon) {
    holds("the outbox to be empty", LONG, async || must(desk, &["status"]).contains("letters waiting: 0"))
        .await;
}

/// A desk with a project that runs and has so many tickets.
async fn desk_with(server: &Server, mails: u32) -> Daemon {
    let mut desk = Daemon::prepare(config(&server.url()));
    must(&desk, &["project", "add", "acme/web", "--alias", "help@desk.example"]);
    desk.start().await;
    let ready = server.wait_until(|world| world.mailboxes(DESK).iter().any(|name| name == "Handled"));
    tokio::time::timeout(LONG, ready).await.expect("the mailboxes");
    deliver(server, 0..mails);
    handled(server, mails as usize).await;
    settled(&desk).await;
    desk
}

fn path(folder: &Path, name: &str) -> (PathBuf, String) {
    let path = folder.join(name);
    let text = path.display().to_string();
    (path, text)
}

fn taken(status: &str) -> &str {
    status.lines().find(|line| line.starts_with("mails taken")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backed_up_at_work_and_restored_elsewhere_nothing_is_lost_and_nothing_sent_twice() {
    let server = server().await;
    let mut old = desk_with(&server, 20).await;
    let (_, backup) = path(old.folder(), "desk.tar.zst");
    // While this is made, mail comes in and letters leave.
    let busy = {
        let server = server.clone();
        tokio::spawn(async move { deliver(&server, 20..60) })
    };
    let printed = must(&old, &["backup", "--verify", &backup]);
    assert!(printed.contains("is whole"), "{printed}");
    busy.await.unwrap();
    handled(&server, 60).await;
    settled(&old).await;
    assert!(must(&old, &["verify"]).contains("Everything is as it should be"));
    assert!(!old.folder().join("data/snapshot").exists(), "nothing is left of the snapshots");
    refused(&old, &["backup", &backup], &["exists already"]);
    refused(&old, &["compact"], &["another Postdesk is running"]);
    refused(&old, &["restore", &backup], &["stop it first"]);
    assert!(old.stop().await.success());

    let mut new = Daemon::prepare(config(&server.url()));
    let printed = must(&new, &["restore", &backup]);
    assert!(printed.contains("paused"), "{printed}");
    refused(&new, &["restore", &backup], &["not empty", "postdesk.redb"]);
    new.start().await;
    deliver(&server, 60..70);
    new.logs("no mail is taken in and no letter leaves until a person decides").await;
    let status = must(&new, &["status"]);
    for words in [
        "restored at",
        "adopt --take-over",
        "postdesk replay",
        "postdesk resume",
        "its data knows nothing of",
    ] {
        assert!(status.contains(words), "no {words:?} in {status}");
    }
    refused(&new, &["replay"], &["adopt --take-over"]);
    must(&new, &["adopt", "--take-over"]);
    let printed = must(&new, &["replay"]);
    assert!(printed.contains("nobody was written to"), "{printed}");
    assert!(taken(&must(&new, &["status"])).ends_with(": 60"), "{printed}");
    must(&new, &["resume"]);
    handled(&server, 70).await;
    holds("letters to leave", LONG, async || server.submissions().len() >= 70).await;
    settled(&new).await;
    assert!(taken(&must(&new, &["status"])).ends_with(": 70"));
    assert!(must(&new, &["verify"]).contains("Everything is as it should be"));
    assert!(new.stop().await.success());

    let mut left: HashMap<String, u32> = HashMap::new();
    for submission in server.submissions() {
        let mail = postdesk::mail::parse(&submission.raw, None);
        *left.entry(mail.message_id.unwrap().as_str().to_owned()).or_default() += 1;
    }
    assert!(left.values().all(|times| *times == 1), "{left:?}");
    // One confirmation for each customer, of the old desk or of the new one.
    assert_eq!(left.len(), 70);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let server = server().await;
    let mut desk = desk_with(&server, 5).await;
    let (file, backup) = path(desk.folder(), "desk.tar.zst");
    must(&desk, &["backup", &backup]);
    assert!(desk.stop().await.success());
    let whole = std::fs::read(&file).unwrap();
    let other = Daemon::prepare(config(&server.url()));
    let (damaged, name) = path(other.folder(), "damaged.tar.zst");
    for at in [whole.len() / 7, whole.len() / 3, whole.len() / 2, whole.len() - 9] {
        let mut octets = whole.clone();
        octets[at] ^= 0x10;
        std::fs::write(&damaged, &octets).unwrap();
        refused(&other, &["backup", "--verify", &name], &["damaged.tar.zst"]);
        refused(&other, &["restore", &name], &["damaged.tar.zst"]);
        let left: Vec<_> =
            std::fs::read_dir(other.folder().join("data")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["postdesk.lock"], "byte {at}");
    }
    for cut in [0, 3, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&damaged, &whole[..cut]).unwrap();
        refused(&other, &["restore", &name], &["damaged.tar.zst"]);
    }
    std::fs::write(&damaged, "no archive at all").unwrap();
    refused(&other, &["restore", &name], &["is no backup of Postdesk"]);
    // By the way that the other tests go, and with the tools of the system.
    std::fs::write(&damaged, &whole).unwrap();
    must(&other, &["restore", &name]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_in_a_folder_are_named_by_time_and_the_oldest_go() {
    let server = server().await;
    let mut desk = desk_with(&server, 2).await;
    assert!(desk.stop().await.success());
    let (folder, name) = path(desk.folder(), "backups");
    std::fs::create_dir(&folder).unwrap();
    for old in ["postdesk-2024-01-01T000000Z.tar.zst", "postdesk-2025-01-01T000000Z.tar.zst", "mine.tar.zst"]
    {
        std::fs::write(folder.join(old), "old").unwrap();
    }
    // Alone, without a daemon.
    must(&desk, &["backup", "--keep", "2", &name]);
    let mut left: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left.len(), 3, "{left:?}");
    assert_eq!((left[0].as_str(), left[1].as_str()), ("mine.tar.zst", "postdesk-2025-01-01T000000Z.tar.zst"));
    // To standard output it is the same archive.
    let output = tokio::task::block_in_place(|| desk.run(&["backup", "-"]));
    assert!(output.status.success());
    let (streamed, name) = path(desk.folder(), "streamed.tar.zst");
    std::fs::write(&streamed, output.stdout).unwrap();
    assert!(must(&desk, &["backup", "--verify", &name]).contains("is whole"));
    let printed = must(&desk, &["compact"]);
    assert!(printed.contains("takes"), "{printed}");
    assert!(must(&desk, &["verify"]).contains("Everything is as it should be"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_finds_a_raw_file_that_is_damaged_or_gone() {
    let server = server().await;
    let desk = desk_with(&server, 3).await;
    let raw = desk.folder().join("data/raw");
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in std::fs::read_dir(&raw).unwrap() {
        let folder = folder.unwrap().path();
        files.extend(std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()));
    }
    files.sort();
    let octets = std::fs::read(&files[0]).unwrap();
    let mut flipped = octets.clone();
    flipped[octets.len() / 2] ^= 1;
    std::fs::write(&files[0], &flipped).unwrap();
    refused(&desk, &["verify"], &["missing or damaged", "one thing is not as it should be"]);
    std::fs::remove_file(&files[1]).unwrap();
    refused(&desk, &["verify"], &["2 things are not as they should be"]);
}
