//! The outbox: who is due, who waits behind whom, and what is on record about a letter.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::sample::{letter, message_id};
use super::{Bench, Written, at};
use crate::store::{Look, StoreError, WriteError};
use crate::tracker::{
    Delivery, EventNo, Lane, LetterKind, OutboxId, OutboxRow, OutboxState, Subject, TicketId,
};

const NOW: i64 = 1_000_000;

async fn add(bench: &Bench, row: OutboxRow) -> OutboxId {
    bench.write(move |w| w.add_letter(row.clone())).await
}

async fn change(bench: &Bench, id: OutboxId, change: impl Fn(&mut OutboxRow) + Send + 'static) {
    bench
        .write(move |w| {
            let mut row = w.letter(id)?.unwrap();
            change(&mut row);
            w.put_letter(&row)
        })
        .await;
}

fn due(bench: &Bench, now: i64) -> Vec<u64> {
    bench.store.read().unwrap().letters_due(at(now), 100).unwrap().iter().map(|row| row.id.0).collect()
}

#[tokio::test]
async fn a_letter_waits_behind_the_one_before_it_for_the_same_person() {
    let bench = Bench::new();
    let first = add(&bench, letter(1, 1, 1)).await;
    let second = add(&bench, letter(1, 1, 2)).await;
    let other_person = add(&bench, letter(1, 2, 3)).await;
    assert_eq!(due(&bench, NOW), [first.0, other_person.0]);

    change(&bench, first, |row| row.state = OutboxState::Submitting).await;
    assert_eq!(due(&bench, NOW), [other_person.0], "one that is being submitted holds too");
    for done in [
        OutboxState::Sent,
        OutboxState::PresumedSent,
        OutboxState::Unknown,
        OutboxState::Failed,
        OutboxState::Withdrawn,
    ] {
        change(&bench, first, move |row| row.state = done).await;
        assert_eq!(due(&bench, NOW), [second.0, other_person.0], "{done:?} lets the next go");
    }
    change(&bench, first, |row| row.state = OutboxState::Waiting).await;
    assert_eq!(due(&bench, NOW), [first.0, other_person.0], "sending it again keeps its place");
}

#[tokio::test]
async fn a_letter_that_may_not_leave_yet_holds_those_behind_it_and_the_next_time_is_its_own() {
    let bench = Bench::new();
    let mut first = letter(1, 1, 1);
    first.not_before = at(NOW + 60);
    add(&bench, first).await;
    add(&bench, letter(1, 1, 2)).await;
    assert_eq!(due(&bench, NOW + 59), [0u64; 0]);
    assert_eq!(bench.store.read().unwrap().next_due().unwrap(), Some(at(NOW + 60)));
    assert_eq!(due(&bench, NOW + 60), [1]);
}

#[tokio::test]
async fn the_time_is_kept_to_the_nanosecond() {
    let bench = Bench::new();
    let mut row = letter(1, 1, 1);
    row.not_before = jiff::Timestamp::new(NOW, 500).unwrap();
    add(&bench, row.clone()).await;
    assert_eq!(due(&bench, NOW), [0u64; 0]);
    let read = bench.store.read().unwrap();
    assert_eq!(read.letters_due(row.not_before, 1).unwrap().len(), 1);
    assert_eq!(read.next_due().unwrap(), Some(row.not_before));
}

#[tokio::test]
async fn peoples_comments_come_first_and_no_lane_crowds_out_another() {
    let bench = Bench::new();
    for n in 1..=5 {
        let mut row = letter(u64::from(n), 1, n);
        row.letter = LetterKind::Confirmation { subject: false };
        add(&bench, row).await;
    }
    let comment = add(&bench, letter(9, 1, 9)).await;
    let read = bench.store.read().unwrap();
    let found = read.letters_due(at(NOW), 2).unwrap();
    let lanes: Vec<_> = found.iter().map(|row| row.letter.lane()).collect();
    assert_eq!(lanes, [Lane::People, Lane::Automatic, Lane::Automatic]);
    assert_eq!(found[0].id, comment);
}

#[tokio::test]
async fn hundreds_behind_one_do_not_hide_the_letter_of_another() {
    let bench = Bench::new();
    let held = bench
        .write(|w| {
            let mut first = letter(1, 1, 0);
            first.state = OutboxState::Submitting;
            w.add_letter(first)?;
            for n in 0..600u32 {
                let mut row = letter(1, 1, 1);
                row.message_id = message_id(&format!("{n}@desk"));
                w.add_letter(row)?;
            }
            Ok(())
        })
        .await;
    let other = add(&bench, letter(2, 1, 3)).await;
    assert_eq!((held, due(&bench, NOW)), ((), vec![other.0]));
}

#[tokio::test]
async fn a_letter_is_found_by_ticket_state_and_message_id() {
    let bench = Bench::new();
    let id = add(&bench, letter(1, 1, 1)).await;
    add(&bench, letter(2, 1, 2)).await;
    change(&bench, id, |row| {
        row.state = OutboxState::Sent;
        row.delivery = Delivery::Queued;
    })
    .await;
    let read = bench.store.read().unwrap();
    let ids = |rows: Vec<OutboxRow>| rows.iter().map(|row| row.id.0).collect::<Vec<_>>();
    assert_eq!(ids(read.letters_of(TicketId(1)).unwrap()), [1]);
    assert_eq!(ids(read.letters_in(OutboxState::Sent, 10).unwrap()), [1]);
    assert_eq!(ids(read.letters_in(OutboxState::Waiting, 10).unwrap()), [2]);
    let found = read.letter_by_message_id(&letter(1, 1, 1).message_id).unwrap();
    assert_eq!(found.map(|row| (row.id, row.delivery)), Some((id, Delivery::Queued)));
    assert!(read.letter_by_message_id(&message_id("nobody@desk")).unwrap().is_none());
}

#[tokio::test]
async fn no_two_letters_share_a_message_id_and_none_is_replaced_that_is_not_there() {
    let bench = Bench::new();
    add(&bench, letter(1, 1, 1)).await;
    let again: Written<OutboxId> = bench.store.write(|w| w.add_letter(letter(1, 1, 1))).await;
    assert!(matches!(again, Err(WriteError::Refused(StoreError::Taken(_)))), "{again:?}");
    let absent: Written<()> =
        bench.store.write(|w| w.put_letter(&OutboxRow { id: OutboxId(77), ..letter(3, 1, 3) })).await;
    assert!(matches!(absent, Err(WriteError::Refused(StoreError::Missing { .. }))), "{absent:?}");
}

#[tokio::test]
async fn the_journal_tells_of_a_letter_when_what_is_shown_of_it_changes() {
    let bench = Bench::new();
    let id = add(&bench, letter(4, 1, 1)).await;
    change(&bench, id, |row| row.attempts += 1).await;
    change(&bench, id, |row| row.state = OutboxState::Submitting).await;
    let entries = bench.store.read().unwrap().journal(crate::tracker::Seq(0), 10).unwrap();
    let subjects: Vec<_> = entries.iter().map(|entry| entry.subject).collect();
    assert_eq!(subjects, [Subject::Letters(TicketId(4)); 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_is_due_is_what_the_rows_say(
        puts in proptest::collection::vec((0u8..10, 0u8..7, 0i64..4, any::<bool>()), 1..40)
    ) {
        let states = [
            OutboxState::Waiting, OutboxState::Submitting, OutboxState::Sent, OutboxState::PresumedSent,
            OutboxState::Unknown, OutboxState::Failed, OutboxState::Withdrawn,
        ];
        let bench = Bench::new();
        let run = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut rows: BTreeMap<u8, OutboxRow> = BTreeMap::new();
        for (which, state, time, automatic) in puts {
            let letter_kind = if automatic {
                LetterKind::Confirmation { subject: true }
            } else {
                LetterKind::Comment { event: EventNo(1) }
            };
            // Ten letters for three people on two tickets.
            let row = OutboxRow {
                state: states[usize::from(state)],
                not_before: at(NOW + time),
                letter: letter_kind,
                ..letter(u64::from(which % 2), u16::from(which % 3), which)
            };
            let known = rows.get(&which).map(|row| row.id);
            let put = row.clone();
            let id = run.block_on(bench.write(move |w| match known {
                Some(id) => w.put_letter(&OutboxRow { id, ..put.clone() }).map(|()| id),
                None => w.add_letter(put.clone()),
            }));
            rows.insert(which, OutboxRow { id, ..row });
        }
        let head = |row: &&OutboxRow| {
            row.state == OutboxState::Waiting && !rows.values().any(|other| {
                other.id < row.id && other.state.holds_others()
                    && other.to == row.to
            })
        };
        let read = bench.store.read().unwrap();
        let next = rows.values().filter(head).map(|row| row.not_before).min();
        prop_assert_eq!(read.next_due().unwrap(), next);
        for time in 0..4 {
            let now = at(NOW + time);
            let mut expected: Vec<_> = rows.values().filter(head).filter(|row| row.not_before <= now).collect();
            expected.sort_by_key(|row| (row.letter.lane() == Lane::Automatic, row.not_before, row.id));
            let expected: Vec<_> = expected.iter().map(|row| row.id).collect();
            let found: Vec<_> = read.letters_due(now, 100).unwrap().iter().map(|row| row.id).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
