//! `/healthz` and `/metrics`, and what pages say while the disk refuses.

use axum::body::Body;
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};

use super::kit::{Browser, House, WATCHER};
use crate::desk::IntakeStanding;
use crate::tls::{CertificateStanding, Origin};

async fn health(house: &House) -> (StatusCode, serde_json::Value) {
    let answer = house.get(&mut Browser::default(), "/healthz").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    (answer.status, serde_json::from_slice(&answer.bytes).unwrap())
}

#[tokio::test]
async fn health_is_told_for_a_probe_and_a_person() {
    let house = House::new().await;
    let (status, told) = health(&house).await;
    assert_eq!(
        (status, told["status"].as_str(), told["store"].as_str()),
        (StatusCode::OK, Some("ok"), Some("writable"))
    );
    assert_eq!(told["reasons"].as_array().unwrap().len(), 0);

    house.desk.standing().update(|standing| {
        standing.intake = IntakeStanding::Trouble {
            why: "mail.acme.example refuses the password of support@acme.example".into(),
            since: house.now(),
        };
    });
    let (status, told) = health(&house).await;
    assert_eq!(
        (status, told["status"].as_str()),
        (StatusCode::OK, Some("attention")),
        "a mail server may be away"
    );
    assert!(!told.to_string().contains("acme"), "it names nobody: {told}");

    house.advance(901);
    let (status, told) = health(&house).await;
    assert_eq!((status, told["status"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, Some("failing")));
    assert!(told["reasons"][0].as_str().unwrap().contains("15 minutes"), "{told}");

    house.desk.store.close().await;
    let (status, told) = health(&house).await;
    assert_eq!((status, told["store"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, Some("closed")));
}

#[tokio::test]
async fn health_tells_of_a_certificate_that_browsers_will_refuse() {
    let house = House::new().await;
    let hours = |hours| house.now().checked_add(jiff::SignedDuration::from_hours(hours)).unwrap();
    let good = CertificateStanding {
        origin: Origin::File("desk.pem".to_owned()),
        covers: true,
        not_after: hours(24 * 60),
        renewal: None,
        trouble: None,
    };
    let soon = CertificateStanding { not_after: hours(24 * 13), ..good.clone() };
    let over = CertificateStanding { not_after: hours(-1), ..good.clone() };
    let foreign = CertificateStanding { covers: false, ..good.clone() };
    let own = CertificateStanding { origin: Origin::Generated, ..soon.clone() };
    for (stands, wanted, reason) in [
        (good, "ok", ""),
        (soon, "attention", "expires in 13 days"),
        (over, "failing", "has expired"),
        (foreign, "failing", "another host"),
        (own, "ok", ""),
    ] {
        house.desk.standing().update(|standing| standing.certificate = Some(stands.clone()));
        let (_, told) = health(&house).await;
        assert_eq!(told["status"].as_str(), Some(wanted), "{stands:?}");
        assert!(told["reasons"].to_string().contains(reason), "{told}");
    }
}

#[tokio::test]
async fn metrics_are_for_whoever_has_the_token() {
    let house = House::new().await;
    house.write("hanna@weber.example", "support@acme.example", "Secret title", "Text").await;
    let ask = |token: &str| {
        let request = Request::get("/metrics").header(AUTHORIZATION, format!("Bearer {token}"));
        request.body(Body::empty()).unwrap()
    };
    let answer = house.call(&mut Browser::default(), ask(WATCHER)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], crate::metrics::CONTENT_TYPE);
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in [
        "postdesk_mails{verdict=\"open\",cause=\"\"} 1.0",
        "postdesk_mails_taken_total 1",
        "postdesk_tickets{state=\"open\"} 1.0",
        "postdesk_arrival_to_commit_seconds_count 1",
        "postdesk_store_writable 1.0",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in {text}");
    }
    for secret in ["acme", "weber", "Secret"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    for refused in [ask("another token"), Request::get("/metrics").body(Body::empty()).unwrap()] {
        let answer = house.call(&mut Browser::default(), refused).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(!answer.text().contains("postdesk_"));
    }
}

#[tokio::test]
async fn pages_are_read_and_say_so_while_the_disk_is_full() {
    let house = House::new().await;
    house.write("hanna@weber.example", "support@acme.example", "A title", "Text").await;
    let mut jane = house.sign_in("jane").await;
    house.disk.set_trouble(Some(std::io::ErrorKind::PermissionDenied));
    let note = [("mode", "note"), ("text", "Kept text")];
    let answer = house.submit(&mut jane, "/p/acme/web/1", "/p/acme/web/1/write", &note).await;
    let page = answer.text();
    assert!(page.contains("could not be saved") && page.contains("Kept text"), "it is given back: {page}");
    for path in ["/", "/p/acme/web/1", "/held"] {
        let answer = house.get(&mut jane, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.text().contains("Nothing can be saved at present"), "{path}: {}", answer.text());
    }
    let (status, told) = health(&house).await;
    assert_eq!((status, told["store"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, Some("read only")));
    house.disk.set_trouble(None);
    let mut writable = house.desk.store.writable();
    writable.wait_for(|writable| *writable).await.unwrap();
    assert!(!house.get(&mut jane, "/").await.text().contains("Nothing can be saved"));
}

#[tokio::test]
async fn unverified_mails_have_a_view_of_their_own() {
    let house = House::new().await;
    let first = house.write("hanna@weber.example", "support@acme.example", "A title", "Text").await;
    let mut jane = house.sign_in("jane").await;
    assert!(!house.get(&mut jane, "/").await.text().contains("Unverified mails"), "not while there are none");
    let path = crate::tracker::ProjectPath::parse("acme/web").unwrap();
    let edit = crate::desk::ProjectEdit { reply_all_joins: Some(true), ..Default::default() };
    house.desk.edit_project(path, edit).await.unwrap();
    let id = first.message_id.unwrap();
    for no in 0..2 {
        house
            .mail(&format!(
                "From: stranger{no}@else.example\nTo: support@acme.example, hanna@weber.example\nSubject: Re: A title\n\
                 Message-ID: <r{no}@else.example>\nIn-Reply-To: <{}>\n\nMe too.\n",
                id.as_str()
            ))
            .await;
    }
    let page = house.get(&mut jane, "/").await.text();
    assert!(
        page.contains("Unverified mails") && page.contains(">2<span class=\"hide\"> to decide on</span>"),
        "{page}"
    );
    let list = house.get(&mut jane, "/?q=is%3Aunverified").await.text();
    assert!(list.contains("href=\"/p/acme/web/1\""), "{list}");
    let mut noah = house.sign_in("noah").await;
    assert!(!house.get(&mut noah, "/").await.text().contains("Unverified mails"));
    let mut vera = house.sign_in("vera").await;
    assert!(!house.get(&mut vera, "/").await.text().contains("Unverified mails"), "a viewer decides nothing");
}
