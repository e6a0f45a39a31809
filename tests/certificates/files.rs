//! Certificate files that somebody replaces.

use std::path::Path;

use postdesk::tls::{CertificateHealth, Origin, generated};

use crate::bed::{Bed, clock, data};
use crate::support::tls::{Connection, Offer, says_to};

/// A certificate for this host, and its key, renamed into place one after the other.
fn put(folder: &Path, host: &str, now: jiff::Timestamp) {
    let made = folder.join(format!("made-{host}-{}", now.as_second()));
    generated(&made, host, now).unwrap();
    std::fs::rename(made.join("generated.key"), folder.join("desk.key")).unwrap();
    std::fs::rename(made.join("generated.crt"), folder.join("desk.crt")).unwrap();
}

fn named(folder: &Path) -> String {
    let folder = folder.display();
    format!("[tls]\ncertificate = \"{folder}/desk.crt\"\nkey = \"{folder}/desk.key\"\n")
}

#[tokio::test]
async fn files_that_are_replaced_are_shown_to_new_connections_while_an_open_one_goes_on() {
    let (data, clock) = (data(), clock());
    put(data.path(), "desk.test", clock.now());
    let bed = Bed::start(data.path(), &clock, &named(data.path())).await;
    assert!(matches!(bed.standing().origin, Origin::File(_)));
    let mut open = bed.connect().await;
    let first = open.shown();
    bed.look().await;
    assert_eq!(bed.shown().await, first);
    put(data.path(), "desk.test", clock.now());
    assert_eq!(bed.shown().await, first, "nobody has looked yet");
    bed.look().await;
    let second = bed.shown().await;
    assert_ne!(second, first);
    assert!(open.get("/").await.unwrap().ends_with("the tracker"));
}

#[tokio::test]
async fn files_that_are_no_good_are_refused_and_the_old_ones_stay() {
    let (data, clock) = (data(), clock());
    put(data.path(), "desk.test", clock.now());
    let bed = Bed::start(data.path(), &clock, &named(data.path())).await;
    let first = bed.shown().await;
    // A key without its certificate may be half of a replacement: it counts at the second look.
    let other = data.path().join("other");
    generated(&other, "desk.test", clock.now()).unwrap();
    std::fs::copy(other.join("generated.key"), data.path().join("desk.key")).unwrap();
    bed.look().await;
    assert!(bed.standing().trouble.is_none());
    bed.look().await;
    let why = bed.standing().trouble.unwrap().why;
    assert!(
        why.contains("do not go together") && why.ends_with("the certificate from before stays in use"),
        "{why}"
    );
    assert_eq!(bed.standing().health(clock.now()), CertificateHealth::Warn);
    assert_eq!(bed.shown().await, first);
    // The other half comes.
    std::fs::copy(other.join("generated.crt"), data.path().join("desk.crt")).unwrap();
    bed.look().await;
    assert!(bed.standing().trouble.is_none(), "{}", bed.line());
    let second = bed.shown().await;
    assert_ne!(second, first);
    // One for another host, at a reload: said at once.
    put(data.path(), "elsewhere.test", clock.now());
    let error = bed.certificates.reload().await.unwrap_err().to_string();
    assert!(error.contains("is for elsewhere.test, localhost, not for desk.test"), "{error}");
    assert_eq!(bed.shown().await, second);
    assert!(bed.line().contains("in trouble since"), "{}", bed.line());
    put(data.path(), "desk.test", clock.now());
    bed.certificates.reload().await.unwrap();
    assert!(bed.standing().trouble.is_none());
    assert_ne!(bed.shown().await, second);
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let (data, clock) = (data(), clock());
    let bed = Bed::start(data.path(), &clock, "[tls]\ngenerated = true\n").await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let versions = [version];
        let offer = Offer { versions: &versions, ..Offer::default() };
        let mut connection = Connection::open(bed.tls, offer).await.unwrap();
        assert_eq!(connection.version(), Some(version.version));
        assert!(connection.get("/").await.unwrap().ends_with("the tracker"));
    }
    // A handshake where 1.2 is the newest; a fatal alert, protocol_version (RFC 5246 §7.2.2), where
    // all else is the same.
    assert_eq!(says_to(bed.tls, [3, 3]).await, (22, None));
    assert_eq!(says_to(bed.tls, [3, 2]).await, (21, Some((2, 70))));
}

#[tokio::test]
async fn http_2_is_spoken_where_a_browser_offers_it() {
    use http_body_util::{BodyExt, Empty};
    use hyper::body::Bytes;
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let (data, clock) = (data(), clock());
    let bed = Bed::start(data.path(), &clock, "[tls]\ngenerated = true\n").await;
    for (alpn, spoken) in [
        (&["http/1.1"][..], Some("http/1.1")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["acme-tls/1", "h2"], Some("h2")),
        (&[], None),
    ] {
        let connection = Connection::open(bed.tls, Offer { alpn, ..Offer::default() }).await.unwrap();
        assert_eq!(connection.alpn(), spoken);
    }
    let connection = Connection::open(bed.tls, Offer { alpn: &["h2"], ..Offer::default() }).await.unwrap();
    let io = TokioIo::new(connection.stream);
    let (mut sender, driver) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let driver = tokio::spawn(driver);
    let request = http::Request::get("https://desk.test/").body(Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "the tracker");
    driver.abort();
}
