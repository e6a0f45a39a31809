//! The event source.

use std::time::Duration;

use super::*;
use crate::demo::server::{Body, Fault, Habits, Times};

const EVENTS: &str = "/jmap/eventsource/?types=Email,EmailDelivery&closeafter=no&ping=30";

async fn open(server: &Server, path: &str) -> Body {
    let response = server.call(get(path).body(Bytes::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body()
}

/// The next event, or `None` at the end of the stream.
async fn next(body: &mut Body) -> Result<Option<String>, Cut> {
    let frame = tokio::time::timeout(Duration::from_secs(10), body.frame()).await.expect("an event in time");
    let Some(frame) = frame else { return Ok(None) };
    Ok(Some(String::from_utf8(frame?.into_data().unwrap().to_vec()).unwrap()))
}

fn data(event: &str) -> Value {
    serde_json::from_str(event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap()).unwrap()
}

fn arrive(server: &Server, id: &str) {
    server.deliver(mail(ANN, DESK, id, "x"), &[address(DESK)]);
}

#[tokio::test]
async fn a_delivery_rings_with_the_types_that_were_asked_for() {
    let server = server();
    let mut events = open(&server, EVENTS).await;
    arrive(&server, "1");
    let event = next(&mut events).await.unwrap().unwrap();
    assert!(event.starts_with("event: state\n") && event.ends_with("\n\n"));
    let change = data(&event);
    assert_eq!(change["@type"], "StateChange");
    let types: Vec<_> = change["changed"]["a"].as_object().unwrap().keys().collect();
    assert_eq!(types, ["Email", "EmailDelivery"]);
    let state = call(&server, "Email/get", json!({ "ids": [] })).await["state"].clone();
    assert_eq!(change["changed"]["a"]["Email"], state);

    server.set_keyword(DESK, "a", "$seen", true);
    let change = data(&next(&mut events).await.unwrap().unwrap());
    assert_eq!(change["changed"]["a"].as_object().unwrap().len(), 1, "no delivery this time: {change}");
}

#[tokio::test]
async fn other_peoples_mail_rings_nobody_and_pings_come_by_the_clock() {
    let server = server();
    let mut events = open(&server, EVENTS).await;
    server.deliver(mail(DESK, ANN, "1", "x"), &[address(ANN)]);
    let ping = tokio::spawn(async move { next(&mut events).await.unwrap().unwrap() });
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    server.0.options.clock.advance(Duration::from_secs(30));
    assert_eq!(ping.await.unwrap(), "event: ping\ndata: {\"interval\": 30}\n\n");
}

#[tokio::test]
async fn a_stream_may_close_after_a_state_and_does_not_tell_the_past() {
    let server = server();
    arrive(&server, "1");
    let mut events = open(&server, "/jmap/eventsource/?types=*&closeafter=state&ping=0").await;
    arrive(&server, "2");
    assert!(next(&mut events).await.unwrap().unwrap().contains("\"Mailbox\""));
    assert_eq!(next(&mut events).await.unwrap(), None);
    let answered = ask(&server, get("/jmap/eventsource/?types=*"), "").await.unwrap();
    assert_eq!(answered.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn push_may_be_missing() {
    let cyrus = Server::in_memory(options().habits(Habits::cyrus()));
    assert_eq!(ask(&cyrus, get(EVENTS), "").await.unwrap().status, StatusCode::NO_CONTENT);
    let server = server();
    server.faults().add(Fault::NoPush, Times::Once);
    assert_eq!(ask(&server, get(EVENTS), "").await.unwrap().status, StatusCode::NO_CONTENT);
    open(&server, EVENTS).await;
}

#[tokio::test]
async fn push_may_be_dropped_silent_or_double() {
    let server = server();
    let mut events = open(&server, EVENTS).await;
    let double = server.faults().add(Fault::DoubleBell, Times::Once);
    arrive(&server, "1");
    let first = next(&mut events).await.unwrap();
    assert_eq!((first, double.hits()), (next(&mut events).await.unwrap(), 1));

    let silent = server.faults().add(Fault::PushSilent, Times::Once);
    arrive(&server, "2");
    let heard = tokio::spawn(async move { (next(&mut events).await, events) });
    server.wait_until(|_| silent.hits() == 1).await;
    arrive(&server, "3");
    let (event, mut events) = heard.await.unwrap();
    let state = call(&server, "Email/get", json!({ "ids": [] })).await["state"].clone();
    assert_eq!(data(&event.unwrap().unwrap())["changed"]["a"]["Email"], state, "the second was not told");

    server.faults().add(Fault::PushDropped, Times::Once);
    arrive(&server, "4");
    assert!(next(&mut events).await.is_err());
    let mut events = open(&server, EVENTS).await;
    server.restart();
    assert!(next(&mut events).await.is_err());
}
