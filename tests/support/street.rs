//! A whole street: a real Cyrus, an SMTP server behind it, and the real daemon between them and the
//! agents, with two projects and one agent.

use std::path::Path;

use super::cyrus::{Cyrus, Options};
use super::daemon::Daemon;
use super::jmap::Raw;
use super::letter::Mail;
use super::smtp::Sink;
use super::tracker::Tracker;
use super::wait::{LONG, until};

/// The desk's mail account.
pub const ACCOUNT: &str = "incoming@desk.example.test";
/// An address of the project `acme/web`.
pub const ALIAS: &str = "support@example.test";
/// The public address, where it is https.
pub const PUBLIC: &str = "https://desk.example.test";
pub const AGENT: &str = "ann@example.test";
pub const PASSWORD: &str = "a sentence is easier to keep";

pub struct Street {
    // The daemon ends first, then its mail server.
    pub daemon: Daemon,
    pub cyrus: Cyrus,
    pub sink: Sink,
    public: String,
}

/// How the street is built.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub delete_on_send: bool,
    /// Whether `public_url` is https, as behind a proxy; else it is where the tracker listens.
    pub https: bool,
}

impl Street {
    /// Builds the street and waits until mail is taken in.
    pub async fn start(plan: Plan) -> Self {
        let street = Self::build(plan, 0).await;
        street.taking_in().await;
        street
    }

    /// Builds a street whose mailbox held that many mails before the desk came.
    pub async fn unadopted(mails: usize) -> Self {
        let street = Self::build(Plan { delete_on_send: true, https: true }, mails).await;
        until("the mailbox to be found in use", LONG, async || {
            street.daemon.must(&["status"]).contains("mail in: off").then_some(())
        })
        .await;
        street
    }

    async fn build(plan: Plan, before: usize) -> Self {
        let sink = Sink::start().await;
        let cyrus = Options::new(&[ACCOUNT], sink.address()).delete_on_send(plan.delete_on_send);
        let cyrus = Cyrus::start(cyrus).await;
        for at in 0..before {
            let mail = Mail::new("early@customer.test", ALIAS, &format!("before {at}"));
            cyrus.deliver(&mail.raw(), "early@customer.test", &[ACCOUNT]).await;
        }
        let mut public = PUBLIC.to_owned();
        let daemon = Daemon::prepare(|folder, port| {
            if !plan.https {
                public = format!("http://127.0.0.1:{port}");
            }
            config(folder, &cyrus, &public, port)
        });
        let mut street = Self { daemon, cyrus, sink, public };
        street.daemon.start().await;
        street.furnish();
        street
    }

    fn furnish(&self) {
        let daemon = &self.daemon;
        daemon.must(&[
            "project", "add", "acme/web", "--name", "Acme Web", "--alias", ALIAS, "--suffix", "help",
        ]);
        daemon.must(&["project", "add", "acme/shop", "--name", "Acme Shop"]);
        let (web, shop) = ("acme/web=agent", "acme/shop=agent");
        daemon.must(&[
            "account",
            "add",
            "ann",
            AGENT,
            "--name",
            "Ann Agent",
            "--project",
            web,
            "--project",
            shop,
        ]);
        daemon.must_with(&["account", "password", "ann", "--stdin"], PASSWORD);
    }

    /// Waits until the intake mailbox is adopted and swept.
    pub async fn taking_in(&self) {
        until("mail in: running", LONG, async || {
            self.daemon.must(&["status"]).contains("mail in: running").then_some(())
        })
        .await;
    }

    /// Ends the daemon by SIGTERM; tells whether it ended well.
    pub async fn daemon_ends_well(&mut self) -> bool {
        self.daemon.stop().await.success()
    }

    pub fn public(&self) -> &str {
        &self.public
    }

    /// The agent, signed in.
    pub async fn agent(&self) -> Tracker {
        Tracker::sign_in(&self.daemon.url(), &self.public, AGENT, PASSWORD).await
    }

    /// The desk's own account at the mail server.
    pub fn mailbox(&self) -> Raw {
        self.cyrus.raw(ACCOUNT)
    }

    /// A customer's mail as it comes by the mail server's own routes: for an address of the account's
    /// to that address, for every other as if it had been forwarded.
    pub async fn write(&self, mail: &Mail, from: &str, to: &str) {
        let own = to.starts_with("incoming+") && !to.contains('/');
        self.cyrus.deliver(&mail.raw(), from, &[if own { to } else { ACCOUNT }]).await;
    }

    /// Writes a mail with that subject and the usual text.
    pub async fn open(&self, from: &str, to: &str, subject: &str) -> Mail {
        let mail = Mail::new(from, to, subject);
        self.write(&mail, from, to).await;
        mail
    }

    /// The project's address of today, as the command line shows it.
    pub fn current_address(&self, path: &str) -> String {
        let start = format!("incoming+{}-", path.replace('/', "-"));
        let listed = self.daemon.must(&["project", "list"]);
        let found =
            listed.split_whitespace().find(|word| word.starts_with(&start) && word.contains("-issue-@"));
        found.unwrap_or_else(|| panic!("no address of {path} in {listed}")).to_owned()
    }

    /// How many mails have this verdict at present, of whatever cause, as `status` says.
    pub fn verdicts(&self, word: &str) -> u64 {
        let status = self.daemon.must(&["status"]);
        let counts = status.lines().filter_map(|line| {
            let (name, count) = line.trim().split_once(' ')?;
            (name == word).then(|| count.split_whitespace().next()?.parse::<u64>().ok())?
        });
        counts.sum()
    }

    /// Waits until the intake mailbox is empty and returns how many mails are filed as handled and held.
    pub async fn swept(&self) -> (usize, usize) {
        let mailbox = self.mailbox();
        mailbox.wait_for_mails("inbox", 0).await;
        (mailbox.mails("Handled").await.len(), mailbox.mails("Held").await.len())
    }
}

fn config(folder: &Path, cyrus: &Cyrus, public: &str, port: u16) -> String {
    let secret = folder.join("mail-password");
    std::fs::write(&secret, cyrus.password()).expect("the secret");
    format!(
        r#"
data = "{data}"
public_url = "{public}"

[mail]
url = "{mail}"
user = "{ACCOUNT}"
password = {{ file = "{secret}" }}
address = "{ACCOUNT}"
poll_seconds = 1

[addresses]
wildcard = "incoming+{{key}}@desk.example.test"
suffix_wildcard = "contact+{{key}}@desk.example.test"
former = ["old+{{key}}@desk.example.test"]

[web]
listen = ["127.0.0.1:{port}"]

[limits]
undo_seconds = 0
"#,
        data = folder.join("data").display(),
        mail = cyrus.url(),
        secret = secret.display(),
    )
}
