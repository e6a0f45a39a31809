//! Mails that answer a ticket and may not be what they seem: on the ticket, mailed to nobody, until
//! an agent decides.

use postdesk::desk::{Accept, DeskError, NewProject, ProjectEdit};
use postdesk::mail::Authentication;
use postdesk::store::Look;
use postdesk::tracker::{
    Actor, Doubt, Event, EventKind, LetterKind, LinkKind, ProjectPath, Ruling, State, Ticket, Viewer,
};
use postdesk::triage::{MailRow, VerdictKind};

use crate::bench::{ANNA, BEN, Bench, DESK, form};
use crate::post::{Post, post};

fn doubted(bench: &Bench, ticket: &Ticket) -> Vec<Event> {
    let mut events = bench.events(ticket.id);
    events.retain(|event| matches!(event.kind, EventKind::Unverified { .. }));
    events
}

fn ruling(event: &Event) -> Option<Ruling> {
    match event.kind {
        EventKind::Unverified { decision, .. } => decision.map(|decision| decision.ruling),
        _ => None,
    }
}

fn with_key(bench: &Bench, ticket: &Ticket, id: &str) -> Post {
    let key = &bench.letters(ticket.id)[0].reply_key;
    post(id).to(bench.desk.site().reply(key).unwrap())
}

fn row(bench: &Bench, row: &MailRow) -> MailRow {
    bench.store.read().unwrap().mail_row(row.id).unwrap().unwrap()
}

/// Anna's ticket, answered, and Ben writes to her reply address.
async fn with_stranger() -> (Bench, Ticket, MailRow) {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "We are looking into it.").await;
    bench.drain().await;
    let taken = bench.receive(&with_key(&bench, &ticket, "stranger").from(format!("Ben <{BEN}>"))).await;
    bench.drain().await;
    let ticket = bench.ticket(1);
    (bench, ticket, taken)
}

async fn decide(bench: &Bench, ticket: &Ticket, event: &Event, accept: Accept) -> Result<u64, DeskError> {
    let done = bench.desk.decide_unverified(bench.jane, ticket.id, form(), event.no, accept).await;
    bench.drain().await;
    done.map(|ticket| ticket.0)
}

#[tokio::test]
async fn a_strangers_mail_stands_on_the_ticket_and_is_mailed_to_nobody() {
    let (bench, ticket, taken) = with_stranger().await;
    assert_eq!((taken.verdict, taken.ticket), (VerdictKind::Unverified, Some(ticket.id)));
    assert_eq!(bench.lies_in(&taken), ["Handled"]);
    let events = doubted(&bench, &ticket);
    assert!(
        matches!(&events[0].kind, EventKind::Unverified { from: Some(from), doubt: Doubt::Stranger, decision: None, .. }
            if from.address.as_str() == BEN)
    );
    assert_eq!((ticket.comments, ticket.participants.len(), ticket.unverified), (2, 1, 1));
    assert_eq!(ticket.owed_since, Some(bench.now()), "it is work to do");
    assert_eq!(bench.left_to(ANNA).len(), 2, "the confirmation and the answer");
    assert!(bench.left_to(BEN).is_empty());
    // An answer to the participants decides nothing.
    bench.comment(&ticket, "Another answer.").await;
    assert!(bench.ticket(1).owed_since.is_some(), "somebody still has to decide");
}

#[tokio::test]
async fn accepted_once_it_is_a_comment_and_its_sender_stays_outside() {
    let (bench, ticket, taken) = with_stranger().await;
    let event = doubted(&bench, &ticket).remove(0);
    decide(&bench, &ticket, &event, Accept::Once).await.unwrap();
    assert_eq!(row(&bench, &taken).verdict, VerdictKind::Comment);
    let ticket = bench.ticket(1);
    assert_eq!((ticket.comments, ticket.participants.len(), ticket.unverified), (3, 1, 0));
    let (_, letter) = bench.left_to(ANNA).remove(2);
    assert!(letter.text.contains("This is the text of stranger."), "{}", letter.text);
    assert_eq!(letter.from.unwrap().name.as_deref(), Some("Ben"));
    assert!(bench.left_to(BEN).is_empty());
    // Decided is decided, also for a colleague who looks at an older page.
    let again = decide(&bench, &ticket, &event, Accept::Aside).await;
    assert!(matches!(again, Err(DeskError::Done)), "{again:?}");
    assert_eq!(ruling(&doubted(&bench, &ticket)[0]), Some(Ruling::Once));
    // Later mails that name the accepted one find the ticket.
    let on = post("on").to(DESK).header("In-Reply-To", "<stranger@customer.example>");
    assert_eq!(bench.receive(&on).await.verdict, VerdictKind::Comment);
    // The next one of the same stranger is unverified again.
    let next = bench.receive(&with_key(&bench, &ticket, "next").from(BEN)).await;
    assert_eq!(next.verdict, VerdictKind::Unverified);
}

#[tokio::test]
async fn accepted_with_its_sender_it_is_that_participants_comment() {
    let (bench, ticket, _) = with_stranger().await;
    let event = doubted(&bench, &ticket).remove(0);
    decide(&bench, &ticket, &event, Accept::AndAdd).await.unwrap();
    let ticket = bench.ticket(1);
    let ben = ticket.participant_by_address(&crate::bench::address(BEN)).expect("added").no;
    let event = doubted(&bench, &ticket).remove(0);
    assert_eq!((ruling(&event), event.actor), (Some(Ruling::Added(ben)), Actor::Participant(ben)));
    assert_eq!(bench.left_to(ANNA).len(), 3);
    assert!(bench.left_to(BEN).is_empty(), "nobody is mailed their own text");
    bench.comment(&ticket, "Welcome.").await;
    bench.drain().await;
    assert_eq!(bench.left_to(BEN).len(), 1);
    let next = bench.receive(&with_key(&bench, &ticket, "next").from(BEN)).await;
    assert_eq!(next.verdict, VerdictKind::Comment);
}

#[tokio::test]
async fn a_ticket_of_its_own_is_linked_both_ways_and_confirmed() {
    let (bench, ticket, taken) = with_stranger().await;
    let event = doubted(&bench, &ticket).remove(0);
    let new = decide(&bench, &ticket, &event, Accept::OwnTicket).await.unwrap();
    let own = bench.ticket(2);
    assert_eq!((own.id.0, own.requester().unwrap().address.as_str()), (new, BEN));
    let now = row(&bench, &taken);
    assert_eq!((now.verdict, now.ticket), (VerdictKind::Open, Some(own.id)));
    let linked = |ticket: &Ticket, to: &Ticket, how| {
        let kind = EventKind::Linked { ticket: to.id, how };
        bench.events(ticket.id).iter().any(|event| event.kind == kind)
    };
    assert!(linked(&own, &ticket, LinkKind::Answers) && linked(&ticket, &own, LinkKind::AnsweredBy));
    assert_eq!(bench.left_to(BEN).len(), 1, "the confirmation");
    assert_eq!(bench.left_to(ANNA).len(), 2, "nothing of a mail that is not hers");
    let ticket = bench.ticket(1);
    assert_eq!((ticket.comments, ticket.unverified, ticket.owed_since), (2, 0, None));
    // What answers that mail finds the new ticket.
    let more = post("more").from(BEN).to(DESK).header("In-Reply-To", "<stranger@customer.example>");
    assert_eq!(bench.receive(&more).await.ticket, Some(own.id));
}

#[tokio::test]
async fn left_aside_it_stays_seen_and_is_no_work_any_more() {
    let (bench, ticket, taken) = with_stranger().await;
    let event = doubted(&bench, &ticket).remove(0);
    decide(&bench, &ticket, &event, Accept::Aside).await.unwrap();
    let ticket = bench.ticket(1);
    assert_eq!((ticket.comments, ticket.unverified, ticket.owed_since), (2, 0, None));
    assert_eq!(row(&bench, &taken).verdict, VerdictKind::Unverified);
    assert_eq!(bench.left_to(ANNA).len(), 2);
    // The same mail once more is a copy, not a question asked again.
    let copy = with_key(&bench, &ticket, "stranger").from(format!("Ben <{BEN}>"));
    assert_eq!(bench.receive(&copy).await.verdict, VerdictKind::Duplicate);
    // Where the customer wrote as well, it is still the customer's turn to be answered.
    bench.receive(&with_key(&bench, &ticket, "annas")).await;
    let owed = bench.ticket(1).owed_since;
    bench.advance(std::time::Duration::from_mins(1));
    bench.receive(&with_key(&bench, &ticket, "another").from(BEN)).await;
    let event = doubted(&bench, &ticket).remove(1);
    decide(&bench, &ticket, &event, Accept::Aside).await.unwrap();
    assert_eq!(bench.ticket(1).owed_since, owed);
}

#[tokio::test]
async fn a_participant_whose_authentication_fails_is_unverified_and_accepted_as_that_person() {
    let (bench, ticket) = Bench::with_ticket().await;
    let forged = with_key(&bench, &ticket, "forged").authentication(Authentication::Fail);
    let taken = bench.receive(&forged).await;
    assert_eq!(taken.verdict, VerdictKind::Unverified);
    let event = doubted(&bench, &ticket).remove(0);
    assert!(matches!(event.kind, EventKind::Unverified { doubt: Doubt::Unauthenticated, .. }));
    decide(&bench, &ticket, &event, Accept::AndAdd).await.unwrap();
    let ticket = bench.ticket(1);
    assert_eq!(ticket.participants.len(), 1, "she takes part already");
    let anna = ticket.requester().unwrap().no;
    assert_eq!(doubted(&bench, &ticket)[0].actor, Actor::Participant(anna));
    let comments = bench.letters(ticket.id);
    assert!(comments.iter().all(|letter| matches!(letter.letter, LetterKind::Confirmation { .. })));
}

/// The server judges the second one, and has nothing against it.
#[tokio::test]
async fn a_second_sender_does_not_vouch_for_the_first() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.join(&ticket, BEN).await;
    let cc_participants = Some(true);
    let edit = ProjectEdit { cc_participants, ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    let judged = "mx.desk.example; dmarc=pass header.from=evil.example";
    let two = |post: Post| {
        let post = post.from(format!("{ANNA}, eve@evil.example")).header("Authentication-Results", judged);
        post.cc("eve@evil.example")
    };
    let row = bench.receive(&two(with_key(&bench, &ticket, "two"))).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Unverified, Some(ticket.id)));
    let doubt = doubted(&bench, &ticket).remove(0).kind;
    assert!(matches!(doubt, EventKind::Unverified { doubt: Doubt::Unauthenticated, .. }), "{doubt:?}");
    assert_eq!(bench.receive(&two(post("new"))).await.verdict, VerdictKind::Open);
    assert_eq!(bench.ticket(2).participants.len(), 1, "and brings nobody");
    bench.drain().await;
    assert!(bench.left_to(BEN).is_empty());
    assert_eq!(bench.left_to(ANNA).len(), 1, "the confirmation of her own mail");
}

#[tokio::test]
async fn an_unverified_mail_opens_a_closed_ticket_unless_it_is_automatic() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.desk.close(bench.jane, ticket.id, form()).await.unwrap();
    let away = with_key(&bench, &ticket, "away").from(BEN).header("Auto-Submitted", "auto-replied");
    assert_eq!(bench.receive(&away).await.verdict, VerdictKind::Unverified);
    let now = bench.ticket(1);
    assert_eq!((now.state, now.owed_since), (State::Closed, None));
    bench.receive(&with_key(&bench, &ticket, "stranger").from(BEN)).await;
    let now = bench.ticket(1);
    assert_eq!((now.state, now.owed_since, now.unverified), (State::Open, Some(bench.now()), 2));
}

#[tokio::test]
async fn only_who_works_in_the_project_decides_and_a_form_counts_once() {
    let (bench, ticket, _) = with_stranger().await;
    let event = doubted(&bench, &ticket).remove(0);
    let other = ProjectPath::parse("acme/app").unwrap();
    let new = NewProject { path: other, name: None, aliases: Vec::new(), suffix: None, default: false };
    bench.desk.add_project(new).await.unwrap();
    let stranger = Viewer { account: postdesk::tracker::AccountId(99), admin: false };
    for accept in [Accept::Once, Accept::AndAdd, Accept::OwnTicket, Accept::Aside] {
        let done = bench.desk.decide_unverified(stranger, ticket.id, form(), event.no, accept).await;
        assert!(matches!(done, Err(DeskError::NotFound)), "{done:?}");
    }
    let first = bench.events(ticket.id)[0].no;
    let done = bench.desk.decide_unverified(bench.jane, ticket.id, form(), first, Accept::Once).await;
    assert!(matches!(done, Err(DeskError::NotFound)), "what opened the ticket is no question");
    let same = form();
    bench
        .desk
        .decide_unverified(bench.jane, ticket.id, same.clone(), event.no, Accept::OwnTicket)
        .await
        .unwrap();
    let again = bench.desk.decide_unverified(bench.jane, ticket.id, same, event.no, Accept::OwnTicket).await;
    assert!(matches!(again, Err(DeskError::Done)), "{again:?}");
    assert!(bench.store.read().unwrap().ticket_by_number(bench.project.id, 3).unwrap().is_none());
}
