//! Lanes, breakers, letters under way at once, and deliveries that are settled later.

use std::time::Duration;

use postdesk::delivery::Rates;
use postdesk::demo::server::{At, Fault, Server, Times};
use postdesk::store::Look;
use postdesk::tracker::{Delivery, EventKind, Lane, OutboxRow, OutboxState};

use crate::bench::{ANNA, BEN, Bench, DESK, Tuning, options};
use crate::post::post;

const SUBMIT: At = At::Call("EmailSubmission/set");
const MINUTE: Duration = Duration::from_secs(60);

async fn tuned(rates: Rates) -> Bench {
    let bench = Bench::tuned(Tuning { rates, ..Tuning::default() }).await;
    bench.adopt_empty().await;
    bench
}

fn waiting(bench: &Bench) -> usize {
    bench.store.read().unwrap().letters_in(OutboxState::Waiting, 100).unwrap().len()
}

/// While nobody lets time pass, a slow answer does not come.
pub async fn until_left(server: &Server, count: usize) {
    let all = server.wait_until(|world| world.mails(DESK, "sent").len() >= count);
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("the others did not leave");
}

#[tokio::test]
async fn a_slow_submission_holds_neither_other_people_nor_other_lanes() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.join(&ticket, BEN).await;
    let slow = bench.server.faults().add(Fault::Slow(SUBMIT, 5 * MINUTE), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    bench.receive(&post("m2").from("carl@customer.example")).await;
    let left = bench.mails_in("sent").len();
    let (delivery, server) = (bench.delivery.clone(), bench.server.clone());
    let turn = tokio::spawn(async move { delivery.run_once().await.map_err(|error| error.to_string()) });
    until_left(&server, left + 2).await;
    assert_eq!(slow.hits(), 1);
    assert!(!turn.is_finished(), "one is still under way");
    // What is written meanwhile leaves as well; to the one who waits, in order.
    bench.comment(&ticket, "And another.").await;
    until_left(&server, left + 3).await;
    bench.advance(5 * MINUTE);
    turn.await.unwrap().unwrap();
    bench.drain().await;
    for who in [ANNA, BEN] {
        let texts: Vec<String> = bench.left_to(who).into_iter().map(|(_, mail)| mail.text).collect();
        let place = |words: &str| texts.iter().position(|text| text.contains(words));
        assert!(place("An answer.") < place("And another."), "{who}: {texts:?}");
    }
    assert_eq!(waiting(&bench), 0);
}

#[tokio::test]
async fn too_many_letters_to_one_address_stop_people_alone_and_go_on_by_themselves() {
    let bench = tuned(Rates { in_all: 100, to_one: 2 }).await;
    bench.receive(&post("m1")).await;
    let ticket = bench.ticket(1);
    for no in 0..5 {
        bench.comment(&ticket, &format!("Answer {no}.")).await;
    }
    bench.drain().await;
    // The confirmation is another lane's.
    assert_eq!(bench.left_to(ANNA).len(), 3);
    let stopped = bench.desk.standing().get().stopped_lanes;
    let [stopped] = stopped.as_slice() else { panic!("{stopped:?}") };
    assert_eq!((stopped.lane, stopped.until), (Lane::People, bench.now() + MINUTE));
    assert!(stopped.sentence().contains("2 letters left to anna@customer.example"), "{}", stopped.sentence());
    // Another lane goes on meanwhile, and the stopped letters are not counted as tries.
    bench.receive(&post("m2").from(BEN)).await;
    bench.drain().await;
    assert_eq!((bench.left_to(BEN).len(), waiting(&bench)), (1, 3));
    assert!(bench.all_letters().iter().all(|row| row.attempts == 0 && row.trouble.is_none()));
    bench.advance(MINUTE);
    bench.drain().await;
    assert_eq!((bench.left_to(ANNA).len(), waiting(&bench)), (5, 1));
    bench.advance(MINUTE);
    bench.drain().await;
    assert_eq!((bench.left_to(ANNA).len(), waiting(&bench)), (6, 0));
    assert!(bench.desk.standing().get().stopped_lanes.is_empty());
}

#[tokio::test]
async fn too_many_in_all_stop_a_lane() {
    let bench = tuned(Rates { in_all: 3, to_one: 3 }).await;
    for no in 0..5 {
        bench.receive(&post(&format!("m{no}")).from(format!("customer{no}@customer.example"))).await;
    }
    bench.drain().await;
    assert_eq!((bench.server.submissions().len(), waiting(&bench)), (3, 2));
    bench.comment(&bench.ticket(1), "A person goes on.").await;
    bench.drain().await;
    assert_eq!((bench.server.submissions().len(), waiting(&bench)), (4, 2));
    bench.advance(MINUTE);
    bench.drain().await;
    assert_eq!((bench.server.submissions().len(), waiting(&bench)), (6, 0));
}

#[tokio::test]
async fn a_busy_server_ends_the_turn_of_all_lanes() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.join(&ticket, BEN).await;
    let busy = bench.server.faults().add(Fault::TooMany(SUBMIT, Some(120)), Times::Always);
    bench.comment(&ticket, "An answer.").await;
    bench.receive(&post("m2").from("carl@customer.example")).await;
    assert!(bench.delivery.run_once().await.is_err());
    assert!(busy.hits() <= 3, "those that were under way, and no more: {}", busy.hits());
    bench.server.faults().clear();
    bench.settle().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (2, 1));
}

fn last(bench: &Bench) -> OutboxRow {
    bench.all_letters().pop().unwrap()
}

/// A letter that our mail server took and still has in its queue.
async fn queued() -> Bench {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::Refuse(ANNA.to_owned(), "451 4.2.1 busy".to_owned()), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    assert_eq!((last(&bench).state, last(&bench).delivery), (OutboxState::Sent, Delivery::Queued));
    bench
}

#[tokio::test]
async fn a_queued_delivery_is_looked_at_again_and_settled() {
    let bench = queued().await;
    let id = last(&bench).submission.unwrap();
    bench.advance(MINUTE);
    bench.drain().await;
    assert_eq!((last(&bench).delivery, last(&bench).looks), (Delivery::Queued, 1));
    assert!(bench.server.set_delivery(DESK, &id, "yes", "250 2.1.5 ok"));
    bench.drain().await;
    assert_eq!(last(&bench).delivery, Delivery::Queued, "not before its time");
    bench.advance(5 * MINUTE);
    bench.drain().await;
    assert_eq!((last(&bench).delivery, last(&bench).next_look), (Delivery::Delivered, None));
}

#[tokio::test]
async fn a_delivery_that_is_refused_later_shows_on_the_ticket_once() {
    let bench = queued().await;
    let id = last(&bench).submission.unwrap();
    assert!(bench.server.set_delivery(DESK, &id, "no", "550 5.1.1 gone"));
    for _ in 0..3 {
        bench.advance(60 * MINUTE);
        bench.drain().await;
    }
    assert_eq!(last(&bench).delivery, Delivery::Refused { reply: "550 5.1.1 gone".to_owned() });
    let failed = |kind: &EventKind| matches!(kind, EventKind::DeliveryFailed { .. });
    let events = bench.events(bench.ticket(1).id);
    assert_eq!(events.iter().filter(|event| failed(&event.kind)).count(), 1);
}

#[tokio::test]
async fn looks_are_bounded_and_a_server_that_forgets_is_not_asked_again() {
    let bench = queued().await;
    let mut turns = 0;
    while last(&bench).next_look.is_some() {
        bench.advance(24 * 60 * MINUTE);
        bench.drain().await;
        turns += 1;
        assert!(turns < 12, "{:?}", last(&bench));
    }
    assert_eq!((last(&bench).looks, last(&bench).delivery), (7, Delivery::Queued));

    let clock = postdesk::clock::Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
    let habits = postdesk::demo::server::Habits::cyrus();
    let server = Server::start(options(&clock).habits(habits)).await.unwrap();
    let bench = Bench::on(server, clock).await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    bench.drain().await;
    bench.advance(MINUTE);
    bench.drain().await;
    assert_eq!((last(&bench).state, last(&bench).next_look), (OutboxState::Sent, None));
}

/// A mail server that was restored gives its ids again: that a submission names one proves nothing for
/// the letter that had it before.
#[tokio::test]
async fn a_submission_of_another_letter_under_the_same_id_proves_nothing() {
    let (bench, first) = Bench::with_ticket().await;
    bench.receive(&post("m2").from(BEN)).await;
    bench.drain().await;
    let second = bench.ticket(2);
    let backup = bench.server.backup();
    let rule = bench.server.faults().add(Fault::CutBefore(SUBMIT), Times::Once);
    bench.comment(&first, "It never left.").await;
    bench.drain().await;
    let lost = bench.letters(first.id).pop().unwrap();
    assert_eq!((rule.hits(), lost.state), (1, OutboxState::Submitting));
    bench.server.restore(backup);
    bench.comment(&second, "It left.").await;
    bench.drain().await;
    let left = bench.letters(second.id).pop().unwrap();
    assert_eq!((left.state, &left.email), (OutboxState::Sent, &lost.email), "the id was given again");
    bench.settle().await;
    let lost = bench.letters(first.id).pop().unwrap();
    assert_eq!(lost.state, OutboxState::Unknown, "a person decides: {lost:?}");
    assert_eq!(bench.times_left().get(lost.message_id.as_str()), None);
}
