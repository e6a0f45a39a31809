//! A reply waits before it leaves: it can be taken back or sent at once, and never taken back once
//! a letter of it has left.

use std::time::Duration;

use postdesk::desk::{DeskError, ProjectEdit, TicketAsk};
use postdesk::tracker::{EventNo, OutboxState, Refusal, State, Ticket};

use crate::bench::{ANNA, BEN, Bench, DESK, Tuning, form};
use crate::post::post;

const UNDO: Duration = Duration::from_secs(20);

async fn with_undo() -> (Bench, Ticket) {
    let bench = Bench::tuned(Tuning { undo: UNDO, ..Tuning::default() }).await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    bench.drain().await;
    let ticket = bench.ticket(1);
    bench.join(&ticket, BEN).await;
    (bench, ticket)
}

async fn undo(bench: &Bench, ticket: &Ticket, event: EventNo) -> Result<(), DeskError> {
    bench.desk.undo(bench.jane, ticket.id, form(), event).await
}

fn refused(result: Result<(), DeskError>) -> Refusal {
    match result {
        Err(DeskError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reply_leaves_when_its_time_has_come_and_not_before() {
    let (bench, ticket) = with_undo().await;
    bench.comment(&ticket, "An answer.").await;
    bench.advance(UNDO - Duration::from_secs(1));
    bench.drain().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (1, 0), "the confirmation alone");
    bench.advance(Duration::from_secs(1));
    bench.drain().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (2, 1));
}

#[tokio::test]
async fn a_confirmation_does_not_wait() {
    let (bench, _) = with_undo().await;
    assert_eq!(bench.left_to(ANNA).len(), 1);
}

#[tokio::test]
async fn undo_takes_every_letter_back_and_the_ticket_is_as_before() {
    let (bench, ticket) = with_undo().await;
    let before = bench.ticket(1);
    let seen = before.last_event;
    bench.desk.comment(bench.jane, ticket.id, form(), seen, "Too fast.".into(), true).await.unwrap();
    assert_eq!((bench.ticket(1).state, bench.ticket(1).owed_since), (State::Closed, None));
    let event = EventNo(seen.0 + 1);
    undo(&bench, &ticket, event).await.unwrap();
    let after = bench.ticket(1);
    assert_eq!((after.state, after.comments), (State::Open, before.comments));
    assert_eq!(after.owed_since, before.owed_since);
    bench.advance(UNDO * 2);
    bench.drain().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (1, 0));
    assert!(bench.letters(ticket.id)[1..].iter().all(|row| row.state == OutboxState::Withdrawn));
    assert_eq!(refused(undo(&bench, &ticket, event).await), Refusal::HasLeft, "once is enough");
    // The text is with its writer again, and what is sent instead threads past it.
    let path = &bench.project.path;
    let page = bench.desk.see_ticket(bench.jane, path, 1, TicketAsk::default()).await.unwrap();
    let entry = page.entries.iter().find(|entry| entry.event.no == event).unwrap();
    assert!(entry.retracted && !entry.may_undo);
    assert_eq!(entry.text.as_ref().unwrap().text, "Too fast.");
    bench.comment(&ticket, "Better.").await;
    bench.advance(UNDO);
    bench.drain().await;
    let withdrawn = bench.letters(ticket.id)[1].message_id.clone();
    let mail = bench.left_to(ANNA).pop().unwrap().1;
    assert!(!mail.references.contains(&withdrawn), "nobody has ever seen that letter");
}

#[tokio::test]
async fn nothing_is_taken_back_after_one_letter_left() {
    let (bench, ticket) = with_undo().await;
    bench.comment(&ticket, "An answer.").await;
    let event = bench.ticket(1).last_event;
    bench.server.faults().add(
        postdesk::demo::server::Fault::Refuse(BEN.to_owned(), "451 4.3.0 later".to_owned()),
        postdesk::demo::server::Times::Always,
    );
    bench.advance(UNDO);
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 2);
    assert_eq!(refused(undo(&bench, &ticket, event).await), Refusal::HasLeft);
    assert_eq!(bench.ticket(1).last_event, event, "nothing was written");
}

#[tokio::test]
async fn send_now_does_not_wait_and_cannot_be_undone_afterwards() {
    let (bench, ticket) = with_undo().await;
    bench.comment(&ticket, "An answer.").await;
    let event = bench.ticket(1).last_event;
    bench.desk.send_now(bench.jane, ticket.id, form(), event).await.unwrap();
    bench.drain().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (2, 1));
    assert_eq!(refused(undo(&bench, &ticket, event).await), Refusal::HasLeft);
}

#[tokio::test]
async fn undo_works_while_the_mail_server_is_away() {
    let (bench, ticket) = with_undo().await;
    bench.comment(&ticket, "An answer.").await;
    let event = bench.ticket(1).last_event;
    bench.advance(UNDO);
    bench.server.faults().add(
        postdesk::demo::server::Fault::Status(postdesk::demo::server::At::Upload, 503),
        postdesk::demo::server::Times::Always,
    );
    assert!(bench.delivery.run_once().await.is_err());
    undo(&bench, &ticket, event).await.unwrap();
    bench.server.faults().clear();
    bench.settle().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (1, 0));
}

#[tokio::test]
async fn who_came_by_cc_gets_nothing_where_the_only_answer_was_taken_back() {
    let bench = Bench::tuned(Tuning { undo: UNDO, ..Tuning::default() }).await;
    bench.adopt_empty().await;
    let edit = ProjectEdit { cc_participants: Some(true), ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    bench.receive(&post("m1").cc(BEN)).await;
    let ticket = bench.ticket(1);
    bench.comment(&ticket, "Too fast.").await;
    undo(&bench, &ticket, bench.ticket(1).last_event).await.unwrap();
    let more = |id: &str, who: &str| post(id).to(DESK).header("In-Reply-To", "<m1@customer.example>").cc(who);
    bench.receive(&more("m2", "kim@third.example")).await;
    bench.receive(&more("m3", "kim@third.example")).await;
    bench.advance(UNDO);
    bench.drain().await;
    assert!(bench.left_to(BEN).is_empty() && bench.left_to("kim@third.example").is_empty());
    bench.comment(&ticket, "Better.").await;
    bench.advance(UNDO);
    bench.drain().await;
    assert_eq!((bench.left_to(BEN).len(), bench.left_to("kim@third.example").len()), (1, 1));
}
