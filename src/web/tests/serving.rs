//! The router on a real socket: headers, bounds, and an end in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use super::kit::{Browser, House};
use crate::config::Network;
use crate::web::serve::{ServeLimits, Speak, serve_within};

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let house = House::new().await;
    let mut jane = house.sign_in("jane").await;
    for path in ["/", "/sign-in", "/none", "/p/none/1", "/u/x", "/welcome/x", "/healthz"] {
        let answer = house.get(&mut jane, path).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]
        {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{path}: {policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "same-origin");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn static_files_may_be_kept_for_ever() {
    let house = House::new().await;
    let page = house.get(&mut Browser::default(), "/sign-in").await.text();
    let css = page
        .split("href=\"")
        .find(|s| s.starts_with("/-/static/postdesk-"))
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let answer = house.get(&mut Browser::default(), css).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "text/css; charset=utf-8");
    assert!(answer.headers["cache-control"].to_str().unwrap().contains("immutable"));
    let none = house.get(&mut Browser::default(), "/-/static/postdesk.css").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn health_says_when_the_store_is_closed() {
    let house = House::new().await;
    let answer = house.get(&mut Browser::default(), "/healthz").await;
    assert!(
        answer.status == StatusCode::OK && answer.text().contains("\"status\": \"ok\""),
        "{}",
        answer.text()
    );
    house.desk.store.close().await;
    let answer = house.get(&mut Browser::default(), "/healthz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

async fn ask(stream: &mut TcpStream, path: &str) -> String {
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_request_in_hand_is_finished_at_shutdown_and_no_new_one_is_taken() {
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (b, e) = (begun.clone(), may_end.clone());
    let router = Router::new().route(
        "/",
        get(move || {
            let (b, e) = (b.clone(), e.clone());
            async move {
                b.notify_one();
                e.notified().await;
                "finished"
            }
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(crate::web::serve(listener, Speak::PlainForAll, vec![], router, stopped));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let asked = tokio::spawn(async move { ask(&mut stream, "/").await });
    begun.notified().await;
    stop.send_replace(true);
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    may_end.notify_one();
    assert!(asked.await.unwrap().ends_with("finished"));
    serving.await.unwrap();
}

#[tokio::test]
async fn a_client_that_sends_no_headers_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopped) = watch::channel(false);
    let limits = ServeLimits { headers: Duration::from_millis(50), connections: 1, ..ServeLimits::default() };
    let router = Router::new().route("/", get(|| async { "ok" }));
    tokio::spawn(serve_within(listener, Speak::PlainForAll, vec![], router, stopped, limits));
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).await.unwrap();
    // Its place is free again: with one connection at most, this one would wait otherwise.
    let mut next = TcpStream::connect(address).await.unwrap();
    assert!(ask(&mut next, "/").await.ends_with("ok"));
}

async fn listen(limits: ServeLimits, proxies: Vec<Network>) -> (SocketAddr, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let router = Router::new().route("/", get(|| async { "ok" }));
    tokio::spawn(serve_within(listener, Speak::PlainForAll, proxies, router, stopped, limits));
    (address, stop)
}

#[tokio::test]
async fn a_client_that_says_nothing_at_all_is_cut() {
    let limits = ServeLimits { headers: Duration::from_millis(50), connections: 1, ..ServeLimits::default() };
    let (address, _stop) = listen(limits, vec![]).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(silent.read_to_end(&mut Vec::new()).await.unwrap_or(0), 0);
    // Nor does one that was answered keep its place by silence.
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    idle.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("ok"), "{answer}");
}

#[tokio::test]
async fn one_peer_holds_so_many_connections_and_a_proxy_as_many_as_it_needs() {
    let limits = ServeLimits { of_one_peer: 2, ..ServeLimits::default() };
    let (address, _stop) = listen(limits, vec![]).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        held.push(stream);
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    let refused = third.read(&mut [0; 1]).await;
    assert!(refused.is_err() || refused.is_ok_and(|read| read == 0), "a third connection was taken");
    drop(held);
    // A place is free again when an end has been noticed.
    loop {
        let mut next = TcpStream::connect(address).await.unwrap();
        let _ = next.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        let mut answer = String::new();
        if next.read_to_string(&mut answer).await.is_ok() && answer.ends_with("ok") {
            break;
        }
    }

    let (address, _stop) = listen(limits, vec![Network::parse("127.0.0.1").unwrap()]).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        held.push(stream);
    }
}

#[tokio::test]
async fn a_connection_over_http_2_that_asks_nothing_is_ended() {
    use http_body_util::Empty;
    use hyper::body::Bytes;
    use hyper_util::rt::{TokioExecutor, TokioIo};

    use crate::tls::{Challenges, ClientConfig, Shown, client_config, connect, generated};

    let folder = tempfile::tempdir().unwrap();
    let pair = generated(folder.path(), "localhost", crate::clock::Clock::system().now()).unwrap();
    let server = Shown::new(pair, Challenges::default()).server_config().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopped) = watch::channel(false);
    let router = Router::new().route("/", get(|| async { "ok" }));
    let limits = ServeLimits { idle: Duration::from_millis(50), ..ServeLimits::default() };
    tokio::spawn(serve_within(listener, Speak::Tls(server), vec![], router, stopped, limits));
    let mut trust: ClientConfig =
        (*client_config(Some(&folder.path().join("generated.crt"))).unwrap()).clone();
    trust.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = connect(&Arc::new(trust), "localhost", stream).await.unwrap();
    let (mut sender, driver) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(driver);
    let request = http::Request::get("https://localhost/").body(Empty::<Bytes>::new()).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), StatusCode::OK);
    driver.await.unwrap().unwrap();
    assert!(sender.is_closed());
}
