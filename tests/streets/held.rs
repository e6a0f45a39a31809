//! Held mails: a person takes one in, puts it aside, or drags it back.

use postdesk::desk::{Accept, DeskError, NewProject, ProjectEdit};
use postdesk::mail::Authentication;
use postdesk::store::Look;
use postdesk::tracker::{MailRowId, ProjectPath, TicketId, Viewer};
use postdesk::triage::{HoldCause, IgnoreCause, MailRow, VerdictKind};

use crate::bench::{ANNA, BEN, Bench, DESK, form};
use crate::post::{Post, post};

async fn hold(bench: &Bench, post: &Post, cause: HoldCause) -> MailRow {
    let row = bench.receive(post).await;
    assert_eq!(row.verdict, VerdictKind::Hold(cause), "{}", post.id);
    assert_eq!(bench.lies_in(&row), ["Held"], "{}", post.id);
    row
}

fn now(bench: &Bench, row: MailRowId) -> MailRow {
    bench.store.read().unwrap().mail_row(row).unwrap().unwrap()
}

/// Taken in by a person: it has the verdict, and the Email moves at the next sweep.
async fn take(bench: &Bench, row: &MailRow, verdict: VerdictKind) {
    let project = Some(bench.project.id);
    let taken = bench.desk.take_in(bench.jane, row.id, form(), project).await.unwrap();
    assert_eq!(taken.verdict, verdict, "{:?}", row.verdict);
    assert_eq!(bench.lies_in(row), ["Held"], "the Email is the sweep's to move");
    bench.sweep().await;
    assert_eq!(bench.lies_in(row), ["Handled"], "{:?}", row.verdict);
    assert!(now(bench, row.id).filed);
    let again = bench.desk.take_in(bench.jane, row.id, form(), project).await;
    assert!(matches!(again, Err(DeskError::NotFound)), "once");
}

async fn switch(bench: &Bench, on: bool) {
    let edit = ProjectEdit { on: Some(on), ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
}

#[tokio::test]
async fn a_mail_held_for_its_address_becomes_a_ticket() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let foreign = format!("incoming+other-{}-issue-@desk.example", bench.project.id);
    let wrong = [
        (DESK, HoldCause::NoProject),
        ("incoming+gibberish@desk.example", HoldCause::UnknownKey),
        (foreign.as_str(), HoldCause::ForeignSlug),
    ];
    for (no, (to, cause)) in (1..).zip(wrong) {
        let row = hold(&bench, &post(&format!("m{no}")).to(to), cause).await;
        take(&bench, &row, VerdictKind::Open).await;
        let ticket = bench.ticket(no);
        assert_eq!(ticket.title, format!("Question m{no}"));
        assert_eq!(ticket.requester().unwrap().address.as_str(), ANNA);
    }
    switch(&bench, false).await;
    let row = hold(&bench, &post("off"), HoldCause::ProjectOff).await;
    take(&bench, &row, VerdictKind::Open).await;
    bench.drain().await;
    let told = bench.left_to(ANNA).len();
    assert_eq!(told, 1, "confirmed as usual: once a day, where nothing is known of the sender");
    assert_eq!(bench.store.read().unwrap().held_count().unwrap(), 0);
}

/// A server may give its Emails other ids at any time; another mail has the former one after a restore.
#[tokio::test]
async fn a_held_mail_that_got_another_id_moves_when_somebody_decides() {
    for former_answer in [false, true] {
        let bench = Bench::start().await;
        bench.adopt_empty().await;
        let (taken_in, dismissed) = (post("taken").to(DESK), post("dismissed").to(DESK));
        let taken_in = hold(&bench, &taken_in, HoldCause::NoProject).await;
        let dismissed = hold(&bench, &dismissed, HoldCause::NoProject).await;
        bench.server.change_email_ids(DESK, former_answer);
        let project = Some(bench.project.id);
        bench.desk.take_in(bench.jane, taken_in.id, form(), project).await.unwrap();
        let admin = Viewer { admin: true, ..bench.jane };
        bench.desk.dismiss(admin, dismissed.id, form()).await.unwrap();
        bench.sweep().await;
        assert_eq!((bench.mails_in("Held").len(), bench.mails_in("Handled").len()), (0, 2));
        let handled: Vec<_> = bench.mails_in("Handled").into_iter().map(|mail| mail.id).collect();
        for row in [now(&bench, taken_in.id), now(&bench, dismissed.id)] {
            assert!(row.filed && (former_answer || handled.contains(&row.source.email)), "{row:?}");
        }
    }
}

/// A row of before such mails were shown on their ticket.
async fn held_as_once(bench: &Bench, post: &Post, ticket: TicketId) -> MailRow {
    let row = hold(bench, &post.clone().to(DESK), HoldCause::NoProject).await;
    let old = MailRow {
        verdict: VerdictKind::Hold(HoldCause::Unverified),
        ticket: Some(ticket),
        project: Some(bench.project.id),
        ..row
    };
    let written = old.clone();
    bench.store.write(move |w| w.put_mail_row(&written)).await.unwrap();
    old
}

#[tokio::test]
async fn a_mail_held_for_its_sender_becomes_a_comment_or_a_ticket() {
    let (bench, ticket) = Bench::with_ticket().await;
    let row = held_as_once(&bench, &post("forged").authentication(Authentication::Fail), ticket.id).await;
    take(&bench, &row, VerdictKind::Comment).await;
    assert_eq!(bench.ticket(1).comments, 2);
    let row = held_as_once(&bench, &post("stranger").from(BEN), ticket.id).await;
    take(&bench, &row, VerdictKind::Open).await;
    assert_eq!(bench.ticket(2).requester().unwrap().address.as_str(), BEN);
    let row = hold(&bench, &post("ourselves").from("help@desk.example"), HoldCause::OwnAddress).await;
    take(&bench, &row, VerdictKind::Open).await;
    assert!(bench.ticket(3).participants.is_empty(), "our own addresses never take part");
}

#[tokio::test]
async fn reports_floods_and_mails_too_large() {
    let (bench, ticket) = Bench::with_ticket().await;
    let id = bench.letters(ticket.id)[0].message_id.clone();
    let report = post("report")
        .from("MAILER-DAEMON@mail.desk.example")
        .to(DESK)
        .null_sender()
        .header("Content-Type", "multipart/report; report-type=delivery-status; boundary=b")
        .header("References", format!("<{}>", id.as_str()))
        .text("--b\n\nIt bounced.\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n\n--b--");
    let row = hold(&bench, &report, HoldCause::Bounce).await;
    take(&bench, &row, VerdictKind::Open).await;
    for no in 0..50 {
        bench.deliver(&post(&format!("flood{no}")).from(BEN));
    }
    bench.sweep().await;
    let row = hold(&bench, &post("too-many").from(BEN), HoldCause::Flood).await;
    take(&bench, &row, VerdictKind::Open).await;
    let large = hold(&bench, &post("large").text(&"large ".repeat(200_000)), HoldCause::TooLarge).await;
    let refused = bench.desk.take_in(bench.jane, large.id, form(), Some(bench.project.id)).await;
    assert!(matches!(refused, Err(DeskError::Invalid(why)) if why.contains("limits.max_mail_bytes")));
    assert!(bench.server.move_mail(DESK, &large.source.email, "inbox"));
    bench.sweep().await;
    assert_eq!(
        now(&bench, large.id).verdict,
        VerdictKind::Hold(HoldCause::TooLarge),
        "it is as large as before"
    );
    assert_eq!(bench.lies_in(&large), ["Held"]);
    bench.drain().await;
    assert!(bench.left_to("MAILER-DAEMON@mail.desk.example").is_empty());
}

#[tokio::test]
async fn the_other_projects_that_a_mail_addressed_may_read_it_when_a_person_takes_it_in() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let new = NewProject {
        path: ProjectPath::parse("acme/shop").unwrap(),
        name: None,
        aliases: Vec::new(),
        suffix: None,
        default: false,
    };
    let other = bench.desk.add_project(new).await.unwrap();
    let cc = bench.desk.site().current(&other).unwrap();
    bench.receive(&post("m1")).await;
    bench.drain().await;
    // Held, because neither takes new tickets.
    switch(&bench, false).await;
    let off = ProjectEdit { on: Some(false), ..ProjectEdit::default() };
    bench.desk.edit_project(other.path.clone(), off).await.unwrap();
    let row = hold(&bench, &post("both").cc(&cc), HoldCause::ProjectOff).await;
    take(&bench, &row, VerdictKind::Open).await;
    assert_eq!(bench.ticket(2).also_for, [other.id]);
    // Unverified, and then a ticket of its own.
    let key = bench.left_to(ANNA)[0].1.reply_to[0].address.clone();
    let row = bench.receive(&post("stranger").from(BEN).to(key).cc(&cc)).await;
    assert_eq!(row.verdict, VerdictKind::Unverified);
    let (ticket, event) = (bench.ticket(1).id, bench.ticket(1).last_event);
    bench.desk.decide_unverified(bench.jane, ticket, form(), event, Accept::OwnTicket).await.unwrap();
    assert_eq!(bench.ticket(3).also_for, [other.id]);
}

#[tokio::test]
async fn a_dismissed_mail_is_filed_and_can_be_dragged_back() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    switch(&bench, false).await;
    let row = hold(&bench, &post("m1"), HoldCause::ProjectOff).await;
    bench.desk.dismiss(bench.jane, row.id, form()).await.unwrap();
    bench.sweep().await;
    assert_eq!(now(&bench, row.id).verdict, VerdictKind::Ignore(IgnoreCause::Dismissed));
    assert_eq!(bench.lies_in(&row), ["Handled"]);
    assert!(matches!(bench.desk.dismiss(bench.jane, row.id, form()).await, Err(DeskError::NotFound)));
    switch(&bench, true).await;
    assert!(bench.server.move_mail(DESK, &row.source.email, "inbox"));
    bench.sweep().await;
    assert_eq!(now(&bench, row.id).verdict, VerdictKind::Open);
    assert_eq!(bench.verdicts(), [VerdictKind::Open], "one row, by its present verdict");
    assert_eq!(bench.lies_in(&row), ["Handled"]);
}

#[tokio::test]
async fn a_held_mail_dragged_back_is_decided_again() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let row = hold(&bench, &post("m1").to("contact@acme.example").rcpt(DESK), HoldCause::NoProject).await;
    assert!(bench.server.move_mail(DESK, &row.source.email, "inbox"));
    bench.sweep().await;
    assert_eq!(now(&bench, row.id).verdict, VerdictKind::Hold(HoldCause::NoProject), "still nowhere");
    assert_eq!(bench.lies_in(&row), ["Held"]);
    let add_aliases = vec![crate::bench::address("contact@acme.example")];
    let edit = ProjectEdit { add_aliases, ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    assert!(bench.server.move_mail(DESK, &row.source.email, "inbox"));
    bench.sweep_and_drain().await;
    assert_eq!(now(&bench, row.id).verdict, VerdictKind::Open);
    assert_eq!((bench.rows().len(), bench.lies_in(&row)), (1, vec!["Handled".to_owned()]));
    assert_eq!(bench.left_to(ANNA).len(), 1, "it is decided as if it came now");
    // One that was taken in is only filed again.
    assert!(bench.server.move_mail(DESK, &row.source.email, "inbox"));
    bench.sweep_and_drain().await;
    assert_eq!((bench.rows().len(), bench.ticket(1).comments), (1, 1));
    assert_eq!(bench.lies_in(&row), ["Handled"]);
}

#[tokio::test]
async fn a_copy_of_a_held_mail_is_decided_by_itself() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let both = "lost@elsewhere.example, help@desk.example";
    switch(&bench, false).await;
    let held = hold(&bench, &post("m1").to(both).rcpt(DESK), HoldCause::ProjectOff).await;
    switch(&bench, true).await;
    let copy = bench.receive(&post("m1").to(both).rcpt("help@desk.example")).await;
    assert_eq!(copy.verdict, VerdictKind::Open);
    bench.sweep().await;
    assert_eq!(
        now(&bench, held.id).verdict,
        VerdictKind::Duplicate,
        "the held one needs no decision any more"
    );
    assert_eq!(now(&bench, held.id).ticket, copy.ticket);
    assert_eq!(
        (bench.lies_in(&held), bench.lies_in(&copy)),
        (vec!["Handled".to_owned()], vec!["Handled".to_owned()])
    );
    assert!(matches!(
        bench.desk.take_in(bench.jane, held.id, form(), Some(bench.project.id)).await,
        Err(DeskError::NotFound)
    ));
}

#[tokio::test]
async fn a_double_click_takes_a_mail_in_once() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let (one, two) = (post("m1").to(DESK), post("m2").to(DESK));
    let (one, two) =
        (hold(&bench, &one, HoldCause::NoProject).await, hold(&bench, &two, HoldCause::NoProject).await);
    let same = form();
    let project = Some(bench.project.id);
    bench.desk.take_in(bench.jane, one.id, same.clone(), project).await.unwrap();
    assert!(matches!(bench.desk.take_in(bench.jane, two.id, same, project).await, Err(DeskError::Done)));
    assert_eq!(bench.store.read().unwrap().held_count().unwrap(), 1);
}
