//! Notices to agents: who is told what, and what they say.

use std::time::Duration;

use postdesk::delivery::ReplyTo;
use postdesk::desk::{Accept, Arrived, NewAccount, ProjectEdit};
use postdesk::mail::{Address, Inbound};
use postdesk::store::Look;
use postdesk::tracker::{
    Account, EventKind, Handle, LetterKind, Notices, OutboxRow, OutboxState, Role, Ticket, Viewer,
};
use postdesk::triage::VerdictKind;

use crate::bench::{ANNA, BEN, Bench, DESK, Tuning, address, form};
use crate::letters::{header, one};
use crate::post::post;

pub const JANE: &str = "jane@team.example";
pub const LIN: &str = "lin@team.example";

/// Another account, with this role in the project.
pub async fn account(bench: &Bench, handle: &str, role: Role) -> Viewer {
    let new = NewAccount {
        handle: Handle::parse(handle).unwrap(),
        name: Some("Lin Park".to_owned()),
        address: address(&format!("{handle}@team.example")),
        admin: false,
        projects: vec![(bench.project.path.clone(), role)],
    };
    let (account, _) = bench.desk.add_account(new).await.unwrap();
    Viewer { account: account.id, admin: false }
}

async fn choose(bench: &Bench, viewer: Viewer, choice: Notices) {
    bench.desk.choose_notices(viewer, form(), choice).await.unwrap();
}

/// Changes an account behind everybody's back.
pub async fn edit(bench: &Bench, viewer: Viewer, change: fn(&mut Account)) {
    let edited = bench.store.write(move |w| {
        let mut account = w.account(viewer.account)?.unwrap();
        change(&mut account);
        w.put_account(&account)
    });
    edited.await.unwrap();
}

/// Jane and Lin, with addresses that the embedded server sends on.
async fn staffed(tuning: Tuning) -> (Bench, Viewer) {
    let bench = Bench::tuned(tuning).await;
    bench.adopt_empty().await;
    edit(&bench, bench.jane, |jane| jane.address = address(JANE)).await;
    let lin = account(&bench, "lin", Role::Agent).await;
    (bench, lin)
}

/// Anna's ticket, which Lin gave to Jane; the notice of it has left.
pub async fn assigned(tuning: Tuning) -> (Bench, Ticket, Viewer) {
    let (bench, lin) = staffed(tuning).await;
    bench.receive(&post("m1").subject("The invoice is wrong")).await;
    let ticket = bench.ticket(1);
    bench.desk.assign(lin, ticket.id, form(), Some(bench.jane.account)).await.unwrap();
    bench.drain().await;
    (bench, ticket, lin)
}

/// How many letters left to Jane and to Lin.
pub async fn told(bench: &Bench) -> [usize; 2] {
    bench.drain().await;
    [JANE, LIN].map(|who| bench.left_to(who).len())
}

pub fn last_to(bench: &Bench, who: &str) -> (Vec<u8>, Inbound) {
    let (left, mail) = bench.left_to(who).pop().expect("no letter");
    (left.raw.to_vec(), mail)
}

pub fn notices(bench: &Bench, ticket: &Ticket) -> Vec<OutboxRow> {
    let mut letters = bench.letters(ticket.id);
    letters.retain(|letter| matches!(letter.letter, LetterKind::Notice { .. }));
    letters
}

#[tokio::test]
async fn who_is_given_a_ticket_is_told_so_and_what_customers_write_on_it() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    assert_eq!(told(&bench).await, [1, 0]);
    let (_, given) = last_to(&bench, JANE);
    assert_eq!(given.subject, "[acme/web#1] The invoice is wrong");
    assert_eq!(given.from.as_ref().unwrap().name.as_deref(), Some("Lin Park"));
    assert!(given.text.contains("Lin Park assigned this ticket to you."), "{}", given.text);
    assert!(given.text.contains("Anna Weber <anna@customer.example> wrote last:"), "{}", given.text);
    assert!(given.text.contains("This is the text of m1."), "{}", given.text);

    let quoted = "The amount is wrong.\n\nOn Thu, 19 Nov 2026 Acme Web wrote:\n> We have your mail.";
    let key = bench.letters(ticket.id)[0].reply_key.clone();
    let to = bench.desk.site().reply(&key).unwrap();
    bench.receive(&post("more").to(&to).text(quoted)).await;
    assert_eq!(told(&bench).await, [2, 0]);
    let (raw, more) = last_to(&bench, JANE);
    let row = notices(&bench, &ticket).pop().unwrap();
    assert!(more.text.contains("The amount is wrong.") && !more.text.contains("We have your mail"));
    assert!(more.text.contains("https://desk.example/p/acme/web/1"), "{}", more.text);
    let note = bench.desk.site().reply(&row.unsubscribe).unwrap();
    assert!(more.text.contains(note.as_str()), "{}", more.text);
    assert!(more.text.contains("https://desk.example/account"), "{}", more.text);
    assert_eq!(more.reply_to[0].address, bench.desk.site().reply(&row.reply_key).unwrap());
    assert_eq!(one(&raw, "Auto-Submitted"), "auto-generated");
    assert_eq!(one(&raw, "X-Auto-Response-Suppress"), "All");
    assert_eq!(one(&raw, "List-Id"), "<acme-web.desk.example>");
    assert!(header(&raw, "List-Unsubscribe").is_empty(), "an account has a page for that");
    // It stands below the earlier one, and names no letter of somebody else.
    let first = given.message_id.unwrap();
    assert!(more.references.contains(&first), "{:?}", more.references);
    let annas = &bench.letters(ticket.id)[0].message_id;
    assert!(!more.references.contains(annas), "{:?}", more.references);
    // What customers get names none of those.
    bench.comment(&ticket, "We look into it.").await;
    assert_eq!(told(&bench).await, [2, 0], "nobody is told of a colleague's answer");
    let (_, answer) = last_to(&bench, ANNA);
    assert!(!answer.references.contains(&first), "{:?}", answer.references);
}

#[tokio::test]
async fn each_account_is_told_what_it_chose_and_never_of_its_own_doing() {
    let (bench, ticket, lin) = assigned(Tuning::default()).await;
    choose(&bench, lin, Notices::All).await;
    let key = bench.letters(ticket.id)[0].reply_key.clone();
    let to = bench.desk.site().reply(&key).unwrap();
    bench.receive(&post("m2")).await;
    assert_eq!(told(&bench).await, [1, 1], "a new ticket");
    bench.receive(&post("more").to(&to)).await;
    assert_eq!(told(&bench).await, [2, 2], "a comment");
    bench.receive(&post("stranger").from(BEN).to(&to)).await;
    assert_eq!(told(&bench).await, [3, 3], "somebody has to decide");
    let (_, mail) = last_to(&bench, LIN);
    assert!(mail.text.contains("takes no part in it."), "{}", mail.text);
    let doubted =
        bench.events(ticket.id).into_iter().rfind(|e| matches!(e.kind, EventKind::Unverified { .. }));
    let accepted = bench.desk.decide_unverified(lin, ticket.id, form(), doubted.unwrap().no, Accept::Once);
    accepted.await.unwrap();
    assert_eq!(told(&bench).await, [3, 3], "one notice for each mail");
    let away = post("away").to(&to).header("Auto-Submitted", "auto-replied");
    bench.receive(&away).await;
    bench.receive(&post("robot").header("Auto-Submitted", "auto-generated")).await;
    assert_eq!(told(&bench).await, [3, 3], "nothing of automatic mails");
    bench.desk.assign(lin, ticket.id, form(), Some(lin.account)).await.unwrap();
    bench.comment(&ticket, "An answer.").await;
    assert_eq!(told(&bench).await, [3, 3], "nothing of what oneself and colleagues do");
    choose(&bench, lin, Notices::Nothing).await;
    bench.receive(&post("even-more").to(&to)).await;
    assert_eq!(told(&bench).await, [3, 3], "Jane's no more, and Lin wants none");
    bench.receive(&post("by-lin").from(LIN)).await;
    choose(&bench, lin, Notices::All).await;
    bench.receive(&post("by-lin-2").from(LIN)).await;
    let own = bench.left_to(LIN).iter().filter(|(_, mail)| mail.subject.contains("by-lin")).count();
    assert_eq!((told(&bench).await, own), ([3, 4], 0), "one's own ticket is confirmed, no more");
    assert_eq!(bench.all_letters().iter().filter(|l| l.state != OutboxState::Sent).count(), 0);
}

#[tokio::test]
async fn who_takes_a_held_mail_in_is_not_told_of_it() {
    let (bench, lin) = staffed(Tuning::default()).await;
    choose(&bench, lin, Notices::All).await;
    choose(&bench, bench.jane, Notices::All).await;
    let held = bench.receive(&post("astray").to(DESK)).await;
    assert!(matches!(held.verdict, VerdictKind::Hold(_)));
    assert_eq!(told(&bench).await, [0, 0]);
    bench.desk.take_in(lin, held.id, form(), Some(bench.project.id)).await.unwrap();
    assert_eq!(told(&bench).await, [1, 0]);
}

#[tokio::test]
async fn whoever_may_not_read_any_more_gets_none_not_even_one_that_waits() {
    type Change = fn(&mut Account);
    let changes: [(&str, Change); 2] = [
        ("disabled", |account| account.disabled = true),
        ("wants none", |account| account.notices = Notices::Nothing),
    ];
    for (what, change) in changes {
        let (bench, ticket, _) = assigned(Tuning::default()).await;
        let key = bench.letters(ticket.id)[0].reply_key.clone();
        bench.receive(&post("more").to(bench.desk.site().reply(&key).unwrap())).await;
        edit(&bench, bench.jane, change).await;
        assert_eq!(told(&bench).await, [1, 0], "{what}");
        let row = notices(&bench, &ticket).pop().unwrap();
        assert_eq!(row.state, OutboxState::Withdrawn, "{what}");
        bench.receive(&post("again").to(bench.desk.site().reply(&key).unwrap())).await;
        assert_eq!(notices(&bench, &ticket).len(), 2, "{what}: none is due any more");
    }
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let key = bench.letters(ticket.id)[0].reply_key.clone();
    bench.receive(&post("more").to(bench.desk.site().reply(&key).unwrap())).await;
    let jane = Handle::parse("jane").unwrap();
    let off = ProjectEdit { remove_members: vec![jane], ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), off).await.unwrap();
    assert_eq!(told(&bench).await, [1, 0], "no member any more");
    assert_eq!(notices(&bench, &ticket).pop().unwrap().state, OutboxState::Withdrawn);
}

#[tokio::test]
async fn an_import_tells_nobody() {
    let (bench, _) = staffed(Tuning::default()).await;
    choose(&bench, bench.jane, Notices::All).await;
    let raw = post("old").bytes();
    let hash = bench.store.raw().put(&raw).unwrap();
    let inbound = std::sync::Arc::new(postdesk::mail::parse(&raw, None));
    let source = postdesk::triage::EmailRef {
        account: "a".to_owned(),
        email: "e".to_owned(),
        blob: "b".to_owned(),
        size: 1,
        received_at: bench.now(),
    };
    let row = bench.desk.receive(Arrived { source, raw: hash, inbound, quiet: true }).await.unwrap();
    assert_eq!(row.verdict, VerdictKind::Open);
    assert_eq!(told(&bench).await, [0, 0]);
}

#[tokio::test]
async fn what_may_be_a_loop_reaches_no_agent() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let key = bench.letters(ticket.id)[0].reply_key.clone();
    let to = bench.desk.site().reply(&key).unwrap();
    for no in 0..8 {
        bench.receive(&post(&format!("loop-{no}")).to(&to)).await;
        bench.advance(Duration::from_secs(1));
    }
    assert_eq!(told(&bench).await, [6, 0], "of the first five, and of being given it");
}

/// Only the ways that work are offered.
#[tokio::test]
async fn a_notice_names_no_way_that_does_not_work() {
    let plain = Tuning { reply_to: ReplyTo::Plain, ..Tuning::default() };
    let unknown = Tuning { authenticates: false, ..Tuning::default() };
    for tuning in [plain, unknown] {
        let (bench, ticket, _) = assigned(tuning).await;
        let (_, mail) = last_to(&bench, JANE);
        assert!(mail.text.contains("Please answer on the ticket's page"), "{}", mail.text);
        let keys = notices(&bench, &ticket).pop().unwrap();
        assert!(!mail.text.contains(&keys.unsubscribe.to_string()), "{}", mail.text);
    }
    let (bench, ..) = assigned(Tuning::default()).await;
    let vera = account(&bench, "vera", Role::Viewer).await;
    choose(&bench, vera, Notices::All).await;
    bench.receive(&post("m2")).await;
    bench.drain().await;
    let (_, mail) = last_to(&bench, "vera@team.example");
    assert!(!mail.text.to_lowercase().contains("answer"), "who only reads is offered none: {}", mail.text);
}

#[tokio::test]
async fn reports_about_notices_pause_the_agents_address() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let key = bench.letters(ticket.id)[0].reply_key.clone();
    let to = bench.desk.site().reply(&key).unwrap();
    bench.receive(&post("more").to(&to)).await;
    bench.drain().await;
    for (no, (left, mail)) in bench.left_to(JANE).iter().enumerate() {
        let report = format!(
            "It did not arrive.\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
             Final-Recipient: rfc822; {JANE}\nAction: failed\nStatus: 5.1.1\n\n--B\n\
             Content-Type: message/rfc822\n\nMessage-ID: <{}>\n\nText\n--B--",
            mail.message_id.as_ref().unwrap().as_str()
        );
        let kind = "multipart/report; report-type=delivery-status; boundary=B";
        let text = format!("--B\nContent-Type: text/plain\n\n{report}");
        let bounce = post(&format!("bounce-{no}")).from("mailer-daemon@mx.example").to(&left.mail_from);
        let row = bench.receive(&bounce.header("Content-Type", kind).text(&text)).await;
        assert_eq!((row.verdict, row.ticket), (VerdictKind::Bounce, Some(ticket.id)));
    }
    let jane: Address = address(JANE);
    assert!(bench.store.read().unwrap().paused(&jane).unwrap());
    let before = bench.events(ticket.id).len();
    bench.receive(&post("again").to(&to)).await;
    assert_eq!(told(&bench).await, [2, 0]);
    assert_eq!(bench.events(ticket.id).len(), before + 1, "no line about it for customers' letters");
    choose(&bench, bench.jane, Notices::Assigned).await;
    bench.receive(&post("once-more").to(&to)).await;
    assert_eq!(told(&bench).await, [3, 0]);
}

/// What a notice shows goes with what it came from.
#[tokio::test]
async fn redacting_takes_a_passage_out_of_notices_too() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let event = bench.events(ticket.id)[0].no;
    bench.desk.redact(&bench.project.path, 1, event, "text of m1").await.unwrap();
    let row = notices(&bench, &ticket).pop().unwrap();
    assert!(row.draft.is_none(), "{row:?}");
    assert_eq!(row.state, OutboxState::Sent, "it left all the same");
}
