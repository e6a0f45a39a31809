//! The real daemon, killed at random moments while mail comes in: every mail ends as exactly one
//! ticket, comment, held or ignored mail, and no letter leaves twice by itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and own their time"
)]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use postdesk::clock::Clock;
use postdesk::demo::server::{Options, Server, User};
use postdesk::mail::Address;
use postdesk::secret::Random;
use postdesk::store::{Look, Store, StorePath};
use postdesk::tracker::{OutboxState, Seq, Subject};
use postdesk::triage::{HoldCause, VerdictKind, Wildcard};
use support::daemon::Daemon;
use support::wait::LONG;

const DESK: &str = "support@desk.example";
const ROUNDS: u32 = 20;
const MAILS: u32 = 200;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn config(url: &str) -> impl FnOnce(&std::path::Path, u16) -> String {
    let url = url.to_owned();
    move |_, port| {
        format!(
            "data = \"data\"\npublic_url = \"http://localhost:{port}\"\n\
             [mail]\nurl = \"{url}\"\nuser = \"{DESK}\"\npassword = {{ file = \"password\" }}\n\
             address = \"{DESK}\"\npoll_seconds = 1\n\
             [addresses]\nwildcard = \"incoming+{{key}}@desk.example\"\n\
             [web]\nlisten = [\"127.0.0.1:{port}\"]\n\
             [limits]\nundo_seconds = 0\n"
        )
    }
}

/// Every fifth mail answers the one before it, every tenth goes to an address that leads nowhere.
fn mail(number: u32) -> (String, &'static str) {
    let from = number / 2;
    let to = if number % 10 == 7 { "incoming+nobody-knows-this@desk.example" } else { "help@desk.example" };
    let reply = match number % 5 {
        4 => format!("In-Reply-To: <m{}@customer.example>\r\n", number - 1),
        _ => String::new(),
    };
    let raw = format!(
        "From: Customer {from} <c{from}@customer.example>\r\nTo: {to}\r\nSubject: Mail {number}\r\n\
         Message-ID: <m{number}@customer.example>\r\nDate: Thu, 19 Nov 2026 13:59:00 +0000\r\n{reply}\r\n\
         This is mail {number}.\r\n"
    );
    (raw, to)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_twenty_times_while_two_hundred_mails_come_in() {
    let random = Random::system();
    let wildcard = Wildcard::parse("incoming+{key}@desk.example").unwrap();
    let desk = User::new(address(DESK), "secret").wildcard(wildcard).alias(address("help@desk.example"));
    let server = Server::start(Options::new(Clock::system(), random.clone()).user(desk)).await.unwrap();
    let mut daemon = Daemon::prepare(config(&server.url()));
    std::fs::write(daemon.folder().join("password"), "secret\n").unwrap();
    daemon.must(&["project", "add", "acme/web", "--alias", "help@desk.example"]);
    daemon.start().await;
    server.wait_until(|world| world.mailboxes(DESK).iter().any(|name| name == "Handled")).await;

    let mut next = 0;
    for round in 0..ROUNDS {
        if round > 0 {
            daemon.spawn();
        }
        let upto = MAILS * (round + 1) / ROUNDS;
        while next < upto {
            let (raw, to) = mail(next);
            assert_eq!(server.deliver(raw.into_bytes(), &[address(to)]).len(), 1);
            next += 1;
        }
        // Somewhere on the way of these mails or of their letters, give or take some milliseconds.
        let left = u32::try_from(random.below(u64::from(upto / 2) + 1)).unwrap();
        let wanted = random.below(u64::from(upto) + 1);
        let moment = server.wait_until(|world| {
            let filed = world.mails(DESK, "Handled").len() as u64 + world.mails(DESK, "Held").len() as u64;
            filed >= wanted || world.submissions().len() >= left as usize
        });
        tokio::time::timeout(LONG, moment).await.expect("the daemon to get on");
        tokio::time::sleep(Duration::from_millis(random.below(40))).await;
        daemon.kill();
    }
    daemon.start().await;
    let done = server.wait_until(|world| world.mails(DESK, "inbox").is_empty());
    tokio::time::timeout(LONG, done).await.expect("every mail to be filed away");
    settled(&daemon).await;
    assert!(daemon.stop().await.success());
    check(&daemon, &server).await;
}

/// Waits until every letter has an end, or is one whose end nobody knows.
async fn settled(daemon: &Daemon) {
    support::wait::holds("the outbox to be empty", LONG, async || daemon.no_letter_waits()).await;
}

async fn check(daemon: &Daemon, server: &Server) {
    let path = StorePath::new(daemon.folder().join("data"));
    let store = Store::open(&path, &Random::system(), &Clock::system()).unwrap();
    let read = store.read().unwrap();

    let mut ends: BTreeMap<String, Vec<VerdictKind>> = BTreeMap::new();
    let mut id = 1;
    while let Some(row) = read.mail_row(postdesk::tracker::MailRowId(id)).unwrap() {
        assert!(row.filed, "row {id} was never filed: {row:?}");
        // One over which the daemon ended twice alone is held unread, and its row has no Message-ID.
        let named = row.message_id.or_else(|| {
            assert_eq!(row.verdict, VerdictKind::Hold(HoldCause::Crash), "row {id}");
            postdesk::mail::parse(&store.raw().get(&row.raw).unwrap(), None).message_id
        });
        ends.entry(named.unwrap().as_str().to_owned()).or_default().push(row.verdict);
        id += 1;
    }
    assert_eq!(ends.len(), MAILS as usize, "a mail is lost");
    let counted: u64 = read.verdicts().unwrap().iter().map(|(_, count)| count).sum();
    assert_eq!(counted, id - 1, "the counters differ from what is there");
    for (mail, verdicts) in &ends {
        let [verdict] = verdicts.as_slice() else {
            panic!("{mail} was taken in more than once: {verdicts:?}")
        };
        let wanted = matches!(verdict, VerdictKind::Open | VerdictKind::Comment | VerdictKind::Hold(_));
        assert!(wanted, "{mail} became {verdict:?}");
    }

    let mut left: HashMap<String, u32> = HashMap::new();
    for submission in server.submissions() {
        let sent = postdesk::mail::parse(&submission.raw, None);
        *left.entry(sent.message_id.unwrap().as_str().to_owned()).or_default() += 1;
    }
    let twice: Vec<_> = left.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "left more than once: {twice:?}");

    let mut letters = 0;
    for entry in read.journal(Seq(0), usize::MAX).unwrap() {
        let Subject::Ticket { ticket, event } = entry.subject else { continue };
        if event.0 != 1 {
            continue;
        }
        let rows = read.letters_of(ticket).unwrap();
        let mut said: Vec<_> = rows.iter().map(|row| (row.to, format!("{:?}", row.letter))).collect();
        letters += rows.len();
        said.sort();
        said.dedup();
        assert_eq!(said.len(), rows.len(), "two letters say the same: {rows:?}");
        for row in rows {
            let gone = left.contains_key(row.message_id.as_str());
            match row.state {
                OutboxState::Sent => assert!(gone, "called sent, and never left: {row:?}"),
                OutboxState::Submitting | OutboxState::PresumedSent => {}
                other => panic!("a letter ended as {other:?}: {row:?}"),
            }
        }
    }
    assert!(letters > 50, "only {letters} letters were due: the test tests little");
    drop(read);
    store.close().await;
}
