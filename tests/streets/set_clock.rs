//! Somebody sets the time of day forward and back: nothing is sent twice, and nothing waits for a time
//! that has moved away.

use std::time::Duration;

use jiff::SignedDuration;
use postdesk::demo::server::{At, Fault, Times};
use postdesk::store::Look;
use postdesk::tracker::OutboxState;
use postdesk::upkeep::Upkeep;

use crate::bench::{ANNA, Bench, Tuning, form};
use crate::post::post;

#[tokio::test]
async fn a_jump_is_noticed_once_and_a_slow_day_is_none() {
    let bench = Bench::start().await;
    let upkeep = Upkeep::new(bench.desk.clone());
    bench.advance(Duration::from_hours(9));
    assert_eq!(upkeep.look_at_clock().await, None, "time has passed");
    bench.clock.set_by(SignedDuration::from_mins(59));
    assert_eq!(upkeep.look_at_clock().await, None, "summer time of a wrong setting is an hour at most");
    for hours in [3, -5, 24 * 400] {
        bench.clock.set_by(SignedDuration::from_hours(hours));
        bench.advance(Duration::from_secs(60));
        assert_eq!(upkeep.look_at_clock().await, Some(SignedDuration::from_hours(hours)));
        assert_eq!(upkeep.look_at_clock().await, None, "once");
    }
}

#[tokio::test]
async fn a_letter_that_waits_for_its_undo_does_not_wait_for_hours() {
    let bench = Bench::tuned(Tuning { undo: Duration::from_secs(10), ..Tuning::default() }).await;
    let upkeep = Upkeep::new(bench.desk.clone());
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    bench.drain().await;
    bench.comment(&bench.ticket(1), "Soon.").await;
    bench.clock.set_by(SignedDuration::from_hours(-5));
    upkeep.look_at_clock().await.unwrap();
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "not before its ten seconds");
    bench.advance(Duration::from_secs(11));
    bench.settle().await;
    assert_eq!(bench.left_to(ANNA).len(), 2);
}

/// As when the machine was switched off with a wrong time and comes up with the right one.
#[tokio::test]
async fn a_letter_does_not_wait_for_a_time_that_moved_away_while_no_daemon_ran() {
    let bench = Bench::tuned(Tuning { undo: Duration::from_secs(10), ..Tuning::default() }).await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    bench.drain().await;
    Upkeep::new(bench.desk.clone()).run_once().await.unwrap();
    bench.comment(&bench.ticket(1), "Soon.").await;
    bench.clock.set_by(SignedDuration::from_hours(-24 * 365));
    let bench = bench.restart().await;
    Upkeep::new(bench.desk.clone()).run_once().await.unwrap();
    bench.advance(Duration::from_secs(60));
    bench.settle().await;
    assert_eq!(bench.left_to(ANNA).len(), 2);
}

#[tokio::test]
async fn whatever_the_clock_does_while_a_letter_is_under_way_it_leaves_once() {
    for hours in [-72, -2, 2, 72, 24 * 365] {
        for after in [true, false] {
            let (bench, ticket) = Bench::with_ticket().await;
            let upkeep = Upkeep::new(bench.desk.clone());
            bench.comment(&ticket, "Once.").await;
            let at = At::Call("EmailSubmission/set");
            let fault = if after { Fault::CutAfter(at) } else { Fault::CutBefore(at) };
            bench.server.faults().add(fault, Times::Once);
            let _ = bench.delivery.run_once().await;
            bench.clock.set_by(SignedDuration::from_hours(hours));
            upkeep.look_at_clock().await;
            for _ in 0..40 {
                let _ = bench.delivery.run_once().await;
                bench.advance(Duration::from_secs(60));
            }
            let times = bench.times_left();
            assert!(times.values().all(|times| *times == 1), "{hours} {after}: {times:?}");
            let letter = bench.all_letters().pop().unwrap();
            let wanted = if after { OutboxState::Sent } else { OutboxState::Unknown };
            assert!(
                letter.state == wanted || letter.state == OutboxState::Sent,
                "{hours} {after}: {letter:?}"
            );
        }
    }
}

#[tokio::test]
async fn mail_goes_on_after_any_jump() {
    for hours in [-72, -2, 2, 72] {
        let bench = Bench::start().await;
        let upkeep = Upkeep::new(bench.desk.clone());
        bench.adopt_empty().await;
        bench.receive(&post("m1")).await;
        bench.drain().await;
        bench.clock.set_by(SignedDuration::from_hours(hours));
        upkeep.look_at_clock().await;
        bench.receive(&post("m2").from("ben@elsewhere.example")).await;
        bench.comment(&bench.ticket(2), "Answered.").await;
        bench.settle().await;
        assert_eq!(bench.rows().len(), 2, "{hours}");
        let left = bench.left_to("ben@elsewhere.example");
        let answered = left.iter().filter(|(_, mail)| mail.text.contains("Answered.")).count();
        assert_eq!(answered, 1, "{hours}");
        assert!(bench.times_left().values().all(|times| *times == 1), "{hours}");
        let _ = form();
        assert!(bench.store.read().unwrap().in_hand().unwrap().is_empty());
    }
}
