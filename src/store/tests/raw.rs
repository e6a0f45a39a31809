//! The raw store: round trips, damage, leftovers, sweeping.
#![allow(clippy::disallowed_methods, reason = "the store owns the files of the data folder")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sample::{letter, mail_row};
use super::{Bench, at};
use crate::clock::Clock;
use crate::store::files::SystemFiles;
use crate::store::raw::{MAX_RAW, RawStore};
use crate::store::{RawError, Swept};
use crate::tracker::outbox::DraftRef;
use crate::tracker::{Actor, Body, Event, EventKind, EventNo, RawHash, TicketId};
use crate::triage::MailRow;

fn open(folder: &Path) -> RawStore {
    RawStore::open(folder.join("raw"), Box::new(SystemFiles), &Clock::manual(at(1_000_000))).unwrap()
}

fn file_of(folder: &Path, hash: &RawHash) -> PathBuf {
    folder.join("raw").join(format!("{:02x}", hash.0[0])).join(format!("{hash}.zst"))
}

#[test]
fn what_is_put_comes_back_under_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let raw = open(folder.path());
    for octets in [&b""[..], b"From: a@b\r\n\r\nhello", &vec![b'x'; 3_000_000]] {
        let hash = raw.put(octets).unwrap();
        assert_eq!(hash.0, *blake3::hash(octets).as_bytes());
        assert!(raw.exists(&hash));
        assert_eq!(raw.get(&hash).unwrap(), octets);
        assert_eq!(raw.put(octets).unwrap(), hash, "putting it again is no error");
    }
    assert_eq!(fs::read_dir(folder.path().join("raw/tmp")).unwrap().count(), 0);
    assert_eq!(open(folder.path()).get(&raw.put(b"again").unwrap()).unwrap(), b"again");
}

#[test]
fn a_missing_or_damaged_file_is_named_for_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let raw = open(folder.path());
    assert!(matches!(raw.get(&RawHash([7; 32])), Err(RawError::Missing(RawHash(h))) if h == [7; 32]));

    let hash = raw.put(b"the true text").unwrap();
    let other = zstd::bulk::compress(b"another text", 1).unwrap();
    let cut = zstd::bulk::compress(&vec![b'y'; 100_000], 1).unwrap();
    for damage in [&other[..], b"no zstd at all", &cut[..cut.len() / 2], b""] {
        fs::write(file_of(folder.path(), &hash), damage).unwrap();
        assert!(matches!(raw.get(&hash), Err(RawError::Damaged(h)) if h == hash));
    }
}

#[test]
fn a_file_that_unpacks_without_end_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let raw = open(folder.path());
    let hash = raw.put(b"small").unwrap();
    let path = file_of(folder.path(), &hash);
    let mut bomb = zstd::stream::write::Encoder::new(fs::File::create(&path).unwrap(), 1).unwrap();
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), MAX_RAW + 5), &mut bomb).unwrap();
    bomb.finish().unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 1_000_000);
    assert!(matches!(raw.get(&hash), Err(RawError::Damaged(_))));
}

#[test]
fn what_a_crash_left_half_written_is_gone_at_the_next_opening() {
    let folder = tempfile::tempdir().unwrap();
    let hash = open(folder.path()).put(b"whole").unwrap();
    let left = folder.path().join("raw/tmp/0");
    fs::write(&left, b"half").unwrap();
    let raw = open(folder.path());
    assert!(!left.exists());
    assert_eq!(raw.get(&hash).unwrap(), b"whole");
    raw.put(b"another").unwrap();
}

#[tokio::test]
async fn a_sweep_removes_what_is_old_and_what_nothing_names() {
    let bench = Bench::new();
    let raw = bench.store.raw().clone();
    let [of_row, of_event, of_draft, of_nothing] =
        [&b"row"[..], b"event", b"draft", b"nothing"].map(|octets| raw.put(octets).unwrap());
    bench
        .write(move |w| {
            w.add_mail_row(MailRow { raw: of_row, ..mail_row(1) })?;
            let body = Body::Mail { raw: of_event, row: None };
            let kind = EventKind::Opened { body };
            w.put_event(&Event {
                ticket: TicketId(1),
                no: EventNo(1),
                at: at(5),
                actor: Actor::Postdesk,
                kind,
            })?;
            let mut row = letter(1, 1, 1);
            row.draft = Some(DraftRef { raw: of_draft, date: at(6) });
            w.add_letter(row)
        })
        .await;
    assert_eq!(bench.store.sweep_raw().await.unwrap(), Swept { seen: 4, removed: 0 }, "all are young");

    bench.clock.advance(Duration::from_secs(24 * 60 * 60 + 1));
    let renewed = raw.put(b"renewed").unwrap();
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(bench.store.sweep_raw().await.unwrap(), Swept { seen: 5, removed: 1 });
    assert!(!raw.exists(&of_nothing));
    assert!([of_row, of_event, of_draft, renewed].iter().all(|hash| raw.exists(hash)));

    bench.clock.advance(Duration::from_secs(24 * 60 * 60));
    raw.put(b"renewed").unwrap();
    assert_eq!(bench.store.sweep_raw().await.unwrap().removed, 0, "putting it again renewed its time");
    assert_eq!(raw.get(&renewed).unwrap(), b"renewed");
}
