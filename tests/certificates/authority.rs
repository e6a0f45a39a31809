//! An authority that gives certificates.

use std::os::unix::fs::PermissionsExt;

use jiff::SignedDuration;
use postdesk::tls::{CertificateHealth, Origin};

use crate::bed::{Bed, DAY, asking, clock, data};
use crate::support::acme::{Acme, Options};
use crate::support::http;
use crate::support::tls::{Connection, Offer};

/// An authority that lives by this clock.
pub async fn authority(clock: &postdesk::clock::Clock, change: impl FnOnce(&mut Options)) -> Acme {
    let clock = clock.clone();
    let mut options = Options::new(move || clock.now());
    change(&mut options);
    Acme::start(options).await
}

#[tokio::test]
async fn a_certificate_comes_by_tls_alpn_01_while_connections_are_open() {
    let (data, clock) = (data(), clock());
    let acme = authority(&clock, |_| {}).await;
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "contact = \"admin@example.test\"\n")).await;
    acme.tls_port(bed.tls);
    // Until then one of our own making is shown, and that is said.
    assert!(matches!(bed.standing().origin, Origin::Meanwhile(_)), "{}", bed.line());
    assert!(bed.line().starts_with("of our own making until localhost has given one"), "{}", bed.line());
    assert_eq!(bed.standing().health(clock.now()), CertificateHealth::Warn);
    let mut open = bed.connect().await;
    assert!(open.shown().issuer.contains("Postdesk, made by itself"), "{:?}", open.shown());
    assert!(open.get("/").await.unwrap().ends_with("the tracker"));

    bed.look().await;
    assert_eq!(acme.tried(), [("tls-alpn-01", true)]);
    let trusting = Offer { root: Some(&acme.root()), ..Offer::default() };
    let mut new = Connection::open(bed.tls, trusting).await.unwrap();
    assert!(new.shown().issuer.contains("Between"), "{:?}", new.shown());
    assert!(new.get("/").await.unwrap().ends_with("the tracker"));
    assert!(open.get("/").await.unwrap().ends_with("the tracker"), "the open connection was dropped");
    assert_eq!(bed.standing().origin, Origin::Authority("localhost".to_owned()));
    assert_eq!(bed.standing().health(clock.now()), CertificateHealth::Good);
    assert!((89.9..=90.0).contains(&bed.standing().days(clock.now())), "{}", bed.line());
    assert_eq!(acme.contacts(), [serde_json::json!(["mailto:admin@example.test"])]);
    // The proof is gone with the order.
    let again = Connection::open(bed.tls, Offer { alpn: &["acme-tls/1"], ..Offer::default() }).await;
    assert!(again.is_err(), "the challenge is still answered");

    // Looked after again, nothing is asked for; begun again, it is there.
    bed.look().await;
    assert_eq!(acme.orders(), 1);
    let shown = bed.shown().await;
    bed.end().await;
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    assert_eq!(bed.shown().await, shown);
    bed.look().await;
    assert_eq!((acme.orders(), acme.accounts()), (1, 1));
}

#[tokio::test]
async fn a_certificate_comes_by_http_01_with_an_account_that_is_bound() {
    let (data, clock) = (data(), clock());
    let secret = b"a key that the authority gave us".to_vec();
    let acme =
        authority(&clock, |options| options.external = Some(("kid-7".to_owned(), secret.clone()))).await;
    let file = data.path().join("eab");
    std::fs::write(&file, data_encoding::BASE64URL_NOPAD.encode(&secret) + "\n").unwrap();
    let more = format!(
        "challenge = \"http-01\"\nexternal_account = {{ id = \"kid-7\", key = {{ file = \"{}\" }} }}\n",
        file.display()
    );
    let bed = Bed::start(data.path(), &clock, &asking(&acme, &more)).await;
    acme.http_port(bed.plain);
    bed.look().await;
    assert_eq!(acme.tried(), [("http-01", true)], "{}", bed.line());
    assert!(bed.shown().await.issuer.contains("Between"));
    // The account's key, and the certificate's, are ours alone to read.
    let kept = std::fs::read_dir(data.path().join("tls/acme")).unwrap().next().unwrap().unwrap().path();
    for name in ["account.json", "certificate.pem"] {
        let mode = std::fs::metadata(kept.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    // The plain port tells nothing else, and leads on.
    let url = |path: &str| format!("http://{}{path}", bed.plain);
    let gone = http::get(&url("/.well-known/acme-challenge/x")).await.unwrap();
    assert_eq!(gone.status, 404);
    let led = http::ask("GET", &url("/p/acme/web?q=1"), &[("host", "evil.test")], "").await.unwrap();
    assert_eq!((led.status, led.header("location")), (301, Some("https://desk.test/p/acme/web?q=1")));
    let refused = http::ask("POST", &url("/sign-in"), &[], "password=x").await.unwrap();
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn a_certificate_is_renewed_at_two_thirds_of_its_life() {
    let (data, clock) = (data(), clock());
    let acme = authority(&clock, |_| {}).await;
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    acme.tls_port(bed.tls);
    bed.look().await;
    let first = bed.shown().await;
    clock.advance(DAY * 53);
    bed.look().await;
    assert_eq!((acme.orders(), bed.shown().await), (1, first.clone()), "renewed too early");
    let mut open = bed.connect().await;
    clock.advance(DAY * 8);
    bed.look().await;
    assert_eq!((acme.orders(), acme.accounts()), (2, 1));
    let second = bed.shown().await;
    assert_ne!(second, first);
    assert!(bed.standing().days(clock.now()) > 89.0, "{}", bed.line());
    assert!(open.get("/").await.unwrap().ends_with("the tracker"));
    assert_eq!(
        acme.replaced(),
        [None, None],
        "an authority that says nothing of renewals is not told of any"
    );
}

#[tokio::test]
async fn a_certificate_is_renewed_when_its_authority_wishes() {
    let (data, clock) = (data(), clock());
    let acme = authority(&clock, |options| options.says_when = true).await;
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    acme.tls_port(bed.tls);
    bed.look().await;
    let renewal = bed.standing().renewal.unwrap();
    bed.look().await;
    assert_eq!(acme.orders(), 1);
    // It has revoked something, and wants this one replaced within a day.
    let now = clock.now();
    acme.wants_renewal(now, now.checked_add(SignedDuration::from_hours(12)).unwrap());
    clock.advance(DAY);
    bed.look().await;
    assert_eq!(acme.orders(), 2, "{}", bed.line());
    let replaced = acme.replaced();
    assert!(replaced[0].is_none() && replaced[1].as_ref().is_some_and(|id| id.contains('.')), "{replaced:?}");
    assert!(bed.standing().renewal.unwrap() > now && renewal > now);
}
