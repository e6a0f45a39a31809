//! What becomes of an agent's answer to a notice.

use postdesk::delivery::ReplyTo;
use postdesk::desk::{HeldTarget, ProjectEdit};
use postdesk::mail::{Address, Authentication, Inbound};
use postdesk::tracker::{Actor, Event, EventKind, Handle, Role, State, Ticket};
use postdesk::triage::{HoldCause, IgnoreCause, VerdictKind};

use crate::bench::{ANNA, BEN, Bench, DESK, Tuning, address, form};
use crate::letters::header;
use crate::notices::{JANE, LIN, account, assigned, edit, last_to, notices, told};
use crate::post::{Post, post};

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

/// The notice said so; by ids alone where there is no address for an answer.
#[tokio::test]
async fn what_an_agent_who_takes_part_answers_to_a_notice_reaches_no_customer() {
    for reply_to in [ReplyTo::Keyed, ReplyTo::Plain] {
        let (bench, ticket, _) = assigned(Tuning { reply_to, ..Tuning::default() }).await;
        bench.join(&ticket, JANE).await;
        let (_, notice) = last_to(&bench, JANE);
        let id = format!("<{}>", notice.message_id.as_ref().unwrap().as_str());
        let unknown = answer(&notice, "unknown").authentication(Authentication::Unknown);
        let by_id = post("by-id").from(JANE).to(DESK).header("In-Reply-To", id);
        for mail in [unknown, by_id] {
            let row = bench.receive(&mail).await;
            assert_eq!(row.verdict, VerdictKind::Hold(HoldCause::AgentKey), "{reply_to:?} {}", mail.id);
            let row = bench.desk.take_in(bench.jane, row.id, form(), None).await.unwrap();
            assert_eq!((row.verdict, row.ticket), (VerdictKind::AgentReply, Some(ticket.id)));
            assert!(matches!(bench.events(ticket.id).pop().unwrap().kind, EventKind::Note { .. }));
        }
        bench.settle().await;
        assert_eq!(bench.left_to(ANNA).len(), 1, "the confirmation alone");
    }
}
