//! Invitations and links for a new password by mail: they leave once, work once, and stay nowhere.

use std::net::IpAddr;
use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::desk::{NewAccount, SignInError};
use postdesk::secret::Token;
use postdesk::store::Look;
use postdesk::tracker::{Handle, LetterKind, OutboxRow, OutboxState, ProjectPath, Role};

use crate::bench::{Bench, DESK, address, form};
use crate::post::post;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const LIN: &str = "lin@team.example";
const JANE: &str = "jane@desk.example";
const MINUTE: Duration = Duration::from_mins(1);
const SUBMIT: At = At::Call("EmailSubmission/set");
const PASSWORD: &str = "a sentence is easier";

fn lin() -> NewAccount {
    NewAccount {
        handle: Handle::parse("lin").unwrap(),
        name: Some("Lin Park".to_owned()),
        address: address(LIN),
        admin: false,
        projects: vec![(ProjectPath::parse("acme/web").unwrap(), Role::Agent)],
    }
}

async fn bench() -> Bench {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench
}

fn last(bench: &Bench) -> OutboxRow {
    bench.all_letters().pop().unwrap()
}

/// The links in what left to this address.
fn links(bench: &Bench, to: &str) -> Vec<Token> {
    let link = |text: &str| {
        let at = text.find("https://desk.example/welcome/")?;
        Token::parse(text[at..].split_whitespace().next()?.rsplit('/').next()?)
    };
    bench.left_to(to).iter().map(|(left, _)| link(&String::from_utf8_lossy(&left.raw)).unwrap()).collect()
}

/// Nothing of an account letter stays: neither at the mail server nor in the raw store.
fn assert_left_no_trace(bench: &Bench, letter: &OutboxRow) {
    let all = bench.server.look(|world| world.all_mails(DESK));
    let lies = all
        .iter()
        .find(|mail| postdesk::mail::parse(&mail.raw, None).message_id.as_ref() == Some(&letter.message_id));
    assert!(lies.is_none(), "it lies in {:?}", lies.map(|mail| &mail.mailboxes));
    assert_eq!(letter.draft, None, "it was never put on record");
}

#[tokio::test]
async fn an_invitation_leaves_opens_the_account_once_and_stays_nowhere() {
    let bench = bench().await;
    bench.desk.invite_account(lin()).await.unwrap();
    bench.drain().await;
    let letter = last(&bench);
    assert_eq!((letter.letter, letter.state), (LetterKind::Invitation, OutboxState::Sent));
    assert_left_no_trace(&bench, &letter);
    let (left, mail) = bench.left_to(LIN).remove(0);
    assert_eq!(mail.subject, "Your account on desk.example");
    assert_eq!(mail.from.as_ref().unwrap().address.as_str(), DESK);
    let raw = String::from_utf8_lossy(&left.raw).into_owned();
    assert!(raw.contains("Auto-Submitted: auto-generated"), "{raw}");
    for no in ["List-Unsubscribe", "List-Id", "References", "Reply-To"] {
        assert!(!raw.contains(&format!("\n{no}:")), "{raw}");
    }
    let link = links(&bench, LIN).remove(0);
    assert_eq!(bench.desk.see_account_link(&link).unwrap().unwrap().handle.as_str(), "lin");
    bench.desk.set_password(&link, PASSWORD).await.unwrap();
    assert!(bench.desk.see_account_link(&link).unwrap().is_none(), "it works once");
    bench.desk.sign_in(LIN, PASSWORD, PEER, None).await.unwrap();
}

#[tokio::test]
async fn an_invitation_works_for_seven_days_and_a_link_for_a_password_for_thirty_minutes() {
    let bench = bench().await;
    bench.desk.invite_account(lin()).await.unwrap();
    bench.desk.mail_new_password(Handle::parse("jane").unwrap()).await.unwrap();
    bench.drain().await;
    let (invitation, password) = (links(&bench, LIN).remove(0), links(&bench, JANE).remove(0));
    let works = |link: &Token| bench.desk.see_account_link(link).unwrap().is_some();
    bench.advance(29 * MINUTE);
    assert!(works(&invitation) && works(&password));
    bench.advance(MINUTE);
    assert!(works(&invitation) && !works(&password));
    bench.advance(Duration::from_hours(7 * 24) - 31 * MINUTE);
    assert!(works(&invitation));
    bench.advance(MINUTE);
    assert!(!works(&invitation));
}

#[tokio::test]
async fn whoever_forgot_a_password_gets_a_link_and_nobody_learns_who_has_an_account() {
    let bench = bench().await;
    for who in [JANE, "nobody@team.example", "no address", ""] {
        bench.desk.ask_new_password(who, PEER, form()).await.unwrap();
    }
    bench.drain().await;
    assert_eq!(bench.all_letters().len(), 1);
    assert_eq!(links(&bench, JANE).len(), 1);
    let again = form();
    bench.desk.ask_new_password(&JANE.to_uppercase(), PEER, again.clone()).await.unwrap();
    bench.desk.ask_new_password(JANE, PEER, again).await.unwrap();
    bench.drain().await;
    assert_eq!(links(&bench, JANE).len(), 2, "a double click is one mail");
}

#[tokio::test]
async fn asking_too_often_is_slowed_down_by_network_and_by_account() {
    let bench = bench().await;
    let from = |last: u8| IpAddr::from([192, 0, 2, last]);
    for _ in 0..3 {
        bench.desk.ask_new_password(JANE, from(1), form()).await.unwrap();
        bench.desk.ask_new_password("nobody@team.example", from(1), form()).await.unwrap();
    }
    for who in [JANE, "nobody@team.example"] {
        let refused = bench.desk.ask_new_password(who, from(1), form()).await;
        assert!(matches!(refused, Err(SignInError::Throttled)), "the same whoever it is");
    }
    bench.desk.ask_new_password(JANE, from(2), form()).await.unwrap();
    assert_eq!(bench.all_letters().len(), 3, "three an hour, wherever the requests come from");
    bench.advance(61 * MINUTE);
    bench.desk.ask_new_password(JANE, from(2), form()).await.unwrap();
    assert_eq!(bench.all_letters().len(), 4);
}

#[tokio::test]
async fn each_try_has_a_link_of_its_own_and_only_the_last_one_works() {
    let bench = bench().await;
    let busy = bench.server.faults().add(Fault::TooMany(SUBMIT, Some(5)), Times::Next(3));
    bench.desk.invite_account(lin()).await.unwrap();
    let _ = bench.delivery.run_once().await;
    assert_eq!(last(&bench).state, OutboxState::Waiting);
    assert_eq!(bench.mails_in("Outgoing").len(), 0, "no draft lies there while it waits");
    bench.settle().await;
    assert_eq!(busy.hits(), 3);
    let letter = last(&bench);
    assert_eq!(letter.state, OutboxState::Sent);
    assert_left_no_trace(&bench, &letter);
    let links = links(&bench, LIN);
    assert_eq!(links.len(), 1);
    assert!(bench.desk.see_account_link(&links[0]).unwrap().is_some());
    let hashes = bench.store.read().unwrap().account_link(&links[0].hash()).unwrap().unwrap();
    assert_eq!(hashes.letter, Some(letter.id));
}

#[tokio::test]
async fn a_draft_that_the_submission_marked_was_sent() {
    for fault in [Fault::CutAfter(SUBMIT), Fault::Truncated(SUBMIT), Fault::StatusAfter(SUBMIT, 504)] {
        let bench = bench().await;
        bench.server.faults().add(fault, Times::Once);
        bench.desk.invite_account(lin()).await.unwrap();
        bench.drain().await;
        let letter = last(&bench);
        assert_eq!(letter.state, OutboxState::Sent);
        assert_left_no_trace(&bench, &letter);
        assert_eq!(bench.left_to(LIN).len(), 1);
    }
}

#[tokio::test]
async fn a_draft_that_is_gone_proves_nothing() {
    let bench = bench().await;
    let backup = bench.server.backup();
    bench.server.faults().add(Fault::CutBefore(SUBMIT), Times::Once);
    bench.desk.invite_account(lin()).await.unwrap();
    bench.drain().await;
    assert_eq!(bench.mails_in("Outgoing").len(), 1);
    bench.server.restore(backup);
    for _ in 0..3 {
        bench.advance(MINUTE);
        let _ = bench.delivery.run_once().await;
    }
    assert!(bench.mails_in("Outgoing").is_empty());
    assert_eq!(last(&bench).state, OutboxState::Submitting, "it is looked for");
    bench.advance(15 * MINUTE);
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::PresumedSent, "nobody can know");
    assert!(bench.left_to(LIN).is_empty());
}

#[tokio::test]
async fn a_draft_that_is_still_there_is_destroyed_and_presumed_sent() {
    let bench = bench().await;
    bench.server.faults().add(Fault::CutBefore(SUBMIT), Times::Once);
    bench.desk.invite_account(lin()).await.unwrap();
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::Submitting);
    let bench = bench.restart().await;
    bench.sweep_and_drain().await;
    assert_eq!(bench.mails_in("Outgoing").len(), 1, "it may be under way still");
    bench.advance(15 * MINUTE);
    bench.drain().await;
    let letter = last(&bench);
    assert_eq!(letter.state, OutboxState::PresumedSent);
    assert_left_no_trace(&bench, &letter);
    bench.drain().await;
    assert!(bench.left_to(LIN).is_empty(), "never sent again by itself");
}

#[tokio::test]
async fn a_server_that_does_not_destroy_it_is_asked_until_it_does() {
    let bench = bench().await;
    let refusing =
        bench.server.faults().add(Fault::SetError("Email/set", "forbidden".to_owned(), None), Times::Next(3));
    bench.desk.invite_account(lin()).await.unwrap();
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::Sent);
    for _ in 0..5 {
        bench.advance(MINUTE);
        bench.drain().await;
    }
    assert_eq!(refusing.hits(), 3);
    assert_left_no_trace(&bench, &last(&bench));
    assert_eq!(bench.left_to(LIN).len(), 1);
}

#[tokio::test]
async fn a_lost_answer_to_the_import_leaves_no_draft_behind() {
    for fault in [Fault::CutAfter(At::Call("Email/import")), Fault::Truncated(At::Call("Email/import"))] {
        let bench = bench().await;
        let lost = bench.server.faults().add(fault, Times::Once);
        bench.desk.invite_account(lin()).await.unwrap();
        bench.settle().await;
        assert_eq!(lost.hits(), 1);
        assert_left_no_trace(&bench, &last(&bench));
        assert_eq!(links(&bench, LIN).len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_for_good_ends_it_and_leaves_no_trace() {
    let bench = bench().await;
    bench
        .server
        .faults()
        .add(Fault::Refuse(LIN.to_owned(), "550 5.1.1 no such user".to_owned()), Times::Always);
    bench.desk.invite_account(lin()).await.unwrap();
    bench.settle().await;
    let letter = last(&bench);
    assert_left_no_trace(&bench, &letter);
    let said = format!("{:?} {:?}", letter.trouble, letter.delivery);
    assert!(said.contains("5.1.1 no such user"), "{said}");
}

#[tokio::test]
async fn nothing_leaves_to_an_account_that_was_disabled_or_an_address_that_takes_no_mail() {
    let bench = bench().await;
    bench.desk.invite_account(lin()).await.unwrap();
    let now = bench.now();
    bench.store.write(move |w| w.suppress(&address(LIN), now)).await.unwrap();
    bench.drain().await;
    let letter = last(&bench);
    assert_eq!(letter.state, OutboxState::Withdrawn);
    assert_left_no_trace(&bench, &letter);
    assert!(bench.left_to(LIN).is_empty());
    let refused = bench.desk.mail_new_password(Handle::parse("lin").unwrap()).await.unwrap_err();
    assert!(refused.to_string().contains("--link"), "{refused}");
}

#[tokio::test]
async fn what_answers_an_account_letter_is_a_mail_like_any_other() {
    let bench = bench().await;
    bench.desk.invite_account(lin()).await.unwrap();
    bench.drain().await;
    let id = last(&bench).message_id;
    let answer = post("a1").to("help@desk.example").header("In-Reply-To", format!("<{}>", id.as_str()));
    let row = bench.receive(&answer).await;
    assert_eq!(row.ticket, Some(bench.ticket(1).id));
}

#[tokio::test]
async fn a_draft_under_another_id_is_not_gone() {
    let bench = bench().await;
    bench.server.faults().add(Fault::CutBefore(SUBMIT), Times::Once);
    bench.desk.invite_account(lin()).await.unwrap();
    bench.drain().await;
    let changed = bench.server.faults().add(Fault::ChangeEmailIds(false), Times::Once);
    for _ in 0..3 {
        bench.advance(MINUTE);
        let _ = bench.delivery.run_once().await;
    }
    assert_eq!(changed.hits(), 1);
    assert_eq!(last(&bench).state, OutboxState::Submitting, "nobody knows yet");
    bench.advance(15 * MINUTE);
    bench.settle().await;
    bench.drain().await;
    assert_eq!(last(&bench).state, OutboxState::PresumedSent);
    assert_left_no_trace(&bench, &last(&bench));
    assert!(bench.left_to(LIN).is_empty());
}
