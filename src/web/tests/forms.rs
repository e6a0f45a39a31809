//! Forms: taken from our own pages only, once, and never losing what was written.

use axum::body::Body;
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{Request, StatusCode};

use super::kit::{Browser, House};
use super::pages::furnish;
use crate::mail::Address;
use crate::store::Look;
use crate::tracker::{EventKind, OutboxState, TicketId};

const WRITE: &str = "/p/acme/web/1/write";
const TICKET: &str = "/p/acme/web/1";

async fn house() -> (House, Browser) {
    let house = House::new().await;
    house.write("Hanna <hanna@weber.example>", "support@acme.example", "Invoice", "Hello").await;
    let jane = house.sign_in("jane").await;
    (house, jane)
}

fn texts(house: &House) -> (usize, usize) {
    let events = house.desk.store.read().unwrap().events(TicketId(1)).unwrap();
    let count = |f: fn(&EventKind) -> bool| events.iter().filter(|event| f(&event.kind)).count();
    (count(|k| matches!(k, EventKind::Comment { .. })), count(|k| matches!(k, EventKind::Note { .. })))
}

async fn fields(house: &House, jane: &mut Browser) -> (String, String, String) {
    let page = house.get(jane, TICKET).await;
    (page.field(WRITE, "csrf"), page.field(WRITE, "form"), page.field(WRITE, "seen"))
}

#[tokio::test]
async fn a_reply_is_written_once_however_often_it_is_sent() {
    let (house, mut jane) = house().await;
    let (csrf, form, seen) = fields(&house, &mut jane).await;
    let fields = [
        ("csrf", csrf.as_str()),
        ("form", &form),
        ("seen", &seen),
        ("mode", "reply"),
        ("text", "Hello\r\nHanna"),
    ];
    for _ in 0..3 {
        let done = house.post(&mut jane, WRITE, &fields).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/p/acme/web/1#reply"));
    }
    assert_eq!(texts(&house), (1, 0));
    let look = house.desk.store.read().unwrap();
    let letters = look.letters_of(TicketId(1)).unwrap();
    assert!(letters.iter().all(|letter| letter.state == OutboxState::Waiting));
    let page = house.get(&mut jane, TICKET).await.text();
    assert!(page.contains("Waiting for 1 of 1"), "{page}");
}

#[tokio::test]
async fn an_erased_ticket_takes_no_more_and_gives_back_what_was_being_written() {
    let (house, mut jane) = house().await;
    let (csrf, form, seen) = fields(&house, &mut jane).await;
    house.desk.erase_person(Address::parse("hanna@weber.example").unwrap()).await.unwrap();
    let page = house.get(&mut jane, TICKET).await.text();
    assert!(
        page.contains("was erased") && !page.contains("Reopen ticket") && !page.contains(WRITE),
        "{page}"
    );
    let fields =
        [("csrf", csrf.as_str()), ("form", &form), ("seen", &seen), ("mode", "note"), ("text", "Kept")];
    let page = house.post(&mut jane, WRITE, &fields).await.text();
    assert!(page.contains("nothing is added to it") && page.contains("Kept"), "{page}");
    assert_eq!(texts(&house), (0, 0));
}

#[tokio::test]
async fn a_note_and_a_reply_that_closes() {
    let (house, mut jane) = house().await;
    let note = house.submit(&mut jane, TICKET, WRITE, &[("mode", "note"), ("text", "inner")]).await;
    assert_eq!(note.status, StatusCode::SEE_OTHER);
    let fields = [("mode", "reply"), ("text", "bye"), ("then", "close"), ("seen", "99")];
    house.submit(&mut jane, TICKET, WRITE, &fields).await;
    assert_eq!(texts(&house), (1, 1));
    let page = house.get(&mut jane, TICKET).await.text();
    assert!(page.contains("closed the ticket") && page.contains("Reopen ticket"), "{page}");
    let reopened = house.submit(&mut jane, TICKET, "/p/acme/web/1/status", &[("to", "open")]).await;
    assert_eq!(reopened.status, StatusCode::SEE_OTHER);
    assert!(house.get(&mut jane, TICKET).await.text().contains("opened the ticket again"));
}

#[tokio::test]
async fn a_form_without_its_token_changes_nothing() {
    let (house, mut jane) = house().await;
    let (csrf, form, seen) = fields(&house, &mut jane).await;
    let mut lin = house.sign_in("maya").await;
    let (foreign, ..) = self::fields(&house, &mut lin).await;
    assert_ne!(csrf, foreign);
    for wrong in ["", "x", foreign.as_str()] {
        let fields = [("csrf", wrong), ("form", &form), ("seen", &seen), ("text", "kept text")];
        let answer = house.post(&mut jane, WRITE, &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text().contains("kept text"), "the text is given back");
    }
    let answer = house.post(&mut jane, WRITE, &[("csrf", &csrf), ("form", "no id!"), ("text", "x")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(texts(&house), (0, 0));
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let (house, mut jane) = house().await;
    let (csrf, form, seen) = fields(&house, &mut jane).await;
    let body = format!("csrf={csrf}&form={form}&seen={seen}&mode=reply&text=forged");
    let send = |headers: Vec<(&'static str, String)>| {
        let mut request = Request::post(WRITE).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(Body::from(body.clone())).unwrap()
    };
    let own = house.origin.clone();
    for headers in [
        vec![],
        vec![(ORIGIN.as_str(), "https://evil.example".to_owned())],
        vec![(ORIGIN.as_str(), "null".to_owned())],
        vec![(ORIGIN.as_str(), own.clone()), ("sec-fetch-site", "cross-site".to_owned())],
        vec![("sec-fetch-site", "same-site".to_owned())],
    ] {
        let answer = house.call(&mut jane, send(headers)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
    }
    assert_eq!(texts(&house), (0, 0));
    assert_eq!(house.call(&mut jane, send(vec![(ORIGIN.as_str(), own)])).await.status, StatusCode::SEE_OTHER);
    assert_eq!(texts(&house), (1, 0));
}

#[tokio::test]
async fn an_entry_that_came_meanwhile_is_shown_before_sending() {
    let (house, mut jane) = house().await;
    let (csrf, form, seen) = fields(&house, &mut jane).await;
    let reply = "From: Hanna <hanna@weber.example>\nTo: support@acme.example\nSubject: Re: Invoice\nIn-Reply-To: <m0@weber.example>\n\
                 Message-ID: <x@weber.example>\n\nIt is settled.\n";
    house.mail(reply).await;
    let send = [
        ("csrf", csrf.as_str()),
        ("form", &form),
        ("seen", &seen),
        ("mode", "reply"),
        ("text", "my <answer>"),
    ];
    let answer = house.post(&mut jane, WRITE, &send).await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = answer.text();
    assert!(text.contains("One entry came while you wrote"), "{text}");
    assert!(text.contains("my &lt;answer&gt;</textarea>"), "{text}");
    assert!(text.contains("<span class=\"turn small\">New</span>"), "{text}");
    assert_eq!(texts(&house), (1, 0), "only the customer's");
    let again = [
        ("csrf", answer.field(WRITE, "csrf")),
        ("form", answer.field(WRITE, "form")),
        ("seen", answer.field(WRITE, "seen")),
    ];
    let mut again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (*name, value.as_str())).collect();
    again.extend([("mode", "reply"), ("text", "my <answer>")]);
    assert_eq!(house.post(&mut jane, WRITE, &again).await.status, StatusCode::SEE_OTHER);
    assert_eq!(texts(&house), (2, 0));
}

#[tokio::test]
async fn a_refused_text_is_given_back() {
    let (house, mut jane) = house().await;
    let answer = house.submit(&mut jane, TICKET, WRITE, &[("mode", "note"), ("text", "  ")]).await;
    assert_ne!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.text().contains("There is no text"), "{}", answer.text());
}

#[tokio::test]
async fn a_session_that_ended_while_writing_gives_the_text_back() {
    let (house, mut jane) = house().await;
    let (csrf, form, seen) = fields(&house, &mut jane).await;
    let mut other = jane.clone();
    house.submit(&mut other, "/", "/sign-out", &[]).await;
    let send = [
        ("csrf", csrf.as_str()),
        ("form", &form),
        ("seen", &seen),
        ("mode", "note"),
        ("text", "a long\n\"text\""),
    ];
    let asked = house.post(&mut jane, WRITE, &send).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(asked.text().contains("a long\n&quot;text&quot;</textarea>"), "{}", asked.text());
    assert_eq!(asked.field("/sign-in", "back"), TICKET);
    let (csrf, form) = (asked.field("/sign-in", "csrf"), asked.field("/sign-in", "form"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("form", &form),
        ("back", TICKET),
        ("mode", "note"),
        ("text", "a long\n\"text\""),
        ("mail", "jane@acme.example"),
        ("password", super::kit::PASSWORD),
    ];
    let back = house.post(&mut jane, "/sign-in", &fields).await;
    assert_eq!(back.status, StatusCode::OK);
    let text = back.text();
    assert!(text.contains("Your text stands below"), "{text}");
    assert!(text.contains("a long\n&quot;text&quot;</textarea>"), "{text}");
    assert!(text.contains("value=\"note\" checked"), "{text}");
    let (csrf, form) = (back.field(WRITE, "csrf"), back.field(WRITE, "form"));
    let send = [("csrf", csrf.as_str()), ("form", &form), ("mode", "note"), ("text", "a long text")];
    assert_eq!(house.post(&mut jane, WRITE, &send).await.status, StatusCode::SEE_OTHER);
    assert_eq!(texts(&house), (0, 1));
}

#[tokio::test]
async fn assigning_to_somebody_who_may_not_work_is_refused() {
    let (house, mut jane) = house().await;
    let vera = house.account("vera").id.to_string();
    let answer = house.submit(&mut jane, TICKET, "/p/acme/web/1/assign", &[("assignee", &vera)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    let me = house.account("jane").id.to_string();
    for _ in 0..2 {
        let answer = house.submit(&mut jane, TICKET, "/p/acme/web/1/assign", &[("assignee", &me)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    }
    assert!(house.get(&mut jane, TICKET).await.text().contains("selected>Jane Okafor (you)"));
}

#[tokio::test]
async fn bodies_are_bounded_and_of_one_kind() {
    let (house, mut jane) = house().await;
    let long = "x".repeat(600 * 1024);
    let answer = house.post(&mut jane, WRITE, &[("text", &long)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let json = Request::post(WRITE)
        .header(CONTENT_TYPE, "application/json")
        .header(ORIGIN, &house.origin)
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(house.call(&mut jane, json).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_network_that_asks_too_much_is_slowed_down() {
    let (house, mut jane) = house().await;
    furnish(&house).await;
    let mut refused = None;
    for _ in 0..300 {
        let answer = house.post(&mut jane, WRITE, &[]).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    assert_eq!(refused.expect("a bound").headers["retry-after"], "60");
    assert_eq!(house.get(&mut jane, "/").await.status, StatusCode::OK, "reading goes on");
}
