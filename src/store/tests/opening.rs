//! Opening in a folder: creating, locking, killing, migrating.
#![allow(clippy::disallowed_methods, reason = "the store owns the files of the data folder")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use redb::ReadableDatabase;

use super::at;
use super::sample::project;
use crate::clock::Clock;
use crate::secret::Random;
use crate::store::migrate::{Step, Way, open_with};
use crate::store::open::Source;
use crate::store::schema::{Table, VERSION, meta};
use crate::store::{Look, OpenError, Store, StoreError, StorePath, Write};
use crate::tracker::{ProjectId, RunId};

fn open(path: &StorePath) -> Result<Store, OpenError> {
    Store::open(path, &Random::seeded(5), &Clock::manual(at(1_000_000)))
}

async fn write(store: &Store, job: impl FnMut(&mut Write<'_>) -> Result<(), StoreError> + Send + 'static) {
    store.write(job).await.unwrap();
}

#[tokio::test]
async fn a_store_is_created_with_an_id_that_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = StorePath::new(folder.path().join("var/postdesk"));
    let store = open(&path).unwrap();
    assert_eq!(path.folder().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(path.database().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let id = store.read().unwrap().store_id().unwrap();
    write(&store, |w| w.add_project(&project("acme/web")).map(drop)).await;
    store.close().await;

    let again = Store::open(&path, &Random::seeded(6), &Clock::manual(at(2))).unwrap();
    let read = again.read().unwrap();
    assert_eq!(read.store_id().unwrap(), id);
    assert!(read.project(ProjectId(1)).unwrap().is_some());
}

#[tokio::test]
async fn a_second_daemon_is_refused_until_the_first_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = StorePath::new(folder.path());
    let first = open(&path).unwrap();
    let refused = open(&path).map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }));
    assert!(refused.to_string().contains("another Postdesk is running on the data folder"), "{refused}");
    first.close().await;
    open(&path).unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::File::create(&file).unwrap();
    let refused = open(&StorePath::new(file.join("data"))).map(drop).unwrap_err();
    assert!(matches!(&refused, OpenError::Folder { .. }), "{refused}");
    assert!(refused.to_string().contains("file/data"), "{refused}");
}

const CHILD_FOLDER: &str = "POSTDESK_TEST_FOLDER";

/// Not a test: the daemon that the next one kills. It says a number once its commit is answered.
#[tokio::test]
#[ignore = "run by killed_in_the_middle_of_writing_it_keeps_what_was_answered"]
async fn child() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else { return };
    let store = open(&StorePath::new(folder)).unwrap();
    for n in 0u128.. {
        write(&store, move |w| w.add_run(RunId(n.to_be_bytes()))).await;
        println!("answered {n}");
    }
}

#[tokio::test]
async fn killed_in_the_middle_of_writing_it_keeps_what_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::opening::child", "--ignored", "--nocapture"])
            .env(CHILD_FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = lines
            .map_while(Result::ok)
            .filter_map(|line| line.rsplit_once("answered ").and_then(|(_, n)| n.parse::<u128>().ok()));
        let last = said.find(|n| *n == 50 * round).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        // What was said between the look and the kill counts as well.
        let last = said.last().unwrap_or(last);

        let store = open(&StorePath::new(folder.path())).unwrap();
        let runs = store.read().unwrap().runs().unwrap();
        assert!((0..=last).all(|n| runs.contains(&RunId(n.to_be_bytes()))), "round {round}, answered {last}");
        write(&store, |w| w.add_run(RunId([255; 16]))).await;
        store.close().await;
    }
}

/// The file of a store that was closed, and a way to open it with other steps.
async fn closed(folder: &StorePath) -> Source {
    let store = open(folder).unwrap();
    write(&store, |w| w.add_run(RunId([7; 16]))).await;
    store.close().await;
    Source::File(folder.database())
}

fn version_and_word(database: &redb::Database) -> (u32, Option<Vec<u8>>) {
    let read = database.begin_read().unwrap();
    let table = read.open_table(Table::Meta.definition()).unwrap();
    let version = table.get(meta::VERSION).unwrap().unwrap().value().try_into().unwrap();
    let word = table.get(b"word".as_slice()).unwrap().map(|word| word.value().to_vec());
    (u32::from_be_bytes(version), word)
}

fn add_word(transaction: &redb::WriteTransaction) -> Result<(), StoreError> {
    let mut table = transaction.open_table(Table::Meta.definition())?;
    table.insert(b"word".as_slice(), b"new".as_slice())?;
    Ok(())
}

fn turn_word(transaction: &redb::WriteTransaction) -> Result<(), StoreError> {
    let mut table = transaction.open_table(Table::Meta.definition())?;
    let word = table.remove(b"word".as_slice())?.map(|word| word.value().to_vec());
    let word: Vec<u8> = word.unwrap_or_default().into_iter().rev().collect();
    table.insert(b"word".as_slice(), word.as_slice())?;
    Ok(())
}

fn fail(transaction: &redb::WriteTransaction) -> Result<(), StoreError> {
    turn_word(transaction)?;
    Err(StoreError::Taken("a name".into()))
}

const ADD: Step = Step { to: VERSION + 1, run: add_word };
const TURN: Step = Step { to: VERSION + 2, run: turn_word };
const FAIL: Step = Step { to: VERSION + 2, run: fail };
const TWO: Way = Way { steps: &[ADD, TURN], known: VERSION + 2, spare: 0 };

#[tokio::test]
async fn an_older_version_is_migrated_step_by_step_after_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = StorePath::new(folder.path());
    let source = closed(&path).await;
    let random = Random::seeded(1);
    let database = open_with(&source, &random, TWO).unwrap();
    assert_eq!(version_and_word(&database), (VERSION + 2, Some(b"wen".to_vec())));
    drop(database);

    let copy = Source::File(folder.path().join(format!("postdesk.redb.version-{VERSION}")));
    assert_eq!(version_and_word(&copy.open().unwrap()), (VERSION, None));
    let again = open_with(&source, &random, TWO).unwrap();
    assert_eq!(version_and_word(&again), (VERSION + 2, Some(b"wen".to_vec())), "each step is taken once");
}

#[tokio::test]
async fn without_room_for_a_copy_nothing_is_changed_and_the_sentence_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = StorePath::new(folder.path());
    let source = closed(&path).await;
    let random = Random::seeded(1);
    let files = || {
        let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    let full = Way { spare: u64::MAX / 2, ..TWO };
    let refused = open_with(&source, &random, full).map(drop).unwrap_err();
    let no_room = |error: &OpenError| {
        matches!(error, OpenError::Copy { source: crate::store::CopyError::NoRoom { .. }, .. })
    };
    assert!(no_room(&refused), "{refused}");
    for part in ["before its migration", "nothing was changed", "octets are needed", "make room first"] {
        assert!(refused.to_string().contains(part), "{refused}");
    }
    assert_eq!(files(), before, "no copy is left");
    assert_eq!(version_and_word(&source.open().unwrap()), (VERSION, None), "the database is as it was");
    // With room it goes on by itself.
    let database = open_with(&source, &random, TWO).unwrap();
    assert_eq!(version_and_word(&database), (VERSION + 2, Some(b"wen".to_vec())));
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_version_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let source = closed(&StorePath::new(folder.path())).await;
    let random = Random::seeded(1);
    let failed = open_with(&source, &random, Way { steps: &[ADD, FAIL], ..TWO }).map(drop).unwrap_err();
    assert!(matches!(failed, OpenError::Migration { to, .. } if to == VERSION + 2), "{failed}");
    assert_eq!(version_and_word(&source.open().unwrap()), (VERSION + 1, Some(b"new".to_vec())));
    let database = open_with(&source, &random, TWO).unwrap();
    assert_eq!(version_and_word(&database), (VERSION + 2, Some(b"wen".to_vec())));
}

#[tokio::test]
async fn a_newer_version_is_refused_and_so_is_one_without_a_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = StorePath::new(folder.path());
    let source = closed(&path).await;
    let random = Random::seeded(1);
    let no_way = open_with(&source, &random, Way { steps: &[TURN], ..TWO }).map(drop).unwrap_err();
    assert!(matches!(no_way, OpenError::NoWay { .. }), "{no_way}");

    drop(open_with(&source, &random, Way { steps: &[ADD], known: VERSION + 1, spare: 0 }).unwrap());
    let newer = open(&path).map(drop).unwrap_err();
    let sentence = format!("schema version {}, and this one knows up to {VERSION}", VERSION + 1);
    assert!(newer.to_string().contains(&sentence), "{newer}");
    assert!(matches!(newer, OpenError::Newer { .. }));
}
