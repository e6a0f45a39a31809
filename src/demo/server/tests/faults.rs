//! The faults that strike whole requests, single calls and ids.

use std::time::Duration;

use super::*;
use crate::demo::server::{At, Fault, Times};

fn echo() -> Value {
    json!([["Core/echo", { "x": 1 }, "0"]])
}

async fn import(server: &Server, raw: &[u8]) -> Result<Answered, Cut> {
    let (blob, boxes) = (upload(server, raw).await, boxes(server).await);
    let email = json!({ "blobId": blob, "mailboxIds": { &boxes["drafts"]: true } });
    request(server, json!([["Email/import", { "accountId": "a", "emails": { "d": email } }, "0"]])).await
}

#[tokio::test]
async fn a_cut_comes_before_or_after_the_act() {
    let server = server();
    let before = server.faults().add(Fault::CutBefore(At::Call("Email/import")), Times::Once);
    let after = server.faults().add(Fault::CutAfter(At::Call("Email/import")), Times::Once);
    assert!(import(&server, &mail(DESK, ANN, "1", "x")).await.is_err());
    assert_eq!((before.hits(), after.hits(), server.mails(DESK, "drafts").len()), (1, 0, 0));
    assert!(import(&server, &mail(DESK, ANN, "1", "x")).await.is_err());
    assert_eq!((before.hits(), after.hits(), server.mails(DESK, "drafts").len()), (1, 1, 1));
    let again = import(&server, &mail(DESK, ANN, "1", "x")).await.unwrap().json();
    assert_eq!(again["methodResponses"][0][1]["notCreated"]["d"]["type"], "alreadyExists");
}

#[tokio::test]
async fn statuses_come_instead_of_the_act_or_after_it() {
    let server = server();
    server.faults().add(Fault::TooMany(At::Api, Some(7)), Times::Once);
    let refused = request(&server, echo()).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.headers["retry-after"].to_str().unwrap()), (429, "7"));
    server.faults().add(Fault::TooMany(At::Upload, None), Times::Once);
    let refused = ask(&server, post("/jmap/upload/a/", "text/plain"), "x").await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.headers.contains_key("retry-after")), (429, false));
    for status in [500, 503] {
        server.faults().add(Fault::Status(At::Call("Core/echo"), status), Times::Once);
        assert_eq!(request(&server, echo()).await.unwrap().status.as_u16(), status);
    }
    assert!(upload(&server, &mail(DESK, ANN, "1", "x")).await.starts_with('b'), "uploads are not struck");
    server.faults().add(Fault::StatusAfter(At::Call("Email/import"), 504), Times::Once);
    assert_eq!(import(&server, &mail(DESK, ANN, "1", "x")).await.unwrap().status.as_u16(), 504);
    assert_eq!(server.mails(DESK, "drafts").len(), 1);
    assert_eq!(request(&server, echo()).await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn answers_may_be_half_or_html() {
    let server = server();
    server.faults().add(Fault::Truncated(At::Api), Times::Once);
    let half = request(&server, echo()).await.unwrap();
    assert!(half.status == StatusCode::OK && serde_json::from_slice::<Value>(&half.body).is_err());
    server.faults().add(Fault::CutMidway(At::Api), Times::Once);
    assert!(request(&server, echo()).await.is_err());
    server.faults().add(Fault::Html(At::Session), Times::Once);
    let page = ask(&server, get("/jmap/session"), "").await.unwrap();
    assert!(
        page.headers["content-type"].to_str().unwrap().starts_with("text/html")
            && page.body.starts_with(b"<!doctype")
    );
}

#[tokio::test]
async fn a_slow_answer_waits_for_the_clock_and_counts_as_running() {
    let mut options = options();
    options.limits.max_concurrent_requests = 1;
    let server = Server::in_memory(options);
    let slow = server.faults().add(Fault::Slow(At::Api, Duration::from_secs(60)), Times::Once);
    let waiting = tokio::spawn({
        let server = server.clone();
        async move { request(&server, echo()).await.unwrap().status }
    });
    server.wait_until(|_| slow.hits() == 1).await;
    let meanwhile = request(&server, echo()).await.unwrap();
    assert_eq!(meanwhile.json()["limit"], "maxConcurrentRequests");
    assert!(!waiting.is_finished());
    server.0.options.clock.advance(Duration::from_secs(60));
    assert_eq!(waiting.await.unwrap(), StatusCode::OK);
    assert_eq!(request(&server, echo()).await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn calls_and_objects_fail_with_errors_that_nobody_knows() {
    let server = server();
    server.deliver(mail(ANN, DESK, "1", "x"), &[address(DESK)]);
    server.faults().add(Fault::MethodError("Mailbox/get", "moonPhase".into()), Times::Once);
    assert_eq!(call(&server, "Mailbox/get", json!({ "ids": null })).await["type"], "moonPhase");
    let text = Some("421 4.3.0 try later".to_owned());
    server.faults().add(Fault::SetError("Email/set", "resultReference".into(), text), Times::Once);
    let seen = json!({ "update": { "a": { "keywords/$seen": true } } });
    let refused = call(&server, "Email/set", seen.clone()).await;
    assert_eq!(
        refused["notUpdated"]["a"],
        json!({ "type": "resultReference", "description": "421 4.3.0 try later" })
    );
    assert_eq!(call(&server, "Email/set", seen).await["updated"], json!({ "a": null }));
}

#[tokio::test]
async fn email_ids_may_change_after_a_query() {
    let server = server();
    server.deliver(mail(ANN, DESK, "1", "x"), &[address(DESK)]);
    server.faults().add(Fault::ChangeEmailIds(true), Times::Once);
    assert_eq!(call(&server, "Email/query", json!({})).await["ids"], json!(["a"]));
    assert_eq!(
        call(&server, "Email/get", json!({ "ids": ["a"], "properties": [] })).await["list"],
        json!([{ "id": "a" }])
    );
    assert_eq!(call(&server, "Email/query", json!({})).await["ids"], json!(["b"]));
    let boxes = boxes(&server).await;
    let moved = json!({ "update": { "a": { "mailboxIds": { &boxes["trash"]: true } } } });
    assert_eq!(call(&server, "Email/set", moved).await["updated"], json!({ "a": null }));
    server.change_email_ids(DESK, false);
    assert_eq!(call(&server, "Email/get", json!({ "ids": ["b"] })).await["notFound"], json!(["b"]));
    let mails = server.mails(DESK, "trash");
    assert_eq!((mails.len(), mails[0].id.as_str()), (1, "c"));
}

#[tokio::test]
async fn a_restored_server_gives_its_ids_again() {
    let server = server();
    server.deliver(mail(ANN, DESK, "1", "first"), &[address(DESK)]);
    let backup = server.backup();
    let session = ask(&server, get("/jmap/session"), "").await.unwrap().json()["state"].clone();
    server.deliver(mail(ANN, DESK, "2", "second"), &[address(DESK)]);
    server.send(DESK, mail(DESK, ANN, "3", "x"), &[address(ANN)]).unwrap();
    let before = call(&server, "Email/get", json!({ "ids": ["b"], "properties": ["blobId"] })).await;
    server.restore(backup);
    server.deliver(mail(ANN, DESK, "4", "another"), &[address(DESK)]);
    let after = call(&server, "Email/get", json!({ "ids": ["b"], "properties": ["blobId"] })).await;
    assert_eq!((&before["list"][0]["id"], &after["list"][0]["id"]), (&json!("b"), &json!("b")));
    assert_ne!(before["list"][0]["blobId"], after["list"][0]["blobId"]);
    assert_ne!(ask(&server, get("/jmap/session"), "").await.unwrap().json()["state"], session);
    assert_eq!(server.submissions().len(), 1, "what left, left");
}
