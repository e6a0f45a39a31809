//! One desk per mailbox: whatever else looks into it, at most one desk takes mail in and answers.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Server, Times};
use postdesk::desk::DeskError;
use postdesk::intake::{MarkerError, Swept};
use postdesk::store::Look;
use postdesk::tracker::{OutboxState, Viewer};
use postdesk::triage::{AdoptHow, Foreign, Marker};

use crate::bench::{Bench, DESK, HOST, POLL, Tuning, form, options};
use crate::post::post;

const IMPORT: At = At::Call("Email/import");
const MINUTE: Duration = Duration::from_secs(60);

/// What the markers in the mailbox say.
fn markers(bench: &Bench) -> Vec<Marker> {
    let mails = bench.mails_in("Marker");
    let ids = mails.iter().filter_map(|mail| postdesk::mail::parse(&mail.raw, None).message_id);
    ids.map(|id| Marker::read(&id).expect("no marker").expect("an unreadable marker")).collect()
}

/// Why the desk has stopped.
fn stopped(bench: &Bench) -> Option<Foreign> {
    bench.desk.standing().get().stopped.map(|other| other.why)
}

/// The desk does nothing at all: no mail is taken in, no letter leaves, nothing in the account
/// changes.
async fn assert_does_nothing(bench: &Bench) {
    bench.deliver(&post("while stopped"));
    let account = || bench.server.look(|world| format!("{:?}", world.all_mails(DESK)));
    let (rows, left, before) = (bench.rows().len(), bench.server.submissions().len(), account());
    for _ in 0..3 {
        assert_eq!(bench.sweep().await, Swept::Stopped);
        bench.drain().await;
        bench.advance(MINUTE);
    }
    assert_eq!((bench.rows().len(), bench.server.submissions().len()), (rows, left));
    assert_eq!(account(), before);
}

/// The desk takes a mail in and answers it.
async fn assert_works(bench: &Bench, name: &str) {
    bench.deliver(&post(name).from(format!("{name}@customer.example")));
    bench.sweep().await;
    bench.drain().await;
    bench.advance(POLL * 2);
    bench.drain().await;
    assert_eq!(stopped(bench), None);
    assert_eq!(bench.left_to(&format!("{name}@customer.example")).len(), 1, "{name}");
}

/// Another desk on the same server, with a store of its own.
async fn second(bench: &Bench) -> Bench {
    Bench::on(bench.server.clone(), bench.clock.clone()).await
}

#[tokio::test]
async fn a_desk_marks_its_mailbox_and_writes_at_most_once_a_minute() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let first = markers(&bench);
    assert_eq!((first.len(), first[0].host.as_str()), (1, HOST));
    assert!(bench.store.read().unwrap().runs().unwrap().contains(&first[0].run));
    assert_works(&bench, "one").await;
    assert_eq!(markers(&bench), first, "not a minute has passed");
    bench.advance(MINUTE);
    bench.sweep().await;
    let second = markers(&bench);
    assert!(second.len() == 1 && second[0].last > first[0].last, "{second:?}");
    // The letter's delivery is asked about, which is something that happened.
    bench.advance(MINUTE * 60);
    bench.sweep_and_drain().await;
    bench.advance(MINUTE);
    bench.sweep().await;
    let mail = bench.mails_in("Marker").remove(0).id;
    bench.advance(MINUTE * 60);
    bench.sweep_and_drain().await;
    assert_eq!(bench.mails_in("Marker")[0].id, mail, "nothing happened, so nothing is written");
}

#[tokio::test]
async fn restarts_keep_the_mailbox() {
    let mut bench = Bench::start().await;
    bench.adopt_empty().await;
    for round in 0..3 {
        let before = markers(&bench);
        bench = bench.restart().await;
        assert_works(&bench, &format!("r{round}")).await;
        let after = markers(&bench);
        assert!(after.len() == 1 && after[0].run != before[0].run, "{after:?}");
    }
    assert_eq!(bench.store.read().unwrap().runs().unwrap().len(), 4);
}

/// The daemon ends between the import of a marker and the end of the former one, or the import's
/// answer is lost, or nothing of it happened: the next run sorts it out.
#[tokio::test]
async fn a_crash_between_the_two_writes_leaves_the_mailbox_ours() {
    let destroy = At::Call("Email/set");
    for fault in [
        Fault::CutAfter(IMPORT),
        Fault::CutBefore(IMPORT),
        Fault::CutBefore(destroy),
        Fault::CutAfter(destroy),
        Fault::MethodError("Email/set", "serverFail".to_owned()),
    ] {
        let bench = Bench::start().await;
        bench.adopt_empty().await;
        let bench = bench.restart().await;
        let rule = bench.server.faults().add(fault.clone(), Times::Once);
        let _ = bench.intake.sweep().await;
        assert_eq!(rule.hits(), 1, "{fault:?}");
        let bench = bench.crash_to(HOST).await;
        assert_works(&bench, "after").await;
        assert_eq!(markers(&bench).len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn trouble_at_each_call_is_tried_again_and_stops_nobody_for_good() {
    for (round, fault) in [
        Fault::CutBefore(At::Call("Email/query")),
        Fault::CutMidway(At::Call("Email/query")),
        Fault::Truncated(At::Call("Email/query")),
        Fault::CutAfter(At::Call("Mailbox/set")),
        Fault::CutAfter(At::Upload),
        Fault::Status(IMPORT, 503),
        Fault::CutAfter(IMPORT),
        Fault::CutMidway(IMPORT),
        Fault::MethodError("Email/get", "serverFail".to_owned()),
        Fault::SetError("Email/import", "overQuota".to_owned(), None),
    ]
    .into_iter()
    .enumerate()
    {
        let bench = Bench::start().await;
        let rule = bench.server.faults().add(fault.clone(), Times::Next(2));
        for _ in 0..5 {
            let _ = bench.intake.sweep().await;
        }
        assert!(rule.hits() > 0, "{fault:?}");
        rule.clear();
        assert_works(&bench, &format!("f{round}")).await;
        assert_eq!(markers(&bench).len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn that_the_marker_cannot_be_written_anew_stops_nothing() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let rule =
        bench.server.faults().add(Fault::SetError("Email/import", "overQuota".into(), None), Times::Always);
    bench.receive(&post("one")).await;
    bench.advance(MINUTE);
    bench.receive(&post("two").from("two@customer.example")).await;
    assert_eq!((rule.hits(), bench.rows().len(), stopped(&bench)), (1, 2, None));
    rule.clear();
    bench.advance(MINUTE);
    bench.sweep().await;
    assert_eq!(markers(&bench).len(), 1);
}

#[tokio::test]
async fn a_clone_on_another_host_stops_until_somebody_decides() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "Not sent yet.").await;
    let waiting = bench.letters(ticket.id).pop().unwrap();
    let clone = bench.clone_to("birch").await;
    assert_does_nothing(&clone).await;
    assert_eq!(stopped(&clone), Some(Foreign::Host));
    // The original goes on; the letter that both have leaves once.
    assert_works(&bench, "orig").await;
    bench.settle().await;
    assert_eq!(bench.times_left().get(waiting.message_id.as_str()), Some(&1));
    // Somebody decides for the clone, and the original stops.
    clone.intake.take_over().await.unwrap();
    assert_eq!(markers(&clone)[0].host, "birch");
    assert_does_nothing(&bench).await;
    assert_eq!(stopped(&bench), Some(Foreign::Host));
    assert_works(&clone, "clone").await;
    clone.settle().await;
    assert_eq!(clone.times_left().get(waiting.message_id.as_str()), Some(&1), "nothing leaves twice");
}

/// Between the question what lies there and the answer its id changes: that shows no marker, and does
/// not say that there is none.
#[tokio::test]
async fn a_marker_whose_id_changes_while_it_is_read_stops_a_clone_all_the_same() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let clone = bench.clone_to("birch").await;
    let rule = bench.server.faults().add(Fault::ChangeEmailIds(false), Times::Next(2));
    for _ in 0..4 {
        let _ = clone.intake.sweep().await;
    }
    assert_eq!(rule.hits(), 2);
    assert!(markers(&clone).iter().all(|marker| marker.host == HOST), "{:?}", markers(&clone));
    assert_does_nothing(&clone).await;
    assert_eq!(stopped(&clone), Some(Foreign::Host));
}

#[tokio::test]
async fn a_copy_on_the_same_host_takes_over_and_the_first_one_stops() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let copy = bench.clone_to(HOST).await;
    assert_works(&copy, "copy").await;
    assert_does_nothing(&bench).await;
    assert_eq!(stopped(&bench), Some(Foreign::Run));
}

#[tokio::test]
async fn a_second_daemon_with_a_store_of_its_own_stops() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let other = second(&bench).await;
    assert_does_nothing(&other).await;
    assert_eq!(stopped(&other), Some(Foreign::Store));
    let boxes = other.server.look(|world| world.mailboxes(DESK));
    assert!(other.intake.adopt(AdoptHow::New).await.is_err(), "nor is it adopted");
    assert_eq!(other.server.look(|world| world.mailboxes(DESK)), boxes);
    assert_works(&bench, "first").await;
}

/// Two that find no marker write at the same time: not both go on.
#[tokio::test]
async fn of_two_that_start_at_once_at_most_one_answers() {
    let bench = Bench::start().await;
    let other = second(&bench).await;
    let swept = tokio::join!(bench.intake.sweep(), other.intake.sweep());
    // One of them may find that the other has just made the mailbox; it tries again.
    assert!(swept.0.is_ok() || swept.1.is_ok(), "{swept:?}");
    for name in ["a", "b"] {
        bench.deliver(&post(name).from(format!("{name}@customer.example")));
        let _ = tokio::join!(bench.intake.sweep(), other.intake.sweep());
        let _ = tokio::join!(bench.delivery.run_once(), other.delivery.run_once());
    }
    assert!(stopped(&bench).is_some() || stopped(&other).is_some());
    for name in ["a", "b"] {
        assert!(bench.left_to(&format!("{name}@customer.example")).len() <= 1);
    }
}

#[tokio::test]
async fn a_restored_backup_stops() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let backup = bench.clone_to(HOST).await;
    // The marker goes on, the backup does not.
    bench.receive(&post("one")).await;
    bench.advance(MINUTE);
    bench.sweep().await;
    bench.desk.end_run().await.unwrap();
    bench.store.close().await;
    assert_does_nothing(&backup).await;
    assert!(matches!(stopped(&backup), Some(Foreign::Ahead { .. })), "{:?}", stopped(&backup));
    // A restart decides nothing.
    let backup = backup.restart().await;
    assert_does_nothing(&backup).await;
    backup.intake.take_over().await.unwrap();
    assert_works(&backup, "restored").await;
}

#[tokio::test]
async fn a_marker_that_a_person_deletes_is_written_anew() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    assert!(bench.server.drop_mailbox(DESK, "Marker"));
    assert_works(&bench, "one").await;
    assert_eq!(markers(&bench).len(), 1);
    // One that is moved away is replaced too, and is no ticket where it was moved into the inbox.
    bench.sweep_and_drain().await;
    let (rows, mail) = (bench.rows().len(), bench.mails_in("Marker").remove(0).id);
    assert!(bench.server.move_mail(DESK, &mail, "inbox"));
    bench.sweep_and_drain().await;
    assert_eq!((markers(&bench).len(), bench.rows().len()), (1, rows + 1));
    assert_eq!(bench.rows().pop().unwrap().ticket, None);
}

#[tokio::test]
async fn another_marker_stops_a_desk_that_is_at_work() {
    let (bench, ticket) = Bench::with_ticket().await;
    let other = second(&bench).await;
    assert_eq!(other.sweep().await, Swept::Stopped);
    other.intake.take_over().await.unwrap();
    // Sending alone reads it too, before anything leaves.
    bench.comment(&ticket, "Must not leave.").await;
    bench.drain().await;
    assert_eq!(stopped(&bench), Some(Foreign::Store));
    assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Waiting);
    assert_does_nothing(&bench).await;
    // The mailbox was never this desk's, so what lies there is a person's to decide as well.
    other.intake.adopt(AdoptHow::New).await.unwrap();
    assert_works(&other, "other").await;
    // And back again.
    bench.intake.take_over().await.unwrap();
    bench.advance(POLL * 2);
    bench.settle().await;
    assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Sent);
    assert_does_nothing(&other).await;
}

#[tokio::test]
async fn an_admin_decides_in_the_web_and_nobody_else() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let other = second(&bench).await;
    let admin = Viewer { account: other.jane.account, admin: true };
    assert!(matches!(other.desk.take_over(admin, form()).await, Err(DeskError::Done)), "nothing to decide");
    assert_eq!(other.sweep().await, Swept::Stopped);
    assert!(matches!(other.desk.take_over(other.jane, form()).await, Err(DeskError::Forbidden)));
    assert_eq!(other.sweep().await, Swept::Stopped);
    other.desk.take_over(admin, form()).await.unwrap();
    let rule = other.server.faults().add(Fault::CutAfter(IMPORT), Times::Once);
    assert!(other.intake.sweep().await.is_err());
    assert_eq!((rule.hits(), stopped(&other)), (1, Some(Foreign::Store)), "half a decision is none");
    other.adopt_empty().await;
    assert_works(&other, "other").await;
    assert_eq!(markers(&other).len(), 1);
}

#[tokio::test]
async fn there_is_nothing_to_take_over_where_the_mailbox_is_ours() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let refused = bench.intake.take_over().await;
    assert!(matches!(refused, Err(MarkerError::Desk(DeskError::Invalid(_)))), "{refused:?}");
}

#[tokio::test]
async fn a_mailbox_that_waits_for_adoption_gets_no_marker() {
    let clock = postdesk::clock::Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
    let server = Server::start(options(&clock)).await.unwrap();
    let bench = Bench::on(server, clock).await;
    bench.deliver(&post("old"));
    assert_eq!(bench.sweep().await, Swept::NotAdopted { waiting: 1 });
    assert!(bench.mails_in("Marker").is_empty());
}

#[tokio::test]
async fn after_an_end_without_goodbye_letters_wait_for_two_polls_and_read_again() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "Soon.").await;
    let bench = bench.crash_to(HOST).await;
    bench.sweep_and_drain().await;
    bench.advance(POLL * 2 - Duration::from_secs(1));
    bench.drain().await;
    assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Waiting);
    bench.advance(Duration::from_secs(1));
    bench.drain().await;
    assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Sent);

    // Had another desk shown itself meanwhile, nothing would have left.
    bench.comment(&ticket, "Never.").await;
    let bench = bench.crash_to(HOST).await;
    bench.sweep_and_drain().await;
    let other = second(&bench).await;
    assert_eq!(other.sweep().await, Swept::Stopped);
    other.intake.take_over().await.unwrap();
    bench.advance(POLL * 2);
    bench.drain().await;
    assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Waiting);
}

/// A letter may go by an answer of the marker that is five seconds old.
#[tokio::test]
async fn a_short_poll_interval_makes_that_wait_no_shorter_than_ten_seconds() {
    let bench = Bench::tuned(Tuning { poll: Duration::from_secs(1), ..Tuning::default() }).await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    bench.drain().await;
    let ticket = bench.ticket(1);
    bench.comment(&ticket, "Soon.").await;
    let bench = bench.crash_to(HOST).await;
    bench.sweep_and_drain().await;
    for (seconds, state) in [(9, OutboxState::Waiting), (1, OutboxState::Sent)] {
        bench.advance(Duration::from_secs(seconds));
        bench.drain().await;
        assert_eq!(bench.letters(ticket.id).pop().unwrap().state, state);
    }
}

/// Somebody gives the mailbox to another desk while letters leave: those under way end, and so does
/// the turn, though more of them are due.
#[tokio::test]
async fn a_take_over_in_the_middle_of_a_turn_ends_it() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    for no in 0..8 {
        bench.receive(&post(&format!("m{no}")).from(format!("customer{no}@customer.example"))).await;
    }
    bench.drain().await;
    let clone = bench.clone_to("birch").await;
    assert_does_nothing(&clone).await;
    for number in 1..=8 {
        bench.comment(&bench.ticket(number), "An answer.").await;
    }
    let before = bench.server.submissions().len();
    // Whatever is under way stands still until time passes.
    let submit = At::Call("EmailSubmission/set");
    let slow = bench.server.faults().add(Fault::Slow(submit, Duration::from_secs(20)), Times::Always);
    let delivery = bench.delivery.clone();
    let mut turn = tokio::spawn(async move { delivery.run_once().await.map_err(|error| error.to_string()) });
    let under_way = async {
        while slow.hits() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), under_way).await.expect("no letter was begun");
    clone.intake.take_over().await.unwrap();
    // What begins from now on asks for the marker: the last answer is older than a second.
    bench.advance(Duration::from_secs(20));
    slow.clear();
    let ended = async {
        loop {
            bench.advance(Duration::from_secs(20));
            if let Ok(done) = tokio::time::timeout(Duration::from_millis(100), &mut turn).await {
                return done.unwrap();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.expect("the turn does not end").unwrap();
    assert_eq!(stopped(&bench), Some(Foreign::Host));
    let left = bench.server.submissions().len() - before;
    let waiting = bench.store.read().unwrap().letters_in(OutboxState::Waiting, 100).unwrap();
    // Four were under way; what begins after them waits for the answer about the marker.
    assert!((1..=4).contains(&left), "{left} left");
    assert_eq!(left + waiting.len(), 8);
    assert!(waiting.iter().all(|letter| letter.submitted_at.is_none()));
    // What waits leaves once, by the desk that the mailbox belongs to now.
    assert_does_nothing(&bench).await;
    assert!(bench.times_left().values().all(|times| *times == 1));
}
