//! Customers decide about being mailed: by link, by mail, and by writing again.

use postdesk::desk::DeskError;
use postdesk::secret::Random;
use postdesk::tracker::EventKind;
use postdesk::triage::VerdictKind;

use crate::bench::{ANNA, Bench};
use crate::post::post;

fn changes(bench: &Bench) -> Vec<&'static str> {
    let events = bench.events(bench.ticket(1).id).into_iter();
    events
        .filter_map(|event| match event.kind {
            EventKind::Unsubscribed { .. } => Some("unsubscribed"),
            EventKind::Subscribed { .. } => Some("subscribed"),
            _ => None,
        })
        .collect()
}

fn subscribed(bench: &Bench) -> bool {
    bench.ticket(1).requester().unwrap().is_subscribed()
}

#[tokio::test]
async fn by_the_link_twice_and_back() {
    let (bench, ticket) = Bench::with_ticket().await;
    let token = bench.letters(ticket.id)[0].unsubscribe.clone();
    bench.desk.unsubscribe(&token).await.unwrap();
    bench.desk.unsubscribe(&token).await.unwrap();
    assert!(!subscribed(&bench));
    assert_eq!(changes(&bench), ["unsubscribed"], "asking twice is no error and no second event");
    bench.comment(&bench.ticket(1), "Unheard.").await;
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1);
    bench.desk.resubscribe(&token).await.unwrap();
    bench.desk.resubscribe(&token).await.unwrap();
    assert_eq!(changes(&bench), ["unsubscribed", "subscribed"]);
    bench.comment(&bench.ticket(1), "Heard.").await;
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 2);
}

#[tokio::test]
async fn only_a_token_for_it_counts() {
    let (bench, ticket) = Bench::with_ticket().await;
    let reply = bench.letters(ticket.id)[0].reply_key.clone();
    for token in [reply, Random::seeded(1).reply_key()] {
        assert!(matches!(bench.desk.unsubscribe(&token).await, Err(DeskError::NotFound)));
        assert!(matches!(bench.desk.resubscribe(&token).await, Err(DeskError::NotFound)));
        assert!(matches!(bench.desk.no_mail_at_all(&token).await, Err(DeskError::NotFound)));
    }
    assert!(subscribed(&bench));
}

#[tokio::test]
async fn by_mail_from_any_address_twice() {
    let (bench, ticket) = Bench::with_ticket().await;
    let token = bench.letters(ticket.id)[0].unsubscribe.clone();
    let to = bench.desk.site().unsubscribe(&token).unwrap();
    // Mail programs send it without a text, and from whatever account they like.
    for (no, who) in [ANNA, "robot@elsewhere.example"].iter().enumerate() {
        let mail = post(&format!("u{no}")).from(who).to(&to).subject("unsubscribe").text("");
        assert_eq!(bench.receive(&mail).await.verdict, VerdictKind::Unsubscribe);
    }
    assert_eq!(changes(&bench), ["unsubscribed"]);
    assert_eq!(bench.ticket(1).comments, 1, "it is no comment");
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "and is not answered");
    let automatic = post("auto").to(&to).header("Auto-Submitted", "auto-generated");
    assert_eq!(
        bench.receive(&automatic).await.verdict,
        VerdictKind::Unsubscribe,
        "by a one-click service too"
    );
}

#[tokio::test]
async fn writing_again_subscribes_again_and_an_automatic_answer_does_not() {
    let (bench, ticket) = Bench::with_ticket().await;
    let letter = bench.letters(ticket.id).remove(0);
    bench.desk.unsubscribe(&letter.unsubscribe).await.unwrap();
    let to = bench.desk.site().reply(&letter.reply_key).unwrap();
    let away = post("away").to(&to).header("Auto-Submitted", "auto-replied");
    assert_eq!(bench.receive(&away).await.verdict, VerdictKind::Comment);
    assert!(!subscribed(&bench), "an automatic mail changes nothing");
    let forged = post("forged").to(&to).authentication(postdesk::mail::Authentication::Fail);
    bench.receive(&forged).await;
    assert!(!subscribed(&bench), "nor does one that is not verified");
    bench.receive(&post("again").to(&to)).await;
    assert!(subscribed(&bench));
    assert_eq!(changes(&bench), ["unsubscribed", "subscribed"]);
}

#[tokio::test]
async fn no_mail_at_all_holds_for_every_ticket_until_it_is_lifted() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.receive(&post("second")).await;
    let token = bench.letters(ticket.id)[0].unsubscribe.clone();
    bench.desk.no_mail_at_all(&token).await.unwrap();
    bench.desk.no_mail_at_all(&token).await.unwrap();
    assert!(!subscribed(&bench));
    for number in [1, 2] {
        bench.comment(&bench.ticket(number), "Unheard.").await;
    }
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "the confirmation of before");
    bench.desk.resubscribe(&token).await.unwrap();
    for number in [1, 2] {
        bench.comment(&bench.ticket(number), "Heard.").await;
    }
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 3);
}
