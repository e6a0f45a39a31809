//! What is old goes by itself: closed tickets, by project; mails on the server of which the desk has
//! a whole copy. Neither without a setting, while paused, or by a clock that jumped.
#![allow(clippy::disallowed_methods, reason = "a test damages a file by hand")]

use std::num::NonZeroU32;
use std::time::Duration;

use postdesk::clock::Clock;
use postdesk::demo::server::{At, Fault, Habits, Server, Times};
use postdesk::desk::{AccountSize, Fitness, ProjectEdit};
use postdesk::store::{Look, StorePath};
use postdesk::tracker::{Body, ERASED_TEXT, State};
use postdesk::upkeep::Upkeep;

use crate::bench::{BEN, Bench, DESK, form, options};
use crate::post::post;

const DAY: Duration = Duration::from_hours(24);

fn upkeep(bench: &Bench, days: u32) -> Upkeep {
    Upkeep::new(bench.desk.clone()).with_mail(bench.intake.clone(), NonZeroU32::new(days))
}

/// Time goes by as upkeep sees it, an hour at a time being no jump.
async fn days_go_by(bench: &Bench, upkeep: &Upkeep, days: u32) {
    for _ in 0..days {
        upkeep.run_once().await.unwrap();
        bench.advance(DAY);
    }
}

fn lies(bench: &Bench, mailbox: &str) -> usize {
    bench.server.mails(DESK, mailbox).len()
}

#[tokio::test]
async fn closed_tickets_go_when_their_project_keeps_them_no_longer() {
    let (bench, old) = Bench::with_ticket().await;
    bench.desk.close(bench.jane, old.id, form()).await.unwrap();
    bench.receive(&post("b1").from(format!("Ben <{BEN}>"))).await;
    bench.settle().await;
    let open = bench.ticket(2);
    let upkeep = upkeep(&bench, 0);
    days_go_by(&bench, &upkeep, 40).await;
    assert!(bench.ticket(1).erased_at.is_none(), "off by default");
    let edit = ProjectEdit { keep_closed_days: Some(45), ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    days_go_by(&bench, &upkeep, 5).await;
    assert!(bench.ticket(1).erased_at.is_none());
    bench.desk.pause().await.unwrap();
    days_go_by(&bench, &upkeep, 2).await;
    assert!(bench.ticket(1).erased_at.is_none(), "not while paused");
    bench.desk.resume().await.unwrap();
    let seq = bench.store.read().unwrap().last_seq().unwrap();
    upkeep.run_once().await.unwrap();
    let gone = bench.ticket(1);
    assert!(gone.erased_at.is_some() && gone.participants.iter().all(|p| p.name.is_none()));
    let texts: Vec<_> =
        bench.events(gone.id).into_iter().filter_map(|event| event.kind.body().cloned()).collect();
    assert_eq!(texts, [Body::Text(ERASED_TEXT.to_owned())]);
    assert!(!bench.store.read().unwrap().journal(seq, 10).unwrap().is_empty(), "the journal has it");
    assert_eq!((bench.ticket(2).state, bench.ticket(2).erased_at), (State::Open, None));
    assert!(bench.rows()[1].from.is_some() && bench.rows()[0].from.is_none());
    // Its mail and the confirmation are gone from the server, Ben's are there.
    bench.advance(Duration::from_mins(11));
    upkeep.go_on_erasing().await.unwrap();
    assert!(bench.store.read().unwrap().erasures().unwrap().is_empty());
    assert_eq!((lies(&bench, "Handled"), lies(&bench, "sent")), (1, 1));
    assert_eq!(bench.letters(open.id).len(), 1);
}

#[tokio::test]
async fn old_mails_go_from_the_server_where_the_desk_has_the_whole_of_them() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.receive(&post("b1").from(format!("Ben <{BEN}>"))).await;
    bench.receive(&post("h1").to("incoming+gibberish@desk.example").rcpt(DESK)).await;
    bench.comment(&ticket, "An answer.").await;
    bench.settle().await;
    // Nobody's but the mail server's.
    let stranger = bench.deliver(&post("x1"));
    bench.server.move_mail(DESK, &stranger, "Handled");
    bench.advance(DAY * 10);
    bench.delivery.run_once().await.unwrap();
    bench.settle().await;
    let before = (lies(&bench, "Handled"), lies(&bench, "sent"), lies(&bench, "Held"));
    assert_eq!(before, (3, 3, 1));
    let raw = StorePath::new(bench.folder()).raw();
    let hash = bench.rows()[1].raw.to_string();
    let file = raw.join(&hash[..2]).join(format!("{hash}.zst"));
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    upkeep(&bench, 0).run_once().await.unwrap();
    upkeep(&bench, 60).run_once().await.unwrap();
    assert_eq!((lies(&bench, "Handled"), lies(&bench, "sent"), lies(&bench, "Held")), before);
    bench.receive(&post("new")).await;
    bench.settle().await;
    let trimmed = bench.intake.trim_mailboxes(7).await.unwrap();
    // Left: what is damaged here, the stranger, and the new one with its confirmation.
    assert_eq!(
        (lies(&bench, "Handled"), lies(&bench, "sent"), lies(&bench, "Held")),
        (3, 1, 1),
        "{trimmed:?}"
    );
    assert_eq!((trimmed.destroyed, trimmed.kept), (4, 2));
    std::fs::write(&file, &whole).unwrap();
    bench.desk.pause().await.unwrap();
    assert_eq!(bench.intake.trim_mailboxes(7).await.unwrap().destroyed, 0, "not while paused");
    bench.desk.resume().await.unwrap();
    assert_eq!(bench.intake.trim_mailboxes(7).await.unwrap().destroyed, 1);
    // The desk still shows everything, and a sweep takes nothing for new.
    let rows = bench.rows().len();
    bench.settle().await;
    assert_eq!(bench.rows().len(), rows);
}

#[tokio::test]
async fn the_size_of_the_mail_account_is_told_once_an_hour() {
    let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
    let mut options = options(&clock);
    options.users[0].room = 10_000;
    let bench = Bench::on(Server::start(options).await.unwrap(), clock).await;
    let upkeep = upkeep(&bench, 0);
    let told = || bench.desk.standing().get().account;
    assert_eq!(told(), AccountSize::Unasked);
    bench.adopt_empty().await;
    upkeep.run_once().await.unwrap();
    let lies =
        || bench.server.look(|world| world.all_mails(DESK).iter().map(|mail| mail.raw.len() as u64).sum());
    let at_first: u64 = lies();
    assert_eq!(told(), AccountSize::Told { used: at_first, limit: Some(10_000) });
    assert_eq!(bench.desk.health().status, Fitness::Ok);
    bench.receive(&post("m1").text(&"A long text.\n".repeat(800))).await;
    upkeep.run_once().await.unwrap();
    assert_eq!(told().used(), Some(at_first), "not asked again so soon");
    bench.advance(Duration::from_hours(1));
    // Also by a clock that nobody trusts.
    bench.clock.set_by(jiff::SignedDuration::from_hours(24));
    upkeep.run_once().await.unwrap();
    assert_eq!(told().used(), Some(lies()));
    bench.sweep().await;
    let health = bench.desk.health();
    assert_eq!(health.status, Fitness::Attention);
    assert!(health.reasons[0].contains("% full"), "{health:?}");
    // What was told stands where the server is away for once.
    bench.advance(Duration::from_hours(1));
    bench.server.faults().add(Fault::MethodError("Quota/get", "serverFail".into()), Times::Always);
    upkeep.run_once().await.unwrap();
    assert_eq!(told().used(), Some(lies()));
}

#[tokio::test]
async fn a_server_that_does_not_tell_the_size_is_not_asked() {
    let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
    let options = options(&clock).habits(Habits { no_quota: true, ..Habits::default() });
    let bench = Bench::on(Server::start(options).await.unwrap(), clock).await;
    let asked =
        bench.server.faults().add(Fault::MethodError("Quota/get", "serverFail".into()), Times::Always);
    upkeep(&bench, 0).run_once().await.unwrap();
    assert_eq!((bench.desk.standing().get().account, asked.hits()), (AccountSize::Untold, 0));
}

/// It was set while no daemon ran, so that none could see it.
#[tokio::test]
async fn nothing_goes_by_a_clock_that_is_not_the_mail_servers() {
    let start = "2026-11-19T14:00:00Z".parse().unwrap();
    let theirs = Clock::manual(start);
    let bench = Bench::on(Server::start(options(&theirs)).await.unwrap(), Clock::manual(start)).await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    bench.drain().await;
    bench.desk.close(bench.jane, bench.ticket(1).id, form()).await.unwrap();
    let edit = ProjectEdit { keep_closed_days: Some(30), ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    upkeep(&bench, 30).run_once().await.unwrap();
    bench.clock.set_by(jiff::SignedDuration::from_hours(365 * 24));
    let bench = bench.restart().await;
    let all = |bench: &Bench| {
        (bench.ticket(1).erased_at.is_none(), lies(bench, "Handled"), lies(bench, "sent")) == (true, 1, 1)
    };
    let upkeep = upkeep(&bench, 30);
    // As long as the mail server does not answer, nobody knows.
    let away = bench.server.faults().add(Fault::Status(At::Api, 503), Times::Always);
    upkeep.run_once().await.unwrap();
    assert!(all(&bench) && bench.store.read().unwrap().clock_jump().unwrap().is_none());
    away.clear();
    upkeep.run_once().await.unwrap();
    assert!(all(&bench));
    let jump = bench.store.read().unwrap().clock_jump().unwrap().unwrap();
    assert_eq!((jump.expected, jump.found), (theirs.now(), bench.clock.now()));
    // A person says that it is ours that is right.
    bench.desk.resume().await.unwrap();
    upkeep.run_once().await.unwrap();
    assert!(bench.ticket(1).erased_at.is_some());
}

#[tokio::test]
async fn nothing_goes_by_a_clock_that_jumped() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.desk.close(bench.jane, ticket.id, form()).await.unwrap();
    let edit = ProjectEdit { keep_closed_days: Some(1), ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    let upkeep = upkeep(&bench, 1);
    upkeep.run_once().await.unwrap();
    bench.clock.set_by(jiff::SignedDuration::from_hours(365 * 24));
    upkeep.run_once().await.unwrap();
    assert!(bench.ticket(1).erased_at.is_none());
    assert_eq!((lies(&bench, "Handled"), lies(&bench, "sent")), (1, 1));
    bench.desk.resume().await.unwrap();
    upkeep.run_once().await.unwrap();
    assert!(bench.ticket(1).erased_at.is_some());
}
