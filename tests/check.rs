//! `postdesk check` against servers and disks that are right, and wrong in one thing each: one line
//! says what it is and what to do, and the exit status whether the desk would run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and own their files"
)]

#[path = "check/here.rs"]
mod here;
#[path = "check/marker.rs"]
mod marker;
#[path = "check/send.rs"]
mod send;
mod support;
#[path = "check/there.rs"]
mod there;

use std::path::Path;
use std::process::Command;

use postdesk::clock::Clock;
use postdesk::demo::server::{At, Fault, Habits, Options, Server, Times, User};
use postdesk::mail::Address;
use postdesk::secret::Random;
use postdesk::triage::Wildcard;
use support::authority::behind_tls;
use support::daemon::Daemon;
use support::skip::{Piece, without};
use support::street::{Plan, Street};
use support::wait::{LONG, until};

const DESK: &str = "support@desk.example";
const WILDCARD: &str = "incoming+{key}@desk.example";

/// What the server of a test is like.
struct World {
    server: Server,
    desk: Daemon,
}

/// A desk's configuration, with lines of a test's own in [mail], and the login that it uses.
fn config(folder: &Path, port: u16, url: &str, login: &str) -> String {
    std::fs::write(folder.join("password"), "secret\n").unwrap();
    std::fs::write(folder.join("wrong"), "guessed\n").unwrap();
    format!(
        "data = \"data\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         [mail]\nurl = \"{url}\"\n{login}\naddress = \"{DESK}\"\n\
         [addresses]\nwildcard = \"{WILDCARD}\"\nauthserv_id = \"mx.desk.example\"\n\
         [web]\nlisten = [\"127.0.0.1:{port}\"]\n"
    )
}

const BASIC: &str = "user = \"support@desk.example\"\npassword = { file = \"password\" }";
const TOKEN: &str = "token = { file = \"password\" }";

fn options(habits: Habits) -> Options {
    let user = User::new(Address::parse(DESK).unwrap(), "secret")
        .token("secret")
        .wildcard(Wildcard::parse(WILDCARD).unwrap());
    let mut options = Options::new(Clock::system(), Random::seeded(7)).user(user).habits(habits);
    options.authserv_id = Some("mx.desk.example".to_owned());
    options
}

impl World {
    async fn new(habits: Habits, login: &str) -> Self {
        Self::at(options(habits), login, |url| url).await
    }

    async fn at(options: Options, login: &str, url: impl FnOnce(String) -> String) -> Self {
        let server = Server::start(options).await.unwrap();
        let url = url(server.url());
        let desk = Daemon::prepare(|folder, port| config(folder, port, &url, login));
        Self { server, desk }
    }

    fn check(&self) -> Checked {
        check(&self.desk, &["check"])
    }

    /// Writes this into the desk's configuration, in the place of what stands there.
    fn replace(&self, from: &str, to: &str) {
        let file = self.desk.folder().join("postdesk.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        std::fs::write(file, text.replace(from, to)).unwrap();
    }
}

/// What was printed, and whether the desk would run.
struct Checked {
    text: String,
    runs: bool,
}

/// Runs the real program in a thread of its own: the server lives in this one.
fn check(desk: &Daemon, arguments: &[&str]) -> Checked {
    let output = tokio::task::block_in_place(|| desk.run(arguments));
    let text = String::from_utf8(output.stdout).unwrap();
    eprintln!("{text}{}", String::from_utf8_lossy(&output.stderr));
    let runs = match output.status.code() {
        Some(0) => true,
        Some(1) => false,
        other => panic!("it ended with {other:?}"),
    };
    Checked { text, runs }
}

impl Checked {
    /// The lines of one level, `thing: text`.
    fn level(&self, word: &str) -> Vec<String> {
        let of_level = |line: &str| line.split_whitespace().nth(1) == Some(word);
        let lines = self.text.lines().filter(|line| of_level(line));
        lines.map(|line| line.chars().skip(8).collect::<String>()).collect()
    }

    /// The one thing that is in the way, which has all these words.
    #[track_caller]
    fn only_bad(&self, thing: &str, words: &[&str]) {
        assert!(!self.runs, "it says that the desk would run:\n{}", self.text);
        let bad = self.level("bad");
        assert_eq!(bad.len(), 1, "{bad:#?}");
        assert!(bad[0].starts_with(thing), "{} is not about {thing}", bad[0]);
        for word in words {
            assert!(bad[0].contains(word), "no {word:?} in: {}", bad[0]);
        }
        assert!(!self.text.contains("secret\n") && !self.text.contains("guessed"), "a secret is printed");
    }

    #[track_caller]
    fn has(&self, level: &str, thing: &str, words: &[&str]) {
        let lines = self.level(level);
        let fits = |line: &&String| line.starts_with(thing) && words.iter().all(|word| line.contains(word));
        assert!(lines.iter().any(|line| fits(&line)), "no {level} {thing} {words:?} in\n{}", self.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_is_well_it_says_so_and_changes_nothing() {
    let world = World::new(Habits::default(), BASIC).await;
    let changing = ["Mailbox/set", "Email/set", "Email/import", "EmailSubmission/set", "Identity/set"];
    let changed = changing.map(|method| {
        world.server.faults().add(Fault::MethodError(method, "forbidden".to_owned()), Times::Always)
    });
    let checked = world.check();
    assert!(checked.runs);
    assert_eq!(checked.level("bad"), Vec::<String>::new());
    assert_eq!(checked.level("warn"), Vec::<String>::new());
    for (thing, word) in [
        ("configuration", "fits together"),
        ("data folder", "made at the first start"),
        ("store", "made at the first start"),
        ("templates", "letters can be rendered"),
        ("listener", "is free"),
        ("login", "support@desk.example"),
        ("clock", "agrees"),
        ("sending", "sends mail"),
        ("limits", "500 Emails at once"),
        ("mailboxes", "role:sent are there; Postdesk/Handled"),
        ("intake", "is empty"),
        ("marker", "No desk has put its marker"),
        ("identity", "Letters leave as support@desk.example"),
        ("push", "at once"),
    ] {
        checked.has("ok", thing, &[word]);
    }
    assert!(checked.text.ends_with("The desk would run.\n"));
    assert_eq!(changed.map(|rule| rule.hits()), [0; 5], "it wanted to change something");
    assert!(!world.desk.folder().join("data").exists());
    assert!(world.server.submissions().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password() {
    let login = "user = \"support@desk.example\"\npassword = { file = \"wrong\" }";
    let world = World::new(Habits::default(), login).await;
    let checked = world.check();
    checked.only_bad(
        "login",
        &["does not accept this login (401).", "Check `user` and `password` in [mail] of"],
    );
    checked.has("skip", "mail server", &["were not tried"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_not_there() {
    let login = "user = \"support@desk.example\"\npassword = { file = \"none\" }";
    World::new(Habits::default(), login).await.check().only_bad("secret", &["`mail.password` names", "none"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_url() {
    let options = || options(Habits::default());
    let world = World::at(options(), BASIC, |url| format!("{url}/mail/api")).await;
    world.check().only_bad("mail server", &["no JMAP session at", "`url` in [mail] takes"]);

    let nobody = support::folder::free_port();
    let world = World::at(options(), BASIC, |_| format!("http://127.0.0.1:{nobody}")).await;
    world
        .check()
        .only_bad("mail server", &["no connection to 127.0.0.1", "refused", "Check that `url` in [mail] of"]);

    let world = World::new(Habits::default(), BASIC).await;
    world.server.faults().add(Fault::Html(At::Session), Times::Always);
    world.check().only_bad("mail server", &["is not a JMAP session", "`url` in [mail] takes"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_cannot_be_read() {
    let world = World::at(options(Habits::default()), BASIC, |_| "ftp://mail.example".to_owned()).await;
    let checked = world.check();
    checked.only_bad("configuration", &["postdesk.toml, line 4: `mail.url`", "https"]);
    assert_eq!(checked.text.lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_of_the_mail_server() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let login = format!("{BASIC}\nca = \"{}\"", ca.display());
    let server = Server::start(options(Habits { relative_urls: true, ..Habits::default() })).await.unwrap();
    let good = [(2020, 1, 1), (2060, 1, 1)];
    for (name, days, believed, words) in [
        ("127.0.0.1", good, true, None),
        (
            "127.0.0.1",
            [(2020, 1, 1), (2021, 1, 1)],
            true,
            Some(["has expired", "Renew it on the mail server"]),
        ),
        ("127.0.0.1", [(2060, 1, 1), (2061, 1, 1)], true, Some(["not valid yet", "this computer's clock"])),
        ("mail.example", good, true, Some(["for other names", "`url` of [mail]"])),
        ("127.0.0.1", good, false, Some(["signed by nobody that this computer believes", "`ca` of [mail]"])),
    ] {
        let url = behind_tls(&server.url(), &ca, name, days).await;
        if !believed {
            // Another authority of the same form.
            let other = folder.path().join("other.pem");
            behind_tls(&server.url(), &other, name, days).await;
            std::fs::copy(other, &ca).unwrap();
        }
        let desk = Daemon::prepare(|folder, port| config(folder, port, &url, &login));
        let checked = check(&desk, &["check"]);
        match words {
            Some(words) => checked.only_bad("mail certificate", &words),
            None => {
                assert!(checked.runs);
                checked.has("ok", "mail certificate", &["good until 2060-01-01"]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk() {
    let world = World::new(Habits::default(), BASIC).await;
    let data = world.desk.folder().join("data");
    std::fs::create_dir(&data).unwrap();
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=300k,mode=700", "none"]).arg(&data).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: a full disk: only root may mount one");
        return;
    }
    struct Mounted(std::path::PathBuf);
    impl Drop for Mounted {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        }
    }
    let _mounted = Mounted(data.clone());
    let checked = world.check();
    checked.only_bad("disk space", &["is full: only", "kB are free", "Make room"]);
    let remount = Command::new("mount").args(["-o", "remount,ro"]).arg(&data).status().unwrap();
    assert!(remount.success());
    world
        .check()
        .only_bad("data folder", &["cannot be written", "Read-only", "point `data` to another folder"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_submission() {
    let world = World::new(Habits { no_submission: true, ..Habits::default() }, BASIC).await;
    world.check().only_bad("sending", &["offers no sending", "no answer could leave", "Switch it on"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_without_the_right_scope() {
    let world = World::new(Habits { no_mail: true, ..Habits::default() }, TOKEN).await;
    world
        .check()
        .only_bad("login", &["no mail account", "The token's scope leaves mail out: make one that may"]);

    let world = World::new(Habits::default(), TOKEN).await;
    assert!(world.check().runs);
    world.server.faults().add(Fault::Status(At::Session, 403), Times::Always);
    world.check().only_bad("login", &["does not let it in (403)", "The token's scope"]);
    world.server.faults().clear();
    let forbidden = Fault::MethodError("Mailbox/get", "forbidden".to_owned());
    world.server.faults().add(forbidden, Times::Always);
    world.check().only_bad("mailboxes", &["forbidden", "the token's scope, may read and change mail"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_stand_in_the_way_is_a_warning() {
    let world = World::new(Habits { no_push: true, ..Habits::default() }, BASIC).await;
    let mail = format!("From: a@b.example\r\nTo: {DESK}\r\nSubject: early\r\n\r\nhello\r\n");
    world.server.deliver(mail.into_bytes(), &[Address::parse(DESK).unwrap()]);
    let checked = world.check();
    assert!(checked.runs);
    checked.has("warn", "intake", &["holds 1 mails", "`postdesk adopt leave`, `import` or `new`"]);
    checked.has("ok", "push", &["every 15 seconds", "does not tell"]);
    checked.has("ok", "authentication", &["results of mx.desk.example"]);
    checked.has("ok", "account size", &["bytes of 2000.0 MB are used"]);

    let mut full = options(Habits::default());
    full.users[0].room = 10;
    let world = World::at(full, BASIC, |url| url).await;
    world.server.deliver(b"Subject: x\r\n\r\nhello\r\n".to_vec(), &[Address::parse(DESK).unwrap()]);
    let checked = world.check();
    assert!(checked.runs);
    checked.has("warn", "account size", &["of 10 bytes are used", "% full", "`keep_days` in [mailboxes]"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_another_program_has() {
    let world = World::new(Habits::default(), BASIC).await;
    let _other = std::net::TcpListener::bind(("127.0.0.1", world.desk.port())).unwrap();
    world.check().only_bad("listener", &["in use by another program", "`listen` in [web]"]);
}

async fn running(world: &mut World) {
    world.desk.start().await;
    until("mail in: running", LONG, async || {
        let status = tokio::task::block_in_place(|| world.desk.must(&["status"]));
        status.contains("mail in: running").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_running_daemon_it_asks_that_one_and_mails_itself_without_a_trace() {
    let habits =
        Habits { signs: Some("From:To:List-Unsubscribe:List-Unsubscribe-Post"), ..Habits::default() };
    let mut world = World::new(habits, BASIC).await;
    running(&mut world).await;
    tokio::task::block_in_place(|| {
        world.desk.must(&["project", "add", "acme/web", "--alias", "help@desk.example", "--default"])
    });
    let checked = check(&world.desk, &["check", "--send"]);
    assert!(checked.runs);
    checked.has("ok", "store", &["A daemon runs"]);
    checked.has("ok", "listener", &["the daemon runs"]);
    checked.has("ok", "intake", &["is this desk's"]);
    checked.has("ok", "marker", &["has this desk's marker"]);
    checked.has("warn", "aliases", &["no identity for help@desk.example"]);
    checked.has("ok", "wildcard", &["incoming+check", "arrived"]);
    checked.has("ok", "plain address", &["support@desk.example arrived"]);
    checked.has("ok", "results", &["mx.desk.example"]);
    checked.has("ok", "signature", &["covers List-Unsubscribe"]);
    assert_eq!(world.server.submissions().len(), 2);
    // Whoever was first, the daemon or the check: nothing became of them.
    let status = tokio::task::block_in_place(|| world.desk.must(&["status"]));
    for word in ["open", "hold", "comment"] {
        assert!(!status.contains(&format!("  {word} ")), "{status}");
    }
    for mailbox in ["inbox", "sent", "junk", "Handled", "Held", "Outgoing"] {
        assert!(world.server.mails(DESK, mailbox).is_empty(), "mails are left in {mailbox}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_daemon_ended_it_reads_the_store_and_tells_what_does_not_arrive() {
    let mut options = options(Habits { signs: Some("From:To:Date:Subject:Message-ID"), ..Habits::default() });
    options.users[0].wildcards.clear();
    options.authserv_id = Some("other.example".to_owned());
    let mut world = World::at(options, BASIC, |url| url).await;
    running(&mut world).await;
    assert!(world.desk.stop().await.success());
    let checked = check(&world.desk, &["check", "--send", "--wait", "3"]);
    checked.has("ok", "store", &["can be read"]);
    checked.has("ok", "marker", &["has this desk's marker"]);
    checked.only_bad(
        "wildcard",
        &["did not arrive within 3 seconds", "sub-addressing", "`reply_to = \"plain\"`"],
    );
    checked.has("ok", "plain address", &["arrived"]);
    checked.has("warn", "results", &["of other.example, not of mx.desk.example", "`authserv_id`"]);
    checked.has("warn", "signature", &["leaves out List-Unsubscribe", "Add both"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_it_says_that_the_next_start_goes_on() {
    let mut world = World::new(Habits::default(), BASIC).await;
    running(&mut world).await;
    world.desk.kill();
    let checked = world.check();
    assert!(checked.runs);
    assert!(checked.text.contains("repairs it by itself") || checked.text.contains("It can be read"));
    running(&mut world).await;
}

/// A desk with a certificate of its own for that name, good from and until these days.
fn with_certificate(name: &str, days: [(i32, u8, u8); 2], public: &str) -> Daemon {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    let desk = Daemon::prepare(|folder, port| {
        let text = config(folder, port, "http://127.0.0.1:1", BASIC);
        let text = text.replace(&format!("http://127.0.0.1:{port}\""), &format!("{public}\""));
        format!("{text}[tls]\ncertificate = \"desk.crt\"\nkey = \"desk.key\"\n")
    });
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let [from, until] = days.map(|(year, month, day)| date_time_ymd(year, month, day));
    (params.not_before, params.not_after) = (from, until);
    let key = KeyPair::generate().unwrap();
    std::fs::write(desk.folder().join("desk.crt"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(desk.folder().join("desk.key"), key.serialize_pem()).unwrap();
    desk
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_of_the_tracker() {
    let good = [(2020, 1, 1), (2060, 1, 1)];
    let public = "https://localhost";
    let desk = with_certificate("localhost", good, public);
    check(&desk, &["check"]).has("ok", "certificate", &["is for localhost, and good until 2060-01-01"]);
    let desk = with_certificate("localhost", [(2020, 1, 1), (2021, 1, 1)], public);
    check(&desk, &["check"]).has("bad", "certificate", &["expired on 2021-01-01", "Renew it"]);
    let desk = with_certificate("other.example", good, public);
    check(&desk, &["check"]).has("bad", "certificate", &["is for other.example, not for localhost"]);
    std::fs::write(desk.folder().join("desk.key"), "no key").unwrap();
    check(&desk, &["check"]).has(
        "bad",
        "certificate",
        &["has no private key", "`certificate` and `key` in [tls]"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_mail_server() {
    if without("check against a real server", &[Piece::Cyrus]) {
        return;
    }
    let street = Street::start(Plan { delete_on_send: true, https: false }).await;
    let checked = check(&street.daemon, &["check"]);
    assert!(checked.runs);
    assert_eq!(checked.level("bad"), Vec::<String>::new());
    checked.has("ok", "store", &["A daemon runs"]);
    checked.has("ok", "login", &["incoming@desk.example.test"]);
    checked.has("ok", "clock", &["agrees"]);
    checked.has("ok", "sending", &["sends mail"]);
    checked.has("ok", "push", &["every 1 seconds"]);
    checked.has("ok", "identity", &["Letters leave as incoming@desk.example.test"]);
    checked.has("warn", "aliases", &["no identity for support@example.test"]);

    // Its SMTP server takes everything and delivers nothing.
    let checked = check(&street.daemon, &["check", "--send", "--wait", "2"]);
    assert!(!checked.runs);
    checked.has("ok", "test mail", &["took mails"]);
    checked.has("bad", "plain address", &["did not arrive within 2 seconds"]);
    checked.has("bad", "wildcard", &["did not arrive within 2 seconds"]);
    checked.has("bad", "suffix wildcard", &["did not arrive within 2 seconds"]);
    let mails = street.sink.mails();
    assert_eq!(mails.len(), 3);
    // What comes late is delivered now, and ignored.
    for mail in &mails {
        street.cyrus.deliver(&mail.raw, "incoming@desk.example.test", &["incoming@desk.example.test"]).await;
    }
    until("all to be ignored", LONG, async || (street.verdicts("ignore") == 3).then_some(())).await;
    let status = street.daemon.must(&["status"]);
    assert!(status.contains("ignore 3 (I02 3)"), "{status}");
    street.mailbox().wait_for_mails("inbox", 0).await;

    std::fs::write(street.daemon.folder().join("mail-password"), "guessed").unwrap();
    check(&street.daemon, &["check"]).only_bad("login", &["does not accept this login (401)"]);
}
