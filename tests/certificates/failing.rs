//! An authority that gives no certificate: the old one stays, and it is said why.

use std::time::Duration;

use postdesk::tls::{CertificateHealth, Origin};

use crate::authority::authority;
use crate::bed::{Bed, DAY, HOUR, asking, clock, data};

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_old_certificate_and_is_seen_long_before_its_end() {
    let (data, clock) = (data(), clock());
    let acme = authority(&clock, |_| {}).await;
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    acme.tls_port(bed.tls);
    bed.look().await;
    let first = bed.shown().await;
    clock.advance(DAY * 61);
    acme.refuse(Some("rateLimited"), Some(Duration::from_hours(5)));
    bed.look().await;
    assert_eq!(bed.shown().await, first);
    let standing = bed.standing();
    let trouble = standing.trouble.clone().unwrap();
    assert_eq!(trouble.why, "localhost refused: no orders are taken at present");
    assert_eq!(standing.health(clock.now()), CertificateHealth::Warn);
    assert!(standing.days(clock.now()) > 28.0, "{}", bed.line());
    let again = trouble.again.unwrap().duration_since(clock.now());
    assert!((4.9..=5.1).contains(&(again.as_secs_f64() / 3600.0)), "it asked for five hours: {again}");
    // It is not asked before that, even where it would give one.
    acme.refuse(None, None);
    clock.advance(HOUR * 4);
    bed.look().await;
    assert_eq!((acme.orders(), bed.standing().trouble.unwrap().since), (1, trouble.since));
    clock.advance(HOUR * 2);
    bed.look().await;
    assert_eq!(acme.orders(), 2);
    assert!(bed.standing().trouble.is_none(), "{}", bed.line());
    assert_ne!(bed.shown().await, first);
}

#[tokio::test]
async fn an_authority_that_cannot_reach_us_is_not_asked_too_often_even_over_restarts() {
    let (data, clock) = (data(), clock());
    let acme = authority(&clock, |_| {}).await;
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    // Port 443 leads to the plain port: somebody turned them round.
    acme.tls_port(bed.plain);
    bed.look().await;
    assert_eq!(acme.tried(), [("tls-alpn-01", false)]);
    let why = bed.standing().trouble.unwrap().why;
    assert!(why.starts_with("localhost could not see by tls-alpn-01 that desk.test is ours: "), "{why}");
    assert!(why.ends_with("; port 443 of desk.test has to lead here"), "{why}");
    assert!(matches!(bed.standing().origin, Origin::Meanwhile(_)));
    assert!(bed.shown().await.issuer.contains("Postdesk, made by itself"));
    bed.look().await;
    bed.end().await;
    // Started again and again, it is asked four times an hour at most.
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    acme.tls_port(bed.tls);
    bed.look().await;
    assert_eq!(acme.tried().len(), 1, "asked again at once");
    assert!(bed.line().contains("in trouble since"), "{}", bed.line());
    clock.advance(HOUR / 4);
    bed.look().await;
    assert_eq!(acme.tried(), [("tls-alpn-01", false), ("tls-alpn-01", true)]);
    assert!(bed.standing().trouble.is_none());
    bed.end().await;
    // Another way is tried at once.
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    clock.advance(DAY * 61);
    acme.tls_port(bed.plain);
    bed.look().await;
    bed.end().await;
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "challenge = \"http-01\"\n")).await;
    acme.http_port(bed.plain);
    bed.look().await;
    assert_eq!(acme.tried().last(), Some(&("http-01", true)));
}

#[tokio::test]
async fn a_reload_asks_an_authority_that_is_behind_at_once() {
    let (data, clock) = (data(), clock());
    let acme = authority(&clock, |_| {}).await;
    acme.refuse(Some("serverInternal"), None);
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    acme.tls_port(bed.tls);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let certificates = bed.certificates.clone();
    let running = tokio::spawn(async move { certificates.run(stopped).await });
    use crate::support::wait::{LONG, holds};
    holds("the first refusal", LONG, async || bed.standing().trouble.is_some()).await;
    acme.refuse(None, None);
    bed.certificates.reload().await.unwrap();
    holds("a certificate", LONG, async || {
        clock.advance(Duration::from_millis(500));
        matches!(bed.standing().origin, Origin::Authority(_))
    })
    .await;
    stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test]
async fn a_nonce_that_is_called_bad_and_an_account_that_is_forgotten_are_no_obstacles() {
    let (data, clock) = (data(), clock());
    let acme = authority(&clock, |_| {}).await;
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    acme.tls_port(bed.tls);
    acme.refuse_nonces(2);
    bed.look().await;
    assert_eq!(acme.orders(), 1, "{}", bed.line());
    acme.forget_accounts();
    clock.advance(DAY * 61);
    bed.look().await;
    assert_eq!((acme.orders(), acme.accounts()), (2, 1), "{}", bed.line());
}

#[tokio::test]
async fn an_authority_that_wants_an_account_of_its_own_and_one_that_is_none_say_what_to_do() {
    let (data, clock) = (data(), clock());
    let acme = authority(&clock, |options| options.external = Some(("kid".to_owned(), vec![7; 32]))).await;
    let bed = Bed::start(data.path(), &clock, &asking(&acme, "")).await;
    bed.look().await;
    let why = bed.standing().trouble.unwrap().why;
    assert!(why.ends_with("; set `external_account` in [tls.acme] to what it gave you"), "{why}");
    bed.end().await;
    // A page that is no directory.
    let text = asking(&acme, "").replace("/directory", "/order/1");
    let bed = Bed::start(data.path(), &clock, &text).await;
    bed.look().await;
    let why = bed.standing().trouble.unwrap().why;
    assert!(why.contains("not as ACME says") && why.contains("`directory`"), "{why}");
    bed.end().await;
    let root = acme.root();
    let kept = std::fs::read(&root).unwrap();
    let text = asking(&acme, "");
    drop(acme);
    std::fs::create_dir_all(root.parent().unwrap()).unwrap();
    std::fs::write(&root, kept).unwrap();
    let bed = Bed::start(data.path(), &clock, &text).await;
    clock.advance(HOUR);
    bed.look().await;
    let why = bed.standing().trouble.unwrap().why;
    assert!(why.starts_with("localhost does not answer: no connection to localhost"), "{why}");
    std::fs::remove_dir_all(root.parent().unwrap()).unwrap();
}
