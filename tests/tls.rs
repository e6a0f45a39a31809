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
use support::daemon::Daemon;
use support::wait::{LONG, until};

fn config(port: u16) -> String {
    format!(
        "data = \"data\"\npublic_url = \"https://localhost:{port}\"\n\
         [mail]\nurl = \"http://127.0.0.1:1\"\nuser = \"desk@example.test\"\npassword = {{ file = \"password\" }}\n\
         address = \"desk@example.test\"\n\
         [addresses]\nwildcard = \"incoming+{{key}}@example.test\"\n\
         [web]\nlisten = [\"127.0.0.1:{port}\"]\n[tls]\ngenerated = true\n"
    )
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_tracker_speaks_https_with_a_certificate_that_names_its_host() {
    let mut daemon = Daemon::prepare(|_, port| config(port));
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
