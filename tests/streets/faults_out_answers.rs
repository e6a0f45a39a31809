//! Mail out, with answers that make no sense, refuse without reason or take long: what proves that a
//! letter did not leave makes it wait, all else makes nobody know.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::tracker::OutboxState;

use crate::bench::{BEN, Bench, form};
use crate::faults_out::{assert_sent_once, last};
use crate::post::post;
use crate::sending::until_left;

const IMPORT: At = At::Call("Email/import");
const SUBMIT: At = At::Call("EmailSubmission/set");
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// The last letter waits, no try is counted, and nothing of it has left.
pub fn assert_waits(bench: &Bench, what: &str) {
    let letter = last(bench);
    assert_eq!((letter.state, letter.attempts), (OutboxState::Waiting, 0), "{what}: {letter:?}");
    assert!(letter.trouble.is_some(), "{what}: it says why");
    assert_eq!(bench.times_left().get(letter.message_id.as_str()), None, "{what}");
}

/// The last letter, which did not leave, is looked for during 15 minutes, never sent by itself, and
/// sent once by a person.
pub async fn assert_parked_until_a_person_sends_it(bench: &Bench, what: &str) {
    let letter = last(bench);
    assert_eq!(letter.state, OutboxState::Submitting, "{what}: {letter:?}");
    assert!(letter.trouble.is_some(), "{what}: it says why");
    let looks = [
        (14 * MINUTE, OutboxState::Submitting),
        (MINUTE, OutboxState::Unknown),
        (600 * MINUTE, OutboxState::Unknown),
    ];
    for (time, state) in looks {
        bench.advance(time);
        bench.drain().await;
        assert_eq!(last(bench).state, state, "{what}");
        assert_eq!(bench.times_left().get(letter.message_id.as_str()), None, "{what}: never by itself");
    }
    bench.desk.send_again(bench.jane, letter.id, form()).await.unwrap();
    bench.drain().await;
    assert_sent_once(bench, &letter, what);
    assert_eq!(last(bench).draft, letter.draft, "{what}: the same letter");
}

fn method(method: &'static str, error: &str) -> Fault {
    Fault::MethodError(method, error.to_owned())
}

fn object(method: &'static str, error: &str) -> Fault {
    Fault::SetError(method, error.to_owned(), None)
}

#[tokio::test]
async fn an_answer_that_proves_that_nothing_left_is_waited_out() {
    let faults = [
        Fault::Html(At::Upload),
        Fault::Html(IMPORT),
        Fault::TooMany(At::Upload, None),
        Fault::TooMany(IMPORT, None),
        Fault::TooMany(SUBMIT, None),
        method("Email/import", "serverFail"),
        method("Email/import", "serverUnavailable"),
        method("Email/import", "somethingNew"),
        method("EmailSubmission/set", "serverFail"),
        method("EmailSubmission/set", "serverUnavailable"),
        object("Email/import", "somethingNew"),
    ];
    for fault in faults {
        let (bench, ticket) = Bench::with_ticket().await;
        let (what, sent) = (format!("{fault:?}"), bench.mails_in("sent").len());
        let rule = bench.server.faults().add(fault, Times::Always);
        bench.comment(&ticket, "An answer.").await;
        assert!(bench.delivery.run_once().await.is_err(), "{what}");
        assert_waits(&bench, &what);
        bench.advance(29 * SECOND);
        bench.drain().await;
        assert_eq!(rule.hits(), 1, "{what}: it is not tried again at once");
        bench.advance(SECOND);
        assert!(bench.delivery.run_once().await.is_err(), "{what}");
        assert_eq!(rule.hits(), 2, "{what}");
        assert_waits(&bench, &what);
        rule.clear();
        bench.advance(30 * SECOND);
        bench.drain().await;
        assert_sent_once(&bench, &last(&bench), &what);
        assert_eq!(last(&bench).trouble, None, "{what}");
        assert_eq!(bench.mails_in("sent").len(), sent + 1, "{what}: no second mail");
    }
}

#[tokio::test]
async fn an_answer_to_a_submission_that_proves_nothing_leaves_it_to_a_person() {
    let faults = [
        Fault::Html(SUBMIT),
        method("EmailSubmission/set", "somethingNew"),
        method("EmailSubmission/set", "serverPartialFail"),
        object("EmailSubmission/set", "somethingNew"),
        object("EmailSubmission/set", "serverFail"),
    ];
    for fault in faults {
        let (bench, ticket) = Bench::with_ticket().await;
        let what = format!("{fault:?}");
        let rule = bench.server.faults().add(fault, Times::Always);
        bench.comment(&ticket, "An answer.").await;
        bench.drain().await;
        assert_eq!(rule.hits(), 1, "{what}");
        bench.drain().await;
        assert_eq!(rule.hits(), 1, "{what}: it is looked for and not submitted again");
        rule.clear();
        assert_parked_until_a_person_sends_it(&bench, &what).await;
    }
}

#[tokio::test]
async fn an_automatic_letter_whose_submission_is_answered_with_a_page_is_presumed_sent() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let page = bench.server.faults().add(Fault::Html(SUBMIT), Times::Once);
    bench.receive(&post("m1")).await;
    bench.drain().await;
    assert_eq!((page.hits(), last(&bench).state), (1, OutboxState::Submitting));
    bench.settle().await;
    assert_eq!(last(&bench).state, OutboxState::PresumedSent);
    bench.drain().await;
    assert!(bench.times_left().is_empty(), "it is never sent by itself");
    assert!(bench.mails_in("Outgoing").is_empty(), "what will never leave is not kept");
    bench.comment(&bench.ticket(1), "A person's answer.").await;
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "the next letter goes its way");
}

#[tokio::test]
async fn a_slow_upload_or_import_holds_neither_other_people_nor_other_lanes() {
    for at in [At::Upload, IMPORT] {
        let (bench, ticket) = Bench::with_ticket().await;
        bench.join(&ticket, BEN).await;
        let slow = bench.server.faults().add(Fault::Slow(at, 20 * SECOND), Times::Once);
        bench.comment(&ticket, "An answer.").await;
        bench.receive(&post("m2").from("carl@customer.example")).await;
        let left = bench.mails_in("sent").len();
        let (delivery, server) = (bench.delivery.clone(), bench.server.clone());
        let turn = tokio::spawn(async move { delivery.run_once().await.map_err(|error| error.to_string()) });
        until_left(&server, left + 2).await;
        assert_eq!((slow.hits(), turn.is_finished()), (1, false), "{at:?}: one is still under way");
        assert_eq!(bench.mails_in("sent").len(), left + 2, "{at:?}");
        bench.advance(21 * SECOND);
        turn.await.unwrap().unwrap();
        for letter in bench.all_letters() {
            assert_sent_once(&bench, &letter, &format!("{at:?}"));
        }
        assert_eq!(bench.mails_in("sent").len(), left + 3, "{at:?}");
    }
}

#[tokio::test]
async fn an_upload_or_import_that_takes_longer_than_our_patience_makes_no_second_mail() {
    for at in [At::Upload, IMPORT] {
        let (bench, ticket) = Bench::with_ticket().await;
        let slow = bench.server.faults().add(Fault::Slow(at, 5 * MINUTE), Times::Once);
        bench.comment(&ticket, "An answer.").await;
        let delivery = bench.delivery.clone();
        let turn = tokio::spawn(async move { delivery.run_once().await.is_ok() });
        bench.server.wait_until(|_| slow.hits() > 0).await;
        assert_eq!((last(&bench).state, turn.is_finished()), (OutboxState::Waiting, false), "{at:?}");
        bench.advance(6 * MINUTE);
        let _ = turn.await.unwrap();
        bench.settle().await;
        let letter = last(&bench);
        assert_sent_once(&bench, &letter, &format!("{at:?}"));
        assert_eq!(letter.attempts, 0, "{at:?}");
    }
}
