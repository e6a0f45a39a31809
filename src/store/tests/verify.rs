//! Looking through a store: a good one is well, and whatever is taken away, added or changed is found.
#![allow(clippy::disallowed_methods, reason = "a test changes the file by hand")]

use std::path::{Path, PathBuf};

use redb::ReadableTable;

use super::at;
use super::sample::{
    account, address, letter, mail_row, message_id, participant, project, reply_key, ticket,
};
use crate::clock::Clock;
use crate::secret::Random;
use crate::store::schema::Table;
use crate::store::verify::INDEXES;
use crate::store::{Look, Report, Snapshot, Store, StoreError, StorePath, verify};
use crate::tracker::outbox::DraftRef;
use crate::tracker::*;
use crate::triage::{KeyFact, KeyPurpose, MailRow, VerdictKind};

/// A snapshot of a store that has something in each of its indexes.
async fn filled(folder: &Path) -> (Store, Snapshot) {
    let store =
        Store::open(&StorePath::new(folder), &Random::seeded(1), &Clock::manual(at(2_000_000))).unwrap();
    let wrote = store.write(|w| {
        let suffixed = Project {
            aliases: vec![address("help@example.com")],
            suffix: Suffix::parse("help"),
            ..project("acme/web")
        };
        let project = w.add_project(&suffixed)?;
        let jane = w.add_account(&account("jane"))?;
        let (id, number) = w.next_ticket(project)?;
        let mut first = ticket(id, project, number);
        first.assignee = Some(jane);
        first.participants.push(participant(2, "ben@example.org"));
        first.unverified = 2;
        w.put_ticket(&first)?;
        let body = Body::Mail { raw: RawHash([1; 32]), row: None };
        let kind = EventKind::Opened { body };
        w.put_event(&Event { ticket: id, no: EventNo(1), at: at(100), actor: Actor::Postdesk, kind })?;
        w.add_mail_id(&message_id("a@example.org"), id, false)?;
        w.add_mail_row(mail_row(1))?;
        let mut taken = mail_row(2);
        (taken.verdict, taken.ticket) = (VerdictKind::Open, Some(id));
        w.add_mail_row(taken)?;
        w.add_letter(letter(id.0, 1, 1))?;
        let mut sent = letter(id.0, 2, 2);
        sent.state = OutboxState::Sent;
        sent.next_look = Some(at(3_000_000));
        sent.draft = Some(DraftRef { raw: RawHash([3; 32]), date: at(1_000_000) });
        w.add_letter(sent)?;
        let purpose = KeyPurpose::Reply(ParticipantNo(1));
        w.add_key(&KeyFact { key: reply_key(1), ticket: id, purpose, revoked: false })?;
        w.put_session(&Session { token_hash: [1; 32], account: jane, created_at: at(1), seen_at: at(2) })?;
        w.use_form(&FormId::parse("a-form").unwrap(), at(5))?;
        Ok::<_, StoreError>(())
    });
    wrote.await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    (store, snapshot)
}

fn look(database: &Path) -> Report {
    let mut records = 0;
    verify(database, &mut |_| true, &mut |now| records = now).unwrap()
}

/// A copy in which one table was changed by hand.
fn changed(
    from: &Path,
    table: Table,
    change: impl FnOnce(&mut redb::Table<'_, &'static [u8], &'static [u8]>),
) -> PathBuf {
    let copy = from.with_file_name("changed.redb");
    std::fs::copy(from, &copy).unwrap();
    let database = redb::Builder::new().open(&copy).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&mut transaction.open_table(table.definition()).unwrap());
    transaction.commit().unwrap();
    copy
}

fn first(table: &redb::Table<'_, &'static [u8], &'static [u8]>) -> Option<(Vec<u8>, Vec<u8>)> {
    let (key, value) = table.first().unwrap()?;
    Some((key.value().to_vec(), value.value().to_vec()))
}

#[track_caller]
fn assert_found(report: &Report, table: Table) {
    let name = format!("`{}`", table.name());
    assert!(report.findings.iter().any(|finding| finding.starts_with(&name)), "{name}: {report:?}");
    assert!(!report.is_well());
}

#[tokio::test]
async fn a_good_store_is_well_and_every_index_is_watched_in_both_directions() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, snapshot) = filled(folder.path()).await;
    let report = look(snapshot.path());
    assert!(report.is_well(), "{report:?}");
    assert_eq!(report.raw, 3);
    let wrong = changed(snapshot.path(), Table::Unverified, |table| {
        let (key, _) = first(table).unwrap();
        table.insert(key.as_slice(), 1_u64.to_be_bytes().as_slice()).unwrap();
    });
    assert_found(&look(&wrong), Table::Unverified);
    for table in INDEXES {
        let missing = changed(snapshot.path(), table, |table| {
            let (key, _) = first(table).unwrap_or_else(|| panic!("{} is empty", Table::name(Table::Meta)));
            table.remove(key.as_slice()).unwrap();
        });
        assert_found(&look(&missing), table);
        let more = changed(snapshot.path(), table, |table| {
            table.insert([7_u8; 60].as_slice(), [].as_slice()).unwrap();
        });
        assert_found(&look(&more), table);
    }
}

/// An earlier Postdesk did not count mails without a sender.
#[tokio::test]
async fn a_mail_without_a_sender_is_well_with_its_entry_and_without_and_may_change() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = filled(folder.path()).await;
    let nobodys = MailRow { from: None, verdict: VerdictKind::Open, ..mail_row(4) };
    let row = store.write(move |w| w.add_mail_row(nobodys.clone())).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    assert!(look(snapshot.path()).is_well());
    let earlier = changed(snapshot.path(), Table::MailBySender, |table| {
        let (key, _) = first(table).unwrap();
        assert!(key.windows(6).any(|part| part == b"nobody"));
        table.remove(key.as_slice()).unwrap();
    });
    assert!(look(&earlier).is_well());

    let other = tempfile::tempdir().unwrap();
    std::fs::copy(&earlier, other.path().join("postdesk.redb")).unwrap();
    let opened =
        Store::open(&StorePath::new(other.path()), &Random::seeded(1), &Clock::manual(at(2_000_000)));
    let opened = opened.unwrap();
    for verdict in [VerdictKind::Comment, VerdictKind::Duplicate, VerdictKind::Open] {
        let changed = opened.write(move |w| {
            let row = w.mail_row(row)?.unwrap();
            w.put_mail_row(&MailRow { verdict, filed: true, ..row })
        });
        changed.await.unwrap();
        let report = look(opened.snapshot().await.unwrap().path());
        assert!(report.is_well(), "{verdict:?}: {report:?}");
    }
}

#[tokio::test]
async fn counters_numbers_and_references_are_watched() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, snapshot) = filled(folder.path()).await;
    let path = snapshot.path();
    let count = changed(path, Table::Counts, |table| {
        let (key, _) = first(table).unwrap();
        table.insert(key.as_slice(), 9_u64.to_be_bytes().as_slice()).unwrap();
    });
    assert_found(&look(&count), Table::Counts);
    let numbers = changed(path, Table::LastNumbers, |table| {
        let (key, _) = first(table).unwrap();
        table.insert(key.as_slice(), 0_u32.to_be_bytes().as_slice()).unwrap();
    });
    assert_found(&look(&numbers), Table::LastNumbers);
    let gone = changed(path, Table::Tickets, |table| {
        let (key, _) = first(table).unwrap();
        table.remove(key.as_slice()).unwrap();
    });
    for table in [Table::Events, Table::Outbox, Table::Keys, Table::MailRows, Table::ByActivity] {
        assert_found(&look(&gone), table);
    }
    let unreadable = changed(path, Table::Accounts, |table| {
        let (key, _) = first(table).unwrap();
        table.insert(key.as_slice(), [1, 0xff].as_slice()).unwrap();
    });
    assert_found(&look(&unreadable), Table::Accounts);
    let report = verify(path, &mut |hash| *hash != RawHash([3; 32]), &mut |_| {}).unwrap();
    assert_found(&report, Table::RawUses);
}

#[tokio::test]
async fn octets_that_were_changed_in_the_file_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, snapshot) = filled(folder.path()).await;
    assert!(look(snapshot.path()).is_well());
    let whole = std::fs::read(snapshot.path()).unwrap();
    let copy = snapshot.path().with_file_name("flipped.redb");
    // Somewhere in a record: the text is there once, or in old pages too.
    let text = b"Ticket 1";
    let places: Vec<_> = (0..whole.len() - text.len()).filter(|at| whole[*at..].starts_with(text)).collect();
    assert!(!places.is_empty());
    let mut flipped = whole;
    for at in places {
        flipped[at] ^= 1;
    }
    std::fs::write(&copy, &flipped).unwrap();
    assert!(look(&copy).broken.is_some());
}

#[tokio::test]
async fn nothing_is_swept_while_a_snapshot_lives() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(at(2_000_000_000));
    let store = Store::open(&StorePath::new(folder.path()), &Random::seeded(1), &clock).unwrap();
    let idle = store.raw().put(b"named by nothing").unwrap();
    clock.advance(std::time::Duration::from_hours(48));
    let snapshot = store.snapshot().await.unwrap();
    assert_eq!(store.sweep_raw().await.unwrap().removed, 0);
    assert!(store.raw().exists(&idle) && snapshot.path().exists());
    let path = snapshot.path().to_owned();
    drop(snapshot);
    assert!(!path.exists() && !path.parent().unwrap().exists());
    assert_eq!(store.sweep_raw().await.unwrap().removed, 1);
}
