//! The webmail as a browser meets it: over its port, with forms.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jiff::tz::TimeZone;

use super::*;
use crate::demo::Stage;
use crate::demo::server::Incoming;
use crate::mail::{Address, parse};

const HANNA: &str = "hanna.weber@weber-moebel.example";
const DESK: &str = "help@desk.example";

struct Browser {
    stage: Stage,
    running: Running,
    client: Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
}

struct Shown {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Browser {
    async fn start() -> Self {
        let (clock, random) = (Clock::system(), Random::seeded(5));
        let stage = Stage::start(clock.clone(), random.clone()).await.unwrap();
        let theme = Theme::load(None, TimeZone::UTC).unwrap();
        let desk = Url::parse("http://localhost:8025/").unwrap();
        let router = router(stage.server().clone(), theme, clock, random, desk);
        let running = start(router, 0).await.unwrap();
        Self { stage, running, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    async fn ask(&self, request: http::request::Builder, body: String) -> Shown {
        let (mut head, body) = request.body(Full::new(Bytes::from(body))).unwrap().into_parts();
        head.uri = format!("http://{}{}", self.running.address, head.uri).parse().unwrap();
        let response = self.client.request(Request::from_parts(head, body)).await.unwrap();
        let (head, body) = response.into_parts();
        let body = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        Shown { status: head.status, headers: head.headers, body }
    }

    async fn get(&self, path: &str) -> Shown {
        self.ask(Request::get(path), String::new()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let part = |(name, value): &(&str, &str)| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let mut body: String = fields.iter().map(part).collect();
        body.push_str(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"note.txt\"\r\n\
             Content-Type: text/plain\r\n\r\nhello file\r\n--x--\r\n",
        );
        let request = Request::post(path)
            .header("Origin", format!("http://{}", self.running.address))
            .header("Content-Type", "multipart/form-data; boundary=x");
        self.ask(request, body).await
    }

    /// A letter of the desk in Hanna's inbox; its id.
    fn letter(&self) -> String {
        let raw = "From: Jane Okafor (Acme) <help@desk.example>\r\nTo: <hanna.weber@weber-moebel.example>\r\n\
            Reply-To: <incoming+abcdefghijklmnopqrstuvwxyz@desk.example>\r\nSubject: Re: Rechnung <1187>\r\n\
            Message-ID: <letter@desk.example>\r\nReferences: <first@weber-moebel.example>\r\n\
            List-Unsubscribe: <http://localhost:8025/u/tok>,\r\n <mailto:incoming+k-unsubscribe@desk.example>\r\n\
            Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
            <p>Guten Tag<script>alert(1)</script></p>\r\n";
        self.deliver(raw)
    }

    fn deliver(&self, raw: &'static str) -> String {
        let mail = Incoming::new(raw, &[Address::parse(HANNA).unwrap()]);
        self.stage.server().deliver_as(&mail)[0].at.clone().unwrap().1
    }
}

#[tokio::test]
async fn one_chooses_reads_and_nothing_changes_by_looking() {
    let browser = Browser::start().await;
    let first = browser.get("/").await;
    assert_eq!(
        (first.status, first.headers["location"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/as/hanna")
    );
    assert!(browser.get("/as/hanna").await.body.contains("No mail yet"));
    let id = browser.letter();
    let list = browser.get("/as/hanna").await;
    assert!(
        list.body.contains("Jane Okafor (Acme)")
            && list.body.contains(">1<span class=\"hide\"> unread</span>")
    );
    assert!(list.body.contains("lang=\"ja\">田中 裕子</a>"));
    let page = browser.get(&format!("/as/hanna/mail/{id}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Re: Rechnung &lt;1187&gt;") && page.body.contains("<p>Guten Tag</p>"));
    assert!(!page.body.contains("alert(1)") && !page.body.contains("<script"));
    assert!(page.body.contains("incoming+abcdefghijklmnopqrstuvwxyz@desk.example"));
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("form-action 'self' http://localhost:8025;")
    );
    let keywords = browser.stage.server().mails(HANNA, "inbox")[0].keywords.clone();
    assert!(keywords.is_empty(), "looking changed {keywords:?}");
    for missing in ["/as/nobody", "/as/hanna/mail/zz", "/as/yuko/mail/zz", "/nowhere"] {
        assert_eq!(browser.get(missing).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
    let css =
        page.body.split("href=\"").find_map(|rest| rest.split('"').next().filter(|h| h.ends_with(".css")));
    let css = browser.get(css.unwrap()).await;
    assert!(
        css.body.contains(".webmail")
            && css.headers["content-type"].to_str().unwrap().starts_with("text/css")
    );
}

#[tokio::test]
async fn an_answer_goes_to_reply_to_in_the_thread_with_the_mail_quoted() {
    let browser = Browser::start().await;
    let id = browser.letter();
    let empty = browser.post(&format!("/as/hanna/mail/{id}/reply"), &[("text", "  ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let sent = browser.post(&format!("/as/hanna/mail/{id}/reply"), &[("text", "Danke\r\nund Grüße")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let mails = browser.stage.server().mails(DESK, "inbox");
    let mail = parse(&mails[0].raw, Some("mail.desk.example"));
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Re: Rechnung <1187>", "Danke\nund Grüße"));
    assert_eq!(mail.in_reply_to[0].as_str(), "letter@desk.example");
    let references: Vec<_> = mail.references.iter().map(|id| id.as_str()).collect();
    assert_eq!(references, ["first@weber-moebel.example", "letter@desk.example"]);
    assert_eq!(mail.to[0].address.local(), "incoming+abcdefghijklmnopqrstuvwxyz");
    assert_eq!(mail.authentication, crate::mail::Authentication::Pass);
    assert_eq!(mail.attachments[0].name, "note.txt");
    let raw = String::from_utf8_lossy(&mails[0].raw).into_owned();
    assert!(raw.contains("> Guten Tag"), "{raw}");
    assert_eq!(browser.stage.server().mails(HANNA, "sent").len(), 1);
    let again = browser.get(sent.headers["location"].to_str().unwrap()).await;
    assert!(again.body.contains("Sent. The desk gets it in a moment.") && !again.body.contains("unread"));
}

#[tokio::test]
async fn a_new_mail_goes_anywhere_and_comes_back_where_nobody_is() {
    let browser = Browser::start().await;
    let fields = [("to", "support@acme.example"), ("subject", "Frage"), ("text", "Hallo")];
    assert_eq!(browser.post("/as/hanna/write", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(parse(&browser.stage.server().mails(DESK, "inbox")[0].raw, None).subject, "Frage");
    let sent = browser.get("/as/hanna/sent").await;
    assert!(sent.body.contains("To support@acme.example") && sent.body.contains("Frage"));

    let nobody = [("to", "nobody@nowhere.example"), ("subject", "x"), ("text", "y")];
    assert_eq!(browser.post("/as/hanna/write", &nobody).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/as/hanna").await.body.contains("Undelivered Mail Returned to Sender"));

    let wrong =
        browser.post("/as/hanna/write", &[("to", "no address"), ("subject", "x"), ("text", "kept")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("is no address") && wrong.body.contains("kept</textarea>"));
}

#[tokio::test]
async fn mails_are_stopped_by_mail_where_no_click_is_offered() {
    let browser = Browser::start().await;
    let id = browser.letter();
    let page = browser.get(&format!("/as/hanna/mail/{id}")).await;
    assert!(page.body.contains(&format!("action=\"/as/hanna/mail/{id}/unsubscribe\"")));
    assert!(page.body.contains("href=\"http://localhost:8025/u/tok\""));
    let done = browser.post(&format!("/as/hanna/mail/{id}/unsubscribe"), &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let mail = parse(&browser.stage.server().mails(DESK, "inbox")[0].raw, None);
    assert_eq!(mail.to[0].address.as_str(), "incoming+k-unsubscribe@desk.example");
    let seen = browser.post(&format!("/as/hanna/mail/{id}/seen"), &[]).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.stage.server().mails(HANNA, "inbox")[0].keywords, ["$seen"]);
}

/// Nothing else renders this template: `check` knows the desk's own pages alone.
#[tokio::test]
async fn what_is_seldom_on_the_page_is_rendered_too() {
    let browser = Browser::start().await;
    assert!(browser.get("/as/hanna/sent").await.body.contains("Nothing sent yet."));
    let id = browser.deliver(
        "From: help@desk.example\r\nTo: hanna.weber@weber-moebel.example\r\nSubject: Re: Door\r\n\
         List-Unsubscribe: <http://localhost:8025/u/tok>\r\n\
         List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n\
         Oiled.\r\n\r\nOn Sunday, Hanna wrote:\r\n> It squeaks.\r\n",
    );
    let page = browser.get(&format!("/as/hanna/mail/{id}")).await.body;
    for part in [
        "<form method=\"post\" action=\"http://localhost:8025/u/tok\">",
        "value=\"One-Click\"",
        "<summary>Quoted text</summary>",
        "It squeaks.",
        "Headers of this mail",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let bare = browser.deliver("From: <>\r\n\r\n");
    let page = browser.get(&format!("/as/hanna/mail/{bare}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("Unsubscribe"), "{}", page.body);
}

#[tokio::test]
async fn other_sites_and_other_names_are_turned_away() {
    let browser = Browser::start().await;
    let rebound = browser.ask(Request::get("/as/hanna").header("Host", "evil.example"), String::new()).await;
    assert_eq!(rebound.status, StatusCode::MISDIRECTED_REQUEST);
    for origin in [None, Some("http://evil.example"), Some("null")] {
        let mut request =
            Request::post("/as/hanna/write").header("Content-Type", "multipart/form-data; boundary=x");
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        assert_eq!(browser.ask(request, "--x--\r\n".to_owned()).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_file_is_a_download() {
    let browser = Browser::start().await;
    let fields = [("to", "yuko.tanaka@hoshi-denki.example"), ("subject", "x"), ("text", "y")];
    browser.post("/as/hanna/write", &fields).await;
    let id = browser.stage.server().mails("yuko.tanaka@hoshi-denki.example", "inbox")[0].id.clone();
    let page = browser.get(&format!("/as/yuko/mail/{id}")).await;
    let href =
        page.body.split("href=\"").find_map(|rest| rest.split('"').next().filter(|h| h.contains("/part/")));
    let file = browser.get(href.unwrap()).await;
    assert_eq!(file.body, "hello file");
    assert_eq!(file.headers["content-type"], "application/octet-stream");
    assert!(
        file.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment; filename*=UTF-8''note")
    );
}
