//! A mailbox that nobody gave to the desk is not touched.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Server, Times};
use postdesk::intake::Swept;
use postdesk::triage::{AdoptHow, VerdictKind};

use crate::bench::{Bench, DESK, options};
use crate::post::post;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// So many mails lay there a day and an hour before the desk came, and one came just now.
async fn not_empty(old: u32) -> Bench {
    let clock = postdesk::clock::Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
    let server = Server::start(options(&clock)).await.unwrap();
    let bench = Bench::on(server, clock).await;
    for no in 0..old {
        bench.deliver(&post(&format!("old{no}")).from(format!("p{no}@elsewhere.example")));
    }
    bench.advance(DAY + Duration::from_secs(3600));
    bench.deliver(&post("new"));
    bench
}

#[tokio::test]
async fn nothing_is_touched_until_somebody_says_what_becomes_of_it() {
    let bench = not_empty(2).await;
    let before = bench.server.look(|world| (world.mailboxes(DESK), format!("{:?}", world.all_mails(DESK))));
    for _ in 0..3 {
        assert_eq!(bench.sweep().await, Swept::NotAdopted { waiting: 3 });
        bench.drain().await;
    }
    let bench = bench.restart().await;
    assert_eq!(bench.sweep().await, Swept::NotAdopted { waiting: 3 });
    bench.drain().await;
    let after = bench.server.look(|world| (world.mailboxes(DESK), format!("{:?}", world.all_mails(DESK))));
    assert_eq!(before, after, "nothing is created, moved or marked");
    assert!(bench.rows().is_empty());
}

#[tokio::test]
async fn leave_moves_everything_to_earlier_and_takes_what_comes() {
    let bench = not_empty(2).await;
    bench.intake.adopt(AdoptHow::Leave).await.unwrap();
    assert_eq!(bench.mails_in("Earlier").len(), 3);
    bench.sweep_and_drain().await;
    assert!(bench.rows().is_empty() && bench.server.submissions().is_empty());
    assert_eq!(bench.receive(&post("next")).await.verdict, VerdictKind::Open);
    bench.drain().await;
    assert_eq!(bench.server.submissions().len(), 1);
}

#[tokio::test]
async fn import_makes_tickets_and_sends_no_letter() {
    let bench = not_empty(2).await;
    bench.intake.adopt(AdoptHow::Import).await.unwrap();
    bench.sweep_and_drain().await;
    assert_eq!(bench.verdicts(), [VerdictKind::Open; 3]);
    assert!(bench.server.submissions().is_empty(), "not even for the newest");
    assert_eq!(bench.mails_in("Handled").len(), 3);
    bench.advance(Duration::from_secs(60));
    bench.receive(&post("next")).await;
    bench.drain().await;
    assert_eq!(bench.server.submissions().len(), 1, "what comes later is confirmed");
}

#[tokio::test]
async fn new_confirms_what_is_not_older_than_a_day() {
    let bench = not_empty(2).await;
    bench.intake.adopt(AdoptHow::New).await.unwrap();
    bench.sweep_and_drain().await;
    assert_eq!(bench.verdicts(), [VerdictKind::Open; 3]);
    let left = bench.server.submissions();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].rcpt_to[0].as_str(), crate::bench::ANNA);
}

#[tokio::test]
async fn a_mail_that_waited_out_a_long_outage_gets_no_confirmation() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.deliver(&post("old"));
    bench.advance(DAY + Duration::from_secs(1));
    bench.sweep_and_drain().await;
    assert_eq!(bench.verdicts(), [VerdictKind::Open]);
    assert!(bench.server.submissions().is_empty());
}

#[tokio::test]
async fn adopting_twice_is_refused_and_the_first_choice_stands() {
    for first in [AdoptHow::Leave, AdoptHow::Import, AdoptHow::New] {
        let bench = not_empty(1).await;
        bench.intake.adopt(first).await.unwrap();
        for second in [AdoptHow::Leave, AdoptHow::Import, AdoptHow::New] {
            let refused = bench.intake.adopt(second).await.unwrap_err();
            assert!(refused.to_string().contains(first.as_str()), "{refused}");
        }
    }
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.deliver(&post("m1"));
    assert!(bench.intake.adopt(AdoptHow::Leave).await.is_err(), "an empty one was adopted by itself");
    assert_eq!(bench.mails_in("inbox").len(), 1);
}

#[tokio::test]
async fn an_end_in_the_middle_of_leaving_leaves_a_mailbox_that_is_not_ours() {
    let bench = not_empty(150).await;
    bench.server.faults().add(Fault::StatusAfter(At::Call("Email/set"), 502), Times::Once);
    assert!(bench.intake.adopt(AdoptHow::Leave).await.is_err());
    let bench = bench.restart().await;
    assert_eq!(bench.sweep().await, Swept::NotAdopted { waiting: 51 });
    assert!(bench.rows().is_empty());
    bench.intake.adopt(AdoptHow::Leave).await.unwrap();
    assert_eq!((bench.mails_in("Earlier").len(), bench.mails_in("inbox").len()), (151, 0));
    assert_eq!(bench.sweep().await, Swept::Done { taken: 0 });
}

#[tokio::test]
async fn one_mail_that_cannot_be_moved_does_not_keep_the_others_from_being_left() {
    let bench = not_empty(3).await;
    bench.server.faults().add(Fault::SetError("Email/set", "forbidden".to_owned(), None), Times::Always);
    assert!(bench.intake.adopt(AdoptHow::Leave).await.is_err(), "what cannot be left would be taken in");
    bench.server.faults().clear();
    assert_eq!(bench.sweep().await, Swept::NotAdopted { waiting: 4 });
    bench.intake.adopt(AdoptHow::Leave).await.unwrap();
    assert_eq!(bench.mails_in("Earlier").len(), 4);
}
