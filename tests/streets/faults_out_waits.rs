//! Mail out, refused for now: how long a letter waits before it is tried again, and when that ends.

use std::time::Duration;

use postdesk::demo::server::{Fault, Habits, Times};
use postdesk::tracker::{EventKind, OutboxState};

use crate::bench::{ANNA, BEN};
use crate::faults_out::{assert_sent_once, last, with_habits};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_refusal_for_now_is_tried_again_with_growing_waits() {
    let (bench, ticket) = with_habits(Habits::cyrus()).await;
    for who in [BEN, "carla@third.example", "dora@third.example"] {
        bench.join(&ticket, who).await;
    }
    let refusal = Fault::Refuse(".example".to_owned(), "451 4.3.0 later".to_owned());
    let rule = bench.server.faults().add(refusal, Times::Always);
    bench.comment(&ticket, "An answer.").await;
    let letters = || bench.letters(ticket.id).split_off(1);
    for tries in 1..=9_u32 {
        bench.drain().await;
        let whole = Duration::from_secs(15_u64 << (tries - 1)).min(30 * MINUTE);
        let mut waits = Vec::new();
        for letter in letters() {
            assert_eq!((letter.state, letter.attempts), (OutboxState::Waiting, tries));
            assert!(letter.trouble.as_ref().unwrap().contains("later"));
            let wait = Duration::try_from(letter.not_before.duration_since(bench.now())).unwrap();
            assert!(wait >= whole / 2 && wait <= whole, "try {tries}: {wait:?}");
            waits.push(wait);
        }
        assert_eq!(waits.len(), 4);
        assert!(waits.iter().any(|wait| *wait != waits[0]), "try {tries}: all at once: {waits:?}");
        bench.advance(whole);
    }
    rule.clear();
    bench.drain().await;
    for letter in letters() {
        assert_sent_once(&bench, &letter, "in the end");
    }
}

/// How many times a letter is tried again; it is `TRIES` of `delivery::send`.
const TRIES: u32 = 150;

#[tokio::test]
async fn a_letter_that_is_refused_for_now_too_often_fails_and_the_timeline_says_so() {
    let (bench, ticket) = with_habits(Habits::cyrus()).await;
    let refusal = Fault::Refuse(ANNA.to_owned(), "451 4.3.0 later".to_owned());
    let rule = bench.server.faults().add(refusal, Times::Always);
    bench.comment(&ticket, "An answer.").await;
    for tries in 1..=TRIES {
        bench.drain().await;
        let letter = last(&bench);
        assert_eq!((letter.state, letter.attempts), (OutboxState::Waiting, tries));
        bench.advance(31 * MINUTE);
    }
    let failed = || {
        let events = bench.events(ticket.id).into_iter();
        let told = events.filter(|event| match &event.kind {
            EventKind::DeliveryFailed { reply, .. } => reply.contains("later"),
            _ => false,
        });
        told.count()
    };
    assert_eq!(failed(), 0);
    bench.drain().await;
    let letter = last(&bench);
    assert_eq!((letter.state, failed()), (OutboxState::Failed, 1), "{letter:?}");
    assert!(letter.trouble.unwrap().contains("later"));
    assert!(bench.mails_in("Outgoing").is_empty(), "a draft that will never leave is not kept");
    let hits = rule.hits();
    bench.advance(31 * MINUTE);
    bench.drain().await;
    assert_eq!((rule.hits(), failed()), (hits, 1), "it is over");
}
