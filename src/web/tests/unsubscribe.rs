//! The customer's pages (RFC 8058).

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};

use super::kit::{Browser, House};
use crate::mail::Address;
use crate::store::Look;
use crate::tracker::{FormId, TicketId};

/// A ticket that was answered, and the link in the answer.
async fn house() -> (House, String) {
    let house = House::new().await;
    house
        .write("Hanna <hanna@weber.example>", "support@acme.example", "Invoice about a secret", "Hello")
        .await;
    let jane = house.viewer("jane");
    let seen = crate::tracker::EventNo(99);
    let form = FormId::parse("f").unwrap();
    house.desk.comment(jane, TicketId(1), form, seen, "Hi".into(), false).await.unwrap();
    let letters = house.desk.store.read().unwrap().letters_of(TicketId(1)).unwrap();
    let link = format!("/u/{}", letters.last().unwrap().unsubscribe);
    (house, link)
}

fn subscribed(house: &House) -> bool {
    let ticket = house.desk.store.read().unwrap().ticket(TicketId(1)).unwrap().unwrap();
    ticket.participants[0].is_subscribed()
}

#[tokio::test]
async fn looking_changes_nothing() {
    let (house, link) = house().await;
    let mut scanner = Browser::default();
    for _ in 0..3 {
        let page = house.get(&mut scanner, &link).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("Stop mails about this request?"), "{}", page.text());
        assert!(!page.text().contains("secret"), "the page tells no title");
    }
    let head = Request::head(&link).body(Body::empty()).unwrap();
    house.call(&mut scanner, head).await;
    assert!(subscribed(&house));
    for action in ["undo", "everything"] {
        let answer = house.get(&mut scanner, &format!("{link}/{action}")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn a_mail_program_posts_without_anything_else_and_is_answered_200() {
    let multipart =
        "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    for (kind, body) in [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", multipart),
        ("text/plain", ""),
    ] {
        let (house, link) = house().await;
        let request = Request::post(&link)
            .header(CONTENT_TYPE, kind)
            .header("origin", "https://mail.provider.example")
            .header("sec-fetch-site", "cross-site")
            .body(Body::from(body))
            .unwrap();
        let answer = house.call(&mut Browser::default(), request).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}: {}", answer.text());
        assert!(answer.headers.get("set-cookie").is_none());
        assert!(!subscribed(&house), "{kind}");
        let again = Request::post(&link).header(CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
        assert_eq!(
            house.call(&mut Browser::default(), again).await.status,
            StatusCode::OK,
            "twice is no error"
        );
    }
}

#[tokio::test]
async fn a_person_stops_undoes_and_stops_everything() {
    let (house, link) = house().await;
    let mut hanna = Browser::default();
    let done = house.post(&mut hanna, &link, &[("List-Unsubscribe", "One-Click")]).await.text();
    assert!(
        done.contains("The mails have stopped") && done.contains(&format!("action=\"{link}/undo\"")),
        "{done}"
    );
    assert!(house.get(&mut hanna, &link).await.text().contains("The mails have stopped"));
    let back = house.post(&mut hanna, &format!("{link}/undo"), &[]).await;
    assert!(back.status == StatusCode::OK && back.text().contains("You get mails again"));
    assert!(subscribed(&house));
    let all = house.post(&mut hanna, &format!("{link}/everything"), &[]).await.text();
    assert!(all.contains("no mail at all from this desk"), "{all}");
    let address = Address::parse("hanna@weber.example").unwrap();
    assert!(house.desk.store.read().unwrap().suppressed(&address).unwrap());
    house.post(&mut hanna, &format!("{link}/undo"), &[]).await;
    assert!(subscribed(&house) && !house.desk.store.read().unwrap().suppressed(&address).unwrap());
    let mut jane = house.sign_in("jane").await;
    let page = house.get(&mut jane, "/p/acme/web/1").await.text();
    assert!(page.contains("unsubscribed") && page.contains("gets mails again"), "{page}");
}

#[tokio::test]
async fn the_composer_says_who_is_not_mailed() {
    let (house, link) = house().await;
    house.post(&mut Browser::default(), &link, &[]).await;
    let mut jane = house.sign_in("jane").await;
    let page = house.get(&mut jane, "/p/acme/web/1").await.text();
    assert!(page.contains("Mailed to nobody") && page.contains("Hanna (unsubscribed)"), "{page}");
}

#[tokio::test]
async fn unknown_tokens_and_reply_keys_stop_nothing() {
    let (house, _) = house().await;
    let letters = house.desk.store.read().unwrap().letters_of(TicketId(1)).unwrap();
    let reply = letters.last().unwrap().reply_key.to_string();
    for token in [reply.as_str(), "aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "%2e%2e"] {
        let mut browser = Browser::default();
        assert_eq!(house.get(&mut browser, &format!("/u/{token}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post(&mut browser, &format!("/u/{token}"), &[]).await.status, StatusCode::NOT_FOUND);
    }
    assert!(subscribed(&house));
}
