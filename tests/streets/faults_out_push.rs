//! Mail out, with a bell that fails: letters need no bell of the server's, and what is answered to
//! them joins all the same.

use postdesk::demo::server::{At, Fault, Times};
use postdesk::tracker::OutboxState;
use postdesk::triage::VerdictKind;

use crate::bench::{ANNA, Bench};
use crate::post::post;
use crate::running::{Running, at_once, until, work};

#[tokio::test]
async fn letters_leave_and_answers_to_them_join_whatever_becomes_of_push() {
    for fault in [Fault::PushDropped, Fault::PushSilent, Fault::NoPush, Fault::DoubleBell] {
        let (bench, ticket) = Bench::with_ticket().await;
        let what = format!("{fault:?}");
        let rule = bench.server.faults().add(fault, Times::Always);
        let streets = Running::start(&bench);
        at_once(&bench, "streets at work", || bench.desk.standing().get().listening.is_some()).await;
        work(&bench).await;
        let left = || bench.left_to(ANNA).len();
        bench.comment(&ticket, "An answer.").await;
        at_once(&bench, &format!("{what}: the answer"), || left() == 2).await;

        let key = bench.desk.site().reply(&bench.letters(ticket.id)[0].reply_key).unwrap();
        bench.deliver(&post("thanks").to(key.as_str()).text("Thank you."));
        let joined =
            || bench.rows().iter().filter(|row| row.verdict == VerdictKind::Comment && row.filed).count();
        until(&bench, &format!("{what}: thanks"), || joined() == 1).await;
        assert_eq!(bench.rows().last().unwrap().ticket, Some(ticket.id), "{what}");

        bench.comment(&ticket, "You are welcome.").await;
        at_once(&bench, &format!("{what}: the next answer"), || left() == 3).await;
        until(&bench, &format!("{what}: it struck"), || rule.hits() > 0).await;

        rule.clear();
        bench.comment(&ticket, "It is over.").await;
        at_once(&bench, &format!("{what}: the last answer"), || left() == 4).await;
        let settled = || bench.all_letters().iter().all(|letter| letter.state == OutboxState::Sent);
        until(&bench, &format!("{what}: all sent"), settled).await;
        work(&bench).await;
        assert!(bench.times_left().values().all(|times| *times == 1), "{what}: {:?}", bench.times_left());
        assert_eq!(joined(), 1, "{what}");
        assert!(bench.mails_in("inbox").is_empty() && bench.mails_in("Outgoing").is_empty(), "{what}");
        assert_eq!(bench.mails_in("sent").len(), bench.all_letters().len(), "{what}");
        streets.stop().await;
    }
}

/// A turn in which nothing was due tells nothing.
#[tokio::test]
async fn trouble_is_over_when_a_letter_left_and_not_before() {
    let (bench, ticket) = Bench::with_ticket().await;
    let away = bench.server.faults().add(Fault::Status(At::Call("Email/import"), 503), Times::Always);
    let streets = Running::start(&bench);
    at_once(&bench, "streets at work", || bench.desk.standing().get().listening.is_some()).await;
    work(&bench).await;
    bench.comment(&ticket, "An answer.").await;
    let in_trouble = || bench.desk.standing().get().sending_trouble.is_some();
    at_once(&bench, "trouble", in_trouble).await;
    for _ in 0..3 {
        bench.desk.outbox_bell().notify_one();
        work(&bench).await;
        assert!(in_trouble());
    }
    away.clear();
    until(&bench, "the answer", || bench.left_to(ANNA).len() == 2).await;
    until(&bench, "the end of the trouble", || !in_trouble()).await;
    streets.stop().await;
}
