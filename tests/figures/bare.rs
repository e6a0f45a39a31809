//! What the same work costs a client that keeps no books: query, download, move, import, submit.

use std::time::{Duration, Instant};

use data_encoding::BASE64;
use futures_util::stream::{self, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::support::jmap::Raw;

/// How many mails one query gives, as many as the desk asks for.
const PAGE: usize = 50;
/// How many downloads, and how many letters, are under way at once.
const AT_ONCE: usize = 3;
/// How many times an import is tried.
const TRIES: usize = 5;

/// A client of one account that keeps its connections.
pub struct Bare {
    client: Client<HttpConnector, Full<Bytes>>,
    user: String,
    authorization: String,
    api: String,
    upload: String,
    download: String,
}

/// Where the letters lie before and after they leave.
struct Boxes {
    inbox: String,
    handled: String,
    drafts: String,
    sent: String,
    identity: String,
}

impl Bare {
    pub async fn connect(base: &str, user: &str, password: &str) -> Self {
        let raw = Raw::new(base, user, password);
        let session = raw.session().await.unwrap();
        let url = |name: &str| {
            let text = session[name].as_str().unwrap();
            if text.starts_with('/') { format!("{base}{text}") } else { text.to_owned() }
        };
        // Without it, each request on a kept connection waits 40 ms for an acknowledgement.
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            user: user.to_owned(),
            authorization: format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes())),
            api: url("apiUrl"),
            upload: url("uploadUrl").replace("{accountId}", user),
            download: url("downloadUrl").replace("{accountId}", user),
        }
    }

    async fn ask(&self, method: &str, url: &str, media: &str, body: Vec<u8>) -> Bytes {
        let request = http::Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", &self.authorization)
            .header("content-type", media)
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let response = self.client.request(request).await.unwrap();
        assert!(response.status().is_success(), "{method} {url}: {}", response.status());
        response.into_body().collect().await.unwrap().to_bytes()
    }

    async fn call(&self, calls: Value) -> Vec<Value> {
        let body = json!({
            "using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"],
            "methodCalls": calls,
        });
        let answer = self.ask("POST", &self.api, "application/json", body.to_string().into_bytes()).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        answer["methodResponses"].as_array().unwrap().clone()
    }

    async fn create(&self, name: &str) -> String {
        let create = json!({ "accountId": self.user, "create": { "m": { "name": name } } });
        let answer = self.call(json!([["Mailbox/set", create, "0"]])).await;
        answer[0][1]["created"]["m"]["id"].as_str().unwrap().to_owned()
    }

    async fn boxes(&self) -> Boxes {
        let all = json!({ "accountId": self.user, "ids": null });
        let answer = self.call(json!([["Mailbox/get", all, "0"], ["Identity/get", all, "1"]])).await;
        let by_role = |role: &str| {
            let list = answer[0][1]["list"].as_array().unwrap();
            list.iter().find(|m| m["role"] == role).map(|m| m["id"].as_str().unwrap().to_owned())
        };
        Boxes {
            inbox: by_role("inbox").unwrap(),
            handled: self.create("Taken").await,
            drafts: self.create("Leaving").await,
            sent: self.create("Left").await,
            identity: answer[1][1]["list"][0]["id"].as_str().unwrap().to_owned(),
        }
    }

    /// Takes every mail of the inbox and answers each; gives the time that took and how many.
    pub async fn work(&self) -> (Duration, usize) {
        let boxes = self.boxes().await;
        let begun = Instant::now();
        let mut count = 0;
        loop {
            let mails = self.page(&boxes).await;
            if mails.is_empty() {
                return (begun.elapsed(), count);
            }
            count += mails.len();
            let downloads = mails.iter().map(|mail| self.fetch(mail));
            let raws: Vec<Bytes> = stream::iter(downloads).buffered(AT_ONCE).collect().await;
            self.file(&boxes, &mails).await;
            let answers = mails.iter().zip(&raws).map(|(mail, raw)| self.answer(&boxes, mail, raw));
            stream::iter(answers).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        }
    }

    async fn page(&self, boxes: &Boxes) -> Vec<Value> {
        let query = json!({
            "accountId": self.user,
            "filter": { "inMailbox": boxes.inbox },
            "sort": [{ "property": "receivedAt", "isAscending": true }],
            "limit": PAGE,
        });
        let get = json!({
            "accountId": self.user,
            "#ids": { "resultOf": "q", "name": "Email/query", "path": "/ids" },
            "properties": ["id", "blobId", "size", "receivedAt", "mailboxIds", "from"],
        });
        let answer = self.call(json!([["Email/query", query, "q"], ["Email/get", get, "g"]])).await;
        answer[1][1]["list"].as_array().unwrap().clone()
    }

    async fn fetch(&self, mail: &Value) -> Bytes {
        let url = self
            .download
            .replace("{blobId}", mail["blobId"].as_str().unwrap())
            .replace("{name}", "mail")
            .replace("{type}", "message%2Frfc822");
        let raw = self.ask("GET", &url, "application/json", Vec::new()).await;
        assert_eq!(raw.len() as u64, mail["size"].as_u64().unwrap());
        raw
    }

    async fn file(&self, boxes: &Boxes, mails: &[Value]) {
        let patch = json!({
            format!("mailboxIds/{}", boxes.inbox): null,
            format!("mailboxIds/{}", boxes.handled): true,
        });
        let update: serde_json::Map<String, Value> =
            mails.iter().map(|mail| (mail["id"].as_str().unwrap().to_owned(), patch.clone())).collect();
        let set = json!({ "accountId": self.user, "update": update });
        let answer = self.call(json!([["Email/set", set, "0"]])).await;
        assert_eq!(answer[0][1]["updated"].as_object().unwrap().len(), mails.len(), "{answer:?}");
    }

    /// Cyrus now and then refuses an import that runs beside others, with `serverFail` or as if it did
    /// not find what it had just stored; the next try succeeds.
    async fn import(&self, import: &Value) -> Value {
        let mut refusals = Vec::new();
        while refusals.len() < TRIES {
            let answer = self.call(json!([["Email/import", import, "0"]])).await.swap_remove(0);
            // What is stored already is named by its refusal (RFC 8621 §4.8 `alreadyExists`).
            let ids = [&answer[1]["created"]["m"]["id"], &answer[1]["notCreated"]["m"]["existingId"]];
            if let Some(id) = ids.into_iter().find(|id| id.is_string()) {
                return id.clone();
            }
            refusals.push(answer);
        }
        panic!("{refusals:?}");
    }

    /// One letter of the size that a confirmation has: text and HTML, about 3 KB.
    async fn answer(&self, boxes: &Boxes, mail: &Value, raw: &[u8]) {
        let to = mail["from"][0]["email"].as_str().unwrap();
        let letter = letter(&self.user, to, raw.len());
        let uploaded = self.ask("POST", &self.upload, "message/rfc822", letter.into_bytes()).await;
        let blob = serde_json::from_slice::<Value>(&uploaded).unwrap()["blobId"].clone();
        let email = json!({ "blobId": blob, "mailboxIds": { &boxes.drafts: true }, "keywords": { "$draft": true, "$seen": true } });
        let import = json!({ "accountId": self.user, "emails": { "m": email } });
        let id = self.import(&import).await;
        let patch = json!({
            format!("mailboxIds/{}", boxes.drafts): null,
            format!("mailboxIds/{}", boxes.sent): true,
            "keywords/$draft": null,
        });
        let submission = json!({
            "emailId": id,
            "identityId": boxes.identity,
            "envelope": { "mailFrom": { "email": self.user }, "rcptTo": [{ "email": to }] },
        });
        let set = json!({
            "accountId": self.user,
            "create": { "s": submission },
            "onSuccessUpdateEmail": { "#s": patch },
        });
        let answer = self.call(json!([["EmailSubmission/set", set, "0"]])).await;
        assert!(answer[0][1]["created"]["s"].is_object(), "{answer:?}");
    }
}

fn letter(from: &str, to: &str, size: usize) -> String {
    let words = "Words as a confirmation has them, more or less. ".repeat(25);
    format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: We have received it ({size})\r\n\
         Date: Thu, 19 Nov 2026 14:00:00 +0000\r\nMessage-ID: <bare-{to}>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n\
         --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>{words}</p>\r\n--b--\r\n"
    )
}
