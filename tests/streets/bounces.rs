//! Letters that come back: the report finds its letter, the ticket says so, and an address from
//! which letters come back again and again is left alone until a person tries again.

use std::time::Duration;

use postdesk::demo::server::{Incoming, bounce};
use postdesk::store::Look;
use postdesk::tracker::{Delivery, EventKind, OutboxRow, OutboxState, ParticipantNo, Ticket};
use postdesk::triage::{HoldCause, MailRow, VerdictKind};

use crate::bench::{ANNA, BEN, Bench, DESK, address, form, options};

const DAY: Duration = Duration::from_hours(24);
const GONE: &str = "550 5.1.1 No such user here";

/// The last letter to Anna is reported in these words.
async fn report(bench: &Bench, recipient: &str, reply: &str) -> MailRow {
    let original = bench.left_to(ANNA).pop().unwrap().0.raw;
    let dsn = bounce::report(&options(&bench.clock), &address(DESK), &address(recipient), reply, &original);
    bench.server.deliver_as(&Incoming { mail_from: None, ..Incoming::new(dsn, &[address(DESK)]) });
    bench.sweep().await;
    bench.rows().pop().unwrap()
}

async fn write(bench: &Bench, ticket: &Ticket, text: &str) -> OutboxRow {
    bench.comment(ticket, text).await;
    bench.drain().await;
    bench.letters(ticket.id).pop().unwrap()
}

fn failures(bench: &Bench, ticket: &Ticket) -> Vec<String> {
    let events = bench.events(ticket.id);
    let reply = |kind| match kind {
        EventKind::DeliveryFailed { participant: ParticipantNo(1), reply } => Some(reply),
        _ => None,
    };
    events.into_iter().filter_map(|event| reply(event.kind)).collect()
}

#[tokio::test]
async fn a_report_about_our_letter_is_put_on_the_letter_and_its_ticket() {
    let (bench, ticket) = Bench::with_ticket().await;
    let letter = write(&bench, &ticket, "An answer.").await;
    let row = report(&bench, ANNA, GONE).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Bounce, Some(ticket.id)));
    assert!(bench.lies_in(&row).iter().any(|mailbox| mailbox.contains("Handled")));
    let now = bench.letters(ticket.id).pop().unwrap();
    assert_eq!((now.id, now.state), (letter.id, OutboxState::Sent));
    assert_eq!(now.delivery, Delivery::Refused { reply: GONE.to_owned() });
    assert_eq!(failures(&bench, &ticket), [GONE]);
    // Once more the same report says nothing new, and counts once.
    report(&bench, ANNA, GONE).await;
    assert_eq!(failures(&bench, &ticket), [GONE]);
    assert!(!bench.store.read().unwrap().suppressed(&address(ANNA)).unwrap());
    assert_eq!(bench.left_to("MAILER-DAEMON@mail.desk.example").len(), 0, "a report gets no letter");
}

#[tokio::test]
async fn a_report_about_something_that_is_not_ours_is_held() {
    let (bench, ticket) = Bench::with_ticket().await;
    let other = report(&bench, BEN, GONE).await;
    let held = VerdictKind::Hold(HoldCause::Bounce);
    assert_eq!((other.verdict, other.ticket), (held, Some(ticket.id)), "not the letter's recipient");
    let foreign = b"Message-ID: <not-ours@example.org>\r\nSubject: x\r\n\r\ntext\r\n";
    let dsn = bounce::report(&options(&bench.clock), &address(DESK), &address(ANNA), GONE, foreign);
    bench.server.deliver_as(&Incoming { mail_from: None, ..Incoming::new(dsn, &[address(DESK)]) });
    bench.sweep().await;
    assert_eq!(bench.rows().pop().unwrap().verdict, held);
    assert_eq!(failures(&bench, &ticket), Vec::<String>::new());
    assert_eq!(bench.letters(ticket.id)[0].delivery, Delivery::Delivered);
}

#[tokio::test]
async fn a_report_of_delay_is_no_failure() {
    let (bench, ticket) = Bench::with_ticket().await;
    for _ in 0..3 {
        write(&bench, &ticket, "An answer.").await;
        let row = report(&bench, ANNA, "452 4.2.2 mailbox full").await;
        assert_eq!(row.verdict, VerdictKind::Bounce);
    }
    assert_eq!(failures(&bench, &ticket), Vec::<String>::new());
    assert!(!bench.store.read().unwrap().suppressed(&address(ANNA)).unwrap());
}

#[tokio::test]
async fn two_letters_that_come_back_in_a_week_pause_the_address_and_one_click_lifts_it() {
    let (bench, ticket) = Bench::with_ticket().await;
    let paused = || bench.store.read().unwrap().suppressed(&address(ANNA)).unwrap();
    write(&bench, &ticket, "One.").await;
    report(&bench, ANNA, GONE).await;
    bench.advance(8 * DAY);
    write(&bench, &ticket, "Two.").await;
    report(&bench, ANNA, GONE).await;
    assert!(!paused(), "the first lies more than a week back");
    bench.advance(6 * DAY);
    write(&bench, &ticket, "Three.").await;
    report(&bench, ANNA, GONE).await;
    assert!(paused());
    let count = bench.letters(ticket.id).len();
    bench.comment(&ticket, "Four.").await;
    assert_eq!(bench.letters(ticket.id).len(), count, "no letter becomes due to a paused address");
    bench.desk.lift_pause(bench.jane, ticket.id, form(), ParticipantNo(1)).await.unwrap();
    assert!(!paused());
    let five = write(&bench, &ticket, "Five.").await;
    assert_eq!(five.state, OutboxState::Sent);
    report(&bench, ANNA, GONE).await;
    assert!(!paused(), "what came back before the click is forgotten");
}

#[tokio::test]
async fn a_letter_that_waits_while_its_address_is_paused_does_not_leave() {
    let (bench, ticket) = Bench::with_ticket().await;
    write(&bench, &ticket, "One.").await;
    report(&bench, ANNA, GONE).await;
    write(&bench, &ticket, "Two.").await;
    bench.comment(&ticket, "Three.").await;
    report(&bench, ANNA, GONE).await;
    let left = bench.left_to(ANNA).len();
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), left);
    assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Withdrawn);
}

#[tokio::test]
async fn a_wish_for_no_mail_at_all_outlives_the_pause() {
    let (bench, ticket) = Bench::with_ticket().await;
    let token = bench.letters(ticket.id)[0].unsubscribe.clone();
    write(&bench, &ticket, "One.").await;
    report(&bench, ANNA, GONE).await;
    write(&bench, &ticket, "Two.").await;
    report(&bench, ANNA, GONE).await;
    bench.desk.no_mail_at_all(&token).await.unwrap();
    bench.desk.lift_pause(bench.jane, ticket.id, form(), ParticipantNo(1)).await.unwrap();
    assert!(bench.store.read().unwrap().suppressed(&address(ANNA)).unwrap());
}
