//! A thousand mails that wait in Cyrus: how long the desk takes with them, how long a client takes
//! that keeps no books, and that none is lost or answered twice where the desk is killed meanwhile.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::bare::Bare;
use crate::support::cyrus::{Cyrus, Options};
use crate::support::daemon::Daemon;
use crate::support::letter::Mail;
use crate::support::skip::{Piece, without};
use crate::support::smtp::Sink;
use crate::support::wait::until;

const MAILS: usize = 1_000;
const KILLS: usize = 10;
const LIMIT: Duration = Duration::from_secs(900);

const BARE: &str = "bare@desk.example.test";
const CALM: &str = "calm@desk.example.test";
const KILLED: &str = "killed@desk.example.test";

/// A desk of its own for each account.
fn desk(cyrus: &Cyrus, account: &str) -> Daemon {
    Daemon::prepare(|folder, port| {
        let secret = folder.join("mail-password");
        std::fs::write(&secret, cyrus.password()).unwrap();
        let (name, domain) = account.split_once('@').unwrap();
        format!(
            r#"
data = "{data}"
public_url = "https://{domain}"

[mail]
url = "{mail}"
user = "{account}"
password = {{ file = "{secret}" }}
address = "{account}"
poll_seconds = 1

[addresses]
wildcard = "{name}+{{key}}@{domain}"

[web]
listen = ["127.0.0.1:{port}"]

[limits]
letters_per_minute = 1000000
"#,
            data = folder.join("data").display(),
            mail = cyrus.url(),
            secret = secret.display(),
        )
    })
}

/// Adopts the empty mailbox, makes a project, and ends in order.
async fn prepared(cyrus: &Cyrus, account: &str) -> Daemon {
    let mut daemon = desk(cyrus, account);
    daemon.start().await;
    daemon.must(&["project", "add", "acme/web", "--name", "Acme Web", "--default"]);
    until("mail in: running", LIMIT, async || {
        daemon.must(&["status"]).contains("mail in: running").then_some(())
    })
    .await;
    assert!(daemon.stop().await.success());
    daemon
}

async fn fill(cyrus: &Cyrus, account: &str) {
    let mut lmtp = cyrus.lmtp().await;
    let name = account.split('@').next().unwrap();
    for at in 0..MAILS {
        let from = customer(name, at);
        let mail = Mail::new(&from, account, &format!("mail {at}"));
        lmtp.must_deliver(&mail.raw(), &from, &[account]).await;
    }
}

fn customer(name: &str, at: usize) -> String {
    format!("{name}{at}@customer.test")
}

/// How many letters each customer of an account got.
fn letters(sink: &Sink, name: &str) -> HashMap<String, usize> {
    let mut letters = HashMap::new();
    for mail in sink.mails() {
        let to = mail.to.join(",");
        if to.starts_with(name) {
            *letters.entry(to).or_default() += 1;
        }
    }
    letters
}

async fn all_left(sink: &Sink, name: &str) {
    sink.wait_for("the confirmations", LIMIT, |mails| {
        mails.iter().filter(|mail| mail.to[0].starts_with(name)).count() >= MAILS
    })
    .await;
}

fn opened(daemon: &Daemon) -> u64 {
    let status = daemon.must(&["status"]);
    let line = status.lines().find_map(|line| line.trim().strip_prefix("open "));
    line.and_then(|count| count.split_whitespace().next()?.parse().ok()).unwrap_or_else(|| panic!("{status}"))
}

fn is_one_each(letters: &HashMap<String, usize>) {
    let twice: Vec<_> = letters.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "answered twice: {twice:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a figure"]
async fn a_thousand_mails_that_wait_in_cyrus() {
    if without("the figure of a thousand mails", &[Piece::Cyrus]) {
        return;
    }
    let sink = Sink::start().await;
    let cyrus = Cyrus::start(Options::new(&[BARE, CALM, KILLED], sink.address())).await;
    let (mut calm, mut killed) = (prepared(&cyrus, CALM).await, prepared(&cyrus, KILLED).await);
    for account in [BARE, CALM, KILLED] {
        fill(&cyrus, account).await;
    }

    let bare = Bare::connect(&cyrus.url(), BARE, cyrus.password()).await;
    let (alone, count) = bare.work().await;
    assert_eq!((count, letters(&sink, "bare").len()), (MAILS, MAILS));

    let begun = Instant::now();
    calm.spawn();
    all_left(&sink, "calm").await;
    let whole = begun.elapsed();
    assert_eq!(cyrus.raw(CALM).mails("inbox").await.len(), 0);
    assert_eq!(opened(&calm), MAILS as u64);
    let sent = letters(&sink, "calm");
    assert_eq!(sent.len(), MAILS);
    is_one_each(&sent);
    drop(calm);

    let begun = Instant::now();
    for at in 0..KILLS {
        killed.spawn();
        // The first kills meet its start, the later ones letters on their way.
        tokio::time::sleep(Duration::from_millis(300 + 450 * at as u64)).await;
        killed.kill();
    }
    killed.spawn();
    until("every mail to be filed", LIMIT, async || {
        cyrus.raw(KILLED).mails("inbox").await.is_empty().then_some(())
    })
    .await;
    until("no letter to wait", LIMIT, async || killed.no_letter_waits().then_some(())).await;
    let with_kills = begun.elapsed();
    assert_eq!(opened(&killed), MAILS as u64);
    // The last ones are finished first.
    assert!(killed.stop().await.success());
    let sent = letters(&sink, "killed");
    is_one_each(&sent);
    // Where a kill comes between a letter's mark and its request nobody knows; it does not leave again
    // by itself.
    let unknown = MAILS - sent.len();
    assert!(unknown <= KILLS, "{unknown} did not leave");

    println!("{MAILS} mails, each confirmed:");
    println!("  a bare pooled client    {:6.1} s", alone.as_secs_f64());
    println!("  the desk                {:6.1} s", whole.as_secs_f64());
    println!("  ratio                   {:6.2}", whole.as_secs_f64() / alone.as_secs_f64());
    println!(
        "  the desk, killed {KILLS} times {:6.1} s; {} letters left, none twice, {unknown} unknown",
        with_kills.as_secs_f64(),
        sent.len()
    );
}
