//! Mail in, with a bell that fails: each mail is taken in all the same, once.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Rule, Times};
use postdesk::desk::Listening;

use crate::bench::{Bench, POLL};
use crate::faults_in::{assert_tickets, mail};
use crate::running::{Running, at_once, listens_by, pass, until, work};

/// Two pings of 30 seconds, and what a slow line gets beside.
const SILENCE: Duration = Duration::from_secs(65);

/// Streets at work under this fault, once they have found out how they learn of mail.
async fn running(fault: Option<Fault>, how: Listening) -> (Bench, Running, Option<Rule>) {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let rule = fault.map(|fault| bench.server.faults().add(fault, Times::Always));
    let streets = Running::start(&bench);
    at_once(&bench, "an answer about push", || listens_by(&bench, how)).await;
    work(&bench).await;
    (bench, streets, rule)
}

pub async fn pushing() -> (Bench, Running) {
    let (bench, streets, _) = running(None, Listening::Push).await;
    (bench, streets)
}

pub fn is_filed(bench: &Bench, count: usize) -> bool {
    bench.rows().iter().filter(|row| row.filed).count() == count
}

/// Each mail is one ticket, and each confirmation left once.
pub async fn assert_all_well(bench: &Bench, count: u32, what: &str) {
    work(bench).await;
    assert_eq!(bench.rows().len(), count as usize, "{what}");
    assert_tickets(bench, count, what);
    at_once(bench, "the confirmations", || bench.times_left().len() == count as usize).await;
    assert!(bench.times_left().values().all(|times| *times == 1), "{what}: {:?}", bench.times_left());
}

#[tokio::test]
async fn a_bell_that_is_cut_off_rings_all_the_same_and_push_is_had_again() {
    let (bench, streets) = pushing().await;
    let dropped = bench.server.faults().add(Fault::PushDropped, Times::Always);
    bench.deliver(&mail(1));
    at_once(&bench, "the end of the stream is a bell", || is_filed(&bench, 1)).await;
    for no in 2..=3 {
        let before = dropped.hits();
        bench.deliver(&mail(no));
        until(&bench, "taken in while push never stays", || is_filed(&bench, no as usize)).await;
        until(&bench, "push is tried and dropped again", || dropped.hits() > before).await;
    }
    dropped.clear();
    until(&bench, "push is back", || listens_by(&bench, Listening::Push)).await;
    work(&bench).await;
    bench.deliver(&mail(4));
    at_once(&bench, "it rings", || is_filed(&bench, 4)).await;
    assert_all_well(&bench, 4, "dropped").await;
    streets.stop().await;
}

#[tokio::test]
async fn a_silent_push_is_opened_again_after_two_pings_and_what_it_kept_to_itself_is_taken_in() {
    let (bench, streets) = pushing().await;
    let silent = bench.server.faults().add(Fault::PushSilent, Times::Always);
    bench.deliver(&mail(1));
    at_once(&bench, "the bell is muffled", || silent.hits() > 0).await;
    bench.advance(SILENCE - Duration::from_secs(1));
    work(&bench).await;
    assert!(bench.rows().is_empty(), "nobody was told of it");
    assert!(listens_by(&bench, Listening::Push), "two pings may be missed");
    bench.advance(Duration::from_secs(1));
    at_once(&bench, "taken in after two pings", || is_filed(&bench, 1)).await;
    assert!(listens_by(&bench, Listening::Poll), "it is known to be broken");
    silent.clear();
    bench.advance(Duration::from_secs(2));
    at_once(&bench, "it is opened again", || listens_by(&bench, Listening::Push)).await;
    work(&bench).await;
    bench.deliver(&mail(2));
    at_once(&bench, "it rings", || is_filed(&bench, 2)).await;
    assert_all_well(&bench, 2, "silent").await;
    streets.stop().await;
}

#[tokio::test]
async fn without_push_mail_is_looked_for_and_push_is_asked_for_again_after_an_hour() {
    let (bench, streets, none) = running(Some(Fault::NoPush), Listening::Poll).await;
    let none = none.unwrap();
    assert!(none.hits() > 0);
    for no in 1..=3 {
        bench.deliver(&mail(no));
        work(&bench).await;
        assert!(bench.rows().len() < no as usize, "nothing tells of it");
        bench.advance(POLL);
        at_once(&bench, "found by looking", || is_filed(&bench, no as usize)).await;
        work(&bench).await;
    }
    assert!(listens_by(&bench, Listening::Poll));
    none.clear();
    bench.advance(Duration::from_hours(1));
    at_once(&bench, "push is had by now", || listens_by(&bench, Listening::Push)).await;
    work(&bench).await;
    bench.deliver(&mail(4));
    at_once(&bench, "it rings", || is_filed(&bench, 4)).await;
    assert_all_well(&bench, 4, "none").await;
    streets.stop().await;
}

#[tokio::test]
async fn an_event_source_that_asks_for_time_is_left_alone_for_so_long() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let busy = bench.server.faults().add(Fault::TooMany(At::Events, Some(1200)), Times::Always);
    let streets = Running::start(&bench);
    at_once(&bench, "push is asked for", || busy.hits() == 1).await;
    pass(&bench, Duration::from_mins(19)).await;
    assert_eq!(busy.hits(), 1);
    busy.clear();
    pass(&bench, Duration::from_mins(2)).await;
    at_once(&bench, "push is had", || listens_by(&bench, Listening::Push)).await;
    streets.stop().await;
}

#[tokio::test]
async fn a_bell_that_rings_twice_takes_a_mail_in_once() {
    let (bench, streets) = pushing().await;
    let double = bench.server.faults().add(Fault::DoubleBell, Times::Always);
    for no in 1..=3 {
        let before = double.hits();
        bench.deliver(&mail(no));
        at_once(&bench, "it rings", || is_filed(&bench, no as usize)).await;
        assert!(double.hits() > before);
    }
    assert_all_well(&bench, 3, "double").await;
    double.clear();
    bench.deliver(&mail(4));
    at_once(&bench, "it rings", || is_filed(&bench, 4)).await;
    assert_all_well(&bench, 4, "once again").await;
    streets.stop().await;
}
