//! Trouble that is the mail server's: the lane that meets it rests, and everything else goes on.
#![allow(clippy::disallowed_methods, reason = "a test writes a theme folder")]

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::store::{MemoryDisk, MemoryFiles};
use postdesk::tracker::{Lane, OutboxRow, OutboxState};

use crate::bench::{Bench, Tuning};
use crate::faults_out::{assert_sent_once, last};
use crate::post::post;
use crate::running::{Running, at_once, pass, work};

const SUBMIT: At = At::Call("EmailSubmission/set");
const MINUTE: Duration = Duration::from_secs(60);

async fn take_in(bench: &Bench, tickets: u32) {
    bench.adopt_empty().await;
    for no in 1..=tickets {
        bench.receive(&post(&format!("m{no}")).from(format!("customer{no}@customer.example"))).await;
    }
}

/// A desk with so many tickets, each of another person, who have their confirmations.
async fn with_tickets(tickets: u32) -> Bench {
    let bench = Bench::start().await;
    take_in(&bench, tickets).await;
    bench.drain().await;
    bench
}

/// One turn beside the test.
fn turn(bench: &Bench) -> tokio::task::JoinHandle<Result<(), String>> {
    let delivery = bench.delivery.clone();
    tokio::spawn(async move { delivery.run_once().await.map_err(|error| error.to_string()) })
}

fn comments(bench: &Bench, state: OutboxState) -> Vec<OutboxRow> {
    let is_it = |row: &OutboxRow| row.letter.lane() == Lane::People && row.state == state;
    bench.all_letters().into_iter().filter(is_it).collect()
}

/// As where the mail server's own way out is shut, and it does not say whether it took a letter.
#[tokio::test]
async fn letters_of_which_nobody_knows_do_not_take_all_others_with_them() {
    let bench = with_tickets(10).await;
    let shut = bench.server.faults().add(Fault::Status(SUBMIT, 502), Times::Always);
    for number in 1..=10 {
        bench.comment(&bench.ticket(number), "An answer.").await;
    }
    let trouble = bench.delivery.run_once().await.unwrap_err().to_string();
    assert!(trouble.contains("nobody knows"), "{trouble}");
    let mut lost = shut.hits();
    assert!((3..=4).contains(&lost), "{lost} were begun");
    // It rests; then one goes ahead, and the rest after it is longer.
    for seconds in [5, 10] {
        let _ = bench.delivery.run_once().await;
        assert_eq!(shut.hits(), lost);
        bench.advance(Duration::from_secs(seconds));
        let _ = bench.delivery.run_once().await;
        lost += 1;
        assert_eq!(shut.hits(), lost, "after {seconds} s");
    }
    shut.clear();
    bench.advance(Duration::from_secs(20));
    bench.drain().await;
    assert_eq!(comments(&bench, OutboxState::Sent).len() as u64, 10 - lost, "in one turn");
    bench.advance(15 * MINUTE);
    bench.drain().await;
    assert_eq!(comments(&bench, OutboxState::Unknown).len() as u64, lost, "these a person decides");
    assert!(bench.times_left().values().all(|times| *times == 1));
}

/// As where a proxy gives up before the mail server has answered.
#[tokio::test]
async fn a_lane_whose_letters_are_found_in_sent_does_not_rest() {
    let bench = with_tickets(10).await;
    bench.server.faults().add(Fault::StatusAfter(SUBMIT, 504), Times::Always);
    for number in 1..=10 {
        bench.comment(&bench.ticket(number), "An answer.").await;
    }
    for _ in 0..4 {
        let _ = bench.delivery.run_once().await;
    }
    assert_eq!(comments(&bench, OutboxState::Sent).len(), 10);
    assert!(bench.times_left().values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_server_that_asks_for_time_again_and_again_keeps_nobody_from_looking_for_letters() {
    let bench = with_tickets(2).await;
    let streets = Running::start(&bench);
    at_once(&bench, "streets at work", || bench.desk.standing().get().listening.is_some()).await;
    work(&bench).await;
    let lost = bench.server.faults().add(Fault::Status(SUBMIT, 502), Times::Once);
    bench.comment(&bench.ticket(1), "An answer.").await;
    at_once(&bench, "one lost", || lost.hits() == 1).await;
    work(&bench).await;
    let busy = bench.server.faults().add(Fault::TooMany(SUBMIT, Some(600)), Times::Always);
    bench.comment(&bench.ticket(2), "Another.").await;
    pass(&bench, 30 * MINUTE).await;
    assert!(busy.hits() > 1);
    assert_eq!(comments(&bench, OutboxState::Unknown).len(), 1, "a person decides of the lost one");
    assert_eq!(comments(&bench, OutboxState::Waiting).len(), 1);
    streets.stop().await;
}

#[tokio::test]
async fn a_lane_in_trouble_keeps_nothing_of_the_others_back() {
    let theme = tempfile::tempdir().unwrap();
    put(theme.path(), "mail/en/confirmation/body.txt", "{{ there_is_no_such_name }}");
    let tuning = Tuning { theme: Some(theme.path().to_owned()), ..Tuning::default() };
    let bench = Bench::tuned(tuning).await;
    take_in(&bench, 4).await;
    let ticket = bench.ticket(1);
    bench.join(&ticket, "carl@customer.example").await;
    let streets = Running::start(&bench);
    at_once(&bench, "trouble", || bench.desk.standing().get().sending_trouble.is_some()).await;
    // Long enough for any wait to become its longest.
    pass(&bench, 20 * MINUTE).await;
    bench.comment(&bench.ticket(1), "An answer.").await;
    at_once(&bench, "Carl's copy", || bench.left_to("carl@customer.example").len() == 1).await;
    work(&bench).await;
    assert!(bench.desk.standing().get().sending_trouble.is_some(), "confirmations leave no more than before");
    streets.stop().await;
}

fn put(theme: &Path, name: &str, text: &str) {
    let path = theme.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[tokio::test]
async fn a_letter_of_unknown_outcome_is_looked_for_while_another_is_under_way() {
    let bench = with_tickets(2).await;
    let faults = bench.server.faults();
    let lost = faults.add(Fault::CutAfter(SUBMIT), Times::Once);
    let slow = faults.add(Fault::Slow(SUBMIT, 10 * MINUTE), Times::Once);
    for number in [1, 2] {
        bench.comment(&bench.ticket(number), "An answer.").await;
    }
    let turn = turn(&bench);
    let doubted = || comments(&bench, OutboxState::Submitting).iter().any(|row| row.trouble.is_some());
    at_once(&bench, "both begun", || lost.hits() + slow.hits() == 2 && doubted()).await;
    bench.advance(Duration::from_secs(30));
    at_once(&bench, "one found", || comments(&bench, OutboxState::Sent).len() == 1).await;
    assert_eq!(comments(&bench, OutboxState::Submitting).len(), 1);
    assert!(!turn.is_finished());
    turn.abort();
}

#[tokio::test]
async fn a_desk_that_is_stopped_marks_no_more_letters() {
    let bench = with_tickets(1).await;
    let slow = bench.server.faults().add(Fault::Slow(At::Upload, Duration::from_secs(20)), Times::Once);
    let streets = Running::start(&bench);
    at_once(&bench, "streets at work", || bench.desk.standing().get().listening.is_some()).await;
    work(&bench).await;
    bench.comment(&bench.ticket(1), "An answer.").await;
    at_once(&bench, "the upload", || slow.hits() == 1).await;
    tokio::join!(streets.stop(), async { bench.advance(Duration::from_secs(20)) });
    assert_eq!(last(&bench).state, OutboxState::Waiting, "nobody would know of it, had it been cut off");
    let bench = bench.restart().await;
    bench.settle().await;
    assert_sent_once(&bench, &last(&bench), "after the next start");
}

/// The store refuses a letter its mark while another one is at the mail server.
#[tokio::test]
async fn a_letter_that_is_under_way_is_settled_whatever_another_one_meets() {
    let (disk, files) = (MemoryDisk::new(), MemoryFiles::new(Path::new("/data")));
    let bench = Bench::on_disk(&disk, &files).await;
    take_in(&bench, 2).await;
    bench.drain().await;
    let slow = bench.server.faults().add(Fault::Slow(SUBMIT, MINUTE), Times::Once);
    bench.comment(&bench.ticket(1), "An answer.").await;
    let turn = turn(&bench);
    at_once(&bench, "the submission", || slow.hits() == 1).await;
    let upload = bench.server.faults().add(Fault::Slow(At::Upload, Duration::from_secs(5)), Times::Once);
    bench.comment(&bench.ticket(2), "Another.").await;
    at_once(&bench, "the upload", || upload.hits() == 1).await;
    disk.set_trouble(Some(ErrorKind::Other));
    bench.advance(Duration::from_secs(5));
    let mut writable = bench.store.writable();
    let broken = writable.wait_for(|writable| !writable);
    tokio::time::timeout(MINUTE, broken).await.expect("the store takes writes").unwrap();
    disk.set_trouble(None);
    let mended = writable.wait_for(|writable| *writable);
    tokio::time::timeout(MINUTE, mended).await.expect("the store is not mended").unwrap();
    bench.advance(MINUTE);
    let done = turn.await.unwrap();
    assert_eq!(comments(&bench, OutboxState::Sent).len(), 1, "that it left is on record: {done:?}");
    assert_eq!(comments(&bench, OutboxState::Waiting).len(), 1, "{done:?}");
}
