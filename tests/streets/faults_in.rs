//! Mail in, let down: every mail ends as exactly one ticket and is filed.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Rule, Times};
use postdesk::desk::Fitness;
use postdesk::intake::Swept;
use postdesk::store::Look;
use postdesk::triage::{HoldCause, VerdictKind};

use crate::bench::{Bench, DESK};
use crate::post::{Post, post};

const QUERY: At = At::Call("Email/query");
const SET: At = At::Call("Email/set");

/// The mail with this number, each of another person.
pub fn mail(no: u32) -> Post {
    post(&format!("m{no}")).from(format!("p{no}@elsewhere.example"))
}

/// Three mails of three people lie in the intake mailbox of a desk that has adopted it.
pub async fn three_mails() -> Bench {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    for no in 1..=3 {
        bench.deliver(&mail(no));
    }
    bench
}

fn assert_three_tickets(bench: &Bench, what: &str) {
    assert_tickets(bench, 3, what);
}

/// Exactly one ticket for each of the first so many mails, everything filed. One that could not be had
/// at first comes after the others.
pub fn assert_tickets(bench: &Bench, count: u32, what: &str) {
    let mut titles: Vec<_> = (1..=count).map(|number| bench.ticket(number).title).collect();
    titles.sort();
    let wanted: Vec<_> = (1..=count).map(|no| format!("Question m{no}")).collect();
    assert_eq!(titles, wanted, "{what}");
    let read = bench.store.read().unwrap();
    assert!(read.ticket_by_number(bench.project.id, count + 1).unwrap().is_none(), "{what}");
    assert!(read.in_hand().unwrap().is_empty(), "{what}");
    assert!(bench.rows().iter().all(|row| row.filed), "{what}");
    assert!(bench.mails_in("inbox").is_empty(), "{what}");
    assert_eq!(bench.mails_in("Handled").len(), count as usize, "{what}");
}

/// Sweeps, and lets time pass whenever the fault has struck: it may be a slow answer.
async fn sweep_in_time(bench: &Bench, rule: &Rule) -> bool {
    let sweep = bench.intake.sweep();
    tokio::pin!(sweep);
    loop {
        let seen = rule.hits();
        tokio::select! {
            biased;
            done = &mut sweep => return done.is_ok(),
            () = bench.server.wait_until(|_| rule.hits() > seen) => bench.advance(Duration::from_secs(21)),
        }
    }
}

async fn sweep_until_done(bench: &Bench, rule: &Rule, what: &str) {
    for _ in 0..40 {
        if sweep_in_time(bench, rule).await && rule.hits() > 0 {
            return;
        }
    }
    panic!("{what}: never done; it struck {} times", rule.hits());
}

#[tokio::test]
async fn whatever_breaks_at_whatever_step_each_mail_is_one_ticket() {
    for at in [At::Session, QUERY, At::Call("Email/get"), At::Download, SET, At::Call("Mailbox/get")] {
        let faults = [
            Fault::CutBefore(at),
            Fault::CutAfter(at),
            Fault::CutMidway(at),
            Fault::Status(at, 503),
            Fault::StatusAfter(at, 502),
            Fault::TooMany(at, Some(5)),
            Fault::Slow(at, Duration::from_secs(20)),
            Fault::Html(at),
        ];
        for fault in faults {
            let mut bench = three_mails().await;
            if at == At::Session || at == At::Call("Mailbox/get") {
                // Asked for at the beginning of a run.
                bench = bench.restart().await;
            }
            let what = format!("{fault:?}");
            let rule = bench.server.faults().add(fault.clone(), Times::Next(2));
            sweep_until_done(&bench, &rule, &what).await;
            bench.server.faults().clear();
            bench.sweep().await;
            assert_three_tickets(&bench, &what);
        }
    }
}

#[tokio::test]
async fn a_truncated_answer_is_no_answer() {
    for at in [QUERY, SET, At::Call("Email/get")] {
        let bench = three_mails().await;
        let rule = bench.server.faults().add(Fault::Truncated(at), Times::Next(2));
        sweep_until_done(&bench, &rule, "truncated").await;
        bench.server.faults().clear();
        bench.sweep().await;
        assert_three_tickets(&bench, &format!("{at:?}"));
    }
}

#[tokio::test]
async fn errors_of_single_methods_are_waited_out() {
    for method in ["Email/query", "Email/get", "Email/set"] {
        for error in ["serverFail", "serverUnavailable", "serverPartialFail", "somethingNew"] {
            let bench = three_mails().await;
            let rule =
                bench.server.faults().add(Fault::MethodError(method, error.to_owned()), Times::Next(2));
            sweep_until_done(&bench, &rule, error).await;
            bench.server.faults().clear();
            bench.sweep().await;
            assert_three_tickets(&bench, &format!("{method} {error}"));
        }
    }
}

#[tokio::test]
async fn too_many_requests_without_a_time_leave_the_mails_where_they_lie() {
    for at in [QUERY, At::Call("Email/get"), At::Download, SET] {
        let bench = three_mails().await;
        let busy = bench.server.faults().add(Fault::TooMany(at, None), Times::Always);
        for turn in 1..=2 {
            assert!(bench.intake.sweep().await.is_err(), "{at:?}");
            assert!(busy.hits() >= turn, "{at:?}");
            assert_eq!(bench.mails_in("inbox").len(), 3, "{at:?}");
            assert!(bench.rows().iter().all(|row| !row.filed), "{at:?}");
        }
        busy.clear();
        bench.sweep().await;
        assert_three_tickets(&bench, &format!("{at:?}"));
        assert_eq!(bench.rows().len(), 3, "{at:?}: each was taken once");
    }
}

#[tokio::test]
async fn a_filing_that_is_refused_for_an_unknown_reason_is_repeated() {
    let bench = three_mails().await;
    let why = Some("not while the moon is full".to_owned());
    let refusing =
        bench.server.faults().add(Fault::SetError("Email/set", "moonPhase".to_owned(), why), Times::Always);
    for (turn, taken) in [(1, 3), (2, 0)] {
        assert_eq!(bench.sweep().await, Swept::Done { taken });
        assert_eq!((refusing.hits(), bench.mails_in("inbox").len()), (3 * turn, 3));
        assert_eq!(bench.rows().iter().filter(|row| row.filed).count(), 0);
    }
    refusing.clear();
    assert_eq!(bench.sweep().await, Swept::Done { taken: 0 });
    assert_three_tickets(&bench, "the moon wanes");
    assert_eq!(bench.verdicts(), [VerdictKind::Open; 3]);
}

#[tokio::test]
async fn mails_that_the_server_pretends_to_have_filed_are_filed_later() {
    let bench = three_mails().await;
    let pretend = bench.server.faults().add(Fault::PretendUpdate, Times::Always);
    for taken in [3, 0] {
        assert_eq!(bench.sweep().await, Swept::Done { taken });
        assert_eq!((bench.rows().len(), bench.mails_in("inbox").len()), (3, 3));
    }
    assert!(pretend.hits() >= 6);
    pretend.clear();
    assert_eq!(bench.sweep().await, Swept::Done { taken: 0 });
    assert_three_tickets(&bench, "in the end");
    assert_eq!(bench.verdicts(), [VerdictKind::Open; 3]);
}

#[tokio::test]
async fn a_server_that_asks_for_time_at_one_download_is_asked_for_no_further_page() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    for no in 1..=60 {
        bench.deliver(&mail(no));
    }
    let busy = bench.server.faults().add(Fault::TooMany(At::Download, Some(600)), Times::Once);
    assert!(bench.intake.sweep().await.is_err());
    // What was asked for together with it came.
    assert_eq!((busy.hits(), bench.rows().len()), (1, 49));
    bench.settle().await;
    assert_eq!(bench.rows().len(), 60);
}

#[tokio::test]
async fn a_mail_that_is_listed_and_not_given_is_told_of_and_holds_up_no_other() {
    let bench = three_mails().await;
    let withheld = bench.server.faults().add(Fault::Withheld("m2".to_owned()), Times::Always);
    // It may have gone between the list and the mails, so once says nothing.
    for (sweep, told) in [(1, 0), (2, 1), (3, 1)] {
        bench.sweep().await;
        assert_eq!(bench.desk.standing().get().not_downloaded, told, "sweep {sweep}");
        assert_eq!((bench.rows().len(), bench.mails_in("inbox").len()), (2, 1));
    }
    assert!(withheld.hits() >= 3);
    assert_eq!(bench.desk.health().status, Fitness::Attention);
    withheld.clear();
    assert_eq!(bench.sweep().await, Swept::Done { taken: 1 });
    assert_three_tickets(&bench, "given in the end");
    assert_eq!(bench.desk.standing().get().not_downloaded, 0);
    assert_eq!(bench.desk.health().status, Fitness::Ok);
}

#[tokio::test]
async fn a_restart_between_any_two_steps_loses_and_doubles_nothing() {
    for fault in [
        Fault::CutBefore(QUERY),
        Fault::CutAfter(QUERY),
        Fault::CutBefore(At::Download),
        Fault::CutAfter(At::Download),
        Fault::CutBefore(SET),
        Fault::CutAfter(SET),
        Fault::CutMidway(SET),
    ] {
        let bench = three_mails().await;
        bench.server.faults().add(fault.clone(), Times::Always);
        for _ in 0..3 {
            let _ = bench.intake.sweep().await;
        }
        let bench = bench.restart().await;
        let _ = bench.intake.sweep().await;
        bench.server.faults().clear();
        let bench = bench.restart().await;
        bench.sweep().await;
        assert_three_tickets(&bench, &format!("{fault:?}"));
        assert_eq!(bench.verdicts(), [VerdictKind::Open; 3]);
    }
}

#[tokio::test]
async fn one_mail_that_cannot_be_downloaded_does_not_hold_up_the_others() {
    let bench = three_mails().await;
    let rule = bench.server.faults().add(Fault::Status(At::Download, 500), Times::Once);
    assert!(bench.intake.sweep().await.is_err(), "the sweep is not whole");
    assert_eq!(rule.hits(), 1);
    assert_eq!((bench.rows().len(), bench.mails_in("inbox").len()), (2, 1));
    assert!(bench.store.read().unwrap().in_hand().unwrap().is_empty(), "that was no crash");
    assert_eq!(bench.sweep().await, Swept::Done { taken: 1 });
    assert!(bench.mails_in("inbox").is_empty());
}

#[tokio::test]
async fn email_ids_that_change_between_taking_and_filing_make_no_second_ticket() {
    for former_answer in [false, true] {
        let bench = three_mails().await;
        let rule = bench.server.faults().add(Fault::ChangeEmailIds(former_answer), Times::Next(2));
        for _ in 0..4 {
            let _ = bench.intake.sweep().await;
        }
        assert!(rule.hits() > 0);
        assert_three_tickets(&bench, &format!("former ids answer: {former_answer}"));
    }
}

#[tokio::test]
async fn email_ids_that_change_after_a_lost_answer_make_no_second_ticket() {
    let bench = three_mails().await;
    bench.server.faults().add(Fault::Status(SET, 503), Times::Once);
    assert!(bench.intake.sweep().await.is_err());
    bench.server.change_email_ids(DESK, false);
    let bench = bench.restart().await;
    bench.sweep().await;
    bench.sweep().await;
    assert_three_tickets(&bench, "ids changed while it was down");
}

#[tokio::test]
async fn copies_are_one_ticket_and_all_are_filed() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let twice = post("twice");
    bench.deliver(&twice);
    bench.deliver(&twice);
    bench.deliver(&twice.clone().to("help@desk.example, incoming+acme/web@desk.example"));
    bench.sweep().await;
    let kinds: Vec<_> = bench.rows().iter().map(|row| row.verdict).collect();
    assert_eq!(kinds, [VerdictKind::Open, VerdictKind::Duplicate, VerdictKind::Duplicate]);
    bench.deliver(&twice);
    bench.sweep().await;
    assert_eq!(bench.rows()[3].verdict, VerdictKind::Duplicate, "a later copy too");
    assert_eq!(bench.rows()[3].ticket, bench.rows()[0].ticket);
    let mut other = post("other").text("Something else entirely.");
    other.id = twice.id;
    let row = bench.receive(&other.from("anna@elsewhere.example")).await;
    assert_eq!(row.verdict, VerdictKind::Open, "the same Message-ID with another body is a new mail");
    assert!(bench.mails_in("inbox").is_empty());
    assert_eq!(bench.mails_in("Handled").len(), 5);
}

#[tokio::test]
async fn a_mail_that_cannot_be_filed_is_passed_by_and_taken_once() {
    let bench = three_mails().await;
    let rule =
        bench.server.faults().add(Fault::SetError("Email/set", "forbidden".to_owned(), None), Times::Once);
    bench.sweep().await;
    assert_eq!(rule.hits(), 1);
    assert_eq!((bench.rows().len(), bench.mails_in("inbox").len()), (3, 1));
    bench.deliver(&post("m4"));
    bench.sweep().await;
    assert_eq!(bench.rows().len(), 4, "what cannot be filed blocks nothing behind it and is taken once");
    assert!(bench.mails_in("inbox").is_empty());
    assert_eq!(bench.verdicts(), [VerdictKind::Open; 4]);
}

#[tokio::test]
async fn more_than_a_page_that_cannot_be_filed_is_passed_by() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    for no in 0..70 {
        bench.deliver(&post(&format!("m{no}")).from(format!("p{no}@elsewhere.example")));
    }
    let rule = bench
        .server
        .faults()
        .add(Fault::SetError("Email/set", "forbidden".to_owned(), None), Times::Next(60));
    assert_eq!(bench.sweep().await, Swept::Done { taken: 70 });
    assert_eq!((rule.hits(), bench.mails_in("inbox").len()), (60, 60));
    bench.sweep().await;
    assert_eq!((bench.rows().len(), bench.mails_in("Handled").len()), (70, 70));
}

#[tokio::test]
async fn a_mail_that_somebody_else_moved_counts_as_filed() {
    let bench = three_mails().await;
    bench.server.faults().add(Fault::Status(SET, 503), Times::Once);
    assert!(bench.intake.sweep().await.is_err());
    let first = bench.rows().remove(0);
    assert!(bench.server.move_mail(DESK, &first.source.email, "trash"));
    bench.sweep().await;
    assert!(bench.rows().iter().all(|row| row.filed));
    assert_eq!(bench.lies_in(&first), ["Deleted Items"], "and stays where it is");
}

#[tokio::test]
async fn mailboxes_that_go_away_are_made_again() {
    let bench = three_mails().await;
    bench.sweep().await;
    assert!(bench.server.drop_mailbox(DESK, "Handled"));
    bench.deliver(&post("m4"));
    let _ = bench.intake.sweep().await;
    bench.sweep().await;
    assert!(bench.mails_in("inbox").is_empty());
    assert_eq!(bench.mails_in("Handled").len(), 1);
}

#[tokio::test]
async fn a_failed_sweep_and_a_restart_are_no_crash_over_the_mail_in_hand() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.deliver(&post("m1"));
    let mut bench = bench;
    let rule = bench.server.faults().add(Fault::Status(At::Download, 500), Times::Next(6));
    for _ in 0..6 {
        assert!(bench.intake.sweep().await.is_err());
        bench = bench.restart().await;
    }
    assert_eq!(rule.hits(), 6);
    bench.sweep().await;
    assert_eq!(bench.verdicts(), [VerdictKind::Open]);
}

/// The daemon ends over what it has in hand.
async fn crash_over(bench: Bench) -> Bench {
    // What a sweep records before it downloads is all that is left of it.
    let before = bench.store.read().unwrap().in_hand().unwrap();
    assert!(!before.is_empty());
    bench.restart().await
}

#[tokio::test]
async fn a_mail_over_which_the_daemon_ends_twice_alone_is_held_unread() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.deliver(&post("m1"));
    // Answers never come while the clock stands still: the run ends in the middle of it.
    let slow = bench.server.faults().add(Fault::Slow(At::Download, Duration::from_secs(30)), Times::Always);
    let mut bench = bench;
    let mut restarts = 0;
    // Once with its page in hand, and twice more alone.
    while restarts < 3 {
        {
            let sweep = bench.intake.sweep();
            tokio::pin!(sweep);
            let hits = slow.hits();
            tokio::select! {
                done = &mut sweep => panic!("{done:?}"),
                () = bench.server.wait_until(|_| slow.hits() > hits) => {}
            }
        }
        bench = crash_over(bench).await;
        restarts += 1;
    }
    slow.clear();
    bench.deliver(&post("m2").from("p2@elsewhere.example"));
    bench.sweep().await;
    let kinds: Vec<_> = bench.rows().iter().map(|row| (row.verdict, row.subject.clone())).collect();
    assert!(kinds.contains(&(VerdictKind::Open, "Question m2".to_owned())), "{kinds:?}");
    let held =
        bench.rows().into_iter().find(|row| row.verdict == VerdictKind::Hold(HoldCause::Crash)).unwrap();
    assert_eq!((bench.rows().len(), bench.lies_in(&held)), (2, vec!["Held".to_owned()]));
    assert_eq!(held.subject, "", "it was not read");
    // A person takes it in after all.
    let form = crate::bench::form();
    let row = bench.desk.take_in(bench.jane, held.id, form, Some(bench.project.id)).await.unwrap();
    assert_eq!((row.verdict, row.subject.as_str()), (VerdictKind::Open, "Question m1"));
    bench.sweep().await;
    assert_eq!((bench.ticket(2).title.as_str(), bench.mails_in("Handled").len()), ("Question m1", 2));
}

/// Ends the run in the middle of a download, once.
async fn end_over_a_download(bench: Bench, slow: &Rule) -> Bench {
    {
        let sweep = bench.intake.sweep();
        tokio::pin!(sweep);
        let hits = slow.hits();
        tokio::select! {
            done = &mut sweep => panic!("{done:?}"),
            () = bench.server.wait_until(|_| slow.hits() > hits) => {}
        }
    }
    crash_over(bench).await
}

#[tokio::test]
async fn a_held_mail_put_back_over_which_the_daemon_ends_is_held_unread_again() {
    let mut bench = Bench::start().await;
    bench.adopt_empty().await;
    let row = bench.receive(&post("m1").to("incoming+gibberish@desk.example").rcpt(DESK)).await;
    assert!(matches!(row.verdict, VerdictKind::Hold(_)));
    assert!(bench.server.move_mail(DESK, &row.source.email, "inbox"));
    let slow = bench.server.faults().add(Fault::Slow(At::Download, Duration::from_secs(30)), Times::Always);
    for _ in 0..2 {
        bench = Box::pin(end_over_a_download(bench, &slow)).await;
    }
    slow.clear();
    bench.sweep().await;
    let rows = bench.rows();
    assert_eq!((rows.len(), rows[0].verdict), (1, VerdictKind::Hold(HoldCause::Crash)));
    assert_eq!(bench.lies_in(&rows[0]), ["Held"]);
}

#[tokio::test]
async fn a_mail_in_hand_at_a_crash_is_not_forgotten_for_one_that_comes_later() {
    let mut bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.deliver(&post("m1"));
    let slow = bench.server.faults().add(Fault::Slow(At::Download, Duration::from_secs(30)), Times::Always);
    bench = Box::pin(end_over_a_download(bench, &slow)).await;
    bench.deliver(&post("m2").from("p2@elsewhere.example"));
    bench = Box::pin(end_over_a_download(bench, &slow)).await;
    let in_hand = bench.store.read().unwrap().in_hand().unwrap();
    assert_eq!((in_hand.len(), in_hand[0].crashes), (1, 1), "the older one alone, and counted");
}
