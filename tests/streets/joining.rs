//! Who comes to take part in a ticket: by trust, by Cc, by a reply to all, by an agent.

use postdesk::demo::server::Incoming;
use postdesk::desk::{DeskError, ProjectEdit};
use postdesk::mail::{Authentication, NameAddr};
use postdesk::tracker::{EventKind, LinkKind, ParticipantNo, Refusal, Ticket, TrustedDomain};
use postdesk::triage::{HoldCause, IgnoreCause, VerdictKind};

use crate::bench::{ANNA, BEN, Bench, DESK, address, form};
use crate::post::{Post, post};

async fn edit(bench: &Bench, edit: ProjectEdit) {
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
}

fn people(ticket: &Ticket) -> Vec<String> {
    ticket.present().map(|person| person.address.to_string()).collect()
}

fn with_key(bench: &Bench, ticket: &Ticket, id: &str) -> Post {
    let key = &bench.letters(ticket.id)[0].reply_key;
    post(id).to(bench.desk.site().reply(key).unwrap())
}

#[tokio::test]
async fn a_strangers_answer_by_ids_begins_a_ticket_that_is_linked() {
    let (bench, ticket) = Bench::with_ticket().await;
    let to_all = post("to-all").from(BEN).cc(ANNA).header("In-Reply-To", "<m1@customer.example>");
    assert_eq!(bench.receive(&to_all).await.verdict, VerdictKind::Open);
    let new = bench.ticket(2);
    let has = |on: &Ticket, to: &Ticket, how| {
        bench.events(on.id).iter().any(|event| event.kind == EventKind::Linked { ticket: to.id, how })
    };
    assert!(has(&new, &ticket, LinkKind::Answers));
    assert!(has(&ticket, &new, LinkKind::AnsweredBy));
}

#[tokio::test]
async fn a_reply_to_all_is_unverified_where_the_project_wants_it() {
    let (bench, ticket) = Bench::with_ticket().await;
    edit(&bench, ProjectEdit { reply_all_joins: Some(true), ..ProjectEdit::default() }).await;
    let answer = |id: &str| post(id).from(BEN).header("In-Reply-To", "<m1@customer.example>");
    let row = bench.receive(&answer("to-all").cc(format!("Anna <{}>", ANNA.to_uppercase()))).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Unverified, Some(ticket.id)));
    assert_eq!(bench.receive(&answer("to-us")).await.verdict, VerdictKind::Open, "nobody of the ticket");
}

#[tokio::test]
async fn a_trusted_domain_joins_with_its_key_and_authentication() {
    let (bench, ticket) = Bench::with_ticket().await;
    let dora = "Dora <dora@customer.example>";
    let trust = vec![TrustedDomain::parse("customer.example").unwrap()];
    edit(&bench, ProjectEdit { trust, ..ProjectEdit::default() }).await;
    let unknown = bench.receive(&with_key(&bench, &ticket, "unknown").from(dora)).await;
    assert_eq!(unknown.verdict, VerdictKind::Unverified);
    let known = with_key(&bench, &ticket, "known").from(dora).authentication(Authentication::Pass);
    assert_eq!(bench.receive(&known).await.verdict, VerdictKind::Comment);
    assert_eq!(people(&bench.ticket(1)), [ANNA, "dora@customer.example"]);
    bench.drain().await;
    assert!(bench.left_to(ANNA)[1].1.text.contains("This is the text of known."));
    let distrust = vec![TrustedDomain::parse("customer.example").unwrap()];
    edit(&bench, ProjectEdit { distrust, ..ProjectEdit::default() }).await;
    let eve = with_key(&bench, &ticket, "eve").from("eve@customer.example");
    let row = bench.receive(&eve.authentication(Authentication::Pass)).await;
    assert_eq!(row.verdict, VerdictKind::Unverified);
}

#[tokio::test]
async fn people_in_cc_take_part_where_the_project_wants_it_and_wait_for_an_agent() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.receive(&post("m1").cc(BEN)).await;
    assert_eq!(people(&bench.ticket(1)), [ANNA], "by default nobody does");
    edit(&bench, ProjectEdit { cc_participants: Some(true), ..ProjectEdit::default() }).await;
    let suffix = postdesk::tracker::Suffix::parse("help");
    edit(&bench, ProjectEdit { suffix, ..ProjectEdit::default() }).await;
    let ours = "help@desk.example, incoming+acme/web@desk.example, acme-web-help@all.example";
    let cc = format!("Ben <{BEN}>, {DESK}, {ours}, {ANNA}");
    bench.receive(&post("m2").cc(cc)).await;
    let ticket = bench.ticket(2);
    assert_eq!(people(&ticket), [ANNA, BEN], "our own addresses never take part");
    bench.drain().await;
    bench
        .receive(&post("m3").to(DESK).header("In-Reply-To", "<m2@customer.example>").cc("eve@third.example"))
        .await;
    bench.drain().await;
    assert_eq!(people(&bench.ticket(2)), [ANNA, BEN, "eve@third.example"]);
    assert!(bench.left_to(BEN).is_empty() && bench.left_to("eve@third.example").is_empty());
    bench.comment(&ticket, "We are looking into it.").await;
    bench.drain().await;
    assert_eq!((bench.left_to(BEN).len(), bench.left_to("eve@third.example").len()), (1, 1));
    // From now on they are mailed like everybody, also who comes later.
    let later = post("m4").to(DESK).header("In-Reply-To", "<m2@customer.example>").cc("kim@third.example");
    bench.receive(&later).await;
    bench.drain().await;
    assert_eq!(bench.left_to(BEN).len(), 2);
    bench.receive(&post("m5").to(DESK).header("In-Reply-To", "<m2@customer.example>")).await;
    bench.drain().await;
    assert_eq!(bench.left_to("kim@third.example").len(), 2, "her own joining mail came to her anyway");
}

#[tokio::test]
async fn cc_adds_six_of_a_mail_and_up_to_ten_to_a_ticket() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    edit(&bench, ProjectEdit { cc_participants: Some(true), ..ProjectEdit::default() }).await;
    let many =
        |from: u32| (from..from + 8).map(|no| format!("p{no}@third.example")).collect::<Vec<_>>().join(", ");
    bench.receive(&post("m1").cc(many(0))).await;
    assert_eq!(bench.ticket(1).present().count(), 7);
    let more = post("m2").to(DESK).header("In-Reply-To", "<m1@customer.example>").cc(many(20));
    bench.receive(&more).await;
    assert_eq!(bench.ticket(1).present().count(), 10);
    let forged = post("m3").cc(BEN).authentication(Authentication::Fail);
    bench.receive(&forged).await;
    assert_eq!(people(&bench.ticket(2)), [ANNA], "a forged mail brings nobody");
    bench.receive(&post("m4").cc(BEN).header("Auto-Submitted", "auto-generated")).await;
    assert_eq!(people(&bench.ticket(3)), [ANNA]);
}

#[tokio::test]
async fn an_agent_adds_somebody_and_takes_somebody_off() {
    let (bench, ticket) = Bench::with_ticket().await;
    let ben = || NameAddr { name: None, address: address(BEN) };
    bench.desk.add_participant(bench.jane, ticket.id, form(), ben()).await.unwrap();
    let again = bench.desk.add_participant(bench.jane, ticket.id, form(), ben()).await;
    assert!(matches!(again, Err(DeskError::Refused(Refusal::AlreadyParticipant))), "{again:?}");
    let ours = NameAddr { name: None, address: address("help@desk.example") };
    let refused = bench.desk.add_participant(bench.jane, ticket.id, form(), ours).await;
    assert!(matches!(refused, Err(DeskError::Invalid(_))), "{refused:?}");
    bench.comment(&ticket, "To both of you.").await;
    bench.drain().await;
    assert_eq!(bench.left_to(BEN).len(), 2, "that he was added, and the comment");
    let answer = post("bens").from(BEN).to(&bench.left_to(BEN)[0].1.reply_to[0].address);
    let off = ParticipantNo(2);
    bench.desk.remove_participant(bench.jane, ticket.id, form(), off).await.unwrap();
    assert_eq!(people(&bench.ticket(1)), [ANNA]);
    assert_eq!(bench.receive(&answer).await.verdict, VerdictKind::Unverified);
    bench.comment(&ticket, "To one of you.").await;
    bench.drain().await;
    assert_eq!(bench.left_to(BEN).len(), 2);
    // Whoever comes back does so under the same number, and nobody else ever has it.
    let eve = NameAddr { name: None, address: address("eve@third.example") };
    bench.desk.add_participant(bench.jane, ticket.id, form(), eve).await.unwrap();
    bench.desk.add_participant(bench.jane, ticket.id, form(), ben()).await.unwrap();
    let now = bench.ticket(1);
    assert_eq!(now.participant_by_address(&address(BEN)).unwrap().no, off);
    let requester = now.requester().unwrap().no;
    let refused = bench.desk.remove_participant(bench.jane, ticket.id, form(), requester).await;
    assert!(matches!(refused, Err(DeskError::Refused(Refusal::Requester))), "{refused:?}");
}

#[tokio::test]
async fn a_forms_mail_is_of_the_customer_in_its_reply_to() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let form = vec![address("form@site.example")];
    edit(&bench, ProjectEdit { add_form_senders: form.clone(), ..ProjectEdit::default() }).await;
    let from_form = |id: &str| {
        let post = post(id).from("Contact <form@site.example>").authentication(Authentication::Pass);
        post.header("Reply-To", format!("Ben <{BEN}>"))
    };
    let row = bench.receive(&from_form("m1")).await;
    assert_eq!(
        (row.from.as_deref(), row.requester.as_deref()),
        (Some("form@site.example"), Some(BEN)),
        "whose mail it is, and for whom it counts"
    );
    bench.drain().await;
    let ticket = bench.ticket(1);
    assert_eq!(people(&ticket), [BEN]);
    assert!(bench.left_to("form@site.example").is_empty());
    let confirmed = bench.left_to(BEN).remove(0).1;
    assert!(!confirmed.subject.contains("Question m1"), "nobody vouches for who filled it in");
    assert_eq!(confirmed.to[0].name, None);
    let answer = post("answer").from(BEN).to(&confirmed.reply_to[0].address);
    assert_eq!(bench.receive(&answer).await.verdict, VerdictKind::Comment);
    bench.receive(&from_form("m2")).await;
    bench.drain().await;
    assert_eq!((people(&bench.ticket(2)), bench.left_to(BEN).len()), (vec![BEN.to_owned()], 1), "one a day");
    // One that was held is of the same customer when a person takes it in.
    let held = bench.receive(&from_form("m3").to(DESK)).await;
    bench.desk.take_in(bench.jane, held.id, crate::bench::form(), Some(bench.project.id)).await.unwrap();
    assert_eq!(people(&bench.ticket(3)), [BEN]);
    edit(&bench, ProjectEdit { remove_form_senders: form, ..ProjectEdit::default() }).await;
    bench.receive(&from_form("m4")).await;
    assert_eq!(people(&bench.ticket(4)), ["form@site.example"]);
}

/// As the form of most web pages does, and a list that puts its own address in From.
#[tokio::test]
async fn a_form_may_send_from_the_projects_own_alias() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let alias = vec![address("help@desk.example")];
    let own = |id: &str| post(id).from("Acme <help@desk.example>");
    let from_form = |id: &str| own(id).header("Reply-To", format!("Ben <{BEN}>"));
    let held = bench.receive(&from_form("early")).await;
    assert_eq!(held.verdict, VerdictKind::Hold(HoldCause::OwnAddress));
    edit(&bench, ProjectEdit { add_form_senders: alias, ..ProjectEdit::default() }).await;
    let row = bench.receive(&from_form("m1")).await;
    assert_eq!((row.verdict, row.requester.as_deref()), (VerdictKind::Open, Some(BEN)));
    bench.drain().await;
    assert_eq!(people(&bench.ticket(1)), [BEN]);
    let confirmed = bench.left_to(BEN).remove(0);
    // What we wrote comes back, under its own Message-ID or under another one.
    let raw = String::from_utf8_lossy(&confirmed.0.raw).into_owned();
    let id = confirmed.1.message_id.unwrap();
    for (back, verdict) in [
        (raw.clone(), VerdictKind::Ignore(IgnoreCause::OurOwn)),
        (raw.replace(id.as_str(), "changed@elsewhere.example"), VerdictKind::Hold(HoldCause::OwnAddress)),
    ] {
        bench.server.deliver_as(&Incoming::new(back.into_bytes(), &[address(DESK)]));
        bench.sweep().await;
        assert_eq!(bench.rows().pop().unwrap().verdict, verdict);
    }
    let row = bench.receive(&own("nobody")).await;
    assert_eq!(row.verdict, VerdictKind::Hold(HoldCause::OwnAddress));
    // An agent takes the early one in, and it is the customer's as well.
    bench.desk.take_in(bench.jane, held.id, crate::bench::form(), None).await.unwrap();
    assert_eq!(people(&bench.ticket(2)), [BEN]);
}
