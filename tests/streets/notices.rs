//! Notices to agents: who is told what, what they say, and what becomes of the answers.

use std::time::Duration;

use postdesk::delivery::ReplyTo;
use postdesk::desk::{Accept, Arrived, HeldTarget, NewAccount, ProjectEdit};
use postdesk::mail::{Address, Authentication, Inbound};
use postdesk::store::Look;
use postdesk::tracker::{
    Account, Actor, Event, EventKind, Handle, LetterKind, Notices, OutboxRow, OutboxState, Role, State,
    Ticket, Viewer,
};
use postdesk::triage::{HoldCause, IgnoreCause, VerdictKind};

use crate::bench::{ANNA, BEN, Bench, DESK, Tuning, address, form};
use crate::letters::{header, one};
use crate::post::{Post, post};

const JANE: &str = "jane@team.example";
const LIN: &str = "lin@team.example";

/// Another account, with this role in the project.
async fn account(bench: &Bench, handle: &str, role: Role) -> Viewer {
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
async fn edit(bench: &Bench, viewer: Viewer, change: fn(&mut Account)) {
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
async fn assigned(tuning: Tuning) -> (Bench, Ticket, Viewer) {
    let (bench, lin) = staffed(tuning).await;
    bench.receive(&post("m1").subject("The invoice is wrong")).await;
    let ticket = bench.ticket(1);
    bench.desk.assign(lin, ticket.id, form(), Some(bench.jane.account)).await.unwrap();
    bench.drain().await;
    (bench, ticket, lin)
}

/// How many letters left to Jane and to Lin.
async fn told(bench: &Bench) -> [usize; 2] {
    bench.drain().await;
    [JANE, LIN].map(|who| bench.left_to(who).len())
}

fn last_to(bench: &Bench, who: &str) -> (Vec<u8>, Inbound) {
    let (left, mail) = bench.left_to(who).pop().expect("no letter");
    (left.raw.to_vec(), mail)
}

fn notices(bench: &Bench, ticket: &Ticket) -> Vec<OutboxRow> {
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

/// An answer to a notice as mail programs write it: to Reply-To, with the whole chain of References.
fn answer(notice: &Inbound, id: &str) -> Post {
    let mut ids: Vec<String> = notice.references.iter().map(|id| format!("<{}>", id.as_str())).collect();
    ids.push(format!("<{}>", notice.message_id.as_ref().unwrap().as_str()));
    let post = post(id).from(format!("Jane Okafor <{JANE}>")).to(notice.reply_to[0].address.as_str());
    post.header("References", ids.join(" ")).authentication(Authentication::Pass)
}

fn note_address(bench: &Bench, ticket: &Ticket) -> Address {
    bench.desk.site().reply(&notices(bench, ticket).pop().unwrap().unsubscribe).unwrap()
}

#[tokio::test]
async fn an_agents_answer_is_a_comment_and_reaches_the_customer_once() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    bench.desk.close(bench.jane, ticket.id, form()).await.unwrap();
    let (_, notice) = last_to(&bench, JANE);
    let note = note_address(&bench, &ticket);
    let text = format!(
        "--b\nContent-Type: text/plain\n\nYes, we send another.\n\nOn Thu, 19 Nov 2026 Lin Park wrote:\n> Write to \
         {note}\n--b\nContent-Type: text/csv\nContent-Disposition: attachment; filename=a.csv\n\n1,2\n--b--"
    );
    let mail = answer(&notice, "yes").header("Content-Type", "multipart/mixed; boundary=b").text(&text);
    let row = bench.receive(&mail).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::AgentReply, Some(ticket.id)));
    assert_eq!(bench.lies_in(&row), ["Handled"]);
    assert_eq!(bench.receive(&mail).await.verdict, VerdictKind::Duplicate);
    assert_eq!(told(&bench).await, [1, 0], "no notice of it");
    let event = bench.events(ticket.id).pop().unwrap();
    assert_eq!(event.actor, Actor::Account(bench.jane.account));
    let now = bench.ticket(1);
    assert_eq!((now.state, now.owed_since), (State::Closed, None), "an answer changes no state");
    let letters = bench.left_to(ANNA);
    assert_eq!(letters.len(), 2, "the confirmation and the answer");
    let (left, letter) = &letters[1];
    assert!(letter.text.contains("Yes, we send another."), "{}", letter.text);
    assert_eq!(letter.from.as_ref().unwrap().name.as_deref(), Some("Jane Okafor"));
    assert_eq!(letter.attachments.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["a.csv"]);
    let raw = String::from_utf8_lossy(&left.raw).into_owned();
    let keys = notices(&bench, &ticket).pop().unwrap();
    for key in [&keys.unsubscribe, &keys.reply_key] {
        assert!(!raw.contains(key.as_str()), "an agent's key went to a customer: {raw}");
    }
    assert!(!raw.contains("yes@customer.example") && !raw.contains(keys.message_id.as_str()), "{raw}");
    assert!(header(&left.raw, "Auto-Submitted").is_empty(), "a person wrote it");
    // The customer's answer to it joins, and Jane is told.
    let back = bench.receive(&post("back").to(letter.reply_to[0].address.as_str())).await;
    assert_eq!((back.verdict, back.ticket), (VerdictKind::Comment, Some(ticket.id)));
    assert_eq!(told(&bench).await, [2, 0]);
}

#[tokio::test]
async fn an_answer_to_the_other_address_is_a_note_that_no_customer_gets() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let (_, notice) = last_to(&bench, JANE);
    let note = answer(&notice, "note").to(note_address(&bench, &ticket));
    let row = bench.receive(&note).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::AgentReply, Some(ticket.id)));
    bench.drain().await;
    let event = bench.events(ticket.id).pop().unwrap();
    assert!(matches!(event.kind, EventKind::Note { .. }), "{event:?}");
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    let left = bench.left_to(ANNA);
    assert_eq!(left.len(), 2, "the confirmation and the answer in the tracker");
    for (left, _) in left {
        let raw = String::from_utf8_lossy(&left.raw).into_owned();
        assert!(!raw.contains("text of note") && !raw.contains("note@customer.example"), "{raw}");
    }
    // Of an unverified mail there is only this: a comment would not reach its sender.
    let key = bench.letters(ticket.id)[0].reply_key.clone();
    bench.receive(&post("stranger").from(BEN).to(bench.desk.site().reply(&key).unwrap())).await;
    bench.drain().await;
    let (_, doubted) = last_to(&bench, JANE);
    assert!(doubted.text.contains("your answer becomes an internal note"), "{}", doubted.text);
    bench.receive(&answer(&doubted, "who-is-that")).await;
    assert!(matches!(bench.events(ticket.id).pop().unwrap().kind, EventKind::Note { .. }));
}

#[tokio::test]
async fn nobody_else_answers_with_an_agents_key() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let (_, notice) = last_to(&bench, JANE);
    let wrong = [
        answer(&notice, "anna").from(ANNA),
        answer(&notice, "ben").from(BEN),
        answer(&notice, "lin").from(LIN),
        answer(&notice, "failed").authentication(Authentication::Fail),
        answer(&notice, "unknown").authentication(Authentication::Unknown),
    ];
    for mail in wrong {
        let row = bench.receive(&mail).await;
        // Anna takes part, so by the customers' rules it is a comment of hers.
        let wanted =
            if mail.from == ANNA { VerdictKind::Comment } else { VerdictKind::Hold(HoldCause::AgentKey) };
        assert_eq!((row.verdict, row.ticket), (wanted, Some(ticket.id)), "{}", mail.id);
    }
    let by_jane = |event: &&Event| event.actor == Actor::Account(bench.jane.account);
    assert_eq!(bench.events(ticket.id).iter().filter(by_jane).count(), 0);
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "the confirmation alone");
    // What her mail program answers while she is away goes nowhere.
    let away = answer(&notice, "away").header("Auto-Submitted", "auto-replied").null_sender();
    let row = bench.receive(&away).await;
    assert_eq!(row.verdict, VerdictKind::Ignore(IgnoreCause::AgentAutomatic));
}

#[tokio::test]
async fn whoever_may_not_answer_in_the_tracker_may_not_by_mail() {
    for role in [Some(Role::Viewer), None] {
        let (bench, ticket, _) = assigned(Tuning::default()).await;
        let (_, notice) = last_to(&bench, JANE);
        let jane = Handle::parse("jane").unwrap();
        let edit = ProjectEdit {
            members: role.map(|role| (jane.clone(), role)).into_iter().collect(),
            remove_members: if role.is_none() { vec![jane] } else { Vec::new() },
            ..ProjectEdit::default()
        };
        bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
        let row = bench.receive(&answer(&notice, "yes")).await;
        assert_eq!(
            (row.verdict, row.ticket),
            (VerdictKind::Hold(HoldCause::AgentMayNot), Some(ticket.id)),
            "{role:?}"
        );
        bench.drain().await;
        assert_eq!(bench.left_to(ANNA).len(), 1);
    }
    let (bench, ..) = assigned(Tuning::default()).await;
    let (_, notice) = last_to(&bench, JANE);
    edit(&bench, bench.jane, |jane| jane.disabled = true).await;
    let row = bench.receive(&answer(&notice, "yes")).await;
    assert_eq!(row.verdict, VerdictKind::Hold(HoldCause::AgentKey));
}

/// With a plain Reply-To there is no address for an answer, and none is offered: what comes all the
/// same is neither a comment nor a customer's ticket, as with a notice that is sent on.
#[tokio::test]
async fn with_a_plain_reply_to_an_answer_is_held() {
    let plain = Tuning { reply_to: ReplyTo::Plain, ..Tuning::default() };
    let (bench, ticket, _) = assigned(plain).await;
    let (_, notice) = last_to(&bench, JANE);
    assert_eq!(notice.reply_to[0].address, address(DESK));
    let row = bench.receive(&answer(&notice, "yes")).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Hold(HoldCause::AgentKey), Some(ticket.id)));
}

/// However the mail program quotes, nothing of the notice reaches the customer.
#[tokio::test]
async fn nothing_of_the_notice_goes_to_the_customer_with_the_answer() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let (_, notice) = last_to(&bench, JANE);
    assert!(notice.text.starts_with("--- Write your answer above this line ---"), "{}", notice.text);
    let marked: Vec<_> = notice.text.lines().map(|line| format!("> {line}")).collect();
    let (head, tail) = marked.split_at(marked.len() / 2);
    let bare = &notice.text;
    let answers = [
        format!("My words.\n\nOn Thu, 19 Nov 2026 Postdesk wrote:\n{}", marked.join("\n")),
        format!("On Thu, 19 Nov 2026 Postdesk wrote:\n{}\n\nMy words.", marked.join("\n")),
        format!("On Thu, 19 Nov 2026 Postdesk wrote:\n{}\nMy words.\n{}", head.join("\n"), tail.join("\n")),
        format!("My words.\n\nOn Thu, 19 Nov 2026 Postdesk <a@b.example> wrote:\n\n{bare}"),
        format!(
            "My words.\n\n-----Original Message-----\nFrom: Postdesk\nSent: Monday\nTo: Jane\nSubject: x\n\n{bare}"
        ),
        format!("My words.\n> more\n\nFrom: Postdesk\nSent: Monday\nTo: Jane\nSubject: x\n\n{bare}"),
    ];
    for (no, text) in answers.iter().enumerate() {
        let row = bench.receive(&answer(&notice, &format!("answer{no}")).text(text)).await;
        assert_eq!((row.verdict, row.ticket), (VerdictKind::AgentReply, Some(ticket.id)), "{text}");
        bench.drain().await;
        let (_, letter) = last_to(&bench, ANNA);
        assert!(letter.text.contains("My words."), "{}", letter.text);
        for of_the_notice in ["assigned", "/account", "above this line", "wrote", "Original", "Sent: Monday"]
        {
            assert!(!letter.text.contains(of_the_notice), "{of_the_notice}: {}", letter.text);
        }
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_held_and_goes_to_nobody() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let (_, notice) = last_to(&bench, JANE);
    for text in ["On Thu, 19 Nov 2026 Lin Park wrote:\n> Please have a look.\n", ""] {
        let row = bench.receive(&answer(&notice, &format!("empty-{}", text.len())).text(text)).await;
        assert_eq!((row.verdict, row.ticket), (VerdictKind::Hold(HoldCause::AgentEmpty), Some(ticket.id)));
    }
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "the confirmation alone");
}

/// Nobody knows whether it is the agent's, but where it belongs.
#[tokio::test]
async fn a_held_answer_of_an_agent_is_taken_in_as_a_note() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let (_, notice) = last_to(&bench, JANE);
    let unknown = answer(&notice, "unknown").authentication(Authentication::Unknown);
    let lin = answer(&notice, "stranger").from("eve@elsewhere.example");
    let (hers, strange) = (bench.receive(&unknown).await, bench.receive(&lin).await);
    let targets: Vec<_> = bench
        .desk
        .see_held(bench.jane, None)
        .await
        .unwrap()
        .mails
        .into_iter()
        .map(|mail| mail.target)
        .collect();
    let path = bench.project.path.clone();
    assert_eq!(targets, [HeldTarget::Project(path.clone()), HeldTarget::Note(path, 1)], "newest first");

    let row = bench.desk.take_in(bench.jane, hers.id, form(), None).await.unwrap();
    assert_eq!((row.verdict, row.ticket), (VerdictKind::AgentReply, Some(ticket.id)));
    let event = bench.events(ticket.id).pop().unwrap();
    assert!(matches!(event.kind, EventKind::Note { .. }), "{event:?}");
    assert_eq!(event.actor, Actor::Account(bench.jane.account));
    let row = bench.desk.take_in(bench.jane, strange.id, form(), None).await.unwrap();
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Open, Some(bench.ticket(2).id)));
    bench.settle().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "the confirmation alone");
}

/// It may quote what customers do not get, so also where the agent's address takes part.
#[tokio::test]
async fn a_held_answer_is_a_note_whoever_takes_part_and_may_answer() {
    let (bench, ticket, _) = assigned(Tuning::default()).await;
    let (_, notice) = last_to(&bench, JANE);
    bench.join(&ticket, JANE).await;
    let quoted = "On Thu, 19 Nov 2026 Lin Park wrote:\n> Somebody who is in doubt wrote this.\n";
    let empty = bench.receive(&answer(&notice, "empty").text(quoted)).await;
    assert_eq!(empty.verdict, VerdictKind::Hold(HoldCause::AgentEmpty));
    let lin = account(&bench, "admin", Role::Agent).await;
    let edit = ProjectEdit { remove_members: vec![Handle::parse("jane").unwrap()], ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    let may_not = bench.receive(&answer(&notice, "may-not").text("She wants it blue.")).await;
    assert_eq!(may_not.verdict, VerdictKind::Hold(HoldCause::AgentMayNot));
    for held in [empty, may_not] {
        let row = bench.desk.take_in(lin, held.id, form(), None).await.unwrap();
        assert_eq!((row.verdict, row.ticket), (VerdictKind::AgentReply, Some(ticket.id)));
        let event = bench.events(ticket.id).pop().unwrap();
        assert!(matches!(event.kind, EventKind::Note { .. }), "{event:?}");
        assert_eq!(event.actor, Actor::Account(bench.jane.account));
    }
    bench.settle().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "the confirmation alone");
}
