//! Data folders made by former versions open, show what they hold, and go on.
//!
//! `tests/data/store-v1` was made by `make_the_data_folder` below; it is never made again, because
//! old folders have to open as they are. Where the format changes, another folder comes beside it.
#![allow(clippy::disallowed_methods, reason = "it copies data folders")]

use std::path::{Path, PathBuf};

use postdesk::demo::server::Server;
use postdesk::store::Look;
use postdesk::tracker::query::{Query, Sort, StateFilter};
use postdesk::tracker::{Delivery, FormId, Handle, LetterKind, OutboxState, ProjectPath, State, Viewer};
use postdesk::triage::{HoldCause, VerdictKind};

use crate::bench::{ANNA, BEN, Bench, DESK, POLL, address, form, options};
use crate::post::post;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/store-v1")
}

/// Copies a folder, packing or unpacking the database, which is mostly empty space.
fn copy(from: &Path, to: &Path, pack: bool) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(name), pack);
            continue;
        }
        if name.ends_with(".lock") {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        match (name.strip_suffix(".redb"), name.strip_suffix(".packed")) {
            (Some(_), _) if pack => {
                let packed = zstd::encode_all(bytes.as_slice(), 19).unwrap();
                std::fs::write(to.join(format!("{name}.packed")), packed).unwrap();
            }
            (_, Some(name)) => {
                std::fs::write(to.join(name), zstd::decode_all(bytes.as_slice()).unwrap()).unwrap();
            }
            _ => std::fs::write(to.join(name), bytes).unwrap(),
        }
    }
}

/// Makes a folder in which there is some of everything, and a letter that waits.
#[tokio::test]
#[ignore = "made tests/data/store-v1 once"]
async fn make_the_data_folder() {
    assert!(!data().exists(), "it is there already");
    let bench = Bench::start().await;
    let run = postdesk::secret::Random::seeded(1).run_id();
    bench.store.write(move |w| w.add_run(run)).await.unwrap();
    bench.desk.give_password(Handle::parse("jane").unwrap(), "a sentence is easier").await.unwrap();
    bench.adopt_empty().await;
    let twice = post("m1").text("My printer is on fire. What now?");
    bench.deliver(&twice);
    bench.deliver(&twice);
    bench.receive(&post("m2").from(BEN)).await;
    bench.receive(&post("m3").to("incoming+gibberish@desk.example").rcpt(DESK)).await;
    bench.drain().await;
    let (one, two) = (bench.ticket(1), bench.ticket(2));
    bench.comment(&one, "Put it out first.").await;
    bench.drain().await;
    bench.desk.note(bench.jane, one.id, form(), "She means it.".to_owned()).await.unwrap();
    bench.desk.assign(bench.jane, one.id, form(), Some(bench.jane.account)).await.unwrap();
    bench.desk.close(bench.jane, two.id, form()).await.unwrap();
    let token = bench.letters(two.id)[0].unsubscribe.clone();
    bench.desk.unsubscribe(&token).await.unwrap();
    bench.comment(&one, "This one waits.").await;
    bench.store.close().await;
    copy(bench.folder(), &data(), true);
}

async fn former() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    copy(&data(), folder.path(), false);
    let clock = postdesk::clock::Clock::manual("2026-11-20T14:00:00Z".parse().unwrap());
    let server = Server::start(options(&clock)).await.unwrap();
    Bench::in_folder(folder, server, clock)
}

#[tokio::test]
async fn a_data_folder_of_version_1_opens_and_shows_what_it_holds() {
    let bench = former().await;
    let every = Query { state: StateFilter::All, ..Query::default() };
    let listed = bench.desk.see_list(bench.jane, &every, Sort::default(), None).unwrap();
    let mut titles: Vec<_> = listed.rows.iter().map(|row| (row.ticket.number, row.ticket.state)).collect();
    titles.sort_by_key(|(number, _)| *number);
    assert_eq!(titles, [(1, State::Open), (2, State::Closed)]);
    let path = ProjectPath::parse("acme/web").unwrap();
    let seen = bench.desk.see_ticket(bench.jane, &path, 1, Default::default()).await.unwrap();
    let texts: Vec<_> = seen.entries.iter().filter_map(|e| Some(e.text.as_ref()?.text.trim())).collect();
    assert_eq!(
        texts,
        ["My printer is on fire. What now?", "Put it out first.", "She means it.", "This one waits."]
    );
    assert_eq!(seen.assignee.as_deref(), Some("Jane Okafor"));
    let kinds = bench.verdicts();
    for kind in [VerdictKind::Open, VerdictKind::Duplicate, VerdictKind::Hold(HoldCause::UnknownKey)] {
        assert!(kinds.contains(&kind), "{kind:?} in {kinds:?}");
    }
    assert_eq!((kinds.len(), bench.store.read().unwrap().held_count().unwrap()), (4, 1));
    assert!(!bench.ticket(2).requester().unwrap().is_subscribed());
    let peer = std::net::IpAddr::from([127, 0, 0, 1]);
    bench.desk.sign_in("jane@desk.example", "a sentence is easier", peer, None).await.unwrap();
}

#[tokio::test]
async fn a_desk_goes_on_with_a_data_folder_of_version_1() {
    let bench = former().await;
    bench.adopt_empty().await;
    let waiting: Vec<_> =
        bench.all_letters().into_iter().filter(|row| row.state == OutboxState::Waiting).collect();
    assert_eq!(waiting.len(), 1);
    // That desk did not say goodbye, so another might still run.
    bench.advance(POLL * 2);
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "what had left does not leave again");
    let letters = bench.letters(bench.ticket(1).id);
    assert!(letters.iter().all(|row| row.state == OutboxState::Sent && row.delivery != Delivery::Queued));
    let first = letters.iter().find(|row| matches!(row.letter, LetterKind::Comment { .. })).unwrap();
    let key = bench.desk.site().reply(&first.reply_key).unwrap();
    let row = bench.receive(&post("answer").to(key.as_str()).text("It is out now.")).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Comment, Some(bench.ticket(1).id)));
    let held = bench.rows().into_iter().find(|row| matches!(row.verdict, VerdictKind::Hold(_))).unwrap();
    // A form of the former desk's does not count again.
    let form = FormId::parse("a-later-form").unwrap();
    bench.desk.take_in(bench.jane, held.id, form, Some(bench.project.id)).await.unwrap();
    assert_eq!(bench.ticket(3).requester().unwrap().address, address(ANNA));
    let admin = Viewer { account: bench.jane.account, admin: true };
    assert!(bench.desk.see_held(admin, None).await.unwrap().mails.is_empty());
}
