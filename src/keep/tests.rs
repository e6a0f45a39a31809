//! Backups there and back, and what is not taken along.
#![allow(clippy::disallowed_methods, reason = "tests own their files")]

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::clock::Clock;
use crate::secret::Random;
use crate::store::{RawStore, Store, StorePath, look_at_copy};
use crate::tracker::RunId;

fn store(folder: &Path) -> Store {
    Store::open(&StorePath::new(folder), &Random::seeded(3), &Clock::system()).unwrap()
}

async fn packed(store: &Store, folder: &Path) -> Vec<u8> {
    let snapshot = store.snapshot().await.unwrap();
    let facts = look_at_copy(snapshot.path()).unwrap();
    let header = Header::new(&facts, "2026-11-22T13:00:00Z".parse().unwrap());
    let source = Source { data: folder, database: snapshot.path() };
    let (octets, packed) = pack(source, header, Vec::new(), &mut |_, _| {}).unwrap();
    assert!(packed.files > 0);
    octets
}

/// Every file below a folder with its contents.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn put(raw: &RawStore, text: &str) {
    raw.put(text.as_bytes()).unwrap();
}

#[tokio::test]
async fn everything_comes_back_and_what_is_made_anew_is_left_out() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = store(from.path());
    put(store.raw(), "one");
    put(store.raw(), "two");
    store.write(|w| w.add_run(RunId([7; 16]))).await.unwrap();
    let long = format!("acme/{}/state.json", "a-long-name-".repeat(15));
    for (name, text) in [
        ("tls/key.pem", "a key"),
        (&long, "{}"),
        ("search/segment", "made anew"),
        ("reserve", "room"),
        ("postdesk.redb.version-1", "an old copy"),
        ("backups/postdesk-2026-01-01T000000Z.tar.zst", "another backup"),
        ("raw/tmp/0", "being written"),
    ] {
        let path = from.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::os::unix::fs::symlink("/etc/passwd", from.path().join("link")).unwrap();
    let backup = packed(&store, from.path()).await;

    let data = StorePath::new(to.path().join("data"));
    let restoring = Restoring::begin(&data, backup.as_slice(), "it", &mut |_, _| {}).unwrap();
    assert!(Store::open(&data, &Random::seeded(1), &Clock::system()).is_err(), "it is held");
    restoring.finish().unwrap();
    let restored = files(data.folder());
    let mut names: Vec<_> =
        restored.keys().map(String::as_str).filter(|name| !name.starts_with("raw/")).collect();
    names.sort_unstable();
    assert_eq!(names, [long.as_str(), "postdesk.lock", "postdesk.redb", "tls/key.pem"]);
    assert_eq!(restored["tls/key.pem"], b"a key");
    assert_eq!(restored.keys().filter(|name| name.starts_with("raw/")).count(), 2);
    let again = self::store(data.folder());
    assert!(crate::store::Look::runs(&again.read().unwrap()).unwrap().contains(&RunId([7; 16])));
}

#[tokio::test]
async fn what_is_whole_but_was_wrong_before_is_said() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = store(from.path());
    put(store.raw(), "one");
    let name = files(from.path()).into_keys().find(|name| name.ends_with(".zst")).unwrap();
    std::fs::write(from.path().join(name), "no zstd").unwrap();
    let file = to.path().join("a.tar.zst");
    std::fs::write(&file, packed(&store, from.path()).await).unwrap();
    let checked = verify(&file, &mut |_, _| {}).unwrap();
    assert_eq!(checked.findings.len(), 1);
    assert!(checked.findings[0].contains("was when the backup was made"), "{:?}", checked.findings);
}

#[tokio::test]
async fn a_restore_that_was_cut_off_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("restoring")).unwrap();
    let path = StorePath::new(folder.path());
    let refused = Store::open(&path, &Random::seeded(1), &Clock::system()).map(drop).unwrap_err();
    assert!(refused.to_string().contains("did not finish"), "{refused}");
    let refused = Restoring::begin(&path, [].as_slice(), "it", &mut |_, _| {}).unwrap_err();
    assert!(matches!(refused, KeepError::NotEmpty { .. }), "{refused}");
}

#[test]
fn a_target_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar.zst");
    let target = Target::begin(&path).unwrap();
    std::io::Write::write_all(&mut target.writer().unwrap(), b"half").unwrap();
    drop(target);
    assert!(files(folder.path()).is_empty());
    let target = Target::begin(&path).unwrap();
    std::io::Write::write_all(&mut target.writer().unwrap(), b"whole").unwrap();
    assert!(!path.exists());
    target.finish().unwrap();
    assert_eq!(
        files(folder.path()).into_iter().collect::<Vec<_>>(),
        [("a.tar.zst".to_owned(), b"whole".to_vec())]
    );
    assert!(matches!(Target::begin(&path), Err(KeepError::Exists(_))));
}
