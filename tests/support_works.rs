//! The tests' own ground holds: Cyrus takes mail by LMTP and sends by JMAP, the SMTP server keeps,
//! refuses and breaks off, Chromium opens a page, and everything ends with the test.
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

use std::path::PathBuf;

use serde_json::{Value, json};

use support::browser::Browser;
use support::cyrus::{Cyrus, Options};
use support::jmap::Raw;
use support::skip::{Piece, without};
use support::smtp::{AfterData, Sink};
use support::wait::{LONG, holds};

const DESK: &str = "support@example.test";
const JANE: &str = "jane@example.test";

fn mail(subject: &str, to: &str) -> Vec<u8> {
    format!(
        "From: Jane <{JANE}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.test>\r\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nHello.\r\n.A line with a dot.\r\n"
    )
    .into_bytes()
}

/// The Email id of an import that created one.
fn created(import: &Value) -> String {
    import["created"]["m"]["id"].as_str().unwrap_or_else(|| panic!("{import}")).to_owned()
}

async fn round_trip(delete_on_send: bool) {
    let sink = Sink::start().await;
    let cyrus =
        Cyrus::start(Options::new(&[DESK, JANE], sink.address()).delete_on_send(delete_on_send)).await;

    // In: a sub-address lands in the inbox; a user that is unknown is refused.
    cyrus
        .deliver(
            &mail("in", "support+acme-web-1-issue-@example.test"),
            JANE,
            &["support+acme-web-1-issue-@example.test"],
        )
        .await;
    let replies =
        cyrus.lmtp().await.deliver(&mail("no", "nobody@example.test"), JANE, &["nobody@example.test"]).await;
    assert_eq!(replies[0].0, 550, "{replies:?}");
    let desk = cyrus.raw(DESK);
    let inbox = desk.wait_for_mails("inbox", 1).await;
    assert_eq!(inbox[0]["subject"], "in");
    let raw = desk.download(inbox[0]["blobId"].as_str().unwrap()).await;
    assert!(String::from_utf8_lossy(&raw).contains("\r\n.A line with a dot."), "dots survive LMTP");

    // Out: the mail reaches the SMTP server and goes to Sent.
    let draft = desk.import(&mail("out", JANE), "drafts").await;
    let responses = desk.submit(&created(&draft), JANE).await;
    assert!(responses[0][1]["created"]["s"]["id"].is_string(), "{responses:?}");
    let sent = sink.nth_to(JANE, 1).await;
    assert_eq!((sent.from.as_str(), sent.header("subject").as_deref()), (DESK, Some("out")));
    assert!(sent.text().contains("\r\n.A line with a dot."), "dots survive SMTP");
    assert_eq!(desk.wait_for_mails("sent", 1).await[0]["subject"], "out");
    assert!(sink.mails()[0].confirmed);

    let submissions = desk.one("EmailSubmission/get", json!({ "ids": null })).await;
    let left = submissions["list"].as_array().unwrap().len();
    assert_eq!(left, usize::from(!delete_on_send), "Cyrus forgets a submission by default: {submissions}");
}

#[tokio::test]
async fn a_mail_goes_in_by_lmtp_and_out_by_jmap_with_cyrus_default() {
    if without("round trip, submissions deleted", &[Piece::Cyrus]) {
        return;
    }
    round_trip(true).await;
}

#[tokio::test]
async fn a_mail_goes_in_by_lmtp_and_out_by_jmap_where_submissions_are_kept() {
    if without("round trip, submissions kept", &[Piece::Cyrus]) {
        return;
    }
    round_trip(false).await;
}

/// Imports and submits a mail; returns the SetError.
async fn refused(desk: &Raw, subject: &str, to: &str) -> Value {
    let draft = desk.import(&mail(subject, to), "drafts").await;
    let responses = desk.submit(&created(&draft), to).await;
    responses[0][1]["notCreated"]["s"].clone()
}

/// A reply to RCPT, and the type and description of the SetError that Cyrus 3.6 makes of it.
type Refusal = (&'static str, &'static str, Option<&'static str>);

/// Without enhanced status codes: the type says little (a 450 looks like a 550), and the description
/// has the reply's text without its code.
const PLAIN: [Refusal; 9] = [
    ("550 5.1.1 no such person", "tooManyRecipients", None),
    ("450 4.7.1 not yet", "tooManyRecipients", None),
    ("451 4.3.0 come back later", "forbiddenToSend", Some("4.3.0 come back later")),
    ("451 come back later", "forbiddenToSend", Some("come back later")),
    ("554 5.7.1 unwanted", "forbiddenToSend", Some("5.7.1 unwanted")),
    ("452 4.2.2 full", "tooLarge", None),
    ("552 5.2.2 full", "tooLarge", None),
    ("553 5.1.3 no address", "invalidRecipients", None),
    ("501 5.1.7 no such command", "smtpProtocolError", Some("5.1.7 no such command")),
];

/// With enhanced status codes (RFC 2034), as most mail servers have them: Cyrus reads these alone, and
/// `forbiddenToSend` loses them.
const ENHANCED: [Refusal; 8] = [
    ("550 5.1.1 no such person", "invalidRecipients", None),
    ("450 4.1.1 not yet", "invalidRecipients", None),
    ("451 4.3.0 come back later", "forbiddenToSend", Some("come back later")),
    ("554 5.3.0 never", "forbiddenToSend", Some("never")),
    ("554 5.7.1 unwanted", "smtpProtocolError", Some("5.7.1 unwanted")),
    ("450 4.7.1 not yet", "smtpProtocolError", Some("4.7.1 not yet")),
    ("452 4.5.3 too many", "tooManyRecipients", None),
    ("552 5.3.4 too large", "tooLarge", None),
];

/// Each reply makes the SetError of the table, and nothing leaves.
async fn refuses(sink: &Sink, desk: &Raw, table: &[Refusal]) {
    for (at, (reply, kind, description)) in table.iter().enumerate() {
        let recipient = format!("r{at}@example.net");
        sink.refuse(&recipient, reply);
        let error = refused(desk, &format!("refused{at}"), &recipient).await;
        assert_eq!(error["type"], *kind, "{reply}: {error}");
        assert_eq!(error["description"].as_str(), *description, "{reply}: {error}");
    }
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn a_refusal_with_an_enhanced_code_fails_the_submission_in_another_way() {
    if without("refusals by SMTP with enhanced codes", &[Piece::Cyrus]) {
        return;
    }
    let sink = Sink::start().await;
    sink.enhanced();
    let cyrus = Cyrus::start(Options::new(&[DESK], sink.address())).await;
    refuses(&sink, &cyrus.raw(DESK), &ENHANCED).await;
}

#[tokio::test]
async fn a_refusal_by_smtp_fails_the_submission() {
    if without("refusals by SMTP", &[Piece::Cyrus]) {
        return;
    }
    let sink = Sink::start().await;
    let cyrus = Cyrus::start(Options::new(&[DESK], sink.address())).await;
    let desk = cyrus.raw(DESK);
    refuses(&sink, &desk, &PLAIN).await;

    sink.accept("r2@example.net");
    let drafts = desk.mails("drafts").await;
    let again = drafts.iter().find(|mail| mail["subject"] == "refused2").unwrap();
    desk.submit(again["id"].as_str().unwrap(), "r2@example.net").await;
    sink.nth_to("r2@example.net", 1).await;
}

#[tokio::test]
async fn a_server_killed_after_the_data_leaves_the_mail_on_the_wire_and_no_trace() {
    if without("httpd killed after the data", &[Piece::Cyrus]) {
        return;
    }
    let sink = Sink::start().await;
    sink.after_data(AfterData::Stall);
    let cyrus = Cyrus::start(Options::new(&[DESK], sink.address()).delete_on_send(false)).await;
    let desk = cyrus.raw(DESK);
    let draft = created(&desk.import(&mail("lost", JANE), "drafts").await);

    let submitting = tokio::spawn({
        let desk = desk.clone();
        async move { desk.submit(&draft, JANE).await }
    });
    sink.wait_for("the data", LONG, |mails| mails.len() == 1).await;
    cyrus.kill_sender();
    assert!(submitting.await.is_err(), "the answer never comes");
    sink.after_data(AfterData::Cut);
    holds("Cyrus to answer again", LONG, async || desk.session().await.is_ok()).await;
    assert_eq!(desk.mails("drafts").await.len(), 1, "the mail still lies in Drafts");
    assert_eq!(sink.mails().iter().filter(|mail| !mail.confirmed).count(), 1, "and one is on the wire");
}

#[tokio::test]
async fn a_session_cut_after_the_data_is_no_success() {
    if without("SMTP cut after the data", &[Piece::Cyrus]) {
        return;
    }
    let sink = Sink::start().await;
    sink.after_data(AfterData::Cut);
    let cyrus = Cyrus::start(Options::new(&[DESK], sink.address())).await;
    let desk = cyrus.raw(DESK);
    let error = refused(&desk, "cut", JANE).await;
    // The description is the reply to DATA: no proof of anything.
    assert_eq!(error["type"], "smtpProtocolError", "{error}");
    assert_eq!(error["description"], "go on", "{error}");
    assert_eq!(sink.mails().len(), 1);
    assert!(!sink.mails()[0].confirmed);
}

#[tokio::test]
async fn nothing_is_left_when_cyrus_ends() {
    if without("Cyrus ends clean", &[Piece::Cyrus]) {
        return;
    }
    let sink = Sink::start().await;
    let cyrus = Cyrus::start(Options::new(&[DESK], sink.address())).await;
    let (session, folder) = (cyrus.process(), cyrus.folder().to_owned());
    assert!(!support::keeper::of_session(session, "httpd").is_empty());
    drop(cyrus);
    for name in ["master", "httpd", "lmtpd"] {
        assert!(support::keeper::of_session(session, name).is_empty(), "{name} is left");
    }
    assert!(!folder.exists());
}

/// A server of one page with one form, which shows what was sent.
async fn tiny_server() -> String {
    use axum::routing::get;
    async fn page() -> axum::response::Html<&'static str> {
        axum::response::Html(
            "<!doctype html><title>Tiny</title><h1>Hello</h1>\
             <form method=post><input name=word><button>Send it</button></form>",
        )
    }
    async fn sent(body: String) -> axum::response::Html<String> {
        axum::response::Html(format!("<!doctype html><p>Got {body}</p>"))
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let routes = axum::Router::new().route("/", get(page).post(sent));
    tokio::spawn(async move {
        let http = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
        while let Ok((stream, _)) = listener.accept().await {
            let (http, routes) = (http.clone(), routes.clone());
            tokio::spawn(async move {
                let service = hyper_util::service::TowerToHyperService::new(routes);
                let _ = http.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
            });
        }
    });
    url
}

#[tokio::test]
async fn a_browser_opens_a_page_and_sends_a_form() {
    if without("the browser itself", &[Piece::Chromium]) {
        return;
    }
    let url = tiny_server().await;
    let browser = Browser::start(800, 600).await;
    browser.open(&url).await;
    assert_eq!(browser.page.title().await.unwrap(), "Tiny");
    browser.fill("input[name=word]", "plain").await;
    browser.press("Send it").await;
    browser.shows("Got word=plain").await;
    assert!(browser.picture().await.starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn what_a_test_starts_ends_with_the_test_even_if_it_ignores_sigterm() {
    let folder: PathBuf = support::folder::temporary("keeper").keep();
    let command = ["sh", "-c", "trap : TERM; echo started; while :; do sleep 1; done"];
    let kept = support::keeper::Kept::start("stubborn", &command, &folder, true).unwrap();
    holds("the program to start", LONG, async || kept.printed().contains("started")).await;
    let pid = kept.pid().unwrap();
    assert!(support::keeper::runs(pid));
    drop(kept);
    assert!(!support::keeper::runs(pid));
    assert!(!folder.exists());
}
