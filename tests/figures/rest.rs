//! What the daemon costs while nothing happens, and what it holds after a month of mail.

use std::fs;
use std::time::{Duration, Instant};

use postdesk::clock::Clock;
use postdesk::demo::server::{Options, Server, User};
use postdesk::mail::Address;
use postdesk::secret::Random;
use postdesk::triage::Wildcard;

use crate::support::daemon::Daemon;
use crate::support::tracker::Tracker;
use crate::support::wait::until;

const DESK: &str = "support@desk.example";
const AGENT: &str = "ann@example.test";
const PASSWORD: &str = "a sentence is easier to keep";
const LIMIT: Duration = Duration::from_mins(10);
/// How long it is watched while it rests.
const WATCHED: Duration = Duration::from_mins(2);
/// A month of a small team: so many new mails a day, each confirmed, every second one answered by an
/// agent and then by its customer.
const DAYS: usize = 30;
const A_DAY: usize = 100;
/// Every tenth mail brings an attachment, every hundredth a large one.
const ATTACHMENT: usize = 200_000;
const LARGE: usize = 5_000_000;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

async fn server() -> Server {
    let wildcard = Wildcard::parse("incoming+{key}@desk.example").unwrap();
    let user = User::new(address(DESK), "secret").wildcard(wildcard);
    Server::start(Options::new(Clock::system(), Random::system()).user(user)).await.unwrap()
}

async fn desk(server: &Server) -> Daemon {
    let url = server.url();
    let mut daemon = Daemon::prepare(|_, port| {
        format!(
            "data = \"data\"\npublic_url = \"http://localhost:{port}\"\n\
             [mail]\nurl = \"{url}\"\nuser = \"{DESK}\"\npassword = {{ file = \"password\" }}\n\
             address = \"{DESK}\"\n\
             [addresses]\nwildcard = \"incoming+{{key}}@desk.example\"\n\
             [web]\nlisten = [\"127.0.0.1:{port}\"]\n\
             [limits]\nundo_seconds = 0\nletters_per_minute = 1000000\n"
        )
    });
    // As the unit has it.
    daemon.environment("MALLOC_ARENA_MAX", "2");
    fs::write(daemon.folder().join("password"), "secret\n").unwrap();
    daemon.must(&["project", "add", "acme/web", "--name", "Acme Web", "--default"]);
    daemon.must(&["account", "add", "ann", AGENT, "--project", "acme/web=agent", "--link"]);
    daemon.must_with(&["account", "password", "ann", "--stdin"], PASSWORD);
    daemon.start().await;
    until("mail in: running", LIMIT, async || {
        daemon.must(&["status"]).contains("mail in: running").then_some(())
    })
    .await;
    daemon
}

/// What a process holds in memory, in MB: all of it, and what is its own and no file's.
struct Memory {
    whole: f64,
    own: f64,
}

fn memory(process: u32) -> Memory {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
    };
    Memory { whole: field("VmRSS:"), own: field("RssAnon:") }
}

/// How many times the scheduler gave the process' threads a core so far, and for how long, in ms.
fn turns(process: u32) -> (u64, f64) {
    let (mut count, mut time) = (0, 0.0);
    for thread in fs::read_dir(format!("/proc/{process}/task")).unwrap() {
        // "time on a core, time in the queue, how many times", in nanoseconds.
        let Ok(line) = fs::read_to_string(thread.unwrap().path().join("schedstat")) else { continue };
        let mut fields = line.split_whitespace().map(|field| field.parse::<u64>().unwrap());
        time += fields.next().unwrap() as f64 / 1e6;
        count += fields.nth(1).unwrap();
    }
    (count, time)
}

fn attachment(size: usize) -> String {
    // Not to be compressed well, as pictures are not.
    let mut state = size as u64;
    let octets: Vec<u8> = (0..size)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u8
        })
        .collect();
    let text = data_encoding::BASE64.encode(&octets);
    let lines: Vec<&str> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\r\n")
}

fn mail(at: usize, answers: Option<&str>, attachment: Option<&str>) -> String {
    let words = "It worked last week and does not any more; what should be done about it? ".repeat(12);
    let answers =
        answers.map(|id| format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n")).unwrap_or_default();
    let kind = if answers.is_empty() { "q" } else { "r" };
    let head = format!(
        "From: Customer {at} <customer{at}@customer.example>\r\nTo: {DESK}\r\nSubject: Question {at}\r\n\
         Message-ID: <{kind}{at}@customer.example>\r\nDate: Thu, 19 Nov 2026 14:00:00 +0000\r\n{answers}\
         MIME-Version: 1.0\r\n"
    );
    match attachment {
        None => format!("{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"),
        Some(octets) => format!(
            "{head}Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n\
             --b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"picture.png\"\r\n\r\n{octets}\r\n--b--\r\n"
        ),
    }
}

async fn until_letters(server: &Server, count: usize) {
    let left = server.wait_until(|world| world.submissions().len() >= count);
    tokio::time::timeout(LIMIT, left).await.unwrap_or_else(|_| panic!("waited for letter {count}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a figure"]
async fn at_rest_and_after_a_month() {
    let server = server().await;
    let mut daemon = desk(&server).await;
    let process = daemon.id();
    tokio::time::sleep(Duration::from_secs(15)).await;
    let ((before, busy_before), begun) = (turns(process), Instant::now());
    tokio::time::sleep(WATCHED).await;
    let ((after, busy), minutes) = (turns(process), begun.elapsed().as_secs_f64() / 60.0);
    let rest = memory(process);
    println!("at rest, with push, watched for {minutes:.0} minutes:");
    println!(
        "  memory                   {:6.1} MB ({:.1} its own, the rest the program's file)",
        rest.whole, rest.own
    );
    println!("  wake-ups                 {:6.1} a minute", (after - before) as f64 / minutes);
    println!("  time on a core           {:6.1} ms a minute", (busy - busy_before) / minutes);

    let (picture, large) = (attachment(ATTACHMENT), attachment(LARGE));
    let tracker =
        Tracker::sign_in(&daemon.url(), &daemon.url().replace("127.0.0.1", "localhost"), AGENT, PASSWORD)
            .await;
    let (mut letters, mut octets, mut most) = (0, 0, 0.0_f64);
    let begun = Instant::now();
    for day in 0..DAYS {
        for at in day * A_DAY..(day + 1) * A_DAY {
            let with = match at {
                at if at % 100 == 7 => Some(large.as_str()),
                at if at % 10 == 3 => Some(picture.as_str()),
                _ => None,
            };
            let raw = mail(at, None, with);
            octets += raw.len();
            assert_eq!(server.deliver(raw.into_bytes(), &[address(DESK)]).len(), 1);
        }
        letters += A_DAY;
        until_letters(&server, letters).await;
        for at in (day * A_DAY..(day + 1) * A_DAY).step_by(2) {
            let page = format!("/p/acme/web/{}", at + 1);
            tracker.page("/").await;
            // As fast as the tracker lets one network write.
            tokio::time::sleep(Duration::from_millis(210)).await;
            tracker.reply(&page, "Please try it once more, and tell us.").await;
        }
        letters += A_DAY / 2;
        until_letters(&server, letters).await;
        for at in (day * A_DAY..(day + 1) * A_DAY).step_by(2) {
            let raw = mail(at, Some(&format!("q{at}@customer.example")), None);
            octets += raw.len();
            assert_eq!(server.deliver(raw.into_bytes(), &[address(DESK)]).len(), 1);
        }
        let taken = server.wait_until(|world| world.mails(DESK, "inbox").is_empty());
        tokio::time::timeout(LIMIT, taken).await.expect("the answers to be taken in");
        let now = memory(process);
        most = most.max(now.whole);
        if (day + 1) % 10 == 0 {
            println!("  after {:2} days             {:6.1} MB ({:.1})", day + 1, now.whole, now.own);
        }
    }
    println!(
        "a month of {} mails ({} MB) and {letters} letters, in {:.0} s; most {most:.1} MB",
        DAYS * A_DAY * 3 / 2,
        octets / 1_000_000,
        begun.elapsed().as_secs_f64()
    );
    tokio::time::sleep(Duration::from_secs(30)).await;
    let end = memory(process);
    println!("  at rest after it         {:6.1} MB ({:.1})", end.whole, end.own);
    assert!(daemon.stop().await.success());
    daemon.start().await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    let anew = memory(daemon.id());
    println!("  at rest, started anew    {:6.1} MB ({:.1})", anew.whole, anew.own);
}
