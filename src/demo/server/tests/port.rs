//! The same over a real connection: the port, push, cuts and the stop.

use std::time::Duration;

use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::*;
use crate::demo::server::{At, Fault, Times};

type Http = Client<HttpConnector, http_body_util::Full<Bytes>>;

fn client() -> Http {
    Client::builder(TokioExecutor::new()).build_http()
}

async fn ask_port(
    client: &Http,
    server: &Server,
    request: http::request::Builder,
    body: &str,
) -> Result<Answered, String> {
    let request = request.body(Bytes::from(body.to_owned()).into()).unwrap();
    let (mut head, body) = request.into_parts();
    head.uri = format!("{}{}", server.url(), head.uri).parse().unwrap();
    let response =
        client.request(Request::from_parts(head, body)).await.map_err(|error| error.to_string())?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok(Answered { status: head.status, headers: head.headers, body })
}

#[tokio::test]
async fn a_client_signs_in_sends_and_hears_over_the_port() {
    let server = Server::start(options()).await.unwrap();
    let client = client();
    let session = ask_port(&client, &server, get("/jmap/session"), "").await.unwrap().json();
    assert_eq!(session["apiUrl"], format!("{}/jmap/api/", server.url()));
    let uri = format!("{}/jmap/eventsource/?types=*&closeafter=state&ping=0", server.url());
    let events = client.request(get(&uri).body(Bytes::new().into()).unwrap()).await.unwrap();
    server.deliver(mail(ANN, DESK, "1", "x"), &[address(DESK)]);
    let heard = tokio::time::timeout(Duration::from_secs(10), events.into_body().collect()).await.unwrap();
    assert!(String::from_utf8_lossy(&heard.unwrap().to_bytes()).starts_with("event: state\ndata: {"));
    server.stop();
}

#[tokio::test]
async fn a_fault_really_cuts_the_connection() {
    let server = Server::start(options()).await.unwrap();
    let client = client();
    let body = json!({ "using": ALL, "methodCalls": [["Core/echo", {}, "0"]] }).to_string();
    let echo = || post("/jmap/api/", "application/json");
    server.faults().add(Fault::CutAfter(At::Api), Times::Once);
    assert!(ask_port(&client, &server, echo(), &body).await.is_err());
    server.faults().add(Fault::CutMidway(At::Api), Times::Once);
    assert!(ask_port(&client, &server, echo(), &body).await.is_err());
    assert_eq!(ask_port(&client, &server, echo(), &body).await.unwrap().status, StatusCode::OK);
    let before = ask_port(&client, &server, get("/jmap/session"), "").await.unwrap().json();
    server.restart();
    let fresh = self::client();
    let after = ask_port(&fresh, &server, get("/jmap/session"), "").await.unwrap().json();
    assert_ne!(before["state"], after["state"]);
}

#[tokio::test]
async fn a_stopped_server_is_gone() {
    let server = Server::start(options()).await.unwrap();
    assert!(ask_port(&client(), &server, get("/jmap/session"), "").await.is_ok());
    server.stop();
    let deadline = async {
        while ask_port(&client(), &server, get("/jmap/session"), "").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), deadline).await.expect("the port closes");
}
