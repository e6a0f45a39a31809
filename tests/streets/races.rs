//! People and streets at work on the same mails at the same time, and servers that are slow to see
//! what they did themselves.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::intake::Swept;
use postdesk::triage::{AdoptHow, HoldCause, VerdictKind};

use crate::bench::{Bench, DESK, form};
use crate::post::post;

const SET: At = At::Call("Email/set");

#[tokio::test]
async fn a_mail_taken_in_while_a_sweep_files_it_as_held_is_filed_as_handled() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.deliver(&post("m1").to("incoming+gibberish@desk.example").rcpt(DESK));
    let slow = bench.server.faults().add(Fault::Slow(SET, Duration::from_secs(20)), Times::Once);
    {
        let sweep = bench.intake.sweep();
        tokio::pin!(sweep);
        tokio::select! {
            done = &mut sweep => panic!("{done:?}"),
            () = bench.server.wait_until(|_| slow.hits() > 0) => {}
        }
        let held = bench.rows().remove(0);
        assert_eq!(held.verdict, VerdictKind::Hold(HoldCause::UnknownKey));
        let project = Some(bench.project.id);
        bench.desk.take_in(bench.jane, held.id, form(), project).await.unwrap();
        bench.advance(Duration::from_secs(21));
        sweep.await.unwrap();
    }
    bench.sweep().await;
    let row = bench.rows().remove(0);
    assert_eq!(row.verdict, VerdictKind::Open);
    assert_eq!((bench.lies_in(&row), row.filed), (vec!["Handled".to_owned()], true));
}

#[tokio::test]
async fn a_sweep_ends_where_the_server_goes_on_showing_what_it_moved() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    for no in 0..60 {
        bench.deliver(&post(&format!("m{no}")).from(format!("p{no}@elsewhere.example")));
    }
    bench.deliver(&post("held").to("incoming+gibberish@desk.example").rcpt(DESK));
    bench.server.faults().add(Fault::PretendUpdate, Times::Always);
    assert_eq!(bench.sweep().await, Swept::Done { taken: 61 });
    bench.server.faults().clear();
    bench.sweep().await;
    assert_eq!(bench.rows().len(), 61, "each was taken once");
    assert!(bench.mails_in("inbox").is_empty());
    assert_eq!((bench.mails_in("Handled").len(), bench.mails_in("Held").len()), (60, 1));
}

#[tokio::test]
async fn leaving_ends_where_the_server_goes_on_showing_what_it_moved() {
    let bench = Bench::start().await;
    bench.deliver(&post("old"));
    let pretend = bench.server.faults().add(Fault::PretendUpdate, Times::Always);
    assert!(bench.intake.adopt(AdoptHow::Leave).await.is_err());
    pretend.clear();
    bench.intake.adopt(AdoptHow::Leave).await.unwrap();
    assert_eq!(bench.mails_in("Earlier").len(), 1);
}

#[tokio::test]
async fn a_sweep_waits_while_a_person_leaves_what_lay_there() {
    let bench = Bench::start().await;
    bench.deliver(&post("old"));
    let slow = bench.server.faults().add(Fault::Slow(SET, Duration::from_secs(20)), Times::Once);
    let both = async { tokio::join!(bench.intake.adopt(AdoptHow::Leave), bench.intake.sweep()) };
    tokio::pin!(both);
    tokio::select! {
        done = &mut both => panic!("{done:?}"),
        () = bench.server.wait_until(|_| slow.hits() > 0) => bench.advance(Duration::from_secs(21)),
    }
    let (adopted, swept) = both.await;
    assert_eq!((adopted.unwrap().how, swept.unwrap()), (AdoptHow::Leave, Swept::Done { taken: 0 }));
}

#[tokio::test]
async fn two_mails_too_large_to_read_are_two_rows() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let large = |id: &str| post(id).text(&"large ".repeat(200_000));
    bench.deliver(&large("one"));
    bench.server.faults().add(Fault::Status(SET, 503), Times::Once);
    assert!(bench.intake.sweep().await.is_err());
    let first = bench.rows().remove(0);
    assert!(bench.server.move_mail(DESK, &first.source.email, "trash"), "somebody throws it away");
    bench.deliver(&large("two"));
    bench.sweep().await;
    assert_eq!(bench.verdicts(), [VerdictKind::Hold(HoldCause::TooLarge); 2]);
    assert!(bench.rows().iter().all(|row| row.filed));
}
