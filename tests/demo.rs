//! `postdesk demo` as somebody meets it who has only built it: the program is started, what it prints
//! and shows is followed in a real Chromium, and Ctrl-C leaves nothing behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests may fail loudly"
)]

mod support;

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use support::browser::Browser;
use support::folder;
use support::keeper;
use support::skip::{Piece, without};
use support::wait::{LONG, holds, until};

/// The program, with what it prints and the folder in which it may make temporary ones.
struct Demo {
    child: Child,
    folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = folder::temporary("demo");
        let tmp = folder.path().join("tmp");
        std::fs::create_dir(&tmp).unwrap();
        Self::start_beside(folder, &tmp)
    }

    /// With a folder for temporary ones that others have too.
    fn start_beside(folder: tempfile::TempDir, tmp: &Path) -> Self {
        let printed = std::fs::File::create(folder.path().join("printed")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_postdesk"))
            .args(["demo", "--port", &folder::free_port().to_string()])
            .env("TMPDIR", tmp)
            .stdin(Stdio::null())
            .stdout(printed.try_clone().unwrap())
            .stderr(printed)
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    fn printed(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("printed")).unwrap_or_default()
    }

    /// The addresses that it prints: the tracker's, then the mailbox's.
    async fn addresses(&self) -> (String, String) {
        until("the demo to print its addresses", LONG, async || {
            let printed = self.printed();
            // The last line of the greeting: what stands above it is whole.
            printed.contains("Ctrl-C").then_some(())?;
            let mut urls = printed.split_whitespace().filter(|word| word.starts_with("http://"));
            Some((urls.next()?.to_owned(), urls.next()?.to_owned()))
        })
        .await
    }

    /// The folders that it has made and not removed.
    fn left(&self) -> Vec<String> {
        let names = |folder: &Path| std::fs::read_dir(folder).unwrap().flatten().collect::<Vec<_>>();
        let left = names(&self.folder.path().join("tmp"));
        left.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Ends it by a signal: INT is Ctrl-C, HUP comes when its terminal closes.
    async fn end(&mut self, signal: &str) -> ExitStatus {
        keeper::signal(self.child.id(), signal);
        until("the demo to end", Duration::from_secs(30), async || self.child.try_wait().unwrap()).await
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the demo printed\n{}", self.printed());
        }
    }
}

#[tokio::test]
async fn ctrl_c_leaves_nothing_behind() {
    leaves_nothing_behind("INT").await;
}

#[tokio::test]
async fn a_terminal_that_closes_leaves_nothing_behind() {
    leaves_nothing_behind("HUP").await;
}

#[tokio::test]
async fn what_a_killed_demo_left_the_next_one_removes() {
    let mut killed = Demo::start();
    killed.addresses().await;
    let tmp = killed.folder.path().join("tmp");
    let running = Demo::start_beside(folder::temporary("demo"), &tmp);
    running.addresses().await;
    assert!(!killed.end("KILL").await.success());
    let (left, of_another) = (killed.left(), tmp.join("postdesk-demo-without-a-store"));
    assert_eq!(left.len(), 2, "{left:?}");
    std::fs::create_dir(&of_another).unwrap();
    let mut next = Demo::start_beside(folder::temporary("demo"), &tmp);
    next.addresses().await;
    assert!(next.end("INT").await.success());
    let stays: Vec<_> = killed.left().into_iter().filter(|name| left.contains(name)).collect();
    assert_eq!(stays.len(), 1, "that of the demo that runs: {stays:?}");
    assert!(tmp.join(&stays[0]).join("data/postdesk.redb").exists() && of_another.exists());
}

async fn leaves_nothing_behind(signal: &str) {
    let mut demo = Demo::start();
    let (tracker, mailbox) = demo.addresses().await;
    assert_eq!(demo.left().len(), 1, "it keeps its data in one folder");
    let printed = demo.printed();
    assert!(printed.contains("sign in as jane@acme.example"), "{printed}");
    assert!(printed.contains("support@acme.example"), "{printed}");
    assert!(!printed.contains('\u{1b}'), "no colours where no terminal is: {printed}");

    let status = demo.end(signal).await;
    assert!(status.success(), "{status}");
    assert_eq!(demo.left(), Vec::<String>::new());
    for url in [tracker, mailbox] {
        let port: u16 = url.trim_end_matches('/').rsplit_once(':').unwrap().1.parse().unwrap();
        let answers = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(!answers, "{url} still answers");
    }
    let printed = demo.printed();
    assert!(!printed.contains("WARN") && !printed.contains("ERROR"), "{printed}");
}

#[tokio::test]
async fn the_demo_leads_from_nothing_to_an_answered_ticket() {
    if without("the demo in Chromium", &[Piece::Chromium]) {
        return;
    }
    let mut demo = Demo::start();
    let (tracker, mailbox) = demo.addresses().await;
    let browser = Browser::start(1280, 900).await;

    // The first page says how to sign in.
    browser.open(&tracker).await;
    let page = browser.text().await;
    let after = |words: &str| {
        let (_, rest) = page.split_once(words).unwrap_or_else(|| panic!("no {words:?} on\n{page}"));
        rest.split([',', ' ', '\n']).next().unwrap().to_owned()
    };
    let (address, password) = (after("Sign in as "), after("password "));
    browser.fill("input[name=mail]", &address).await;
    browser.fill("input[name=password]", &password).await;
    browser.press("Sign in").await;
    // To ask for the page again before that is answered would take the form back.
    holds("to be signed in", LONG, async || !browser.text().await.contains("Sign in as ")).await;

    // A ticket is there, and is answered.
    let subject = "Rechnung R-2026-1187: falscher Betrag";
    holds("the sample mails to come in", LONG, async || {
        browser.page.refresh().await.unwrap();
        browser.text().await.contains(subject)
    })
    .await;
    browser.press(subject).await;
    browser.fill("textarea[name=text]", "We send a **new** invoice today.").await;
    browser.press("Send reply").await;
    browser.shows("We send a new invoice today.").await;
    // Without its fragment, for a browser that goes to one on the same page does not ask again.
    let mut ticket = browser.page.current_url().await.unwrap();
    ticket.set_fragment(None);

    // The customer reads it, and answers.
    let answer = format!("//a[contains(@class, 'subject-line')][contains(., '{subject}')]");
    holds("the answer in the customer's mailbox", LONG, async || {
        browser.open(&mailbox).await;
        browser.text().await.contains("We send a new invoice today.")
    })
    .await;
    let newest = browser.page.find(fantoccini::Locator::XPath(&answer)).await.unwrap();
    newest.click().await.unwrap();
    browser.shows("We send a new invoice today.").await;
    browser.shows("Just reply to this mail.").await;
    browser.fill("#compose textarea", "That was quick, thank you.").await;
    browser.find("#compose button.main").await.click().await.unwrap();
    browser.shows("Sent. The desk gets it in a moment.").await;

    // It stands on the ticket.
    holds("the customer's answer on the ticket", LONG, async || {
        browser.open(ticket.as_str()).await;
        browser.text().await.contains("That was quick, thank you.")
    })
    .await;
    drop(browser);
    assert!(demo.end("INT").await.success());
    assert_eq!(demo.left(), Vec::<String>::new());
}
