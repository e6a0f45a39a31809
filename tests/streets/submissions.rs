//! What the mail server says of submissions: slow ones, refused ones whose answer was lost, ids that are
//! given again, and questions that it does not know.
#![allow(clippy::disallowed_methods, reason = "what must not happen has no moment: tests give it some time")]

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use postdesk::clock::Clock;
use postdesk::demo::server::{At, Fault, Server, Times};
use postdesk::tracker::{Delivery, EventKind, OutboxRow, OutboxState, TicketId};

use crate::bench::{ANNA, BEN, Bench, DESK, Tuning, options};
use crate::post::post;
use crate::sending::until_left;

const SUBMIT: At = At::Call("EmailSubmission/set");
const IMPORT: At = At::Call("Email/import");
const MINUTE: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn submissions_that_are_slow_hold_up_no_mail_that_comes_in() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    for no in 0..10 {
        bench.receive(&post(&format!("m{no}")).from(format!("customer{no}@customer.example"))).await;
    }
    bench.drain().await;
    let slow = bench.server.faults().add(Fault::Slow(SUBMIT, 10 * MINUTE), Times::Always);
    for number in 1..=10 {
        bench.comment(&bench.ticket(number), "An answer.").await;
    }
    let delivery = bench.delivery.clone();
    let turn = tokio::spawn(async move { delivery.run_once().await.map_err(|error| error.to_string()) });
    let all = async {
        while slow.hits() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("too few are under way");
    bench.deliver(&post("meanwhile"));
    let swept = tokio::time::timeout(Duration::from_secs(20), bench.intake.sweep()).await;
    swept.expect("the sweep waits for submissions").unwrap();
    let titles: Vec<_> = bench.rows().into_iter().map(|row| row.subject).collect();
    assert!(titles.contains(&"Question meanwhile".to_owned()), "{titles:?}");
    assert!(!turn.is_finished());
    turn.abort();
}

#[tokio::test]
async fn a_comment_leaves_when_its_undo_is_over_though_other_lanes_are_slow() {
    let tuning = Tuning { undo: Duration::from_secs(20), ..Tuning::default() };
    let bench = Bench::tuned(tuning).await;
    bench.adopt_empty().await;
    bench.receive(&post("m1").from(BEN)).await;
    bench.drain().await;
    let slow = bench.server.faults().add(Fault::Slow(SUBMIT, 10 * MINUTE), Times::Next(2));
    // More confirmations than the lane has room for.
    for no in 0..5 {
        bench.receive(&post(&format!("n{no}")).from(format!("customer{no}@customer.example"))).await;
    }
    bench.comment(&bench.ticket(1), "An answer.").await;
    let (delivery, in_sent) = (bench.delivery.clone(), bench.mails_in("sent").len());
    let turn = tokio::spawn(async move { delivery.run_once().await.map_err(|error| error.to_string()) });
    let under_way = async {
        while slow.hits() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), under_way).await.expect("no lane is slow");
    bench.advance(Duration::from_secs(21));
    until_left(&bench.server, in_sent + 1).await;
    assert!(!turn.is_finished(), "they are under way still");
    turn.abort();
}

/// However slow the comments of agents are, confirmations leave.
#[tokio::test]
async fn a_lane_whose_letters_are_all_slow_leaves_room_to_the_others() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    for no in 1..=5 {
        bench.receive(&post(&format!("m{no}")).from(format!("customer{no}@customer.example"))).await;
    }
    bench.drain().await;
    let slow = bench.server.faults().add(Fault::Slow(SUBMIT, 10 * MINUTE), Times::Always);
    for number in 1..=5 {
        bench.comment(&bench.ticket(number), "An answer.").await;
    }
    let (delivery, in_sent) = (bench.delivery.clone(), bench.mails_in("sent").len());
    let turn = tokio::spawn(async move { delivery.run_once().await.map_err(|error| error.to_string()) });
    bench.server.wait_until(|_| slow.hits() == 2).await;
    // A third would have been on its way long since.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(slow.hits(), 2, "the last place is another lane's");
    slow.clear();
    bench.receive(&post("n")).await;
    until_left(&bench.server, in_sent + 1).await;
    assert!(!turn.is_finished(), "they are under way still");
    turn.abort();
}

/// A desk whose server allows one request at once.
async fn one_at_a_time() -> Bench {
    let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
    let mut options = options(&clock);
    options.limits.max_concurrent_requests = 1;
    let server = Server::start(options).await.unwrap();
    let bench = Bench::with(Tuning::default(), server, clock).await;
    bench.adopt_empty().await;
    bench
}

/// Lanes take turns then.
#[tokio::test]
async fn no_lane_starves_where_one_letter_leaves_at_a_time() {
    let bench = one_at_a_time().await;
    for no in 1..=4 {
        bench.receive(&post(&format!("m{no}")).from(format!("customer{no}@customer.example"))).await;
    }
    bench.drain().await;
    let before = bench.server.submissions().len();
    for number in 1..=4 {
        bench.comment(&bench.ticket(number), "An answer.").await;
    }
    for no in 1..=4 {
        bench.receive(&post(&format!("n{no}")).from(format!("new{no}@customer.example"))).await;
    }
    bench.drain().await;
    let left = bench.server.submissions().split_off(before);
    let to_new: Vec<bool> =
        left.iter().map(|left| left.rcpt_to.iter().any(|to| to.as_str().starts_with("new"))).collect();
    assert_eq!(to_new, [false, true, false, true, false, true, false, true]);
}

/// A server that takes one request at a time, and a letter that waits between its draft and its mark for
/// the answer to another request.
struct Waiting {
    bench: Bench,
    ticket: TicketId,
    turn: tokio::task::JoinHandle<Result<(), String>>,
}

impl Waiting {
    async fn new() -> Self {
        let bench = one_at_a_time().await;
        let ticket = bench.receive(&post("m1")).await.ticket.unwrap();
        let delivery = bench.delivery.clone();
        let import = bench.server.faults().add(Fault::Slow(IMPORT, MOMENT), Times::Once);
        let turn = tokio::spawn(async move { delivery.run_once().await.map_err(|error| error.to_string()) });
        bench.server.wait_until(|_| import.hits() == 1).await;
        Self { bench, ticket, turn }
    }

    /// The other request gets its turn before the letter, and is not written yet.
    async fn imported(&self, other: &mut (impl Future + Unpin)) {
        assert!(other.now_or_never().is_none());
        self.bench.advance(MOMENT);
        self.bench.server.wait_until(|world| world.mails(DESK, "Outgoing").len() == 1).await;
    }

    fn letter(&self) -> OutboxRow {
        self.bench.letters(self.ticket).pop().unwrap()
    }
}

/// What a submission waits for lies before its mark, so that a crash meanwhile leaves nothing unknown.
#[tokio::test]
async fn a_letter_that_waits_for_a_free_request_is_not_marked_yet() {
    let waiting = Waiting::new().await;
    let jmap = waiting.bench.line.jmap().await.unwrap();
    let mut other = pin!(jmap.mailboxes());
    waiting.imported(&mut other).await;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let letter = waiting.letter();
        assert_eq!((letter.state, letter.submitted_at), (OutboxState::Waiting, None));
    }
    other.await.unwrap();
    waiting.turn.await.unwrap().unwrap();
    assert_eq!(waiting.bench.left_to(ANNA).len(), 1);
}

/// Its draft may be another mail by then.
#[tokio::test]
async fn a_letter_does_not_leave_by_an_id_of_an_earlier_session() {
    let mut waiting = Waiting::new().await;
    let before = waiting.bench.server.backup();
    let jmap = waiting.bench.line.jmap().await.unwrap();
    let mut other = pin!(jmap.mailboxes());
    waiting.imported(&mut other).await;
    waiting.bench.server.restore(before);
    other.await.unwrap();
    (&mut waiting.turn).await.unwrap().unwrap_err();
    assert_eq!(waiting.letter().submitted_at, None);
    waiting.bench.settle().await;
    assert_eq!((waiting.letter().state, waiting.bench.left_to(ANNA).len()), (OutboxState::Sent, 1));
}

/// A proxy on the way takes less than the session says.
#[tokio::test]
async fn a_letter_that_is_too_large_on_the_way_fails_and_holds_nobody() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::Status(At::Upload, 413), Times::Once);
    bench.comment(&ticket, "Too large.").await;
    bench.drain().await;
    let row = bench.letters(ticket.id).pop().unwrap();
    assert_eq!(row.state, OutboxState::Failed, "{row:?}");
    assert!(row.trouble.as_deref().unwrap_or_default().contains("octets"), "{row:?}");
    bench.comment(&ticket, "Small enough.").await;
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 2);
}

/// Our mail server took it and the next one did not, and the answer that says so was lost.
#[tokio::test]
async fn a_refusal_whose_answer_was_lost_ends_on_the_comment() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::Refuse(ANNA.to_owned(), "550 5.1.1 gone".to_owned()), Times::Once);
    bench.server.faults().add(Fault::CutAfter(SUBMIT), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    for _ in 0..4 {
        let _ = bench.delivery.run_once().await;
        bench.advance(2 * MINUTE);
    }
    let row = bench.letters(ticket.id).pop().unwrap();
    assert_eq!(row.delivery, Delivery::Refused { reply: "550 5.1.1 gone".to_owned() }, "{row:?}");
    let failed = |kind: &EventKind| matches!(kind, EventKind::DeliveryFailed { .. });
    assert_eq!(bench.events(ticket.id).iter().filter(|event| failed(&event.kind)).count(), 1);
}

#[tokio::test]
async fn a_server_that_cannot_be_asked_for_submissions_stops_nothing() {
    for kind in ["unknownMethod", "unsupportedFilter", "serverFail"] {
        let (bench, ticket) = Bench::with_ticket().await;
        let deaf = Fault::MethodError("EmailSubmission/query", kind.to_owned());
        bench.server.faults().add(deaf, Times::Always);
        bench.server.faults().add(Fault::CutBefore(SUBMIT), Times::Once);
        bench.comment(&ticket, "Nobody knows.").await;
        let _ = bench.delivery.run_once().await;
        assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Submitting);
        let bench = bench.restart().await;
        bench.receive(&post("m2").from(BEN)).await;
        bench.sweep_and_drain().await;
        assert_eq!(bench.left_to(BEN).len(), 1, "{kind}: others leave");
        bench.advance(16 * MINUTE);
        bench.drain().await;
        assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Unknown, "{kind}");
    }
}

/// A mail server that was restored gives submission ids again: what became of the other letter is told
/// of that one alone, whether or not both are asked about together.
#[tokio::test]
async fn a_refusal_of_another_letter_under_the_same_id_is_not_this_ones() {
    for (reply, delivery) in [
        ("550 5.1.1 gone", Delivery::Refused { reply: "550 5.1.1 gone".to_owned() }),
        ("451 4.2.1 busy", Delivery::Queued),
    ] {
        let (bench, first) = Bench::with_ticket().await;
        bench.receive(&post("m2").from(BEN)).await;
        bench.drain().await;
        let second = bench.ticket(2);
        let backup = bench.server.backup();
        let refuse = |who: &str, reply: &str| {
            bench.server.faults().add(Fault::Refuse(who.to_owned(), reply.to_owned()), Times::Once);
        };
        refuse(ANNA, "452 4.2.2 full");
        bench.comment(&first, "It waits at the next server.").await;
        bench.drain().await;
        bench.server.restore(backup);
        refuse(BEN, reply);
        bench.comment(&second, "It was refused, or waits.").await;
        bench.drain().await;
        let row = |ticket| bench.letters(ticket).pop().unwrap();
        let (ours, theirs) = (row(first.id), row(second.id));
        assert!(ours.submission.is_some() && ours.submission == theirs.submission, "{ours:?} {theirs:?}");
        bench.advance(MINUTE);
        bench.drain().await;
        assert_eq!(
            (row(first.id).delivery, row(second.id).delivery),
            (Delivery::Queued, delivery),
            "{reply}"
        );
    }
}

#[tokio::test]
async fn an_identity_that_may_be_gone_is_looked_up_again() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.receive(&post("m2").from(BEN)).await;
    bench.drain().await;
    let identities = Fault::MethodError("Identity/get", "serverFail".to_owned());
    let asked = bench.server.faults().add(identities, Times::Always);
    let gone = Fault::SetError("EmailSubmission/set", "invalidProperties".to_owned(), None);
    bench.server.faults().add(gone, Times::Once);
    bench.comment(&ticket, "By an identity that is gone.").await;
    let _ = bench.delivery.run_once().await;
    bench.comment(&bench.ticket(2), "By its successor.").await;
    let _ = bench.delivery.run_once().await;
    assert!(asked.hits() > 0, "the identities are asked for anew");
    asked.clear();
    bench.advance(MINUTE);
    bench.drain().await;
    assert_eq!(bench.left_to(BEN).len(), 2);
}
