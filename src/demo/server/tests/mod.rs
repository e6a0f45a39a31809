//! The server, asked with plain requests and JSON: what it answers is compared with the RFCs, not
//! with our own client.

mod email;
mod faults;
mod port;
mod push;
mod session;
mod submission;

use std::collections::BTreeMap;

use bytes::Bytes;
use data_encoding::BASE64;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cut, Options, Server, User};
use crate::clock::Clock;
use crate::mail::Address;
use crate::secret::Random;
use crate::triage::Wildcard;

const DESK: &str = "help@desk.example";
const ANN: &str = "ann@customer.example";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn options() -> Options {
    let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let desk = User::new(address(DESK), "secret")
        .named("Help")
        .alias(address("support@acme.example"))
        .wildcard(Wildcard::parse("incoming+{key}@desk.example").unwrap())
        .token("token-1");
    Options::new(Clock::manual(start), Random::seeded(1)).user(desk).user(User::new(address(ANN), "ann"))
}

fn server() -> Server {
    Server::in_memory(options())
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
}

fn mail(from: &str, to: &str, id: &str, text: &str) -> Vec<u8> {
    format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: Hello {id}\r\nMessage-ID: <{id}@test.example>\r\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n{text}\r\n"
    )
    .into_bytes()
}

/// What a request was answered with.
struct Answered {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Bytes,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn ask(
    server: &Server,
    request: http::request::Builder,
    body: impl Into<Bytes>,
) -> Result<Answered, Cut> {
    let response = server.call(request.body(body.into()).unwrap()).await?;
    let (head, body) = response.into_parts();
    Ok(Answered { status: head.status, headers: head.headers, body: body.collect().await?.to_bytes() })
}

fn get(path: &str) -> http::request::Builder {
    Request::get(path).header("Authorization", basic(DESK, "secret"))
}

fn post(path: &str, content_type: &str) -> http::request::Builder {
    Request::post(path).header("Authorization", basic(DESK, "secret")).header("Content-Type", content_type)
}

const ALL: [&str; 3] =
    ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"];

async fn request(server: &Server, calls: Value) -> Result<Answered, Cut> {
    let body = json!({ "using": ALL, "methodCalls": calls }).to_string();
    ask(server, post("/jmap/api/", "application/json"), body).await
}

/// All method responses of these calls.
async fn calls(server: &Server, calls: Value) -> Vec<(String, Value, String)> {
    let answered = request(server, calls).await.unwrap();
    assert_eq!(answered.status, StatusCode::OK, "{:?}", answered.body);
    serde_json::from_value(answered.json()["methodResponses"].clone()).unwrap()
}

/// The one response of one call; the account is filled in.
async fn call(server: &Server, method: &str, mut arguments: Value) -> Value {
    arguments["accountId"] = json!("a");
    let mut responses = calls(server, json!([[method, arguments, "0"]])).await;
    assert_eq!(responses.len(), 1, "{responses:?}");
    let (name, value, id) = responses.remove(0);
    assert_eq!(id, "0");
    assert!(name == method || name == "error", "{name}");
    value
}

async fn upload(server: &Server, raw: &[u8]) -> String {
    let answered = ask(server, post("/jmap/upload/a/", "message/rfc822"), raw.to_vec()).await.unwrap();
    assert_eq!(answered.status, StatusCode::CREATED);
    answered.json()["blobId"].as_str().unwrap().to_owned()
}

/// The ids of the desk's mailboxes by role.
async fn boxes(server: &Server) -> BTreeMap<String, String> {
    let found = call(server, "Mailbox/get", json!({ "ids": null })).await;
    let list = found["list"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.iter().map(|mailbox| (text(&mailbox["role"]), text(&mailbox["id"]))).collect()
}

/// Imports a draft; its Email id.
async fn draft(server: &Server, raw: &[u8]) -> String {
    let (blob, boxes) = (upload(server, raw).await, boxes(server).await);
    let email =
        json!({ "blobId": blob, "mailboxIds": { &boxes["drafts"]: true }, "keywords": { "$draft": true } });
    let answer = call(server, "Email/import", json!({ "emails": { "d": email } })).await;
    answer["created"]["d"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
