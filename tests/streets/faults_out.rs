//! Mail out, let down: no letter is lost and none leaves twice by itself.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Habits, RefusalWay, Server, Times};
use postdesk::desk::DeskError;
use postdesk::store::Look;
use postdesk::tracker::{Delivery, EventKind, OutboxRow, OutboxState, Ticket};

use crate::bench::{ANNA, BEN, Bench, form, options};
use crate::post::post;

const IMPORT: At = At::Call("Email/import");
const SUBMIT: At = At::Call("EmailSubmission/set");
const MINUTE: Duration = Duration::from_secs(60);

/// A desk whose server has these habits, and Anna's confirmed ticket.
pub async fn with_habits(habits: Habits) -> (Bench, Ticket) {
    let clock = postdesk::clock::Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
    let server = Server::start(options(&clock).habits(habits)).await.unwrap();
    let bench = Bench::on(server, clock).await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    bench.drain().await;
    let ticket = bench.ticket(1);
    (bench, ticket)
}

pub fn last(bench: &Bench) -> OutboxRow {
    bench.all_letters().pop().unwrap()
}

/// The letter is sent, left exactly once, and lies in Sent and nowhere else.
pub fn assert_sent_once(bench: &Bench, letter: &OutboxRow, what: &str) {
    let now = bench.store.read().unwrap().letter(letter.id).unwrap().unwrap();
    assert_eq!(now.state, OutboxState::Sent, "{what}: {now:?}");
    assert_eq!(bench.times_left().get(now.message_id.as_str()), Some(&1), "{what}");
    let lies = |mailbox| {
        let mails = bench.mails_in(mailbox);
        mails
            .iter()
            .filter(|m| postdesk::mail::parse(&m.raw, None).message_id.as_ref() == Some(&now.message_id))
            .count()
    };
    assert_eq!((lies("sent"), lies("Outgoing")), (1, 0), "{what}");
}

#[tokio::test]
async fn a_lost_answer_to_the_import_makes_no_second_mail() {
    for fault in [
        Fault::CutAfter(IMPORT),
        Fault::CutMidway(IMPORT),
        Fault::StatusAfter(IMPORT, 502),
        Fault::Truncated(IMPORT),
    ] {
        let (bench, ticket) = Bench::with_ticket().await;
        let rule = bench.server.faults().add(fault.clone(), Times::Once);
        bench.comment(&ticket, "An answer.").await;
        assert!(bench.delivery.run_once().await.is_err(), "{fault:?}");
        assert_eq!((rule.hits(), last(&bench).attempts), (1, 0), "{fault:?}");
        bench.settle().await;
        assert_sent_once(&bench, &last(&bench), &format!("{fault:?}"));
    }
}

#[tokio::test]
async fn a_lost_answer_to_the_submission_is_found_in_sent() {
    for habits in [Habits::default(), Habits::cyrus(), Habits::stalwart()] {
        for fault in [
            Fault::CutAfter(SUBMIT),
            Fault::CutMidway(SUBMIT),
            Fault::StatusAfter(SUBMIT, 504),
            Fault::Truncated(SUBMIT),
        ] {
            let (bench, ticket) = with_habits(habits.clone()).await;
            let rule = bench.server.faults().add(fault.clone(), Times::Once);
            bench.comment(&ticket, "An answer.").await;
            bench.settle().await;
            assert_eq!(rule.hits(), 1);
            assert_sent_once(&bench, &last(&bench), &format!("{fault:?}"));
        }
    }
}

#[tokio::test]
async fn a_lost_answer_and_a_lost_update_are_found_by_the_submission_and_filed() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::LoseImplicitUpdate, Times::Once);
    bench.server.faults().add(Fault::CutAfter(SUBMIT), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    bench.settle().await;
    assert_sent_once(&bench, &last(&bench), "by submission");
}

#[tokio::test]
async fn a_lost_update_is_repeated_until_the_mail_lies_in_sent() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::LoseImplicitUpdate, Times::Once);
    let refusing =
        bench.server.faults().add(Fault::SetError("Email/set", "forbidden".to_owned(), None), Times::Next(4));
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    let letter = last(&bench);
    assert_eq!(letter.state, OutboxState::Sent, "sent, whatever becomes of the copy");
    assert_eq!(bench.mails_in("Outgoing").len(), 1);
    let mut turns = 0;
    while !bench.mails_in("Outgoing").is_empty() {
        turns += 1;
        assert!(turns < 10, "the copy never comes to Sent; refused {} times", refusing.hits());
        bench.advance(MINUTE);
        bench.drain().await;
    }
    assert_sent_once(&bench, &letter, "in the end");
}

#[tokio::test]
async fn a_lost_update_is_repeated_by_the_next_run_too() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::LoseImplicitUpdate, Times::Once);
    let cut = bench.server.faults().add(Fault::CutBefore(At::Call("Email/set")), Times::Always);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    // The submission itself carries no Email/set call.
    assert!(cut.hits() >= 1);
    let bench = bench.restart().await;
    bench.server.faults().clear();
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "after a restart");
}

#[tokio::test]
async fn cyrus_forgets_submissions_so_a_lost_update_and_answer_are_for_a_person() {
    let (bench, ticket) = with_habits(Habits::cyrus()).await;
    bench.server.faults().add(Fault::LoseImplicitUpdate, Times::Once);
    bench.server.faults().add(Fault::CutAfter(SUBMIT), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::Submitting);
    bench.advance(14 * MINUTE);
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::Submitting, "it is looked for during 15 minutes");
    bench.advance(MINUTE);
    bench.drain().await;
    let letter = last(&bench);
    assert_eq!(letter.state, OutboxState::Unknown);
    assert_eq!(bench.times_left()[letter.message_id.as_str()], 1, "never twice by itself");
    // Somebody finds the draft and moves it where it belongs.
    let email = bench.mails_in("Outgoing").remove(0).id;
    assert!(bench.server.move_mail(crate::bench::DESK, &email, "sent"));
    bench.drain().await;
    assert_sent_once(&bench, &letter, "a parked row found in Sent later becomes sent");
}

#[tokio::test]
async fn an_automatic_letter_of_unknown_outcome_is_presumed_sent() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.server.faults().add(Fault::CutBefore(SUBMIT), Times::Once);
    bench.receive(&post("m1")).await;
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::Submitting);
    bench.advance(15 * MINUTE);
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::PresumedSent);
    bench.drain().await;
    assert!(bench.times_left().is_empty(), "it is never sent by itself");
    let ticket = bench.ticket(1);
    bench.comment(&ticket, "A person's answer.").await;
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "the next letter goes its way");
}

#[tokio::test]
async fn a_persons_comment_that_was_cut_off_is_sent_again_under_the_same_id_by_a_person() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::CutBefore(SUBMIT), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    bench.advance(15 * MINUTE);
    bench.drain().await;
    let parked = last(&bench);
    assert_eq!(parked.state, OutboxState::Unknown);
    bench.advance(600 * MINUTE);
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::Unknown, "never by itself");
    let once = form();
    bench.desk.send_again(bench.jane, parked.id, once.clone()).await.unwrap();
    assert!(matches!(bench.desk.send_again(bench.jane, parked.id, once).await, Err(DeskError::Done)));
    bench.drain().await;
    assert_eq!(last(&bench).message_id, parked.message_id);
    assert_eq!(last(&bench).draft, parked.draft);
    assert_sent_once(&bench, &parked, "sent again");
    assert!(matches!(bench.desk.send_again(bench.jane, parked.id, form()).await, Err(DeskError::Done)));
}

#[tokio::test]
async fn sending_again_looks_first() {
    let (bench, ticket) = with_habits(Habits::cyrus()).await;
    bench.server.faults().add(Fault::LoseImplicitUpdate, Times::Once);
    bench.server.faults().add(Fault::CutAfter(SUBMIT), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    bench.advance(15 * MINUTE);
    bench.drain().await;
    let parked = last(&bench);
    assert_eq!(parked.state, OutboxState::Unknown);
    let email = bench.mails_in("Outgoing").remove(0).id;
    assert!(bench.server.move_mail(crate::bench::DESK, &email, "sent"));
    bench.desk.send_again(bench.jane, parked.id, form()).await.unwrap();
    bench.drain().await;
    assert_sent_once(&bench, &parked, "it had left");
}

#[tokio::test]
async fn too_many_requests_are_waited_out_and_count_as_no_attempt() {
    for at in [IMPORT, SUBMIT, At::Upload] {
        let (bench, ticket) = Bench::with_ticket().await;
        let rule = bench.server.faults().add(Fault::TooMany(at, Some(120)), Times::Once);
        bench.comment(&ticket, "An answer.").await;
        assert!(bench.delivery.run_once().await.is_err());
        let letter = last(&bench);
        assert_eq!((rule.hits(), letter.state, letter.attempts), (1, OutboxState::Waiting, 0), "{at:?}");
        assert!(letter.trouble.is_some());
        bench.advance(Duration::from_secs(119));
        bench.drain().await;
        assert_eq!(last(&bench).state, OutboxState::Waiting, "{at:?}: not before the server's own time");
        bench.advance(Duration::from_secs(1));
        bench.drain().await;
        assert_sent_once(&bench, &letter, "after the wait");
        assert_eq!(last(&bench).trouble, None);
    }
}

#[tokio::test]
async fn an_outage_burns_no_attempts_and_is_recovered_from() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "An answer.").await;
    let down = bench.server.faults().add(Fault::Status(At::Api, 503), Times::Always);
    for _ in 0..20 {
        assert!(bench.delivery.run_once().await.is_err());
        bench.advance(2 * MINUTE);
    }
    assert!(down.hits() >= 20);
    assert_eq!((last(&bench).state, last(&bench).attempts), (OutboxState::Waiting, 0));
    down.clear();
    bench.drain().await;
    assert_sent_once(&bench, &last(&bench), "after the outage");
}

#[tokio::test]
async fn a_refusal_for_good_shows_on_the_letter_and_in_the_timeline() {
    for way in [RefusalWay::CyrusEnhanced, RefusalWay::Stalwart] {
        let (bench, ticket) = with_habits(Habits { refusal: way, ..Habits::default() }).await;
        bench
            .server
            .faults()
            .add(Fault::Refuse(ANNA.to_owned(), "550 5.1.1 no such user".to_owned()), Times::Once);
        bench.comment(&ticket, "An answer.").await;
        bench.drain().await;
        let letter = last(&bench);
        match way {
            RefusalWay::Cyrus | RefusalWay::CyrusEnhanced => {
                assert_eq!(letter.state, OutboxState::Failed);
                assert!(letter.trouble.unwrap().contains("invalidRecipients"));
                assert!(bench.mails_in("Outgoing").is_empty(), "a draft that will never leave is not kept");
            }
            RefusalWay::Stalwart => {
                assert_eq!(letter.state, OutboxState::Sent);
                assert_eq!(letter.delivery, Delivery::Refused { reply: "550 5.1.1 no such user".to_owned() });
            }
        }
        let events = bench.events(ticket.id);
        let told = events.iter().filter(|event| match &event.kind {
            EventKind::DeliveryFailed { reply, .. } => {
                reply.contains("550 5.1.1 no such user") || reply.contains("invalidRecipients")
            }
            _ => false,
        });
        assert_eq!(told.count(), 1, "{way:?}");
        let ticket = bench.ticket(1);
        bench.comment(&ticket, "Another answer.").await;
        bench.drain().await;
        assert_sent_once(&bench, &last(&bench), "the next letter goes its way");
    }
}

#[tokio::test]
async fn stalwarts_refusal_for_now_is_the_servers_to_repeat() {
    let (bench, ticket) = with_habits(Habits::stalwart()).await;
    bench.server.faults().add(Fault::Refuse(ANNA.to_owned(), "451 4.3.0 later".to_owned()), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    let letter = last(&bench);
    assert_eq!((letter.state, letter.delivery), (OutboxState::Sent, Delivery::Queued));
    bench.settle().await;
    assert!(bench.events(ticket.id).iter().all(|e| !matches!(e.kind, EventKind::DeliveryFailed { .. })));
}

#[tokio::test]
async fn one_persons_trouble_does_not_hold_up_the_others() {
    let (bench, ticket) = with_habits(Habits::cyrus()).await;
    bench.join(&ticket, BEN).await;
    bench.receive(&post("m2").from("carla@customer.example")).await;
    bench.drain().await;
    bench.server.faults().add(Fault::Refuse(ANNA.to_owned(), "451 4.3.0 later".to_owned()), Times::Next(2));
    bench.comment(&ticket, "First.").await;
    bench.comment(&ticket, "Second.").await;
    bench.comment(&bench.ticket(2), "To Carla.").await;
    bench.drain().await;
    let texts = |to: &str| -> Vec<String> {
        let comments = bench.left_to(to).into_iter().filter(|(_, mail)| mail.automatic.is_none());
        comments.map(|(_, mail)| mail.text.lines().next().unwrap_or_default().trim().to_owned()).collect()
    };
    assert_eq!(texts(BEN), ["First.", "Second."]);
    assert_eq!(texts("carla@customer.example"), ["To Carla."]);
    assert!(texts(ANNA).is_empty(), "her second letter waits for her first");
    bench.settle().await;
    assert_eq!(texts(ANNA), ["First.", "Second."]);
}

/// The states of the last two letters, the sent one first: they leave side by side, so either may
/// have met the fault.
fn last_two(bench: &Bench) -> Vec<OutboxState> {
    let mut states: Vec<_> = bench.all_letters().iter().rev().take(2).map(|letter| letter.state).collect();
    states.sort_by_key(|state| *state != OutboxState::Sent);
    states
}

#[tokio::test]
async fn one_letter_that_cannot_be_imported_does_not_hold_up_the_others() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.join(&ticket, BEN).await;
    for error in ["serverFail", "overQuota"] {
        let rule =
            bench.server.faults().add(Fault::SetError("Email/import", error.to_owned(), None), Times::Once);
        bench.comment(&ticket, &format!("Despite {error}.")).await;
        bench.drain().await;
        assert_eq!(rule.hits(), 1);
        assert_eq!(last_two(&bench), [OutboxState::Sent, OutboxState::Waiting], "{error}");
        bench.settle().await;
        assert!(bench.all_letters().iter().all(|letter| letter.state == OutboxState::Sent));
    }
    bench.server.faults().add(Fault::SetError("Email/import", "invalidEmail".to_owned(), None), Times::Once);
    bench.comment(&ticket, "Not taken.").await;
    bench.drain().await;
    assert_eq!(last_two(&bench), [OutboxState::Sent, OutboxState::Failed]);
    assert!(bench.events(ticket.id).iter().any(|e| matches!(e.kind, EventKind::DeliveryFailed { .. })));
}

#[tokio::test]
async fn a_restart_at_any_step_sends_the_letter_once() {
    let steps = [
        Fault::CutBefore(At::Upload),
        Fault::CutAfter(At::Upload),
        Fault::CutBefore(IMPORT),
        Fault::CutAfter(IMPORT),
        Fault::CutAfter(SUBMIT),
        Fault::LoseImplicitUpdate,
    ];
    for step in steps {
        let (bench, ticket) = Bench::with_ticket().await;
        let rule = bench.server.faults().add(step.clone(), Times::Once);
        // Nothing is learnt any more after that, until the desk is back.
        bench.server.faults().add(Fault::CutBefore(At::Call("Email/query")), Times::Always);
        bench.comment(&ticket, "An answer.").await;
        let mut bench = bench;
        if bench.delivery.run_once().await.is_ok() && rule.hits() == 0 {
            panic!("{step:?} was never reached");
        }
        bench.server.faults().clear();
        bench = bench.restart().await;
        bench.settle().await;
        assert_sent_once(&bench, &last(&bench), &format!("{step:?}"));
    }
}

#[tokio::test]
async fn a_restart_between_import_and_mark_imports_nothing_twice() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "An answer.").await;
    bench.server.faults().add(Fault::CutAfter(IMPORT), Times::Once);
    assert!(bench.delivery.run_once().await.is_err());
    let bench = bench.restart().await;
    assert_eq!(last(&bench).state, OutboxState::Waiting);
    assert_eq!(bench.mails_in("Outgoing").len(), 1);
    bench.settle().await;
    assert_sent_once(&bench, &last(&bench), "after a restart");
}

#[tokio::test]
async fn a_letter_whose_reader_left_the_ticket_meanwhile_does_not_leave() {
    let (bench, ticket) = Bench::with_ticket().await;
    let token = bench.letters(ticket.id)[0].unsubscribe.clone();
    bench.comment(&ticket, "An answer.").await;
    bench.server.faults().add(Fault::CutAfter(IMPORT), Times::Once);
    assert!(bench.delivery.run_once().await.is_err());
    bench.desk.unsubscribe(&token).await.unwrap();
    bench.settle().await;
    assert_eq!(last(&bench).state, OutboxState::Withdrawn);
    assert_eq!(bench.left_to(ANNA).len(), 1);
    bench.drain().await;
    assert!(bench.mails_in("Outgoing").is_empty(), "its draft is destroyed");
}

#[tokio::test]
async fn mailboxes_that_go_away_are_made_again() {
    let (bench, ticket) = Bench::with_ticket().await;
    assert!(bench.server.drop_mailbox(crate::bench::DESK, "Outgoing"));
    bench.comment(&ticket, "An answer.").await;
    let _ = bench.delivery.run_once().await;
    bench.settle().await;
    assert_sent_once(&bench, &last(&bench), "a new mailbox");
}

#[tokio::test]
async fn forty_letters_over_a_broken_line_leave_once_each() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let faults = [
        Fault::CutBefore(At::Anything),
        Fault::CutAfter(At::Anything),
        Fault::CutMidway(At::Anything),
        Fault::Status(At::Anything, 503),
        Fault::StatusAfter(At::Api, 502),
        Fault::TooMany(At::Anything, Some(30)),
        Fault::Truncated(At::Api),
        Fault::Html(At::Api),
        Fault::LoseImplicitUpdate,
        Fault::SetError(
            "EmailSubmission/set",
            "forbiddenToSend".to_owned(),
            Some("451 4.3.0 later".to_owned()),
        ),
    ];
    let rules: Vec<_> =
        faults.iter().map(|fault| bench.server.faults().add(fault.clone(), Times::OneIn(15))).collect();
    let people: Vec<String> = (0..40).map(|no| format!("customer{no}@elsewhere.example")).collect();
    for (no, who) in people.iter().enumerate() {
        bench.deliver(&post(&format!("m{no}")).from(who));
    }
    bench.settle().await;
    let struck: u64 = rules.iter().map(|rule| rule.hits()).sum();
    assert!(struck > 40, "only {struck} faults struck");
    assert_eq!(bench.rows().len(), 40);
    assert!(bench.mails_in("inbox").is_empty());
    assert_eq!(bench.mails_in("Handled").len(), 40);
    for number in 1..=40 {
        let ticket = bench.ticket(number);
        bench.comment(&ticket, &format!("To number {number}.")).await;
    }
    bench.settle().await;
    bench.server.faults().clear();
    // Whatever is parked is sent again by a person.
    for letter in bench.all_letters().iter().filter(|letter| letter.state == OutboxState::Unknown) {
        bench.desk.send_again(bench.jane, letter.id, form()).await.unwrap();
    }
    bench.settle().await;
    bench.drain().await;
    let times = bench.times_left();
    let letters = bench.all_letters();
    assert_eq!(letters.len(), 80);
    for letter in &letters {
        let left = times.get(letter.message_id.as_str()).copied().unwrap_or_default();
        match letter.state {
            OutboxState::Sent => assert_eq!(left, 1, "{letter:?}"),
            // The server keeps its submissions, so one that left is always found.
            OutboxState::PresumedSent => assert_eq!(left, 0, "{letter:?}"),
            _ => panic!("{letter:?}"),
        }
    }
    let presumed = letters.iter().filter(|letter| letter.state == OutboxState::PresumedSent).count();
    assert!(bench.mails_in("Outgoing").is_empty(), "what will never be sent is not kept");
    assert_eq!(bench.mails_in("sent").len(), 80 - presumed);
}
