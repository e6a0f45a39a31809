//! The disk is full: mail in stops, what was begun is finished, and it goes on by itself with room.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use postdesk::desk::{DeskError, Fitness};
use postdesk::intake::Swept;
use postdesk::store::{MemoryDisk, MemoryFiles};
use postdesk::tracker::{EventKind, OutboxState};

use crate::bench::{ANNA, Bench, form};
use crate::post::post;

fn disk() -> (MemoryDisk, MemoryFiles) {
    (MemoryDisk::new(), MemoryFiles::new(Path::new("/data")))
}

fn fill(disk: &MemoryDisk, files: &MemoryFiles, full: bool) {
    let trouble = full.then_some(ErrorKind::StorageFull);
    disk.set_trouble(trouble);
    files.set_trouble(trouble);
}

/// Waits until the store takes writes, or takes none.
async fn writable(bench: &Bench, wanted: bool) {
    let mut writable = bench.store.writable();
    tokio::time::timeout(Duration::from_secs(30), writable.wait_for(|now| *now == wanted))
        .await
        .unwrap()
        .unwrap();
}

/// Writes until the disk says that it is full.
async fn run_into_it(bench: &Bench) -> usize {
    let ticket = bench.ticket(1);
    for saved in 0..2_000 {
        let text = "All work and no play. ".repeat(400);
        let note = bench.desk.note(bench.jane, ticket.id, form(), text).await;
        if note.is_err() {
            return saved;
        }
    }
    panic!("the disk never was full");
}

#[tokio::test]
async fn the_reserve_lets_people_go_on_and_mail_waits_at_the_server() {
    let (disk, files) = disk();
    let bench = Bench::on_disk(&disk, &files).await;
    bench.adopt_empty().await;
    bench.receive(&post("before")).await;
    bench.drain().await;
    fill(&disk, &files, true);
    run_into_it(&bench).await;
    writable(&bench, true).await;
    assert!(bench.store.is_short());
    let health = bench.desk.health();
    assert_eq!(
        (health.status, health.disk, health.store),
        (Fitness::Failing, "full", "writable"),
        "{health:?}"
    );

    bench.deliver(&post("meanwhile").from("ben@elsewhere.example"));
    let error = bench.intake.sweep().await.unwrap_err();
    assert!(error.whole().contains("the disk is full"), "{}", error.whole());
    assert_eq!((bench.rows().len(), bench.mails_in("inbox").len()), (1, 1), "it waits at the server");

    // What an agent writes is saved. Its letter needs a file, and waits.
    let ticket = bench.ticket(1);
    bench.comment(&ticket, "Written within the reserve.").await;
    let _ = bench.delivery.run_once().await;
    assert_eq!(bench.all_letters().last().unwrap().state, OutboxState::Waiting);

    fill(&disk, &files, false);
    bench.settle().await;
    assert_eq!((bench.rows().len(), bench.mails_in("inbox").len()), (2, 0));
    assert!(!bench.store.is_short());
    assert_eq!(bench.desk.health().disk, "has room");
    let left: Vec<_> = bench.left_to(ANNA).into_iter().map(|(_, mail)| mail.text).collect();
    assert_eq!(
        left.iter().filter(|text| text.contains("Written within the reserve.")).count(),
        1,
        "{left:?}"
    );
    assert!(bench.times_left().values().all(|times| *times == 1));
}

#[tokio::test]
async fn when_the_reserve_is_used_up_pages_are_still_read_and_it_goes_on_by_itself() {
    let (disk, files) = disk();
    let bench = Bench::on_disk(&disk, &files).await;
    bench.adopt_empty().await;
    bench.receive(&post("before")).await;
    fill(&disk, &files, true);
    let mut saved = run_into_it(&bench).await;
    writable(&bench, true).await;
    saved += run_into_it(&bench).await;
    writable(&bench, false).await;
    let seen = bench.desk.see_list(bench.jane, &Default::default(), Default::default(), None).unwrap();
    assert_eq!(seen.rows.len(), 1, "pages are read");
    let ticket = bench.ticket(1);
    let refused =
        bench.desk.comment(bench.jane, ticket.id, form(), ticket.last_event, "No.".into(), false).await;
    assert!(matches!(refused, Err(DeskError::Store(error)) if error.is_temporary()));
    let health = bench.desk.health();
    assert_eq!((health.status, health.store), (Fitness::Failing, "read only"), "{health:?}");
    bench.deliver(&post("meanwhile").from("ben@elsewhere.example"));
    assert!(bench.intake.sweep().await.is_err());

    fill(&disk, &files, false);
    // It looks every half minute at most, by the clock on the wall.
    writable(&bench, true).await;
    assert_eq!(bench.sweep().await, Swept::Done { taken: 1 });
    assert!(bench.mails_in("inbox").is_empty() && !bench.store.is_short());
    let notes =
        bench.events(ticket.id).into_iter().filter(|event| matches!(event.kind, EventKind::Note { .. }));
    assert_eq!(notes.count(), saved, "what was answered as saved is there, and nothing else");
}
