//! Mail out, with a server that restarts, or that was restored and gives its ids a second time. That
//! submissions of others under the same id prove nothing is held in `sending.rs`.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::tracker::OutboxState;

use crate::bench::{ANNA, Bench};
use crate::faults_in::mail;
use crate::faults_in_server::sessions;
use crate::faults_out::{assert_sent_once, last};
use crate::faults_out_answers::assert_parked_until_a_person_sends_it;

const IMPORT: At = At::Call("Email/import");
const SUBMIT: At = At::Call("EmailSubmission/set");

#[tokio::test]
async fn a_letter_after_the_servers_restart_leaves_once_by_a_new_session() {
    let (bench, ticket) = Bench::with_ticket().await;
    let asked = sessions(&bench);
    bench.server.restart();
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "after the restart");
    let once = asked.hits();
    assert!(once > 0, "the session is fetched anew");
    bench.comment(&ticket, "Another.").await;
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "later");
    assert_eq!(asked.hits(), once, "and is known from then on");
}

#[tokio::test]
async fn a_restart_of_the_server_at_any_step_sends_no_letter_twice() {
    for at in [At::Upload, IMPORT, SUBMIT] {
        let (bench, ticket) = Bench::with_ticket().await;
        let what = format!("{at:?}");
        let slow = bench.server.faults().add(Fault::Slow(at, Duration::from_secs(20)), Times::Once);
        bench.comment(&ticket, "An answer.").await;
        let delivery = bench.delivery.clone();
        let turn = tokio::spawn(async move { delivery.run_once().await.is_ok() });
        bench.server.wait_until(|_| slow.hits() > 0).await;
        bench.server.restart();
        let _ = turn.await.unwrap();
        if at == SUBMIT {
            // It ended before it was done, which nobody here can know.
            assert_parked_until_a_person_sends_it(&bench, &what).await;
        } else {
            assert!(matches!(last(&bench).state, OutboxState::Waiting | OutboxState::Sent), "{what}");
            bench.settle().await;
            assert_sent_once(&bench, &last(&bench), &what);
        }
    }
}

#[tokio::test]
async fn a_submission_whose_answer_was_lost_is_found_by_a_new_session() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::LoseImplicitUpdate, Times::Once);
    bench.server.faults().add(Fault::CutAfter(SUBMIT), Times::Once);
    let look = Fault::MethodError("EmailSubmission/query", "serverFail".to_owned());
    bench.server.faults().add(look, Times::Once);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::Submitting);
    assert_eq!(bench.times_left()[last(&bench).message_id.as_str()], 1);
    let asked = sessions(&bench);
    bench.server.restart();
    bench.drain().await;
    assert!(asked.hits() > 0, "the session is fetched anew");
    assert_eq!(last(&bench).state, OutboxState::Sent);
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "after the restart");
}

#[tokio::test]
async fn a_draft_that_comes_back_with_a_restored_server_does_not_leave_again() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::CutAfter(IMPORT), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    assert!(bench.delivery.run_once().await.is_err());
    assert_eq!((last(&bench).state, bench.mails_in("Outgoing").len()), (OutboxState::Waiting, 1));
    let backup = bench.server.backup();
    bench.settle().await;
    assert_sent_once(&bench, &last(&bench), "before");
    bench.server.restore(backup);
    assert_eq!(bench.mails_in("Outgoing").len(), 1, "it is there again");
    for _ in 0..3 {
        bench.settle().await;
        bench.drain().await;
        assert_sent_once(&bench, &last(&bench), "it is put where it belongs");
    }
}

#[tokio::test]
async fn a_letter_that_a_restored_server_knows_nothing_of_is_sent_once() {
    let (bench, ticket) = Bench::with_ticket().await;
    let backup = bench.server.backup();
    // Sent before: it stays sent.
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    let sent = last(&bench);
    assert_sent_once(&bench, &sent, "before");
    // Imported and not yet submitted: it is imported again.
    bench.server.faults().add(Fault::CutAfter(IMPORT), Times::Once);
    bench.comment(&ticket, "Another.").await;
    assert!(bench.delivery.run_once().await.is_err());
    let waiting = last(&bench);
    assert_eq!((waiting.state, bench.mails_in("Outgoing").len()), (OutboxState::Waiting, 1));
    bench.server.restore(backup);
    assert!(bench.mails_in("Outgoing").is_empty());
    bench.settle().await;
    bench.drain().await;
    assert_sent_once(&bench, &waiting, "imported again");
    let letters = bench.all_letters();
    assert!(letters.iter().all(|letter| letter.state == OutboxState::Sent), "{letters:?}");
    assert!(bench.times_left().values().all(|times| *times == 1), "{:?}", bench.times_left());
}

#[tokio::test]
async fn letters_leave_by_a_server_that_was_restored_to_before_our_mailboxes() {
    let bench = Bench::start().await;
    let backup = bench.server.backup();
    bench.adopt_empty().await;
    bench.receive(&mail(1)).await;
    bench.drain().await;
    let confirmation = last(&bench);
    assert_sent_once(&bench, &confirmation, "before");
    bench.server.restore(backup);
    assert!(bench.mails_in("sent").is_empty());
    bench.comment(&bench.ticket(1), "An answer.").await;
    bench.settle().await;
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "after the restore");
    assert!(bench.times_left().values().all(|times| *times == 1), "{:?}", bench.times_left());
    assert_eq!(bench.times_left().len(), 2);
}

/// Machines behind one name that know nothing of each other's session state.
#[tokio::test]
async fn letters_leave_though_each_answer_has_another_session_state() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::OtherSession, Times::Always);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    assert_eq!(
        (bench.left_to(ANNA).len(), bench.letters(ticket.id).pop().unwrap().state),
        (2, OutboxState::Sent)
    );
}
