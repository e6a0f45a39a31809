//! A desk that is backed up at work, lost, and restored from the backup: no mail is lost and no
//! letter leaves twice.

use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::desk::{DeskError, NewAccount, after_restore};
use postdesk::intake::{IntakeError, Swept};
use postdesk::keep::{Header, Restoring, Source, pack};
use postdesk::mail::{Address, Authentication};
use postdesk::secret::Random;
use postdesk::store::{Look, Store, StorePath, look_at_copy};
use postdesk::tracker::{Actor, Body, EventKind, Handle, OutboxState, PauseWhy};
use postdesk::triage::VerdictKind;

use crate::bench::{ANNA, BEN, Bench, DESK, POLL, address, form};
use crate::post::post;

/// The whole data folder in one piece of memory, made beside the running desk.
async fn backup(bench: &Bench) -> Vec<u8> {
    let snapshot = bench.store.snapshot().await.unwrap();
    let facts = look_at_copy(snapshot.path()).unwrap();
    let header = Header::new(&facts, bench.now());
    let source = Source { data: bench.folder(), database: snapshot.path() };
    pack(source, header, Vec::new(), &mut |_, _| {}).unwrap().0
}

/// A desk on a folder that was filled from a backup, as after its first start. The other one is
/// switched off.
async fn restore(lost: Bench, backup: &[u8]) -> Bench {
    lost.store.close().await;
    let folder = tempfile::tempdir().unwrap();
    let data = StorePath::new(folder.path());
    let restoring = Restoring::begin(&data, backup, "the backup", &mut |_, _| {}).unwrap();
    assert_eq!(restoring.checked().findings, [""; 0]);
    let store = Store::open(&restoring.store(), &Random::system(), &lost.clock).unwrap();
    after_restore(&store, restoring.checked().header.created, lost.now()).await.unwrap();
    store.close().await;
    drop(store);
    restoring.finish().unwrap();
    Bench::in_folder(folder, lost.server.clone(), lost.clock.clone())
}

/// No letter left more than once.
fn assert_nothing_twice(bench: &Bench) {
    let twice: Vec<_> = bench.times_left().into_iter().filter(|(_, times)| *times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[tokio::test]
async fn a_restored_desk_is_paused_until_a_person_has_looked() {
    let (bench, ticket) = Bench::with_ticket().await;
    let kept = backup(&bench).await;
    bench.comment(&ticket, "Written after the backup.").await;
    bench.drain().await;
    let bench = restore(bench, &kept).await;
    assert_eq!(bench.desk.paused().unwrap().unwrap().why, PauseWhy::Restored);
    bench.deliver(&post("after"));
    let (left, rows) = (bench.server.submissions().len(), bench.rows().len());
    for _ in 0..3 {
        assert_eq!(bench.sweep().await, Swept::Paused);
        bench.drain().await;
        bench.advance(Duration::from_secs(3600));
    }
    assert_eq!((bench.server.submissions().len(), bench.rows().len()), (left, rows));
    // The marker in the mailbox names a run that the backup knows nothing of.
    assert!(bench.desk.standing().get().stopped.is_some());
    let refused = bench.intake.replay(bench.now()).await.unwrap_err();
    assert!(refused.whole().contains("take-over"), "{}", refused.whole());
    // Going on alone is not enough.
    bench.desk.resume().await.unwrap();
    assert_eq!(bench.sweep().await, Swept::Stopped);
    bench.drain().await;
    assert_eq!((bench.server.submissions().len(), bench.rows().len()), (left, rows));
    bench.intake.take_over().await.unwrap();
    bench.advance(POLL * 2);
    bench.settle().await;
    assert_eq!(bench.rows().len(), rows + 1);
    assert_nothing_twice(&bench);
}

#[tokio::test]
async fn what_came_after_the_backup_is_taken_in_again_without_letters() {
    let (bench, first) = Bench::with_ticket().await;
    let kept = backup(&bench).await;
    bench.advance(Duration::from_secs(600));
    // A ticket, its confirmation, an answer to it, and an answer to the answer.
    bench.receive(&post("m2").from(format!("Ben <{BEN}>"))).await;
    bench.drain().await;
    let second = bench.ticket(2);
    bench.join(&second, "carl@customer.example").await;
    bench.advance(Duration::from_secs(60));
    bench.comment(&second, "An answer that the backup does not have.").await;
    bench.comment(&first, "And one to Anna.").await;
    bench.drain().await;
    let answer = bench.left_to(BEN).pop().unwrap().1;
    let reply_to = answer.reply_to[0].address.to_string();
    bench.advance(Duration::from_secs(60));
    let reply = post("m3")
        .from(format!("Ben <{BEN}>"))
        .to(&reply_to)
        .header("In-Reply-To", answer.message_id.as_ref().unwrap());
    assert_eq!(bench.receive(&reply).await.verdict, VerdictKind::Comment);
    bench.drain().await;
    let (left, taken) = (bench.server.submissions().len(), bench.rows().len());

    let bench = restore(bench, &kept).await;
    bench.intake.take_over().await.unwrap();
    bench.advance(Duration::from_secs(3600));
    let since = bench.store.read().unwrap().restored().unwrap().unwrap().backup;
    let replayed = bench.intake.replay(since).await.unwrap();
    // Ben's two mails, and what came back from Carl's mail server.
    assert_eq!((replayed.taken, replayed.opened, replayed.commented), (3, 1, 1), "{replayed:?}");
    // Beside the two comments: Ben's confirmation, Carl's copy of the comment and of what Ben wrote.
    assert_eq!((replayed.comments, replayed.letters, replayed.strays), (2, 3, 0), "{replayed:?}");
    assert_eq!(bench.rows().len(), taken, "no mail is lost and none comes twice");
    assert!(bench.rows().iter().all(|row| row.filed));

    let again = bench.ticket(2001);
    let events = bench.events(again.id);
    let texts: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Opened { .. } => Some("opened"),
            EventKind::Comment { .. } => match event.actor {
                Actor::Account(account) if account == bench.jane.account => Some("jane"),
                Actor::Participant(_) => Some("customer"),
                _ => Some("postdesk"),
            },
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["opened", "jane", "customer"], "{events:?}");
    assert!(events[0].at < since + Duration::from_secs(700), "it happened when it came: {:?}", events[0]);
    assert_eq!(again.participants.len(), 2, "Carl takes part again");

    // Nobody was written to, and nothing is pending.
    bench.drain().await;
    bench.desk.resume().await.unwrap();
    bench.advance(POLL * 2);
    bench.settle().await;
    assert_eq!(bench.server.submissions().len(), left);
    // What Ben answers now, by key alone, joins.
    let reply = post("m4").from(format!("Ben <{BEN}>")).to(&reply_to);
    let row = bench.receive(&reply).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Comment, Some(again.id)));
    // Once more changes nothing.
    bench.desk.pause().await.unwrap();
    let repeated = bench.intake.replay(since).await.unwrap();
    assert_eq!((repeated.taken, repeated.comments, repeated.letters), (0, 0, 0), "{repeated:?}");
    assert_nothing_twice(&bench);
}

/// The desk was lost after it had confirmed a mail, and before it had filed it.
#[tokio::test]
async fn what_was_answered_and_not_filed_is_not_answered_again() {
    let (bench, _) = Bench::with_ticket().await;
    let kept = backup(&bench).await;
    bench.advance(Duration::from_secs(60));
    bench.server.faults().add(Fault::Status(At::Call("Email/set"), 503), Times::Always);
    bench.deliver(&post("m2").from(format!("Ben <{BEN}>")));
    assert!(bench.intake.sweep().await.is_err());
    bench.drain().await;
    assert_eq!((bench.left_to(BEN).len(), bench.mails_in("inbox").len()), (1, 1));
    bench.server.faults().clear();

    let bench = restore(bench, &kept).await;
    // And one that came while no desk ran: it wants its confirmation.
    bench.deliver(&post("m3").from("Carl <carl@customer.example>"));
    bench.intake.take_over().await.unwrap();
    bench.advance(Duration::from_secs(60));
    let since = bench.store.read().unwrap().restored().unwrap().unwrap().backup;
    let replayed = bench.intake.replay(since).await.unwrap();
    assert_eq!((replayed.taken, replayed.letters, replayed.strays), (1, 1, 0), "{replayed:?}");
    bench.desk.resume().await.unwrap();
    bench.advance(POLL * 2);
    bench.settle().await;
    assert_eq!((bench.left_to(BEN).len(), bench.left_to("carl@customer.example").len()), (1, 1));
    assert_nothing_twice(&bench);
}

/// The same of an agent's answer, to which no letter refers.
#[tokio::test]
async fn an_agents_answer_that_went_out_and_was_not_filed_does_not_go_out_again() {
    let (bench, ticket) = Bench::with_ticket().await;
    const JANE: &str = "jane@team.example";
    let account = bench.jane.account;
    let edited = bench.store.write(move |w| {
        let mut jane = w.account(account)?.unwrap();
        jane.address = address(JANE);
        w.put_account(&jane)
    });
    edited.await.unwrap();
    bench.desk.assign(bench.jane, ticket.id, form(), Some(account)).await.unwrap();
    bench.receive(&post("m2").header("In-Reply-To", "<m1@customer.example>")).await;
    bench.drain().await;
    let notice = bench.left_to(JANE).pop().expect("a notice").1;
    let kept = backup(&bench).await;
    bench.advance(Duration::from_secs(60));
    bench.server.faults().add(Fault::Status(At::Call("Email/set"), 503), Times::Always);
    let answer = |id: &str| {
        let post = post(id).from(JANE).to(notice.reply_to[0].address.as_str());
        post.authentication(Authentication::Pass)
    };
    bench.deliver(&answer("first"));
    assert!(bench.intake.sweep().await.is_err());
    bench.drain().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.mails_in("inbox").len()), (2, 1));
    bench.server.faults().clear();

    let bench = restore(bench, &kept).await;
    bench.deliver(&answer("second"));
    bench.intake.take_over().await.unwrap();
    bench.advance(Duration::from_secs(60));
    let since = bench.store.read().unwrap().restored().unwrap().unwrap().backup;
    let replayed = bench.intake.replay(since).await.unwrap();
    assert_eq!((replayed.taken, replayed.commented, replayed.letters), (1, 1, 1), "{replayed:?}");
    bench.desk.resume().await.unwrap();
    bench.advance(POLL * 2);
    bench.settle().await;
    let texts: Vec<_> = bench.left_to(ANNA).into_iter().map(|(_, mail)| mail.text).collect();
    let having = |what: &str| texts.iter().filter(|text| text.contains(what)).count();
    assert_eq!((having("text of first"), having("text of second")), (1, 1), "{texts:?}");
    assert_nothing_twice(&bench);
}

/// The mail server gave other ids meanwhile: what is on record is known by its content.
#[tokio::test]
async fn filed_mails_that_got_other_ids_are_not_taken_in_again() {
    for former_answer in [false, true] {
        let (bench, _) = Bench::with_ticket().await;
        bench.receive(&post("held").to("incoming+nowhere@desk.example")).await;
        let kept = backup(&bench).await;
        let rows = bench.rows();
        bench.server.change_email_ids(DESK, former_answer);
        let bench = restore(bench, &kept).await;
        bench.intake.take_over().await.unwrap();
        let since = bench.store.read().unwrap().restored().unwrap().unwrap().backup;
        bench.intake.replay(since).await.unwrap();
        let after = bench.rows();
        assert_eq!(after.len(), rows.len());
        for (row, before) in after.iter().zip(&rows) {
            assert_eq!((row.verdict, row.filed), (before.verdict, true), "{row:?}");
            assert_ne!(row.source.email, before.source.email, "it bears the present id");
        }
    }
}

#[tokio::test]
async fn letters_that_were_pending_are_looked_for_and_not_sent_again() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "Pending in the backup, and sent after it.").await;
    let kept = backup(&bench).await;
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 2);
    let bench = restore(bench, &kept).await;
    assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Unknown);
    bench.intake.take_over().await.unwrap();
    bench.desk.resume().await.unwrap();
    bench.advance(POLL * 2);
    bench.settle().await;
    assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Sent, "it was found in Sent");
    assert_nothing_twice(&bench);
}

/// Its link opens nothing any more, and that no draft lies there proves nothing.
#[tokio::test]
async fn an_invitation_that_was_pending_does_not_count_as_sent() {
    let (bench, _) = Bench::with_ticket().await;
    let new = NewAccount {
        handle: Handle::parse("lin").unwrap(),
        name: None,
        address: Address::parse("lin@team.example").unwrap(),
        admin: false,
        projects: Vec::new(),
    };
    bench.desk.invite_account(new).await.unwrap();
    let kept = backup(&bench).await;
    let bench = restore(bench, &kept).await;
    bench.intake.take_over().await.unwrap();
    bench.desk.resume().await.unwrap();
    bench.advance(POLL * 2);
    bench.settle().await;
    assert_eq!(bench.all_letters().pop().unwrap().state, OutboxState::PresumedSent);
    assert!(bench.left_to("lin@team.example").is_empty());
}

#[tokio::test]
async fn a_letter_that_never_left_waits_for_a_person() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "Pending in the backup, and never sent.").await;
    let kept = backup(&bench).await;
    let bench = restore(bench, &kept).await;
    bench.intake.take_over().await.unwrap();
    bench.desk.resume().await.unwrap();
    for _ in 0..5 {
        bench.advance(Duration::from_secs(900));
        bench.drain().await;
    }
    let letter = bench.letters(ticket.id).pop().unwrap();
    assert_eq!((letter.state, bench.left_to(ANNA).len()), (OutboxState::Unknown, 1));
    bench.desk.send_again(bench.jane, letter.id, form()).await.unwrap();
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 2);
    assert_nothing_twice(&bench);
}

#[tokio::test]
async fn pausing_stops_both_streets_and_outlives_a_restart() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.desk.pause().await.unwrap();
    bench.comment(&ticket, "Written while paused.").await;
    bench.deliver(&post("while paused"));
    let bench = bench.restart().await;
    assert_eq!(bench.sweep().await, Swept::Paused);
    bench.drain().await;
    assert_eq!((bench.rows().len(), bench.left_to(ANNA).len()), (1, 1));
    assert!(bench.desk.resume().await.unwrap().mail);
    assert_eq!(bench.desk.resume().await.unwrap(), Default::default(), "twice is no error");
    bench.settle().await;
    assert_eq!((bench.rows().len(), bench.left_to(ANNA).len()), (2, 2));
    let refused = bench.intake.replay(bench.now()).await.unwrap_err();
    assert!(matches!(refused, IntakeError::Desk(DeskError::Invalid(_))), "{refused}");
}

#[tokio::test]
async fn what_people_put_into_sent_themselves_stays_mail() {
    let (bench, _) = Bench::with_ticket().await;
    let kept = backup(&bench).await;
    let bench = restore(bench, &kept).await;
    bench.intake.take_over().await.unwrap();
    let own = post("by hand").from(DESK).to(ANNA);
    bench.deliver(&own.clone().rcpt(DESK));
    let id = bench.mails_in("inbox").pop().unwrap().id;
    assert!(bench.server.move_mail(DESK, &id, "sent"));
    let events = bench.events(bench.ticket(1).id).len();
    let replayed = bench.intake.replay(bench.now()).await.unwrap();
    assert_eq!((replayed.strays, replayed.comments), (1, 0), "{replayed:?}");
    assert_eq!(bench.events(bench.ticket(1).id).len(), events);
}

/// A comment's text lies in the raw store, and what a replay puts there is named.
#[tokio::test]
async fn what_was_put_back_is_whole() {
    let (bench, ticket) = Bench::with_ticket().await;
    let kept = backup(&bench).await;
    bench.comment(&ticket, "Lost and found.").await;
    bench.drain().await;
    let bench = restore(bench, &kept).await;
    bench.intake.take_over().await.unwrap();
    bench.intake.replay(bench.now()).await.unwrap();
    let comment =
        bench.events(ticket.id).into_iter().rev().find(|e| matches!(e.kind, EventKind::Comment { .. }));
    let Some(EventKind::Comment { body: Body::Mail { raw, .. }, .. }) = comment.map(|event| event.kind)
    else {
        panic!("no comment")
    };
    let text = String::from_utf8(bench.store.raw().get(&raw).unwrap()).unwrap();
    assert!(text.contains("Lost and found."), "{text}");
    let snapshot = bench.store.snapshot().await.unwrap();
    let raw = StorePath::new(bench.folder()).raw();
    let mut has = |hash: &_| postdesk::store::whole(&raw, hash).is_ok();
    let report = postdesk::store::verify(snapshot.path(), &mut has, &mut |_| {}).unwrap();
    assert!(report.is_well() && report.records > 50, "{report:?}");
}
