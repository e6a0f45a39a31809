//! A private Cyrus IMAP 3.6 with JMAP and LMTP, in a folder of its own and on free ports.
//!
//! It runs as the user who runs the tests, or as `cyrus` where that is root (Cyrus refuses root).

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::folder;
use super::jmap::Raw;
use super::keeper::{self, Kept};
use super::lmtp;
use super::wait::{self, until};

/// How the server is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the server forgets a submission once it is sent: Cyrus' own default, so run with both.
    pub delete_on_send: bool,
    /// Logins, which are the addresses as well.
    pub users: Vec<String>,
    /// Where outgoing mail goes.
    pub smtp: SocketAddr,
    /// Whether the users' folders exist from the start. Cyrus makes them at the first delivery.
    pub folders: bool,
}

impl Options {
    pub fn new(users: &[&str], smtp: SocketAddr) -> Self {
        Self {
            delete_on_send: true,
            users: users.iter().map(|&user| user.to_owned()).collect(),
            smtp,
            folders: true,
        }
    }

    pub fn delete_on_send(mut self, delete: bool) -> Self {
        self.delete_on_send = delete;
        self
    }
}

/// A server that runs; it ends with the value, and its folder goes.
pub struct Cyrus {
    // Fields are dropped in this order: first the processes end, then the folder goes.
    kept: Kept,
    folder: TempDir,
    http: u16,
    lmtp: u16,
    smtp: SocketAddr,
    password: String,
}

impl Cyrus {
    /// Starts a server and waits until it answers JMAP.
    pub async fn start(options: Options) -> Self {
        let mut last = String::new();
        // A free port can be taken by another test before the server binds it.
        for _ in 0..3 {
            match Self::try_start(&options).await {
                Ok(cyrus) => return cyrus,
                Err(why) => last = why,
            }
        }
        panic!("Cyrus does not start: {last}");
    }

    async fn try_start(options: &Options) -> Result<Self, String> {
        let folder = folder::temporary("cyrus");
        let (http, lmtp) = (folder::free_port(), folder::free_port());
        let user = run_as();
        // A password of this instance alone: who accepts it is this server and no other.
        let password = format!("pw-{http}-{lmtp}-{}", std::process::id());
        prepare(folder.path(), options, &user, http, lmtp);
        for login in &options.users {
            add_user(folder.path(), login, &password);
        }
        if user != invoking_user() {
            run(Command::new("chown").arg("-R").arg(format!("{user}:")).arg(folder.path()));
        }
        let at = |name: &str| folder.path().join(name).display().to_string();
        let (imapd, cyrus, lock) = (at("etc/imapd.conf"), at("etc/cyrus.conf"), at("run/master.lock"));
        let command = [
            "/usr/lib/cyrus/bin/master",
            "-C",
            &imapd,
            "-M",
            &cyrus,
            "-p",
            &lock,
            "-L",
            &at("run/master.log"),
        ];
        let kept = Kept::start("master", &command, folder.path(), true).map_err(|error| error.to_string())?;
        let cyrus = Self { kept, folder, http, lmtp, smtp: options.smtp, password };
        cyrus.answers(options).await?;
        for user in options.users.iter().filter(|_| options.folders) {
            cyrus.make_folders(user).await;
        }
        Ok(cyrus)
    }

    /// Delivers a mail, which creates the folders, and destroys it.
    async fn make_folders(&self, user: &str) {
        self.deliver(b"Subject: first\r\n\r\nfirst\r\n", "", &[user]).await;
        let raw = self.raw(user);
        let mails = raw.wait_for_mails("inbox", 1).await;
        let destroyed = raw.one("Email/set", serde_json::json!({ "destroy": [mails[0]["id"]] })).await;
        assert_eq!(destroyed["destroyed"][0], mails[0]["id"], "{destroyed}");
    }

    async fn answers(&self, options: &Options) -> Result<(), String> {
        let first = options.users.first().expect("a user");
        let end = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            let why = match self.raw(first).session().await {
                Ok(_) => return Ok(()),
                Err(why) => why,
            };
            if std::time::Instant::now() > end {
                let log =
                    std::fs::read_to_string(self.folder.path().join("run/master.log")).unwrap_or_default();
                return Err(format!("{why}\n{}\n{log}", self.kept.printed()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// `http://127.0.0.1:…`, where `/.well-known/jmap` is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    pub fn password(&self) -> &str {
        &self.password
    }

    /// A raw JMAP client for this user.
    pub fn raw(&self, user: &str) -> Raw {
        Raw::new(&self.url(), user, &self.password)
    }

    /// A connection to the server's LMTP.
    pub async fn lmtp(&self) -> lmtp::Lmtp {
        until("LMTP to answer", wait::LONG, async || {
            tokio::net::TcpStream::connect(("127.0.0.1", self.lmtp)).await.ok()
        })
        .await;
        lmtp::Lmtp::connect(self.lmtp).await
    }

    /// Delivers a mail, envelope sender as given; every recipient must take it.
    pub async fn deliver(&self, raw: &[u8], from: &str, to: &[&str]) {
        self.lmtp().await.must_deliver(raw, from, to).await;
    }

    /// The process id of its master, which is its session's as well.
    pub fn process(&self) -> u32 {
        self.kept.pid().expect("the server's process id")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills the JMAP process that is handing a mail to the SMTP server (SIGKILL); master starts a new
    /// one. (Were all killed at once, master would take the service for broken and close it.)
    ///
    /// # Panics
    /// Where none does.
    pub fn kill_sender(&self) {
        let mut all = keeper::of_session(self.process(), "httpd");
        all.retain(|pid| keeper::talks_to(*pid, self.smtp));
        assert!(!all.is_empty(), "no JMAP process talks to {}", self.smtp);
        for pid in all {
            keeper::signal(pid, "KILL");
        }
    }
}

/// Whom the server runs as.
fn run_as() -> String {
    let user = invoking_user();
    if user == "root" { "cyrus".to_owned() } else { user }
}

fn invoking_user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn add_user(folder: &Path, login: &str, password: &str) {
    let (name, realm) = login.split_once('@').expect("a login is an address");
    let mut child = Command::new("/usr/sbin/saslpasswd2")
        .args(["-p", "-c", "-f"])
        .arg(folder.join("etc/sasldb2"))
        .args(["-u", realm, name])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("saslpasswd2");
    child.stdin.take().expect("its input").write_all(password.as_bytes()).expect("the password goes in");
    assert!(child.wait().expect("saslpasswd2 ends").success(), "saslpasswd2 refuses {login}");
}

fn prepare(base: &Path, options: &Options, user: &str, http: u16, lmtp: u16) {
    for part in ["etc", "conf/socket", "conf/db", "spool", "sieve", "run/proc", "run/lock"] {
        std::fs::create_dir_all(base.join(part)).expect("a folder");
    }
    std::fs::write(base.join("etc/imapd.conf"), imapd_conf(base, options, user)).expect("imapd.conf");
    let b = base.display();
    // Cyrus reads each brace from a line of its own.
    let services = format!(
        "START {{\n  recover cmd=\"ctl_cyrusdb -C {b}/etc/imapd.conf -r\"\n}}\n\
         SERVICES {{\n  \
         http cmd=\"httpd -C {b}/etc/imapd.conf -T 600\" listen=\"127.0.0.1:{http}\" prefork=4 maxchild=64\n  \
         lmtp cmd=\"lmtpd -C {b}/etc/imapd.conf -a -T 600\" listen=\"127.0.0.1:{lmtp}\" prefork=1 maxchild=16\n}}\n\
         EVENTS {{\n  checkpoint cmd=\"ctl_cyrusdb -C {b}/etc/imapd.conf -c\" period=30\n}}\n\
         DAEMON {{\n}}\n"
    );
    std::fs::write(base.join("etc/cyrus.conf"), services).expect("cyrus.conf");
}

fn imapd_conf(base: &Path, options: &Options, user: &str) -> String {
    let b = base.display();
    let mut conf = format!(
        "servername: localhost\ncyrus_user: {user}\nadmins: cyrusadmin\n\
         configdirectory: {b}/conf\ndefaultpartition: default\npartition-default: {b}/spool\nsievedir: {b}/sieve\n\
         proc_path: {b}/run/proc\nmboxname_lockpath: {b}/run/lock\n\
         idlesocket: {b}/conf/socket/idle\nnotifysocket: {b}/conf/socket/notify\n"
    );
    conf.push_str(
        "unixhierarchysep: yes\naltnamespace: yes\nvirtdomains: userid\nallowplaintext: yes\n\
         sasl_mech_list: PLAIN\nsasl_pwcheck_method: auxprop\nsasl_auxprop_plugin: sasldb\n",
    );
    let _ = writeln!(conf, "sasl_sasldb_path: {b}/etc/sasldb2");
    let _ = writeln!(
        conf,
        "autocreate_quota: 0\nautocreate_post: yes\nautocreate_users: {}",
        options.users.join(" ")
    );
    conf.push_str(
        "autocreate_inbox_folders: Drafts|Sent|Archive|Junk|Trash\n\
         autocreate_subscribe_folders: Drafts|Sent|Archive|Junk|Trash\n\
         xlist-drafts: Drafts\nxlist-sent: Sent\nxlist-archive: Archive\nxlist-junk: Junk\nxlist-trash: Trash\n\
         httpmodules: jmap\nconversations: yes\nconversations_db: twoskip\nduplicatesuppression: no\n",
    );
    // The default is left to Cyrus itself, so that the tests meet it as operators do.
    if !options.delete_on_send {
        conf.push_str("jmapsubmission_deleteonsend: no\n");
    }
    let _ = writeln!(conf, "smtp_backend: host\nsmtp_host: {}/noauth", options.smtp);
    conf
}
