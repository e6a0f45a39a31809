use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::testing::{Reply, Server, serve_one};
use super::*;
use crate::tls;

fn wire(clock: &Clock) -> Wire {
    Wire::new(tls::client_config(None).unwrap(), clock.clone())
}

fn post(server: &Server) -> Request {
    Request::post(server.url("/send"), "application/json", Bytes::from_static(b"{}"))
}

#[tokio::test]
async fn connections_are_kept_and_used_again() {
    let server = Server::start(|_| Reply::new(200, "text/plain", "", "hello")).await;
    let wire = wire(&Clock::system());
    for _ in 0..5 {
        let response = wire.send(Request::get(server.url("/a?b=c"))).await.unwrap();
        assert_eq!((response.status, &response.body[..]), (StatusCode::OK, &b"hello"[..]));
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(server.seen()[4].path, "/a?b=c");
    assert_eq!(server.seen()[4].header("host"), Some(server.address.to_string().as_str()));
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_left() {
    let server = Server::start(|_| Reply::status(200)).await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let mut request = post(&server);
    request.url = format!("http://{closed}/send").parse().unwrap();
    let error = wire(&Clock::system()).send(request).await.unwrap_err();
    assert!(matches!(error, WireError::Connect { .. }) && error.nothing_written(), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_proves_nothing_and_is_not_tried_again() {
    for reply in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ncont",
        "nonsense\r\n\r\n",
    ] {
        let server = Server::script(vec![Reply::raw(reply)]).await;
        let error = wire(&Clock::system()).send(post(&server)).await.unwrap_err();
        assert!(!error.nothing_written(), "{reply}: {error:?}");
        assert_eq!(server.seen().len(), 1, "{reply}");
    }
}

#[tokio::test]
async fn a_request_that_may_be_repeated_is_sent_again_when_the_waiting_connection_is_gone() {
    let fine = || Reply::new(200, "text/plain", "", "fine");
    let server = Server::script(vec![fine(), Reply::raw(""), fine()]).await;
    let wire = wire(&Clock::system());
    wire.send(post(&server).repeatable(true)).await.unwrap();
    // The second reply is the end of the kept connection, in the middle of a request.
    wire.send(post(&server).repeatable(true)).await.unwrap();
    assert_eq!((server.seen().len(), server.connections()), (3, 2));
}

#[tokio::test]
async fn a_request_that_must_not_be_repeated_uses_no_connection_that_has_waited() {
    let server = Server::start(|_| Reply::new(200, "text/plain", "", "fine")).await;
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let wire = wire(&clock);
    wire.send(post(&server)).await.unwrap();
    clock.advance(Duration::from_secs(5));
    wire.send(post(&server)).await.unwrap();
    assert_eq!(server.connections(), 2);
    clock.advance(Duration::from_secs(5));
    wire.send(post(&server).repeatable(true)).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn an_answer_is_bounded() {
    let server = Server::start(|_| Reply::new(200, "text/plain", "", &"x".repeat(5000))).await;
    let limits = Limits { cap: 4999, ..Limits::default() };
    let error = wire(&Clock::system()).send(Request::get(server.url("/")).limits(limits)).await.unwrap_err();
    assert!(matches!(error, WireError::TooLarge { cap: 4999, .. }), "{error:?}");
    let limits = Limits { cap: 5000, ..Limits::default() };
    let response = wire(&Clock::system()).send(Request::get(server.url("/")).limits(limits)).await.unwrap();
    assert_eq!(response.body.len(), 5000);
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_the_request_counts_as_written() {
    let server = Server::start(|_| Reply::silence()).await;
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let wire = wire(&clock);
    let sending = tokio::spawn({
        let request = post(&server);
        async move { wire.send(request).await }
    });
    server.wait(1).await;
    clock.advance(Limits::default().read);
    let error = sending.await.unwrap().unwrap_err();
    assert!(matches!(error, WireError::Timeout { step: Step::Answer, .. }), "{error:?}");
    assert!(!error.nothing_written());
}

#[tokio::test]
async fn a_redirect_is_followed_for_get_within_the_origin_alone() {
    let elsewhere = Server::start(|_| Reply::status(200)).await;
    let foreign = elsewhere.url("/there").to_string();
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/here" => Reply::redirect(301, "/there"),
        "/circle" => Reply::redirect(307, "/circle"),
        "/away" => Reply::redirect(302, &foreign),
        _ => Reply::new(200, "text/plain", "", "arrived"),
    })
    .await;
    let wire = wire(&Clock::system());
    let get = |path: &str| Request::get(server.url(path));
    let response = wire.send(get("/here")).await.unwrap();
    assert_eq!((response.url.path(), &response.body[..]), ("/there", &b"arrived"[..]));
    assert!(matches!(wire.send(get("/circle")).await, Err(WireError::Circle { .. })));
    assert!(matches!(wire.send(get("/away")).await, Err(WireError::Redirect { .. })));
    let mut request = post(&server);
    request.url = server.url("/here");
    assert_eq!(wire.send(request).await.unwrap().status, StatusCode::MOVED_PERMANENTLY);
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn credentials_go_to_their_origin_alone_and_into_no_log() {
    let (ours, other) =
        (Server::start(|_| Reply::status(200)).await, Server::start(|_| Reply::status(200)).await);
    let header = HeaderValue::from_static("Bearer hunter2");
    let credentials = Credentials::new(header, vec![ours.url("/").origin()]);
    assert!(!format!("{credentials:?}").contains("hunter2"));
    let wire = wire(&Clock::system());
    for server in [&ours, &other] {
        wire.send(Request::get(server.url("/")).credentials(credentials.clone())).await.unwrap();
    }
    assert_eq!(ours.seen()[0].header("authorization"), Some("Bearer hunter2"));
    assert_eq!(other.seen()[0].header("authorization"), None);
}

/// Gives one end of a pipe, and notes where to.
struct Pipe(Mutex<Option<tokio::io::DuplexStream>>, Arc<Mutex<Vec<String>>>);

impl Dial for Pipe {
    fn dial(&self, host: &str, port: u16, loopback_only: bool) -> Dialled {
        self.1.lock().unwrap().push(format!("{host}:{port} {loopback_only}"));
        let stream = self.0.lock().unwrap().take();
        Box::pin(async move {
            let stream = stream.ok_or_else(|| io::Error::other("no second one"))?;
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

fn piped() -> (Wire, tokio::io::DuplexStream, Arc<Mutex<Vec<String>>>) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let dialled = Arc::new(Mutex::new(Vec::new()));
    let pipe = Pipe(Mutex::new(Some(ours)), Arc::clone(&dialled));
    (Wire::with_dial(tls::client_config(None).unwrap(), Clock::system(), pipe), theirs, dialled)
}

#[tokio::test]
async fn a_wire_in_memory_does_as_well() {
    let (wire, theirs, dialled) = piped();
    let server = tokio::spawn(serve_one(theirs, Reply::new(204, "text/plain", "", "")));
    let response = wire.send(Request::get("http://localhost/x".parse().unwrap())).await.unwrap();
    assert_eq!(response.status, StatusCode::NO_CONTENT);
    assert_eq!(server.await.unwrap().header("host"), Some("localhost"));
    assert_eq!(*dialled.lock().unwrap(), ["localhost:80 true"]);
}

#[tokio::test]
async fn plain_http_leaves_this_machine_never() {
    let (wire, _theirs, dialled) = piped();
    for url in ["http://mail.example.com/", "http://192.0.2.1/", "http://[2001:db8::1]/", "ftp://localhost/"]
    {
        let error = wire.send(Request::get(url.parse().unwrap())).await.unwrap_err();
        assert!(matches!(error, WireError::Insecure { .. }) && error.nothing_written(), "{url}: {error:?}");
    }
    assert!(dialled.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_failed_handshake_proves_that_nothing_left() {
    let (wire, mut theirs, _) = piped();
    tokio::spawn(async move { theirs.write_all(b"220 this is no TLS\r\n").await });
    let error = wire.send(Request::get("https://mail.example.com/".parse().unwrap())).await.unwrap_err();
    assert!(matches!(error, WireError::Tls { .. }) && error.nothing_written(), "{error:?}");
}

#[tokio::test]
async fn a_generated_certificate_is_believed_by_who_has_it_and_by_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let pair = tls::generated(folder.path(), "desk.test", Clock::system().now()).unwrap();
    let server = tls::Shown::new(pair, tls::Challenges::default()).server_config().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(server);
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve_one(stream, Reply::new(200, "text/plain", "", "safe")).await;
            }
        }
    });
    let url: url::Url = format!("https://localhost:{}/", address.port()).parse().unwrap();
    let ca = folder.path().join("generated.crt");
    let wire = |ca| Wire::new(tls::client_config(ca).unwrap(), Clock::system());
    let response = wire(Some(ca.as_path())).send(Request::get(url.clone())).await.unwrap();
    assert_eq!(&response.body[..], b"safe");
    let error = wire(None).send(Request::get(url)).await.unwrap_err();
    assert!(matches!(error, WireError::Tls { .. }), "{error:?}");
}
