//! What the mail server says of submissions: slow ones, refused ones whose answer was lost, ids that are
//! given again, and questions that it does not know.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::tracker::{Delivery, EventKind, OutboxState};

use crate::bench::{ANNA, BEN, Bench};
use crate::post::post;

const SUBMIT: At = At::Call("EmailSubmission/set");
const MINUTE: Duration = Duration::from_secs(60);

/// A proxy on the way takes less than the session says.
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
