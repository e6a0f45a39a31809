//! A broken theme stalls the outbox, visibly, and never intake.
#![allow(clippy::disallowed_methods, reason = "a test writes a theme folder")]

use std::path::Path;
use std::time::Duration;

use postdesk::tracker::{OutboxRow, OutboxState};

use crate::bench::{ANNA, Bench, Tuning};
use crate::faults_out::{assert_sent_once, last};
use crate::post::post;
use crate::running::{Running, at_once, pass, until, work};

/// The plain text of a comment's letter.
const BODY: &str = "mail/en/comment/body.txt";

fn put(theme: &Path, body: &str) {
    let path = theme.join(BODY);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, body).unwrap();
}

#[tokio::test]
async fn a_broken_theme_stalls_letters_visibly_and_mail_still_comes_in() {
    let theme = tempfile::tempdir().unwrap();
    // It is well formed, so it loads; no comment has such a name.
    put(theme.path(), "{{ txet }}");
    let tuning = Tuning { theme: Some(theme.path().to_owned()), ..Tuning::default() };
    let bench = Bench::tuned(tuning).await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "other letters leave");
    let ticket = bench.ticket(1);

    let streets = Running::start(&bench);
    at_once(&bench, "streets at work", || bench.desk.standing().get().listening.is_some()).await;
    work(&bench).await;
    bench.comment(&ticket, "An answer.").await;
    let trouble = || bench.desk.standing().get().sending_trouble;
    let stalled = |letter: OutboxRow| {
        assert_eq!((letter.state, letter.attempts), (OutboxState::Waiting, 0), "{letter:?}");
        assert!(letter.trouble.as_ref().unwrap().contains(BODY), "{letter:?}");
        assert!(trouble().unwrap().contains(BODY), "{:?}", trouble());
    };
    at_once(&bench, "trouble", || trouble().is_some()).await;
    stalled(last(&bench));
    // Anna had her confirmation of today, so nothing else is due that could leave.
    bench.deliver(&post("m2"));
    until(&bench, "the mail", || bench.rows().len() == 2 && bench.rows()[1].filed).await;
    assert_eq!(bench.ticket(2).title, "Question m2");
    pass(&bench, Duration::from_mins(5)).await;
    stalled(last(&bench));
    assert_eq!(bench.left_to(ANNA).len(), 1);
    streets.stop().await;

    put(theme.path(), "Mended: {{ text }}");
    let bench = bench.restart().await;
    bench.settle().await;
    assert_sent_once(&bench, &last(&bench), "after the theme was mended");
    let left = bench.left_to(ANNA);
    assert_eq!(left.len(), 2);
    assert!(left[1].1.text.contains("Mended: An answer."), "{}", left[1].1.text);
}
