//! `postdesk setup`, as a person and as a script run it: over a terminal and over pipes, with wrong
//! answers and right ones, against the embedded mail server and a DNS server of the test's own.
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

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use postdesk::clock::Clock;
use postdesk::config::{Config, TlsSource};
use postdesk::demo::server::{At, Fault, Habits, Options, Server, Times, User};
use postdesk::mail::Address;
use postdesk::secret::Random;
use postdesk::triage::Wildcard;
use support::acme::Acme;
use support::authority::behind_tls;
use support::dialogue::Dialogue;
use support::dns::{Dns, Srv};
use support::keeper::Kept;
use support::wait::{LONG, until};
use tempfile::TempDir;

const DESK: &str = "support@desk.example";
const GOOD: [(i32, u8, u8); 2] = [(2020, 1, 1), (2060, 1, 1)];

struct World {
    server: Server,
    folder: TempDir,
    dns: Dns,
    /// The server with TLS in front, as a domain's SRV record names it.
    https: String,
}

impl World {
    async fn new(habits: Habits) -> Self {
        let user = User::new(Address::parse(DESK).unwrap(), "the right one").token("a token");
        Self::of(user, habits).await
    }

    async fn of(user: User, habits: Habits) -> Self {
        let habits = Habits { relative_urls: true, ..habits };
        let options = Options::new(Clock::system(), Random::seeded(7)).user(user).habits(habits);
        let server = Server::start(options).await.unwrap();
        let folder = support::folder::temporary("setup");
        let https = behind_tls(&server.url(), &folder.path().join("ca.pem"), "localhost", GOOD).await;
        let port = https.rsplit_once(':').unwrap().1.parse().unwrap();
        let record = |priority, port, target: &str| Srv {
            name: "_jmap._tcp.desk.example".to_owned(),
            priority,
            weight: 1,
            port,
            target: target.to_owned(),
        };
        // The second choice is somebody else's.
        let dns = Dns::start(vec![record(20, 1, "second.example"), record(10, port, "localhost")]).await;
        Self { server, folder, dns, https: format!("https://localhost:{port}") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Flags that any set-up of a test has.
    fn flags(&self, more: &[&str]) -> Vec<String> {
        let (config, ca) = (self.path("etc/postdesk.toml"), self.path("ca.pem"));
        let listen = format!("127.0.0.1:{}", support::folder::free_port());
        let resolver = self.dns.address().to_string();
        let own = [
            "setup",
            "--config",
            config.to_str().unwrap(),
            "--ca",
            ca.to_str().unwrap(),
            "--resolver",
            &resolver,
            "--listen",
            &listen,
        ];
        own.iter().chain(more).map(|&text| text.to_owned()).collect()
    }

    fn config(&self) -> Config {
        Config::load(&self.path("etc/postdesk.toml")).unwrap()
    }

    /// What `postdesk check` says of what was written.
    fn check(&self) -> String {
        let (ok, text) = postdesk(&["check", "--config", self.path("etc/postdesk.toml").to_str().unwrap()]);
        assert!(ok, "{text}");
        text
    }
}

fn postdesk(arguments: &[&str]) -> (bool, String) {
    let run = || Command::new(env!("CARGO_BIN_EXE_postdesk")).args(arguments).output().unwrap();
    let output = tokio::task::block_in_place(run);
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn strs(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_at_a_terminal() {
    let world = World::new(Habits::cyrus()).await;
    let data = world.path("data");
    let flags = world.flags(&["--data", data.to_str().unwrap()]);
    let mut talk = Dialogue::terminal(&strs(&flags));
    talk.answers("Mail address of the desk: ", "support at desk").await;
    talk.shows("is no mail address").await;
    talk.answers("Mail address of the desk: ", DESK).await;
    talk.shows(&format!("the SRV record of desk.example names {}", world.https)).await;
    talk.shows("localhost is outside the domain of the address").await;
    talk.answers("Mail server [https://localhost:", "").await;
    talk.answers("[support@desk.example]: ", "").await;
    talk.answers("Password (not shown)", "the wrong one").await;
    talk.shows("does not accept this login").await;
    talk.answers("[support@desk.example]: ", "").await;
    talk.answers("Password (not shown)", "the right one").await;
    talk.shows("lets us in as").await;
    talk.shows("ok    sending").await;
    talk.shows("ok    intake").await;
    talk.shows("ok    identity").await;
    talk.answers("Public host name of the tracker [desk.desk.example]: ", "nothing/at/all").await;
    talk.shows("without a path").await;
    talk.answers("Public host name of the tracker", "localhost").await;
    talk.answers("Which [1]: ", "5").await;
    talk.answers("Which [1]: ", "").await;
    talk.shows("ok    listener").await;
    talk.answers("Address for answers [support+{key}@desk.example]: ", "").await;
    talk.answers("Send test mails to it now?", "").await;
    talk.shows("ok    wildcard").await;
    talk.answers("Write ", "").await;
    talk.shows("wrote ").await;
    talk.answers("Path of the first project", "acme/web").await;
    talk.shows("support+acme-web-1-issue-@desk.example").await;
    talk.answers("Your own mail address", "Jane.Doe@desk.example").await;
    talk.shows("https://localhost/").await;
    talk.shows("At the mail server:").await;
    talk.shows("Here:").await;
    assert!(talk.ends().await.success(), "{}", talk.text());

    let text = talk.text();
    assert!(
        !text.contains("the right one") && !text.contains("the wrong one"),
        "a password is shown:\n{text}"
    );
    let config = world.config();
    assert_eq!(config.mail.address.as_str(), DESK);
    assert_eq!(config.public_url.as_str(), "https://localhost/");
    assert_eq!(config.addresses.wildcard, Wildcard::parse("support+{key}@desk.example").unwrap());
    assert_eq!(mode(&world.path("etc/postdesk.toml")), 0o640);
    assert_eq!(mode(&world.path("etc/mail-password")), 0o600);
    let secret = std::fs::read_to_string(world.path("etc/mail-password")).unwrap();
    assert_eq!(secret, "the right one\n");
    let text = world.check();
    assert!(!text.contains(" warn ") || text.matches(" warn ").count() <= 1, "{text}");
    let (ok, listed) =
        postdesk(&["account", "list", "--config", world.path("etc/postdesk.toml").to_str().unwrap()]);
    assert!(ok && listed.contains("jane-doe"), "{listed}");
    assert_eq!(world.server.look(|world| world.all_mails(DESK).len()), 0, "test mails are left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script() {
    let world = World::new(Habits::stalwart()).await;
    std::fs::write(world.path("password"), "the right one\n").unwrap();
    let password = world.path("password");
    let data = world.path("data");
    let more = [
        "--yes",
        "--address",
        DESK,
        "--server",
        &world.https,
        "--password-file",
        password.to_str().unwrap(),
        "--public",
        "localhost",
        "--data",
        data.to_str().unwrap(),
        "--project",
        "acme/web",
        "--admin",
        "jane@desk.example",
    ];
    let flags = world.flags(&more);
    let (ok, text) = postdesk(&strs(&flags));
    assert!(ok, "{text}");
    for part in ["ok    wildcard", "acme/web", "https://localhost/", "At the mail server"] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    // The file stays where it is.
    assert!(!world.path("etc/mail-password").exists());
    world.check();

    // A second one replaces nothing by itself.
    let before = std::fs::read_to_string(world.path("etc/postdesk.toml")).unwrap();
    let (ok, text) = postdesk(&strs(&flags));
    assert!(!ok && text.contains("--replace"), "{text}");
    assert_eq!(std::fs::read_to_string(world.path("etc/postdesk.toml")).unwrap(), before);
    let mut again = flags;
    again.extend(["--replace", "--wait", "1", "--wildcard", "help+{key}@desk.example"].map(str::to_owned));
    let (ok, text) = postdesk(&strs(&again));
    assert!(!ok && text.contains("did not arrive"), "an address that nobody has:\n{text}");
    assert_eq!(std::fs::read_to_string(world.path("etc/postdesk.toml")).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_script_leaves_out_or_has_wrong_ends_it() {
    let world = World::new(Habits::default()).await;
    std::fs::write(world.path("password"), "the wrong one\n").unwrap();
    let password = world.path("password").display().to_string();
    let file = world.path("etc/postdesk.toml");
    let nobody = format!("https://127.0.0.1:{}", support::folder::free_port());
    let base = ["--yes", "--public", "localhost"];
    let login = ["--address", DESK, "--server", &world.https, "--password-file", &password];
    for (more, words) in [
        (&[][..], &["--address"][..]),
        (&["--address", DESK][..], &["outside the domain", "--server"][..]),
        (&["--address", "desk"][..], &["no mail address"][..]),
        (
            &["--address", DESK, "--server", &nobody, "--password-file", &password][..],
            &["no connection to"][..],
        ),
        (&login[..], &["does not accept this login"][..]),
        (&["--address", DESK, "--server", &world.https][..], &["--password-file was not given"][..]),
    ] {
        let flags = world.flags(&[&base[..], more].concat());
        let (ok, text) = postdesk(&strs(&flags));
        assert!(!ok, "{more:?} did:\n{text}");
        for word in words {
            assert!(text.contains(word), "{more:?}: no {word:?} in\n{text}");
        }
        assert!(!file.exists(), "{more:?} wrote");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_then_one_that_is_and_an_address_that_does_not_arrive() {
    let user = User::new(Address::parse(DESK).unwrap(), "the right one").token("a token");
    let user = user.wildcard(Wildcard::parse("{key}@answers.example").unwrap());
    let world = World::of(user, Habits::default()).await;
    let data = world.path("data");
    let flags = world.flags(&[
        "--data",
        data.to_str().unwrap(),
        "--public",
        "localhost",
        "--front",
        "proxy",
        "--wait",
        "2",
        "--project",
        "-",
        "--admin",
        "-",
    ]);
    let mut talk = Dialogue::piped(&strs(&flags));
    talk.answers("Mail address of the desk: ", "support@nowhere.example").await;
    talk.shows("nowhere.example has no SRV record").await;
    let nobody = format!("https://127.0.0.1:{}", support::folder::free_port());
    talk.answers("Mail server: ", &nobody).await;
    talk.answers("User there", "token").await;
    talk.answers("Token (not shown)", "a token").await;
    talk.shows("There is no connection to 127.0.0.1").await;
    talk.shows("Looking for the mail server").await;
    talk.answers("Mail server: ", &world.https).await;
    talk.shows("lets us in as").await;
    talk.shows("no identity for support@nowhere.example").await;
    talk.answers("Address for answers [support+{key}@nowhere.example]: ", "{key}@answers.example").await;
    world.server.faults().add(Fault::Status(At::Upload, 500), Times::Next(1));
    talk.answers("Send test mails to it now?", "yes").await;
    talk.shows("bad   test mail").await;
    talk.answers("Address for answers", "plain").await;
    talk.answers("Send test mails to it now?", "no").await;
    talk.answers("Write ", "").await;
    assert!(talk.ends().await.success(), "{}", talk.text());
    let config = world.config();
    assert!(config.mail.token.is_some() && config.mail.user.is_none());
    assert_eq!(std::fs::read_to_string(world.path("etc/mail-token")).unwrap(), "a token\n");
    assert_eq!(config.addresses.reply_to, postdesk::config::ReplyTo::Plain);
}

/// An authority with a private root, and everything else by flags: the desk that was set up gets its
/// certificate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_from_an_authority() {
    let world = World::new(Habits::stalwart()).await;
    let acme = Acme::start(support::acme::Options::new(|| Clock::system().now())).await;
    std::fs::write(world.path("password"), "the right one\n").unwrap();
    let (password, data) = (world.path("password"), world.path("data"));
    let (directory, root) = (acme.directory(), acme.root());
    let flags = world.flags(&[
        "--yes",
        "--address",
        DESK,
        "--server",
        &world.https,
        "--password-file",
        password.to_str().unwrap(),
        "--public",
        "localhost",
        "--data",
        data.to_str().unwrap(),
        "--no-test-mail",
        "--front",
        "acme",
        "--acme-directory",
        &directory,
        "--acme-contact",
        "admin@desk.example",
        "--acme-ca",
        root.to_str().unwrap(),
    ]);
    let (ok, text) = postdesk(&strs(&flags));
    assert!(ok, "{text}");
    for part in [
        "port 443 of that host (tls-alpn-01)",
        "warn  authority",
        "comes to port 443 of localhost",
        "See to it that port 443 of localhost is reached from outside",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    let config = world.config();
    assert!(config.web.trusted_proxies.is_empty() && config.web.redirect.is_empty());
    acme.tls_port(config.web.listen[0]);
    let file = world.path("etc/postdesk.toml");
    let run = [env!("CARGO_BIN_EXE_postdesk"), "run", "--config", file.to_str().unwrap()];
    let _desk = Kept::start("desk", &run, world.folder.path(), false).unwrap();
    let kept = data.join("tls/acme");
    until("a certificate", LONG, async || acme.tried().contains(&("tls-alpn-01", true)).then_some(())).await;
    assert_eq!(acme.contacts(), [serde_json::json!(["mailto:admin@desk.example"])]);
    assert!(kept.is_dir());
}

/// The same at a terminal, where the authority cannot be reached, after another answer was wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_that_is_not_there_is_no_hindrance() {
    let world = World::new(Habits::stalwart()).await;
    std::fs::write(world.path("password"), "the right one\n").unwrap();
    let (password, data) = (world.path("password"), world.path("data"));
    let redirect = format!("127.0.0.1:{}", support::folder::free_port());
    let flags = world.flags(&[
        "--address",
        DESK,
        "--server",
        &world.https,
        "--user",
        DESK,
        "--password-file",
        password.to_str().unwrap(),
        "--public",
        "localhost",
        "--data",
        data.to_str().unwrap(),
        "--no-test-mail",
        "--wildcard",
        "support+{key}@desk.example",
        "--acme-challenge",
        "http-01",
        "--redirect",
        &redirect,
        "--project",
        "-",
        "--admin",
        "-",
    ]);
    let mut talk = Dialogue::piped(&strs(&flags));
    talk.answers("Which [1]: ", "3").await;
    talk.answers("File of the certificate", "/nowhere/fullchain.pem").await;
    talk.answers("File of its key", "/nowhere/privkey.pem").await;
    talk.shows("bad   certificate").await;
    talk.answers("Go on all the same?", "no").await;
    talk.answers("Public host name", "localhost").await;
    talk.answers("Which [1]: ", "2").await;
    talk.shows("port 80 of that host (http-01)").await;
    let nobody = format!("https://127.0.0.1:{}/directory", support::folder::free_port());
    talk.answers("Its directory [https://acme-v02.api.letsencrypt.org/directory]: ", &nobody).await;
    talk.answers("Mail address that it may write to (- for none) [-]: ", "admin").await;
    talk.shows("is no mail address").await;
    talk.answers("Mail address that it may write to", "").await;
    talk.shows("warn  authority").await;
    talk.answers("Write ", "").await;
    talk.shows("See to it that port 80 of localhost").await;
    assert!(talk.ends().await.success(), "{}", talk.text());
    let config = world.config();
    let Some(TlsSource::Acme(acme)) = config.tls else { panic!("{:?}", config.tls) };
    assert_eq!((acme.directory.as_str(), acme.challenge.port()), (nobody.as_str(), 80));
    assert!(acme.contact.is_none());
    assert_eq!(config.web.redirect, [redirect.parse().unwrap()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_in_the_middle_writes_nothing() {
    let world = World::new(Habits::default()).await;
    let flags = world.flags(&["--address", DESK]);
    let mut talk = Dialogue::terminal(&strs(&flags));
    talk.answers("Mail server [", "").await;
    talk.answers("User there", "").await;
    talk.shows("Password (not shown)").await;
    talk.types("\u{4}");
    talk.types("\u{3}");
    assert!(!talk.ends().await.success());
    assert!(!world.path("etc").exists());
}
