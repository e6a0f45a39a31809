//! Where an answer goes: a sub-address, an address of a catch-all domain, or the account's own; and
//! under whose address letters leave.

use postdesk::delivery::ReplyTo;
use postdesk::desk::ProjectEdit;
use postdesk::mail::{Inbound, ReplyKey};
use postdesk::tracker::Ticket;
use postdesk::triage::VerdictKind;

use crate::bench::{ANNA, BEN, Bench, DESK, Tuning, address};
use crate::post::{Post, post};

/// A desk whose letters say so, with Anna's ticket and an answer of Jane's that left.
async fn answered(tuning: Tuning) -> (Bench, Ticket, Vec<u8>, Inbound) {
    let bench = Bench::tuned(tuning).await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    let ticket = bench.ticket(1);
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    let (left, mail) = bench.left_to(ANNA).pop().unwrap();
    (bench, ticket, left.raw.to_vec(), mail)
}

fn list_unsubscribe(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw).replace("\r\n ", " ");
    let line = text.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: ").map(str::to_owned));
    line.unwrap()
}

fn keys(bench: &Bench, ticket: &Ticket) -> (ReplyKey, ReplyKey) {
    let row = bench.letters(ticket.id).pop().unwrap();
    (row.reply_key, row.unsubscribe)
}

/// An answer as mail programs write it: to Reply-To, with the whole chain of References.
fn answer(mail: &Inbound, id: &str) -> Post {
    let mut ids: Vec<String> = mail.references.iter().map(|id| format!("<{}>", id.as_str())).collect();
    ids.push(format!("<{}>", mail.message_id.as_ref().unwrap().as_str()));
    let to = mail.reply_to[0].address.as_str().to_owned();
    post(id).to(to).subject("Re: Question m1").header("References", ids.join(" "))
}

#[tokio::test]
async fn plus() {
    let (bench, ticket, raw, mail) = answered(Tuning::default()).await;
    let (key, token) = keys(&bench, &ticket);
    assert_eq!(mail.reply_to[0].address, address(&format!("incoming+{key}@desk.example")));
    let unsubscribe = format!("<mailto:incoming+{token}-unsubscribe@desk.example>");
    assert!(list_unsubscribe(&raw).contains(&unsubscribe));
    let row = bench.receive(&answer(&mail, "back")).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Comment, Some(ticket.id)));
}

#[tokio::test]
async fn catch_all() {
    let wildcard = "{key}@desk.example";
    let (bench, ticket, raw, mail) = answered(Tuning { wildcard, ..Tuning::default() }).await;
    let (key, token) = keys(&bench, &ticket);
    assert_eq!(mail.reply_to[0].address, address(&format!("{key}@desk.example")));
    let unsubscribe = format!("{token}-unsubscribe@desk.example");
    assert!(list_unsubscribe(&raw).contains(&format!("<mailto:{unsubscribe}>")));
    // The server has no wildcard of this form; the domain's mail comes to the account.
    let row = bench.receive(&answer(&mail, "back").rcpt(DESK)).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Comment, Some(ticket.id)));
    let row = bench.receive(&post("stop").to(&unsubscribe).rcpt(DESK)).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Unsubscribe, Some(ticket.id)));
}

#[tokio::test]
async fn plain_joins_by_the_mark_in_references_alone() {
    let (bench, ticket, _, mail) = answered(Tuning { reply_to: ReplyTo::Plain, ..Tuning::default() }).await;
    let (key, _) = keys(&bench, &ticket);
    assert_eq!(mail.reply_to[0].address, address(DESK));
    // No id of ours but the mark: a mail program that keeps only the last of the chain, say.
    let mark = format!("<reply-{key}@desk.example>");
    assert!(mail.references.iter().any(|id| format!("<{}>", id.as_str()) == mark));
    let by_mark = post("back").to(DESK).subject("Anything").header("References", &mark);
    let row = bench.receive(&by_mark).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Comment, Some(ticket.id)));
    let stranger = post("other").from(BEN).to(DESK).header("References", &mark);
    assert_ne!(bench.receive(&stranger).await.verdict, VerdictKind::Comment, "the key is not enough");
}

#[tokio::test]
async fn plain_unsubscribes_by_the_subject_of_a_mail_to_the_bare_address() {
    let (bench, ticket, raw, _) = answered(Tuning { reply_to: ReplyTo::Plain, ..Tuning::default() }).await;
    let (_, token) = keys(&bench, &ticket);
    let subject = format!("{token}-unsubscribe");
    assert!(list_unsubscribe(&raw).contains(&format!("<mailto:{DESK}?subject={subject}>")));
    let row = bench.receive(&post("stop").to(DESK).subject(&subject).text("")).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Unsubscribe, Some(ticket.id)));
    assert!(!bench.ticket(1).requester().unwrap().is_subscribed());
    let left = bench.left_to(ANNA).len();
    bench.comment(&ticket, "Another answer.").await;
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), left);
}

#[tokio::test]
async fn from_is_the_alias_where_an_identity_allows_it_and_the_accounts_address_else() {
    let (bench, ticket, _, mail) = answered(Tuning::default()).await;
    let from = |mail: &Inbound| mail.from.as_ref().unwrap().address.as_str().to_owned();
    assert_eq!(from(&mail), "help@desk.example");
    let edit = ProjectEdit {
        add_aliases: vec![address("sales@elsewhere.example")],
        remove_aliases: vec![address("help@desk.example")],
        ..ProjectEdit::default()
    };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    bench.comment(&ticket, "Once more.").await;
    bench.drain().await;
    let (left, mail) = bench.left_to(ANNA).pop().unwrap();
    assert_eq!(from(&mail), DESK, "no identity covers that alias");
    assert_eq!(left.mail_from, address(DESK));
}
