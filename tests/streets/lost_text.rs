//! A letter whose text is no longer in the data folder.
#![allow(clippy::disallowed_methods, reason = "the test loses a file on purpose")]

use postdesk::demo::server::{At, Fault, Times};
use postdesk::store::Look;
use postdesk::tracker::{EventKind, OutboxState};

use crate::bench::Bench;

const SUBMIT: At = At::Call("EmailSubmission/set");

/// A letter whose text is lost can be sent by nobody: it is parked, said on the page, and holds up
/// neither those behind it nor the lane.
#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "a test may lose a file of the store")]
async fn a_letter_whose_draft_is_lost_is_parked_and_said() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.server.faults().add(Fault::TooMany(SUBMIT, Some(5)), Times::Once);
    bench.comment(&ticket, "An answer.").await;
    let _ = bench.delivery.run_once().await;
    let letter = bench.all_letters().pop().unwrap();
    assert_eq!(letter.state, OutboxState::Waiting);
    let name = letter.draft.unwrap().raw.to_string();
    let mut folders = vec![bench.folder().to_owned()];
    let mut lost = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.file_name().to_string_lossy().contains(&name[4..]) {
                std::fs::remove_file(entry.path()).unwrap();
                lost += 1;
            }
        }
    }
    assert_eq!(lost, 1, "{name}");
    bench.comment(&ticket, "Another answer.").await;
    bench.settle().await;
    let (first, second) =
        (bench.store.read().unwrap().letter(letter.id).unwrap().unwrap(), bench.all_letters().pop().unwrap());
    assert_eq!((first.state, second.state), (OutboxState::Failed, OutboxState::Sent));
    assert!(first.trouble.unwrap().contains("no longer in the data folder"));
    let said = bench.events(ticket.id).into_iter().any(|event| {
        matches!(event.kind, EventKind::DeliveryFailed { reply, .. } if reply.contains("no longer in the data folder"))
    });
    assert!(said, "the timeline says so");
}
