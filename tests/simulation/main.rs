//! One process, one seed: what arrives, the wire, the clock, the disks, and where the daemon ends
//! in the middle, are all decided by the seed. The real code runs, on one thread.
//!
//! `POSTDESK_SEED=7` runs one seed alone and says what happens; `POSTDESK_SEEDS=10000` runs more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::large_futures,
    reason = "tests may fail loudly"
)]

mod act;
mod check;
mod dice;
mod driver;
mod life;
mod mails;
mod net;
mod operator;
mod team;
mod twin;
mod world;

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a thousand lives are made of at least; else they prove nothing about it.
const HAPPENS: [&str; 35] = [
    "Opened",
    "Comment",
    "Note",
    "Status",
    "Assigned",
    "ParticipantAdded",
    "Unsubscribed",
    "Subscribed",
    "Confirmed",
    "DeliveryFailed",
    "Retracted",
    "Unverified",
    "Moved",
    "Linked",
    "Open",
    "Unsubscribe",
    "Bounce",
    "Duplicate",
    "Hold",
    "Ignore",
    "Sent",
    "PresumedSent",
    "Unknown",
    "Failed",
    "Withdrawn",
    "a pause",
    "a wish for no mail",
    "ParticipantRemoved",
    "an invitation",
    "a new password",
    "a copy of the desk",
    "a second desk",
    "a restored desk",
    "a restored mail server",
    "a clock set",
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Lives one seed; a panic is a failure like any other.
fn live(seed: u64, loud: bool) -> Result<Vec<String>, String> {
    catch_unwind(|| driver::live(seed, loud)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned())
    })
}

#[test]
fn whatever_goes_wrong_no_mail_is_lost_and_no_letter_leaves_twice() {
    if let Some(seed) = number("POSTDESK_SEED") {
        if let Err(why) = live(seed, true) {
            panic!("seed {seed}: {why}");
        }
        return;
    }
    let first = number("POSTDESK_FIRST").unwrap_or(0);
    let end = first + number("POSTDESK_SEEDS").unwrap_or(2_000);
    let next = AtomicU64::new(first);
    let failures = Mutex::new(Vec::new());
    let seen = Mutex::new(BTreeSet::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || failures.lock().unwrap().len() >= 10 {
                        return;
                    }
                    match live(seed, false) {
                        Ok(life) => {
                            let what = life.iter().filter_map(|line| line.split_once(check::SEEN));
                            seen.lock().unwrap().extend(what.map(|(_, what)| what.to_owned()));
                        }
                        Err(why) => {
                            let again =
                                format!("POSTDESK_SEED={seed} cargo test --test simulation -- --nocapture");
                            eprintln!("seed {seed}: {why}\n  run it alone: {again}");
                            failures.lock().unwrap().push(seed);
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "seeds that failed: {failures:?}");
    if end - first >= 1_000 {
        let seen = seen.into_inner().unwrap();
        let missing: Vec<_> = HAPPENS.iter().filter(|what| !seen.contains(**what)).collect();
        assert!(missing.is_empty(), "in no life there was {missing:?}");
    }
}

#[test]
fn a_seed_lives_the_same_life_each_time() {
    for seed in 0..10 {
        let lives = [live(seed, false), live(seed, false)].map(|life| life.unwrap());
        for (line, other) in lives[0].iter().zip(&lives[1]) {
            assert_eq!(line, other, "seed {seed}");
        }
        assert_eq!(lives[0].len(), lives[1].len(), "seed {seed}");
    }
}
