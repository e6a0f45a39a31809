//! What the mail server took for junk is counted, shown, and taken in by one click.

use std::time::Duration;

use postdesk::desk::DeskError;
use postdesk::tracker::Viewer;
use postdesk::triage::VerdictKind;

use crate::bench::{Bench, DESK, form};
use crate::post::post;

/// A desk whose server has taken one mail for junk.
async fn one_in_junk() -> Bench {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let email = bench.deliver(&post("m1"));
    assert!(bench.server.move_mail(DESK, &email, "junk"));
    bench.advance(Duration::from_secs(301));
    bench.sweep().await;
    bench
}

#[tokio::test]
async fn junk_is_seen_by_those_who_work_and_fetched_by_one_click() {
    let bench = one_in_junk().await;
    assert!(bench.rows().is_empty(), "nothing of it is touched by itself");
    let junk = bench.desk.see_junk(bench.jane).unwrap().unwrap();
    assert_eq!((junk.total, junk.newest.len()), (1, 1));
    let mail = &junk.newest[0];
    assert_eq!(mail.subject, "Question m1");
    assert!(mail.from.contains("anna@customer.example"), "{}", mail.from);
    let nobody = Viewer { account: postdesk::tracker::AccountId(99), admin: false };
    assert_eq!(bench.desk.see_junk(nobody).unwrap(), None);
    let refused = bench.desk.take_from_junk(nobody, &mail.email, form()).await;
    assert!(matches!(refused, Err(DeskError::Forbidden)));
    let unknown = bench.desk.take_from_junk(bench.jane, "made-up", form()).await;
    assert!(matches!(unknown, Err(DeskError::NotFound)));

    bench.desk.take_from_junk(bench.jane, &mail.email, form()).await.unwrap();
    assert_eq!(bench.desk.junk().get().unwrap().total, 0, "it is not offered twice");
    bench.sweep().await;
    assert_eq!(bench.verdicts(), [VerdictKind::Open]);
    assert_eq!(bench.ticket(1).title, "Question m1");
    assert_eq!(bench.lies_in(&bench.rows()[0]), ["Handled"]);
    assert_eq!(bench.desk.see_junk(bench.jane).unwrap(), None);
}

#[tokio::test]
async fn junk_is_looked_at_now_and_then_and_counted() {
    let bench = one_in_junk().await;
    let figures = bench.desk.figures(&bench.desk.health());
    assert_eq!(figures.stand.junk, Some(1));
    let email = bench.deliver(&post("m2"));
    assert!(bench.server.move_mail(DESK, &email, "junk"));
    bench.sweep().await;
    assert_eq!(bench.desk.junk().get().unwrap().total, 1, "not with each sweep");
    bench.advance(Duration::from_secs(301));
    bench.sweep().await;
    assert_eq!(bench.desk.junk().get().unwrap().total, 2);
}
