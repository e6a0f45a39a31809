//! The real program hands people's data out and erases it: beside the daemon and alone, and through a
//! daemon that is killed in the middle.
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
use postdesk::demo::server::{Fault, Options, Server, Times, User};
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
             [mailboxes]\nkeep_days = 400\n\
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

/// What a command printed; it must do well.
#[track_caller]
fn must(desk: &Daemon, arguments: &[&str]) -> String {
    let output = tokio::task::block_in_place(|| desk.run(arguments));
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "postdesk {}: {text}", arguments.join(" "));
    text
}

/// What a command says that refuses.
#[track_caller]
fn refused(desk: &Daemon, arguments: &[&str]) -> String {
    let output = tokio::task::block_in_place(|| desk.run(arguments));
    assert!(!output.status.success(), "postdesk {} did well", arguments.join(" "));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Ten customers write twice each; one confirmation goes to each of them.
async fn desk_with_mail(server: &Server) -> Daemon {
    let mut desk = Daemon::prepare(config(&server.url()));
    must(&desk, &["project", "add", "acme/web", "--alias", "help@desk.example"]);
    desk.start().await;
    let ready = server.wait_until(|world| world.mailboxes(DESK).iter().any(|name| name == "Handled"));
    tokio::time::timeout(LONG, ready).await.expect("the mailboxes");
    for number in 0..20 {
        let raw = format!(
            "From: Customer <c{}@customer.example>\r\nTo: help@desk.example\r\nSubject: Mail {number}\r\n\
             Message-ID: <m{number}@customer.example>\r\nDate: Thu, 19 Nov 2026 13:59:00 +0000\r\n\r\n\
             From here on:\r\nthis is mail number-{number}.\r\n",
            number % 10
        );
        assert_eq!(server.deliver(raw.into_bytes(), &[address("help@desk.example")]).len(), 1);
    }
    let filed = server.wait_until(|world| world.mails(DESK, "Handled").len() >= 20);
    tokio::time::timeout(LONG, filed).await.expect("the mails to be filed");
    holds("the outbox to be empty", LONG, async || must(&desk, &["status"]).contains("letters waiting: 0"))
        .await;
    desk
}

/// How many of the server's mails name somebody.
fn naming(server: &Server, who: &str) -> usize {
    let mails = server.look(|world| world.all_mails(DESK));
    mails.iter().filter(|mail| String::from_utf8_lossy(&mail.raw).contains(who)).count()
}

fn lines(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("tickets.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The mails of an mbox, as any reader of `mboxrd` takes it apart.
fn mails(folder: &Path) -> Vec<String> {
    let mut mails: Vec<String> = Vec::new();
    for line in std::fs::read_to_string(folder.join("mails.mbox")).unwrap().split_inclusive('\n') {
        if line.starts_with("From ") {
            mails.push(String::new());
        } else {
            let quoted = line.starts_with('>') && line.trim_start_matches('>').starts_with("From ");
            mails.last_mut().unwrap().push_str(line.strip_prefix('>').filter(|_| quoted).unwrap_or(line));
        }
    }
    mails
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_is_handed_out_beside_the_daemon_and_without_it() {
    let server = server().await;
    let mut desk = desk_with_mail(&server).await;
    let to = |name: &str| desk.folder().join(name);
    let (beside, one, alone) = (to("beside"), to("one"), to("alone"));
    let text = |path: &Path| path.display().to_string();
    let printed = must(&desk, &["export", "--to", &text(&beside)]);
    assert!(printed.contains(": 20 tickets") && printed.contains(": 30 mails"), "{printed}");
    assert!(refused(&desk, &["export", "--to", &text(&beside)]).contains("is not empty"));
    assert!(refused(&desk, &["export", "--to", "x", "--project", "no/such"]).contains("no project"));
    must(&desk, &["export", "--to", &text(&one), "--address", "C3@Customer.example"]);
    assert!(!desk.folder().join("data/snapshot").exists(), "nothing is left of the snapshots");
    assert!(desk.stop().await.success());
    must(&desk, &["export", "--to", &text(&alone), "--project", "acme/web"]);

    let all = mails(&beside);
    assert_eq!((lines(&beside).len(), all.len(), lines(&alone).len()), (20, 30, 20));
    for line in lines(&beside) {
        let first = &line["events"][0];
        let mail = &all[usize::try_from(first["mail"].as_u64().unwrap()).unwrap()];
        let number = line["title"].as_str().unwrap().strip_prefix("Mail ").unwrap();
        assert!(mail.contains(&format!("\n\nFrom here on:\nthis is mail number-{number}.\n")), "{mail}");
        assert!(first["text"].as_str().unwrap().contains(&format!("number-{number}.")), "{line}");
    }
    let confirmed = lines(&beside).iter().filter(|line| line["letters"][0]["kind"] == "confirmation").count();
    assert_eq!(confirmed, 10);
    assert_eq!((lines(&one).len(), mails(&one).len()), (2, 3));
    assert!(mails(&one).iter().all(|mail| mail.contains("c3@customer.example")));
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(beside.join("mails.mbox")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_erased_even_by_a_daemon_that_is_killed_in_the_middle() {
    let server = server().await;
    let mut desk = desk_with_mail(&server).await;
    let who = "c3@customer.example";
    assert_eq!(naming(&server, who), 3);
    let printed = must(&desk, &["erase", "--address", who, "--dry-run"]);
    assert!(printed.contains("nothing was changed") && printed.contains("tickets: 2; 2 with"), "{printed}");
    assert_eq!(naming(&server, who), 3);
    // The mail server destroys nothing for now, and the daemon is killed while copies are left.
    let fails = Fault::MethodError("Email/set", "serverFail".to_owned());
    let away = server.faults().add(fails, Times::Always);
    let printed = must(&desk, &["erase", "--address", who]);
    assert!(printed.contains("mails that came in: 2") && printed.contains("3 are left"), "{printed}");
    desk.kill();
    away.clear();
    desk.start().await;
    holds("the copies to be destroyed", LONG, async || naming(&server, who) == 0).await;
    assert!(must(&desk, &["status"]).contains("erasures that are not done yet: 1"), "young files are left");
    assert!(must(&desk, &["verify"]).contains("Everything is as it should be"));
    let again = must(&desk, &["erase", "--address", who]);
    assert!(again.contains("mails that came in: 0"), "{again}");
    let left = desk.folder().join("left");
    must(&desk, &["export", "--to", &left.display().to_string()]);
    assert!(!lines(&left).iter().any(|line| line.to_string().contains(who)));
    assert!(!mails(&left).iter().any(|mail| mail.contains(who)));
    assert_eq!(mails(&left).len(), 27);
    // Alone it works as well.
    assert!(desk.stop().await.success());
    let printed = must(&desk, &["erase", "--address", "c4@customer.example"]);
    assert!(printed.contains("copies on the mail server: 3 gone"), "{printed}");
    assert_eq!(naming(&server, "c4@customer.example"), 0);
}
