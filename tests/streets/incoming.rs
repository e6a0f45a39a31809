//! Mail in: from the intake mailbox to a ticket, and filed away.

use postdesk::tracker::{EventKind, OutboxState, State};
use postdesk::triage::VerdictKind;

use crate::bench::{ANNA, Bench};
use crate::post::post;

#[tokio::test]
async fn a_mail_becomes_a_ticket_is_confirmed_answered_and_answers_join() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.deliver(&post("m1").subject("The invoice is wrong").text("Please look at it."));
    bench.sweep_and_drain().await;

    assert_eq!(bench.verdicts(), [VerdictKind::Open]);
    assert!(bench.mails_in("inbox").is_empty());
    assert_eq!(bench.mails_in("Handled").len(), 1);
    let ticket = bench.ticket(1);
    assert_eq!(ticket.title, "The invoice is wrong");
    assert_eq!(ticket.requester().unwrap().address.as_str(), ANNA);

    let (_, confirmation) = bench.left_to(ANNA).remove(0);
    assert_eq!(confirmation.in_reply_to[0].as_str(), "m1@customer.example");

    bench.comment(&ticket, "We are looking **into** it.").await;
    bench.drain().await;
    let left = bench.left_to(ANNA);
    assert_eq!(left.len(), 2);
    let (_, answer) = &left[1];
    assert!(answer.text.contains("We are looking into it."), "{}", answer.text);
    assert_eq!(answer.from.as_ref().unwrap().name.as_deref(), Some("Jane Okafor"));

    let reply_to = answer.reply_to[0].address.clone();
    bench.deliver(&post("m2").to(reply_to).subject("Re: invoice"));
    bench.sweep_and_drain().await;
    let ticket = bench.ticket(1);
    assert_eq!(ticket.comments, 3);
    let letters = bench.letters(ticket.id);
    assert!(letters.iter().all(|letter| letter.state == OutboxState::Sent), "{letters:?}");
    assert_eq!(bench.left_to(ANNA).len(), 2, "nobody is mailed their own comment");
}

#[tokio::test]
async fn an_answer_finds_its_ticket_by_the_ids_alone_and_opens_it_again() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.deliver(&post("m1"));
    bench.sweep_and_drain().await;
    let ticket = bench.ticket(1);
    bench.desk.close(bench.jane, ticket.id, crate::bench::form()).await.unwrap();
    let confirmation = bench.left_to(ANNA).remove(0).1.message_id.unwrap();
    bench.deliver(&post("m2").header("In-Reply-To", format!("<{}>", confirmation.as_str())));
    bench.sweep_and_drain().await;
    let ticket = bench.ticket(1);
    assert_eq!((ticket.comments, ticket.state), (2, State::Open));
    assert!(bench.events(ticket.id).iter().any(|e| matches!(e.kind, EventKind::Status { .. })));
}
