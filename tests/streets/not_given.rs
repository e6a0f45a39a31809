//! Mails that the mail server shows and does not give: held after a bounded time, and asked for once
//! more by one click.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::desk::{DeskError, Fitness};
use postdesk::intake::Swept;
use postdesk::store::Look;
use postdesk::triage::{HoldCause, VerdictKind};

use crate::bench::{ANNA, Bench, form};
use crate::post::post;

const HELD: VerdictKind = VerdictKind::Hold(HoldCause::NoContent);

/// Sweeps every ten minutes until the mail is on record; gives how many hours that took.
async fn until_held(bench: &Bench) -> u64 {
    for tens in 0..200 {
        let _ = bench.intake.sweep().await;
        if !bench.rows().is_empty() {
            return tens / 6;
        }
        assert_eq!(bench.mails_in("inbox").len(), 1);
        assert_eq!(bench.desk.standing().get().not_downloaded, 1);
        bench.advance(Duration::from_secs(600));
    }
    panic!("never held: {:?}", bench.desk.standing().get());
}

#[tokio::test]
async fn a_mail_that_is_never_given_is_held_after_a_day() {
    for fault in
        [Fault::Status(At::Download, 404), Fault::Html(At::Download), Fault::Status(At::Download, 500)]
    {
        let bench = Bench::start().await;
        bench.adopt_empty().await;
        bench.deliver(&post("m1"));
        bench.server.faults().add(fault.clone(), Times::Always);
        assert_eq!(until_held(&bench).await, 24, "{fault:?}");
        let row = bench.rows().remove(0);
        assert_eq!((row.verdict, row.filed), (HELD, true), "{fault:?}");
        assert_eq!(bench.lies_in(&row), ["Held"], "{fault:?}");
        let known = (row.from.as_deref(), row.subject.as_str(), row.to_label.as_str());
        assert_eq!(
            known,
            (Some(ANNA), "Question m1", "help@desk.example"),
            "as the mail server reads it: {fault:?}"
        );
        assert_eq!(bench.sweep().await, Swept::Done { taken: 0 });
        assert_eq!(bench.desk.standing().get().not_downloaded, 0);
        assert_eq!(bench.desk.health().status, Fitness::Ok);
    }
}

#[tokio::test]
async fn a_server_that_is_away_or_shut_says_nothing_about_a_mail() {
    for fault in
        [Fault::Status(At::Download, 503), Fault::Status(At::Download, 403), Fault::CutBefore(At::Download)]
    {
        let bench = Bench::start().await;
        bench.adopt_empty().await;
        bench.deliver(&post("m1"));
        bench.server.faults().add(fault.clone(), Times::Always);
        for _ in 0..60 {
            let _ = bench.intake.sweep().await;
            bench.advance(Duration::from_hours(1));
        }
        assert!(bench.rows().is_empty(), "{fault:?}");
        bench.server.faults().clear();
        bench.settle().await;
        assert_eq!(bench.verdicts(), [VerdictKind::Open], "{fault:?}");
    }
}

#[tokio::test]
async fn one_click_asks_once_more_and_the_mail_becomes_a_ticket() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.deliver(&post("m1"));
    bench.server.faults().add(Fault::Status(At::Download, 404), Times::Always);
    until_held(&bench).await;
    let row = bench.rows().remove(0);
    let taken = bench.desk.take_in(bench.jane, row.id, form(), Some(bench.project.id)).await;
    assert!(matches!(taken, Err(DeskError::Invalid(why)) if why.contains("Try again")));

    // In vain: it is held again at once.
    bench.desk.ask_again(bench.jane, row.id, form()).await.unwrap();
    bench.sweep().await;
    bench.sweep().await;
    let again = bench.rows().remove(0);
    assert_eq!((again.verdict, bench.rows().len()), (HELD, 1));
    assert_eq!((bench.lies_in(&again), again.filed), (vec!["Held".to_owned()], true));

    bench.server.faults().clear();
    let used = form();
    bench.desk.ask_again(bench.jane, row.id, used.clone()).await.unwrap();
    let twice = bench.desk.ask_again(bench.jane, row.id, used).await;
    assert!(matches!(twice, Err(DeskError::Done)), "a double click");
    bench.sweep().await;
    let row = bench.rows().remove(0);
    assert_eq!((row.verdict, bench.rows().len()), (VerdictKind::Open, 1));
    assert_eq!((bench.lies_in(&row), row.filed), (vec!["Handled".to_owned()], true));
    assert_eq!(bench.ticket(1).title, "Question m1");
    let gone = bench.desk.ask_again(bench.jane, row.id, form()).await;
    assert!(matches!(gone, Err(DeskError::NotFound)));
    assert_eq!(bench.store.read().unwrap().held_count().unwrap(), 0);
}
