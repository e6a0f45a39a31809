//! The writer: groups, refusals, panics, a full disk, a killed daemon.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use futures_util::future::join_all;

use super::sample::{account, project, ticket};
use super::{Bench, Written, at};
use crate::store::{Look, StoreError, Write, WriteError};
use crate::tracker::{ProjectId, RunId, State, Ticket};

/// Keeps the writer busy until the guard is dropped, so that what is asked for meanwhile queues up.
async fn busy(bench: &Bench) -> std::sync::mpsc::Sender<()> {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let (entered, mut running) = tokio::sync::mpsc::unbounded_channel();
    let wait = Mutex::new(wait);
    let store = bench.store.clone();
    tokio::spawn(async move {
        let _: Written<()> = store
            .write(move |_| {
                let _ = entered.send(());
                let _ = wait.lock().unwrap().recv();
                Ok(())
            })
            .await;
    });
    running.recv().await;
    release
}

#[derive(Debug, PartialEq)]
enum No {
    Because(u32),
    Store(String),
}

impl From<StoreError> for No {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

/// Hands in jobs at once, behind a busy writer, and returns their answers in order.
async fn at_once<F>(bench: &Bench, jobs: Vec<F>) -> Vec<Result<u32, WriteError<No>>>
where
    F: FnMut(&mut Write<'_>) -> Result<u32, No> + Send + 'static,
{
    let release = busy(bench).await;
    let mut all = Box::pin(join_all(jobs.into_iter().map(|job| bench.store.write(job))));
    // Polled once, each has queued its job.
    let waiting = poll_fn(|context| Poll::Ready(all.as_mut().poll(context).is_pending())).await;
    assert!(waiting);
    drop(release);
    all.await
}

fn adds(n: u8) -> impl FnMut(&mut Write<'_>) -> Result<u32, No> + Send + 'static {
    move |w| {
        w.add_run(RunId([n; 16]))?;
        Ok(u32::from(n))
    }
}

#[tokio::test]
async fn many_writers_share_a_commit() {
    let bench = Bench::new();
    let before = *bench.store.commits().borrow();
    let answers = at_once(&bench, (0..100).map(adds).collect()).await;
    assert!(answers.iter().zip(0..).all(|(answer, n)| matches!(answer, Ok(got) if *got == n)));
    let commits = *bench.store.commits().borrow() - before;
    assert_eq!(commits, 1, "100 jobs that waited together are one commit");
    assert_eq!(bench.store.read().unwrap().runs().unwrap().len(), 100);
}

#[tokio::test]
async fn reading_only_costs_no_commit() {
    let bench = Bench::new();
    let (commits, syncs) = (*bench.store.commits().borrow(), bench.disk.syncs());
    bench.write(|w| w.runs()).await;
    let refused: Result<(), _> = bench.store.write(|_| Err(No::Because(1))).await;
    assert!(matches!(refused, Err(WriteError::Refused(No::Because(1)))));
    assert_eq!((*bench.store.commits().borrow(), bench.disk.syncs()), (commits, syncs));
}

type BoxedJob = Box<dyn FnMut(&mut Write<'_>) -> Result<u32, No> + Send>;

#[tokio::test]
async fn a_refusal_after_writing_harms_no_neighbour_and_leaves_nothing() {
    let bench = Bench::new();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let refuses: BoxedJob = Box::new(move |w| {
        counted.fetch_add(1, Ordering::SeqCst);
        w.add_run(RunId([99; 16]))?;
        Err(No::Because(7))
    });
    let answers = at_once(&bench, vec![Box::new(adds(1)), refuses, Box::new(adds(2))]).await;
    assert!(matches!(answers[0], Ok(1)));
    assert!(matches!(answers[1], Err(WriteError::Refused(No::Because(7)))));
    assert!(matches!(answers[2], Ok(2)));
    assert_eq!(runs.load(Ordering::SeqCst), 2, "it ran in the group and once more alone");
    assert_eq!(bench.store.read().unwrap().runs().unwrap(), [RunId([1; 16]), RunId([2; 16])]);
}

#[tokio::test]
async fn a_refusal_before_writing_stays_in_its_group() {
    let bench = Bench::new();
    let before = *bench.store.commits().borrow();
    let refuses: BoxedJob = Box::new(|w| Err(No::Because(w.runs()?.len() as u32)));
    let answers = at_once(&bench, vec![Box::new(adds(1)), refuses, Box::new(adds(2))]).await;
    assert!(matches!(answers[1], Err(WriteError::Refused(No::Because(1)))), "it saw its neighbour's row");
    assert_eq!(*bench.store.commits().borrow() - before, 1);
}

#[tokio::test]
async fn a_panic_harms_no_neighbour_and_leaves_nothing() {
    let bench = Bench::new();
    let panics: BoxedJob = Box::new(|w| {
        w.add_run(RunId([99; 16]))?;
        panic!("on purpose");
    });
    let answers = at_once(&bench, vec![Box::new(adds(1)), panics, Box::new(adds(2))]).await;
    assert!(matches!(answers[0], Ok(1)));
    let Err(WriteError::Store(StoreError::Panicked(why))) = &answers[1] else { panic!("{:?}", answers[1]) };
    assert_eq!(&**why, "on purpose");
    assert!(matches!(answers[2], Ok(2)));
    assert_eq!(bench.store.read().unwrap().runs().unwrap().len(), 2);
    assert!(*bench.store.writable().borrow(), "a job's panic is no trouble of the disk");
}

/// Puts tickets with long titles until the store says why it takes no more; returns how many it took.
async fn fill(bench: &Bench) -> (u64, StoreError) {
    for taken in 0.. {
        let put: Written<()> = bench
            .store
            .write(|w| {
                let (id, number) = w.next_ticket(ProjectId(1))?;
                let title = "long ".repeat(10_000);
                w.put_ticket(&Ticket { title, ..ticket(id, ProjectId(1), number) })
            })
            .await;
        match put {
            Ok(()) => {}
            Err(WriteError::Store(error)) => return (taken, error),
            Err(other) => panic!("{other:?}"),
        }
    }
    unreachable!("a disk is full some time")
}

/// How many tickets there are. The database may just be being opened anew, so the second try counts.
fn tickets(bench: &Bench) -> u64 {
    let count = || bench.store.read()?.count(&[ProjectId(1)], State::Open);
    count().or_else(|_| count()).unwrap()
}

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_room_and_loses_nothing() {
    let bench = Bench::new();
    bench.write(|w| w.add_run(RunId([1; 16]))).await;
    let kept = bench.store.read().unwrap();

    bench.disk.set_trouble(Some(ErrorKind::StorageFull));
    let (taken, why) = fill(&bench).await;
    let sentence = format!("the store cannot be written at present: I/O error: {}", ErrorKind::StorageFull);
    assert!(matches!(why, StoreError::Unwritable(_)) && why.is_temporary());
    let mut writable = bench.store.writable();
    assert!(!*writable.borrow_and_update());
    assert_eq!(tickets(&bench), taken, "reading goes on, and what was answered is there");
    let small: Written<()> = bench.store.write(|w| w.add_run(RunId([3; 16]))).await;
    assert_eq!(small.unwrap_err().to_string(), sentence, "also what would find room is refused");

    bench.disk.set_trouble(None);
    writable.wait_for(|writable| *writable).await.unwrap();
    // A snapshot from before the database was opened anew gives an error, or what it showed.
    assert!(kept.runs().is_err() || kept.runs().unwrap() == [RunId([1; 16])]);
    assert!(kept.projects().is_err() || kept.projects().unwrap().is_empty());
    drop(kept);
    bench.write(|w| w.add_run(RunId([4; 16]))).await;
    assert_eq!(bench.store.read().unwrap().runs().unwrap(), [RunId([1; 16]), RunId([4; 16])]);
    assert_eq!(tickets(&bench), taken);
}

#[tokio::test]
async fn every_waiting_job_is_answered_when_the_disk_fails() {
    let bench = Bench::new();
    bench.disk.set_trouble(Some(ErrorKind::Other));
    let answers = at_once(&bench, (0..20).map(adds).collect()).await;
    let unwritable = |answer: &Result<u32, WriteError<No>>| {
        matches!(answer, Err(WriteError::Store(StoreError::Unwritable(_))))
    };
    assert!(answers.iter().all(unwritable), "{answers:?}");
    bench.disk.set_trouble(None);
    bench.store.writable().wait_for(|writable| *writable).await.unwrap();
    assert!(bench.store.read().unwrap().runs().unwrap().is_empty());
}

#[tokio::test]
async fn what_was_answered_outlives_a_loss_of_power_at_any_moment() {
    let mut torn = 0;
    for cut in 0..40 {
        let bench = Bench::new();
        bench.write(|w| w.add_project(&project("acme/web"))).await;
        let before: Vec<_> = (0..20).map(adds).collect();
        assert!(at_once(&bench, before).await.iter().all(Result::is_ok));
        // Another commit, cut off after so many operations of the disk.
        bench.disk.set_trouble_after(cut, ErrorKind::Other);
        let answered = at_once(&bench, vec![adds(20)]).await.iter().all(Result::is_ok);
        torn += u32::from(!answered);
        for pattern in [0b000, 0b011, 0b101, 0b111] {
            let left = bench.disk.after_power_loss(|place| (pattern >> (place % 3)) & 1 == 1);
            let opened = Bench::on(left);
            let read = opened.store.read().unwrap();
            let runs = read.runs().unwrap().len();
            assert!(runs == 21 || (runs == 20 && !answered), "{runs} runs, cut {cut}, pattern {pattern:03b}");
            assert!(read.project(ProjectId(1)).unwrap().is_some());
        }
    }
    assert!((5..40).contains(&torn), "{torn} commits were cut off");
}

#[tokio::test]
async fn a_closed_store_answers_that_it_is_closed() {
    let bench = Bench::new();
    bench.store.close().await;
    assert!(matches!(bench.store.read().map(drop), Err(StoreError::Closed)));
    let refused: Written<()> = bench.store.write(|w| w.add_run(RunId([1; 16]))).await;
    assert!(matches!(refused, Err(WriteError::Store(StoreError::Closed))), "{refused:?}");
    bench.store.close().await;
}

#[tokio::test]
async fn the_time_of_a_journal_entry_is_the_clocks() {
    let bench = Bench::new();
    bench.write(|w| w.add_project(&project("acme/web"))).await;
    bench.clock.advance(std::time::Duration::from_secs(5));
    bench.write(|w| w.add_account(&account("jane"))).await;
    let read = bench.store.read().unwrap();
    let times: Vec<_> = read.journal(crate::tracker::Seq(0), 10).unwrap().iter().map(|e| e.at).collect();
    assert_eq!(times, [at(1_000_000), at(1_000_005)]);
    assert_eq!(read.last_seq().unwrap().0, 2);
    assert!(read.project(ProjectId(1)).unwrap().is_some());
}
