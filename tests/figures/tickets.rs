//! What a hundred thousand tickets cost at the start and on the list page.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postdesk::clock::Clock;
use postdesk::desk::{Arrived, Desk, Links};
use postdesk::mail;
use postdesk::secret::Random;
use postdesk::store::{Store, StorePath};
use postdesk::tracker::RawHash;
use postdesk::triage::{Budgets, EmailRef, Site, Wildcard};

use crate::support::daemon::Daemon;
use crate::support::http;
use crate::support::tracker::Tracker;

const FEW: usize = 100;
const MANY: usize = 100_000;
/// How many mails are received side by side, and so share commits.
const AT_ONCE: usize = 500;
const TIMES: usize = 15;

const AGENT: &str = "ann@example.test";
const PASSWORD: &str = "a sentence is easier to keep";

/// A desk without a mail server: it starts, shows its pages, and goes on looking for one.
fn desk() -> Daemon {
    Daemon::prepare(|folder, port| {
        std::fs::write(folder.join("mail-password"), "none").unwrap();
        format!(
            r#"
data = "{data}"
public_url = "http://127.0.0.1:{port}"

[mail]
url = "http://127.0.0.1:1"
user = "desk"
password = {{ file = "{secret}" }}
address = "desk@desk.example.test"

[addresses]
wildcard = "desk+{{key}}@desk.example.test"

[web]
listen = ["127.0.0.1:{port}"]
"#,
            data = folder.join("data").display(),
            secret = folder.join("mail-password").display(),
        )
    })
}

/// Opens that many tickets as mails do, without the mail server.
async fn fill(folder: &Path, from: usize, to: usize) {
    let site = Site {
        wildcard: Wildcard::parse("desk+{key}@desk.example.test").unwrap(),
        suffix_wildcard: None,
        former: Vec::new(),
        account: mail::Address::parse("desk@desk.example.test").unwrap(),
        host: "desk.example.test".to_owned(),
        authserv_id: None,
        budgets: Budgets::default(),
    };
    let (clock, random) = (Clock::system(), Random::system());
    let store = Store::open(&StorePath::new(folder.join("data")), &random, &clock).unwrap();
    let links = Links::new("http://127.0.0.1");
    let desk = Desk::new(store.clone(), clock.clone(), random, site, links);
    let mut at = from;
    while at < to {
        let end = (at + AT_ONCE).min(to);
        let mails = (at..end).map(|at| desk.receive(arrived(at, &clock)));
        for row in futures_util::future::join_all(mails).await {
            row.unwrap();
        }
        at = end;
    }
    store.close().await;
}

fn arrived(at: usize, clock: &Clock) -> Arrived {
    let raw = format!(
        "From: Customer {at} <customer{at}@customer.test>\r\nTo: desk@desk.example.test\r\nSubject: Question {at}\r\n\
         Date: Thu, 19 Nov 2026 14:00:00 +0000\r\nMessage-ID: <{at}@customer.test>\r\n\r\nHow does it go? ({at})\r\n"
    );
    let source = EmailRef {
        account: "a".to_owned(),
        email: format!("m{at}"),
        blob: format!("b{at}"),
        size: raw.len() as u64,
        received_at: clock.now(),
    };
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&(at as u64 + 1).to_be_bytes());
    let inbound = Arc::new(mail::parse(raw.as_bytes(), None));
    Arrived { source, raw: RawHash(hash), inbound, quiet: false }
}

fn median(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    (ms(times[times.len() / 2]), ms(times[times.len() - 1]))
}

/// From the start of the process to its first answer.
async fn starts(daemon: &mut Daemon) -> Duration {
    let url = format!("{}/healthz", daemon.url());
    let begun = Instant::now();
    daemon.spawn();
    while http::get(&url).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", daemon.log());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    begun.elapsed()
}

/// The start after an end in order, and after SIGKILL; the list page of a project.
async fn measure(daemon: &mut Daemon, tickets: usize) -> (f64, f64) {
    let (mut in_order, mut after_kill) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        in_order.push(starts(daemon).await);
        daemon.kill();
        after_kill.push(starts(daemon).await);
        daemon.stop().await;
    }
    daemon.start().await;
    let url = daemon.url();
    let tracker = Tracker::sign_in(&url, &url, AGENT, PASSWORD).await;
    let mut pages = Vec::new();
    for _ in 0..TIMES * 5 {
        let begun = Instant::now();
        let page = tracker.page("/").await;
        pages.push(begun.elapsed());
        assert!(page.matches("Question ").count() >= 25, "{page}");
    }
    let size = std::fs::metadata(daemon.folder().join("data/postdesk.redb")).unwrap().len();
    daemon.stop().await;
    let ((order, order_most), (kill, kill_most), (page, page_most)) =
        (median(in_order), median(after_kill), median(pages));
    println!("{tickets} tickets, a store of {} MB (median, most, in ms):", size / 1_000_000);
    println!("  start after an end in order  {order:6.1} {order_most:6.1}");
    println!("  start after SIGKILL          {kill:6.1} {kill_most:6.1}");
    println!("  the list page                {page:6.1} {page_most:6.1}");
    (kill_most.max(order_most), page)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a figure"]
async fn a_hundred_thousand_tickets() {
    let mut daemon = desk();
    daemon.must(&["project", "add", "acme/web", "--name", "Acme Web", "--default"]);
    daemon.must(&["account", "add", "ann", AGENT, "--project", "acme/web=agent"]);
    daemon.must_with(&["account", "password", "ann", "--stdin"], PASSWORD);
    fill(daemon.folder(), 0, FEW).await;
    let (_, few) = measure(&mut daemon, FEW).await;
    let begun = Instant::now();
    fill(daemon.folder(), FEW, MANY).await;
    println!("filled in {:.1} s", begun.elapsed().as_secs_f64());
    let (start, many) = measure(&mut daemon, MANY).await;
    println!("  the list page costs {:.2} of what it costs with {FEW}", many / few);
    assert!(start < 200.0, "a start took {start} ms");
}
