//! Mail out, when what was sent is hard to find: under another id, not where the server says that it
//! lies, or without the submission that would prove it.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::tracker::{Delivery, OutboxState};

use crate::bench::{Bench, DESK};
use crate::faults_out::{assert_sent_once, last};
use crate::faults_out_answers::assert_parked_until_a_person_sends_it;
use crate::running::{Running, at_once, pass, work};

const IMPORT: At = At::Call("Email/import");
const SUBMIT: At = At::Call("EmailSubmission/set");
const MINUTE: Duration = Duration::from_mins(1);

/// How often the last letter left.
fn times(bench: &Bench) -> usize {
    bench.times_left().get(last(bench).message_id.as_str()).copied().unwrap_or_default()
}

#[tokio::test]
async fn ids_that_change_after_any_look_send_no_letter_twice() {
    let losses =
        [None, Some(Fault::CutAfter(IMPORT)), Some(Fault::CutAfter(SUBMIT)), Some(Fault::LoseImplicitUpdate)];
    for former_answer in [false, true] {
        for strikes in 1..=4_u32 {
            for loss in &losses {
                let (bench, ticket) = Bench::with_ticket().await;
                let what = format!("{strikes} times, former ids answer: {former_answer}, and {loss:?}");
                let changing =
                    bench.server.faults().add(Fault::ChangeEmailIds(former_answer), Times::Next(strikes));
                let loss = loss.clone().map(|loss| bench.server.faults().add(loss, Times::Once));
                bench.comment(&ticket, "An answer.").await;
                let _ = bench.delivery.run_once().await;
                assert!(times(&bench) <= 1, "{what}");
                bench.settle().await;
                for _ in 0..3 {
                    bench.advance(MINUTE);
                    bench.drain().await;
                }
                assert_eq!(changing.hits(), u64::from(strikes), "{what}");
                assert!(loss.is_none_or(|loss| loss.hits() == 1), "{what}");
                assert_sent_once(&bench, &last(&bench), &what);
            }
        }
    }
}

#[tokio::test]
async fn an_id_that_changes_between_import_and_submission_is_submitted_by_the_former_or_by_a_person() {
    for former_answer in [false, true] {
        let (bench, ticket) = Bench::with_ticket().await;
        let slow = bench.server.faults().add(Fault::Slow(SUBMIT, Duration::from_secs(20)), Times::Once);
        bench.comment(&ticket, "An answer.").await;
        let delivery = bench.delivery.clone();
        let turn = tokio::spawn(async move { delivery.run_once().await.is_ok() });
        bench.server.wait_until(|_| slow.hits() > 0).await;
        assert_eq!((last(&bench).state, bench.mails_in("Outgoing").len()), (OutboxState::Submitting, 1));
        bench.server.change_email_ids(DESK, former_answer);
        bench.advance(Duration::from_secs(21));
        assert!(turn.await.unwrap());
        if former_answer {
            bench.drain().await;
            assert_sent_once(&bench, &last(&bench), "under its former id");
        } else {
            // The server's refusal is none that RFC 8621 §7.5 defines as made before sending.
            assert_eq!(bench.mails_in("Outgoing").len(), 1);
            assert_parked_until_a_person_sends_it(&bench, "an id that is gone").await;
        }
    }
}

#[tokio::test]
async fn a_letter_that_lies_in_sent_under_another_id_is_found() {
    for former_answer in [false, true] {
        let (bench, ticket) = Bench::with_ticket().await;
        let cut = bench.server.faults().add(Fault::CutAfter(SUBMIT), Times::Once);
        let blind =
            bench.server.faults().add(Fault::CutBefore(At::Call("EmailSubmission/query")), Times::Always);
        let lost = bench.server.faults().add(Fault::LoseImplicitUpdate, Times::Once);
        bench.comment(&ticket, "An answer.").await;
        assert!(bench.delivery.run_once().await.is_err(), "it cannot be looked for");
        assert_eq!((cut.hits(), lost.hits(), last(&bench).state), (1, 1, OutboxState::Submitting));
        assert!(blind.hits() > 0);
        blind.clear();
        // Somebody moves it, and its id changes.
        let email = bench.mails_in("Outgoing").remove(0).id;
        assert!(bench.server.move_mail(DESK, &email, "sent"));
        bench.server.change_email_ids(DESK, former_answer);
        bench.drain().await;
        assert_sent_once(&bench, &last(&bench), &format!("former ids answer: {former_answer}"));
        assert_ne!(bench.mails_in("sent").pop().unwrap().id, email);
    }
}

#[tokio::test]
async fn a_submission_that_names_a_former_id_proves_that_the_letter_left() {
    for former_answer in [false, true] {
        let (bench, ticket) = Bench::with_ticket().await;
        bench.server.faults().add(Fault::LoseImplicitUpdate, Times::Once);
        bench.server.faults().add(Fault::CutAfter(SUBMIT), Times::Once);
        let look = Fault::MethodError("EmailSubmission/query", "serverFail".to_owned());
        let look = bench.server.faults().add(look, Times::Once);
        bench.comment(&ticket, "An answer.").await;
        bench.drain().await;
        assert_eq!((look.hits(), last(&bench).state, times(&bench)), (1, OutboxState::Submitting, 1));
        bench.server.change_email_ids(DESK, former_answer);
        bench.drain().await;
        assert_eq!((last(&bench).state, times(&bench)), (OutboxState::Sent, 1));
        bench.drain().await;
        assert_sent_once(&bench, &last(&bench), &format!("former ids answer: {former_answer}"));
    }
}

#[tokio::test]
async fn a_letter_whose_submission_the_server_forgets_is_sent() {
    for lost in [false, true] {
        let (bench, ticket) = Bench::with_ticket().await;
        let objects = || bench.server.look(|world| world.submission_objects(DESK));
        let before = objects();
        let forgets = bench.server.faults().add(Fault::ForgetSubmission, Times::Once);
        if lost {
            bench.server.faults().add(Fault::CutAfter(SUBMIT), Times::Once);
        }
        bench.comment(&ticket, "An answer.").await;
        bench.drain().await;
        assert_eq!((forgets.hits(), objects()), (1, before), "lost: {lost}");
        assert_sent_once(&bench, &last(&bench), "it lies in Sent");
        assert_eq!(last(&bench).delivery, Delivery::Unknown, "nobody tells of its delivery");
        bench.advance(MINUTE);
        bench.drain().await;
        assert_eq!(last(&bench).next_look, None, "nor is anybody asked for ever");
        bench.comment(&ticket, "Another.").await;
        bench.drain().await;
        assert_sent_once(&bench, &last(&bench), "the next one");
        assert_eq!(objects(), before + 1);
    }
}

#[tokio::test]
async fn a_forgotten_submission_whose_answer_and_update_are_lost_is_for_a_person() {
    for changes in [None, Some(false), Some(true)] {
        let (bench, ticket) = Bench::with_ticket().await;
        for fault in [Fault::ForgetSubmission, Fault::LoseImplicitUpdate, Fault::CutAfter(SUBMIT)] {
            bench.server.faults().add(fault, Times::Once);
        }
        bench.comment(&ticket, "An answer.").await;
        bench.drain().await;
        if let Some(former_answer) = changes {
            bench.server.change_email_ids(DESK, former_answer);
        }
        for (time, state) in
            [(14, OutboxState::Submitting), (1, OutboxState::Unknown), (600, OutboxState::Unknown)]
        {
            bench.advance(time * MINUTE);
            bench.drain().await;
            assert_eq!((last(&bench).state, times(&bench)), (state, 1), "{changes:?}");
        }
        assert_eq!(bench.mails_in("Outgoing").len(), 1, "the draft is kept for whoever looks");
        let email = bench.mails_in("Outgoing").remove(0).id;
        assert!(bench.server.move_mail(DESK, &email, "sent"));
        bench.drain().await;
        assert_sent_once(&bench, &last(&bench), &format!("{changes:?}"));
    }
}

#[tokio::test]
async fn a_letter_whose_copy_in_sent_is_listed_and_not_given_is_not_sent_again() {
    let (bench, ticket) = Bench::with_ticket().await;
    for fault in [Fault::ForgetSubmission, Fault::CutAfter(SUBMIT)] {
        bench.server.faults().add(fault, Times::Once);
    }
    let withheld = bench.server.faults().add(Fault::Withheld(ticket.title.clone()), Times::Always);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    for (time, state) in [(14, OutboxState::Submitting), (1, OutboxState::Unknown)] {
        let before = withheld.hits();
        bench.advance(time * MINUTE);
        bench.drain().await;
        assert_eq!((last(&bench).state, times(&bench)), (state, 1));
        assert!(withheld.hits() > before, "it is looked for");
    }
    withheld.clear();
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "given in the end");
}

#[tokio::test]
async fn a_letter_that_the_server_pretends_to_have_moved_to_sent_is_moved_later_and_not_sent_again() {
    let (bench, ticket) = Bench::with_ticket().await;
    let pretend = bench.server.faults().add(Fault::PretendUpdate, Times::Always);
    bench.comment(&ticket, "An answer.").await;
    for _ in 0..4 {
        let before = pretend.hits();
        bench.drain().await;
        assert_eq!((last(&bench).state, times(&bench)), (OutboxState::Sent, 1));
        assert!(pretend.hits() > before, "it is moved again");
        assert_eq!(bench.mails_in("Outgoing").len(), 1, "and stays where it is");
        bench.advance(MINUTE);
    }
    pretend.clear();
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "in the end");
}

#[tokio::test]
async fn streets_at_work_move_later_what_was_only_pretended_to_be_moved() {
    let (bench, ticket) = Bench::with_ticket().await;
    let streets = Running::start(&bench);
    at_once(&bench, "streets at work", || bench.desk.standing().get().listening.is_some()).await;
    work(&bench).await;
    let pretend = bench.server.faults().add(Fault::PretendUpdate, Times::Once);
    bench.comment(&ticket, "An answer.").await;
    at_once(&bench, "it left", || last(&bench).state == OutboxState::Sent).await;
    assert_eq!((pretend.hits(), bench.mails_in("Outgoing").len()), (1, 1));
    // The mailbox is looked through once an hour, with the next turn after it.
    pass(&bench, Duration::from_mins(61)).await;
    at_once(&bench, "it is moved", || bench.mails_in("Outgoing").is_empty()).await;
    assert_sent_once(&bench, &last(&bench), "in the end");
    streets.stop().await;
}
