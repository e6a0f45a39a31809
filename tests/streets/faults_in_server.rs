//! Mail in, with a server that restarts, or that was restored and gives its ids a second time.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Rule, Times};
use postdesk::desk::Listening;
use postdesk::intake::Swept;
use postdesk::store::Look;
use postdesk::triage::VerdictKind;

use crate::bench::{Bench, DESK};
use crate::faults_in::{assert_tickets, mail, three_mails};
use crate::faults_in_push::{assert_all_well, is_filed, pushing};
use crate::running::{at_once, listens_by, until, work};

const SET: At = At::Call("Email/set");

/// Counts how often the session is asked for, and changes nothing.
pub fn sessions(bench: &Bench) -> Rule {
    bench.server.faults().add(Fault::Slow(At::Session, Duration::ZERO), Times::Always)
}

#[tokio::test]
async fn a_sweep_after_the_servers_restart_takes_everything_in_by_a_new_session() {
    let bench = three_mails().await;
    let asked = sessions(&bench);
    bench.server.restart();
    assert_eq!(bench.sweep().await, Swept::Done { taken: 3 });
    assert_tickets(&bench, 3, "after the restart");
    let once = asked.hits();
    assert!(once > 0, "the session is fetched anew");
    bench.deliver(&mail(4));
    assert_eq!(bench.sweep().await, Swept::Done { taken: 1 });
    assert_tickets(&bench, 4, "later");
    assert_eq!(asked.hits(), once, "and is known from then on");
    assert_eq!(bench.rows().len(), 4);
}

#[tokio::test]
async fn a_restart_of_the_server_in_the_middle_of_a_sweep_loses_and_doubles_nothing() {
    for at in [At::Call("Email/query"), At::Download, SET] {
        let bench = three_mails().await;
        let slow = bench.server.faults().add(Fault::Slow(at, Duration::from_secs(20)), Times::Once);
        {
            let sweep = bench.intake.sweep();
            tokio::pin!(sweep);
            tokio::select! {
                done = &mut sweep => panic!("{done:?}"),
                () = bench.server.wait_until(|_| slow.hits() > 0) => {}
            }
            assert_eq!(bench.mails_in("inbox").len(), 3, "{at:?}");
            bench.server.restart();
            // It may go on by itself, or end.
            let _ = sweep.await;
        }
        bench.sweep().await;
        assert_tickets(&bench, 3, &format!("{at:?}"));
        assert_eq!(bench.rows().len(), 3, "{at:?}");
    }
}

#[tokio::test]
async fn push_that_ends_with_the_server_rings_and_is_had_again_after_its_restart() {
    let (bench, streets) = pushing().await;
    bench.server.restart();
    bench.deliver(&mail(1));
    at_once(&bench, "the end of the stream is a bell", || is_filed(&bench, 1)).await;
    until(&bench, "push is back", || listens_by(&bench, Listening::Push)).await;
    work(&bench).await;
    bench.deliver(&mail(2));
    at_once(&bench, "it rings", || is_filed(&bench, 2)).await;
    assert_all_well(&bench, 2, "after the restart").await;
    streets.stop().await;
}

#[tokio::test]
async fn a_mail_under_an_id_that_another_had_is_its_own_mail() {
    for filed in [true, false] {
        let bench = Bench::start().await;
        bench.adopt_empty().await;
        let backup = bench.server.backup();
        let id = bench.deliver(&mail(1));
        if !filed {
            bench.server.faults().add(Fault::Status(SET, 503), Times::Once);
        }
        assert_eq!(bench.intake.sweep().await.is_ok(), filed);
        assert_eq!(bench.rows()[0].filed, filed);
        bench.server.restore(backup);
        assert_eq!(bench.deliver(&mail(2)), id, "the id is given again");
        assert_eq!(bench.sweep().await, Swept::Done { taken: 1 });
        bench.sweep_and_drain().await;
        let rows = bench.rows();
        assert_eq!(rows.len(), 2, "filed: {filed}");
        assert_eq!(rows[0].source.email, rows[1].source.email);
        assert!(rows.iter().all(|row| row.filed && row.verdict == VerdictKind::Open), "{rows:?}");
        assert_eq!(
            (bench.ticket(1).title.as_str(), bench.ticket(2).title.as_str()),
            ("Question m1", "Question m2")
        );
        assert_eq!((bench.lies_in(&rows[1]), bench.mails_in("inbox").len()), (vec!["Handled".to_owned()], 0));
        assert_eq!(bench.times_left().values().copied().collect::<Vec<_>>(), [1, 1]);
    }
}

#[tokio::test]
async fn a_mail_that_comes_again_itself_with_a_restored_server_is_not_taken_twice() {
    for other_id in [None, Some(false), Some(true)] {
        let bench = Bench::start().await;
        bench.adopt_empty().await;
        bench.deliver(&mail(1));
        let backup = bench.server.backup();
        bench.sweep_and_drain().await;
        assert_eq!((bench.rows().len(), bench.mails_in("inbox").len()), (1, 0));
        bench.server.restore(backup);
        if let Some(former_answer) = other_id {
            bench.server.change_email_ids(DESK, former_answer);
        }
        assert_eq!(bench.mails_in("inbox").len(), 1, "it lies there again");
        bench.sweep_and_drain().await;
        assert_tickets(&bench, 1, &format!("{other_id:?}"));
        assert_eq!(bench.verdicts(), [VerdictKind::Open], "{other_id:?}");
        // Its sender's server may bring it once more, too.
        bench.deliver(&mail(1));
        bench.sweep_and_drain().await;
        assert_eq!(bench.rows().last().unwrap().verdict, VerdictKind::Duplicate, "{other_id:?}");
        assert!(bench.store.read().unwrap().ticket_by_number(bench.project.id, 2).unwrap().is_none());
        assert!(bench.mails_in("inbox").is_empty(), "{other_id:?}");
        assert_eq!(bench.times_left().values().copied().collect::<Vec<_>>(), [1], "{other_id:?}");
    }
}

#[tokio::test]
async fn a_server_restored_to_before_our_mailboxes_gets_them_anew() {
    let bench = Bench::start().await;
    let backup = bench.server.backup();
    bench.adopt_empty().await;
    bench.receive(&mail(1)).await;
    bench.server.restore(backup);
    assert!(bench.mails_in("Handled").is_empty());
    bench.deliver(&mail(2));
    // What is cached of the mailboxes may cost a turn.
    let _ = bench.intake.sweep().await;
    bench.sweep().await;
    let rows = bench.rows();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.filed));
    assert_eq!(
        (bench.ticket(2).title.as_str(), bench.lies_in(&rows[1])),
        ("Question m2", vec!["Handled".to_owned()])
    );
    assert_eq!((bench.mails_in("inbox").len(), bench.mails_in("Marker").len()), (0, 1));
}

/// Machines behind one name that know nothing of each other's session state.
#[tokio::test]
async fn mails_are_taken_in_once_though_each_answer_has_another_session_state() {
    let bench = three_mails().await;
    bench.server.faults().add(Fault::OtherSession, Times::Always);
    assert_eq!(bench.sweep().await, Swept::Done { taken: 3 });
    assert_eq!(bench.sweep().await, Swept::Done { taken: 0 });
    assert_tickets(&bench, 3, "by many sessions");
}
