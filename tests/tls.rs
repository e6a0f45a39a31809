//! The tracker over rustls, with a certificate of its own making, while no mail server answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and look at files"
)]

mod support;

use postdesk::clock::Clock;
use postdesk::wire::{Request, Response, Wire};
use support::acme::{Acme, Options};
use support::daemon::Daemon;
use support::folder::free_port;
use support::pebble::{BOUND, Pebble};
use support::skip::{Piece, without};
use support::tls::{Connection, Offer};
use support::wait::{LONG, holds, until};

fn config(port: u16, host: &str, tls: &str) -> String {
    format!(
        "data = \"data\"\npublic_url = \"https://{host}:{port}\"\n\
         [mail]\nurl = \"http://127.0.0.1:1\"\nuser = \"desk@example.test\"\npassword = {{ file = \"password\" }}\n\
         address = \"desk@example.test\"\n\
         [addresses]\nwildcard = \"incoming+{{key}}@example.test\"\n\
         [web]\nlisten = [\"127.0.0.1:{port}\"]\n{tls}"
    )
}

/// Waits until the daemon is ready: before that, a command would open its store.
async fn listens(daemon: &Daemon) {
    daemon.logs("postdesk is ready").await;
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_tracker_speaks_https_with_a_certificate_that_names_its_host() {
    let mut daemon = Daemon::prepare(|_, port| config(port, "localhost", "[tls]\ngenerated = true\n"));
    std::fs::write(daemon.folder().join("password"), "secret").unwrap();
    daemon.spawn();
    let pem = daemon.folder().join("data/tls/generated.crt");
    let base = format!("https://localhost:{}", daemon.port());
    let wire = until("the daemon to answer over TLS", LONG, async || {
        let trust = postdesk::tls::client_config(Some(&pem)).ok()?;
        let wire = Wire::new(trust, Clock::system());
        let url = format!("{base}/healthz").parse().unwrap();
        wire.send(Request::get(url)).await.is_ok().then_some(wire)
    })
    .await;
    let sign_in = wire.send(Request::get(format!("{base}/sign-in").parse().unwrap())).await.unwrap();
    assert_eq!(sign_in.status.as_u16(), 200);
    assert!(header(&sign_in, "strict-transport-security").starts_with("max-age="));
    let cookie = header(&sign_in, "set-cookie");
    assert!(
        cookie.starts_with("__Host-") && cookie.contains("Secure") && cookie.contains("HttpOnly"),
        "{cookie}"
    );

    let plain = support::http::get(&format!("http://127.0.0.1:{}/healthz", daemon.port())).await;
    assert!(!plain.is_ok_and(|answer| answer.status == 200), "the port also speaks plain HTTP");
    assert!(daemon.stop().await.success());
}

// The authority answers while a command waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_gets_its_certificate_from_an_authority_and_says_how_it_stands() {
    let secret = b"a key that the authority gave us".to_vec();
    let mut options = Options::new(jiff::Timestamp::now);
    options.external = Some(("kid-7".to_owned(), secret.clone()));
    let acme = Acme::start(options).await;
    let tls = format!(
        "[tls.acme]\ndirectory = \"{}\"\nca = \"{}\"\n\
         external_account = {{ id = \"kid-7\", key = {{ file = \"eab\" }} }}\n",
        acme.directory(),
        acme.root().display()
    );
    let mut daemon = Daemon::prepare(|_, port| config(port, "desk.test", &tls));
    std::fs::write(daemon.folder().join("password"), "secret").unwrap();
    std::fs::write(daemon.folder().join("eab"), data_encoding::BASE64URL_NOPAD.encode(&secret)).unwrap();
    let listener = std::net::SocketAddr::from(([127, 0, 0, 1], daemon.port()));
    acme.tls_port(listener);
    let before = String::from_utf8(daemon.run(&["check"]).stdout).unwrap();
    assert!(before.contains("There is none yet; localhost is asked for one at the start."), "{before}");
    assert!(
        before.contains("localhost answers, and comes to port 443 of desk.test for tls-alpn-01"),
        "{before}"
    );
    daemon.spawn();
    listens(&daemon).await;
    holds("the daemon's certificate", LONG, async || {
        daemon.run(&["status"]).stdout.windows(29).any(|text| text == b"certificate: from localhost, ")
    })
    .await;
    let status = daemon.must(&["status"]);
    assert!(status.contains("(89 days), renewed about "), "{status}");
    let check = String::from_utf8(daemon.run(&["check"]).stdout).unwrap();
    assert!(
        check.lines().any(|line| line.starts_with("✓ ok    certificate      from localhost, good until ")),
        "{check}"
    );
    assert_eq!(acme.tried(), [("tls-alpn-01", true)]);
    let offer = Offer { root: Some(&acme.root()), ..Offer::default() };
    let mut browser = Connection::open(listener, offer).await.unwrap();
    let answer = browser.get("/healthz").await.unwrap();
    assert!(answer.to_lowercase().contains("strict-transport-security: max-age="), "{answer}");
    // Started again, it has what it needs, and asks for nothing.
    assert!(daemon.stop().await.success());
    daemon.spawn();
    until("the daemon to show it again", LONG, async || {
        let offer = Offer { root: Some(&acme.root()), ..Offer::default() };
        Connection::open(listener, offer).await.ok()
    })
    .await;
    assert_eq!(acme.orders(), 1);
    assert!(daemon.stop().await.success());
    let log = daemon.log();
    assert!(log.contains("a new certificate is shown") && !log.contains("WARN certificate"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_authority_gives_a_certificate_by_either_challenge() {
    if without("certificates from Pebble", &[Piece::Pebble]) {
        return;
    }
    for challenge in ["tls-alpn-01", "http-01"] {
        let (mut made, plain) = (None, free_port());
        let mut daemon = Daemon::prepare(|folder, port| {
            std::fs::write(folder.join("password"), "secret").unwrap();
            std::fs::write(folder.join("eab"), BOUND).unwrap();
            made = Some(port);
            config(port, "desk.example.test", "")
        });
        let pebble = Pebble::start(made.unwrap(), plain).await;
        let file = daemon.folder().join("postdesk.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let more = format!(
            "redirect = [\"127.0.0.1:{plain}\"]\n[tls.acme]\ndirectory = \"{}\"\nca = \"{}\"\n\
             challenge = \"{challenge}\"\nexternal_account = {{ id = \"kid-7\", key = {{ file = \"eab\" }} }}\n",
            pebble.directory(),
            pebble.root().display()
        );
        std::fs::write(&file, text + &more).unwrap();
        daemon.spawn();
        listens(&daemon).await;
        holds("Pebble's certificate", LONG, async || {
            String::from_utf8_lossy(&daemon.run(&["status"]).stdout).contains("certificate: from localhost, ")
        })
        .await;
        let listener = std::net::SocketAddr::from(([127, 0, 0, 1], daemon.port()));
        let shown = Connection::open(listener, Offer { host: "desk.example.test", ..Offer::default() }).await;
        assert!(shown.unwrap().shown().issuer.contains("Pebble Intermediate CA"));
        assert!(daemon.stop().await.success());
    }
}
