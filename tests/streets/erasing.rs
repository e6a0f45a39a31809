//! A person is erased: on record, in the raw store, on the mail server; and what is others' stays.
#![allow(clippy::disallowed_methods, reason = "a test looks at every file of the data folder")]

use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64;
use postdesk::demo::server::{Fault, Incoming, Times, bounce};
use postdesk::desk::{DeskError, ProjectEdit};
use postdesk::export::{Exported, MAILS, Scope, Source, TICKETS, export};
use postdesk::mail::Address;
use postdesk::store::{CopiedStore, Look, StoreError, StorePath, verify, whole};
use postdesk::tracker::{Actor, Body, Erased, Erasure, ErasureId, EventKind, OutboxState, Refusal, State};
use postdesk::triage::{HoldCause, IgnoreCause, VerdictKind};
use postdesk::upkeep::Upkeep;

use crate::bench::{ANNA, BEN, Bench, DESK, address, form, options};
use crate::post::post;

/// More than files that were just put are left alone for.
const LATER: Duration = Duration::from_mins(11);

/// What the desk has, as an export shows it: the lines and the mails.
async fn exported(bench: &Bench, scope: Scope) -> (Exported, Vec<serde_json::Value>, String) {
    let snapshot = bench.store.snapshot().await.unwrap();
    let copied = CopiedStore::open(snapshot.path()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let raw = StorePath::new(bench.folder()).raw();
    let source = Source { read: copied.read(), raw: &raw };
    let done = export(&source, &scope, folder.path(), &mut |_| {}).unwrap();
    let read =
        |name: &str| String::from_utf8_lossy(&std::fs::read(folder.path().join(name)).unwrap()).into_owned();
    let lines = read(TICKETS).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (done, lines, read(MAILS))
}

/// Everything in the raw store, unpacked.
fn raw_texts(bench: &Bench) -> String {
    let mut texts = String::new();
    let mut folders = vec![StorePath::new(bench.folder()).raw()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let octets = zstd::decode_all(std::fs::File::open(&path).unwrap()).unwrap();
                texts.push_str(&String::from_utf8_lossy(&octets));
            }
        }
    }
    texts
}

fn on_server(bench: &Bench) -> String {
    let mails = bench.server.look(|world| world.all_mails(DESK));
    mails.iter().map(|mail| String::from_utf8_lossy(&mail.raw).into_owned()).collect()
}

async fn is_well(bench: &Bench) {
    let snapshot = bench.store.snapshot().await.unwrap();
    let raw: &Path = &StorePath::new(bench.folder()).raw();
    let report = verify(snapshot.path(), &mut |hash| whole(raw, hash).is_ok(), &mut |_| {}).unwrap();
    assert!(report.is_well(), "{report:?}");
}

async fn erase(bench: &Bench, who: &str) -> Erased {
    let erasing = bench.desk.erase_person(address(who)).await.unwrap();
    assert!(erasing.records_done);
    bench.intake.clear_leftovers(None).await.unwrap();
    bench.advance(LATER);
    let cleared = bench.intake.clear_leftovers(None).await.unwrap();
    assert!(cleared.is_done(), "{cleared:?}");
    assert!(bench.store.read().unwrap().erasures().unwrap().is_empty());
    erasing.erased
}

/// Anna has a ticket of her own, takes part in one of Ben's, and has a mail that is held.
async fn two_people() -> Bench {
    let (bench, own) = Bench::with_ticket().await;
    bench.comment(&own, "An answer to Anna.").await;
    bench.desk.note(bench.jane, own.id, form(), "Anna Kunde is impatient.".to_owned()).await.unwrap();
    bench
        .receive(&post("b1").from(format!("Ben <{BEN}>")).subject("The door").text("The door squeaks."))
        .await;
    bench.drain().await;
    let shared = bench.ticket(2);
    bench.join(&shared, ANNA).await;
    bench.comment(&shared, "Which door?").await;
    bench.drain().await;
    let key = bench.left_to(ANNA).pop().unwrap().1.reply_to[0].address.clone();
    let row = bench.receive(&post("a2").to(key.as_str()).text("The blue-velvet door.")).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Comment, Some(shared.id)));
    bench.drain().await;
    bench
        .receive(&post("a3").to("incoming+gibberish@desk.example").rcpt(DESK).text("blue-velvet, held"))
        .await;
    bench
}

/// The mail server gave its mails other ids meanwhile, and answers to none of the former ones.
#[tokio::test]
async fn copies_that_go_by_another_id_are_destroyed_too() {
    let bench = two_people().await;
    bench.settle().await;
    bench.server.change_email_ids(DESK, false);
    erase(&bench, ANNA).await;
    let left = on_server(&bench).to_lowercase();
    assert!(!left.contains(ANNA) && !left.contains("blue-velvet"), "{left}");
    assert!(left.contains("the door squeaks."));
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_left_and_others_mails_stay() {
    let bench = two_people().await;
    let original = bench.left_to(ANNA).pop().unwrap().0.raw;
    let dsn = bounce::report(
        &options(&bench.clock),
        &address(DESK),
        &address(ANNA),
        "550 5.1.1 anna@customer.example unknown",
        &original,
    );
    bench.server.deliver_as(&Incoming { mail_from: None, ..Incoming::new(dsn, &[address(DESK)]) });
    bench.sweep().await;
    bench.settle().await;
    assert!(on_server(&bench).contains(ANNA) && raw_texts(&bench).contains(ANNA));
    let (_, dry) = bench.desk.find_person(address(ANNA)).await.unwrap();
    let (before, ..) = exported(&bench, Scope::Everything).await;

    let erased = erase(&bench, &ANNA.to_uppercase()).await;
    assert_eq!((erased.whole, erased.shared, erased.mails), (1, 1, 4), "{erased:?}");
    assert_eq!((dry.whole, dry.shared, dry.mails, dry.texts), (1, 1, 4, erased.texts), "{dry:?}");
    assert!(erased.letters >= 4, "{erased:?}");

    let (after, lines, mails) = exported(&bench, Scope::Everything).await;
    let lines_text = serde_json::to_string(&lines).unwrap();
    for text in [mails, raw_texts(&bench), on_server(&bench), lines_text] {
        let text = text.to_lowercase();
        for gone in [ANNA, "anna", "blue-velvet", "impatient"] {
            assert!(!text.contains(gone), "{gone} is left in {text}");
        }
    }
    // Ben's mail, his confirmation, Jane's question to him.
    assert_eq!((before.tickets, after.tickets, after.mails), (2, 2, 3), "{before:?} {after:?}");
    assert!(raw_texts(&bench).contains("The door squeaks."));
    assert_eq!(bench.ticket(2).title, "The door");
    assert_eq!(bench.ticket(2).state, State::Open);
    assert_eq!(bench.ticket(1).title, "Erased");
    let open = bench.store.read().unwrap().count(&[bench.project.id], State::Open).unwrap();
    assert_eq!(open, 1, "an erased ticket is in no list");
    let kinds = bench.verdicts();
    assert!(kinds.contains(&VerdictKind::Ignore(IgnoreCause::Erased)));
    assert!(!kinds.contains(&VerdictKind::Hold(HoldCause::UnknownKey)));
    is_well(&bench).await;
    // A second time finds nothing.
    assert_eq!(erase(&bench, ANNA).await, Erased::default());
    // Work goes on: Ben is answered, Anna is not, and may write again.
    bench.comment(&bench.ticket(2), "Oiled.").await;
    let left = bench.left_to(ANNA).len();
    bench.settle().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (left, 4));
    assert_eq!(bench.receive(&post("a9")).await.verdict, VerdictKind::Open);
    is_well(&bench).await;
}

#[tokio::test]
async fn an_erasure_goes_on_after_the_run_ended_in_the_middle_and_while_the_server_is_away() {
    let bench = two_people().await;
    bench.settle().await;
    let now = bench.now();
    let begun =
        Erasure { id: ErasureId(0), at: now, address: Some(address(ANNA)), erased: Erased::default() };
    bench.store.write(move |w| w.add_erasure(&begun)).await.unwrap();
    let bench = bench.restart().await;
    let fails = Fault::MethodError("Email/set", "serverFail".to_owned());
    let away = bench.server.faults().add(fails, Times::Always);
    let upkeep = Upkeep::new(bench.desk.clone()).with_mail(bench.intake.clone(), None);
    upkeep.run_once().await.unwrap();
    let open = bench.store.read().unwrap().erasures().unwrap();
    assert_eq!((open.len(), open[0].address.clone()), (1, None), "records are done, copies are left");
    assert!(on_server(&bench).contains("blue-velvet"));
    assert!(!bench.rows().iter().any(|row| row.from.as_deref() == Some(ANNA)));
    bench.advance(LATER);
    // A backup that is being made holds the files.
    let snapshot = bench.store.snapshot().await.unwrap();
    upkeep.go_on_erasing().await.unwrap();
    assert!(raw_texts(&bench).contains("blue-velvet"));
    drop(snapshot);
    upkeep.go_on_erasing().await.unwrap();
    assert!(!raw_texts(&bench).contains("blue-velvet") && on_server(&bench).contains("blue-velvet"));
    assert_eq!(bench.store.read().unwrap().erasures().unwrap().len(), 1);
    away.clear();
    let bench = bench.restart().await;
    let upkeep = Upkeep::new(bench.desk.clone()).with_mail(bench.intake.clone(), None);
    bench.settle().await;
    upkeep.go_on_erasing().await.unwrap();
    assert!(!on_server(&bench).contains("blue-velvet"));
    assert!(bench.store.read().unwrap().erasures().unwrap().is_empty());
    is_well(&bench).await;
}

#[tokio::test]
async fn an_erased_ticket_stays_closed_and_what_answers_it_is_for_a_person() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "An answer.").await;
    bench.drain().await;
    let key = bench.left_to(ANNA).pop().unwrap().1.reply_to[0].address.clone();
    erase(&bench, ANNA).await;
    let before = bench.ticket(1);
    let refused = bench.desk.reopen(bench.jane, ticket.id, form()).await;
    assert!(matches!(refused, Err(DeskError::Refused(Refusal::Erased))), "{refused:?}");
    let row = bench.receive(&post("a9").to(key.as_str()).text("One more thing.")).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Hold(HoldCause::UnknownKey), None));
    assert_eq!(bench.ticket(1), before);
}

#[tokio::test]
async fn what_is_under_way_is_waited_for_and_our_own_people_are_refused() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "On its way.").await;
    let id = bench.letters(ticket.id).pop().unwrap().id;
    let submitting = move |state| bench_letter(id, state);
    bench.store.write(submitting(OutboxState::Submitting)).await.unwrap();
    let erasing = bench.desk.erase_person(address(ANNA)).await.unwrap();
    assert!(!erasing.records_done);
    assert_eq!(bench.ticket(1).participants[0].address, address(ANNA), "nothing half");
    bench.store.write(submitting(OutboxState::Waiting)).await.unwrap();
    let upkeep = Upkeep::new(bench.desk.clone()).with_mail(bench.intake.clone(), None);
    upkeep.go_on_erasing().await.unwrap();
    assert_eq!(bench.letters(ticket.id).pop().unwrap().state, OutboxState::Withdrawn);
    bench.advance(LATER);
    upkeep.go_on_erasing().await.unwrap();
    assert!(bench.store.read().unwrap().erasures().unwrap().is_empty());
    for ours in ["jane@desk.example", "help@desk.example", DESK] {
        assert!(bench.desk.erase_person(address(ours)).await.is_err(), "{ours}");
    }
}

fn bench_letter(
    id: postdesk::tracker::OutboxId,
    state: OutboxState,
) -> impl FnMut(&mut postdesk::store::Write<'_>) -> Result<(), StoreError> + Send + 'static {
    move |w| {
        let mut row = w.letter(id)?.unwrap();
        row.state = state;
        w.put_letter(&row)
    }
}

#[tokio::test]
async fn that_somebody_wants_no_mail_outlives_their_address() {
    let (bench, _) = Bench::with_ticket().await;
    let (anna, now) = (address(ANNA), bench.now());
    let whom = anna.clone();
    bench.store.write(move |w| w.suppress(&whom, now)).await.unwrap();
    erase(&bench, ANNA).await;
    let suppressed = |who: &Address| bench.store.read().unwrap().suppressed(who).unwrap();
    assert!(suppressed(&anna) && !suppressed(&address(BEN)));
    let kept = bench.store.read().unwrap().suppressions().unwrap();
    assert!(kept.iter().all(|(text, _)| !text.contains("anna")), "{kept:?}");
    let whom = anna.clone();
    assert!(bench.store.write(move |w| w.unsuppress(&whom)).await.unwrap());
    assert!(!suppressed(&anna));
}

#[tokio::test]
async fn a_person_gets_what_is_theirs_and_nothing_of_others() {
    let bench = two_people().await;
    bench.settle().await;
    let (done, lines, mails) = exported(&bench, Scope::Person(address(ANNA))).await;
    let text = serde_json::to_string(&lines).unwrap();
    assert_eq!(done.tickets, 2);
    for theirs in ["An answer to Anna.", "The blue-velvet door.", "Which door?"] {
        assert!(text.contains(theirs), "no {theirs} in {text}");
    }
    assert!(mails.contains("blue-velvet, held"));
    for others in ["impatient", "squeaks", BEN] {
        assert!(!text.contains(others) && !mails.contains(&format!("From: {others}")), "{others} in {text}");
    }
    let (all, lines, _) = exported(&bench, Scope::Everything).await;
    let (project, ..) = exported(&bench, Scope::Project(bench.project.id)).await;
    assert_eq!((all.tickets, project.tickets), (2, 2));
    assert!(all.mails > project.mails, "the held mail is no project's");
    // Each text on a ticket says where its mail stands.
    let first = &lines[0]["events"][0];
    assert_eq!((first["kind"].as_str(), first["mail"].as_u64()), (Some("opened"), Some(0)));
    assert_eq!(lines[1]["ticket"], "acme/web#2");
    let anonymous = bench.events(bench.ticket(1).id);
    assert!(matches!(anonymous[0].kind, EventKind::Opened { body: Body::Mail { .. } }));
    assert_ne!(anonymous[0].actor, Actor::Account(bench.jane.account));
}

#[tokio::test]
async fn a_passage_goes_out_of_a_mail_and_everything_that_has_it_follows() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.join(&ticket, BEN).await;
    bench.comment(&ticket, "Your key?").await;
    bench.drain().await;
    let key = bench.left_to(ANNA).pop().unwrap().1.reply_to[0].address.clone();
    let secret =
        post("a2").to(key.as_str()).subject("card 4111 1111").text("Mine is card 4111\r\n1111, blue.");
    let row = bench.receive(&secret).await;
    bench.deliver(&secret);
    bench.settle().await;
    assert!(bench.left_to(BEN).iter().any(|(_, mail)| mail.text.contains("4111")));
    let event = bench.events(ticket.id).pop().unwrap();
    let path = bench.project.path.clone();
    let redact = async |passage: &str| bench.desk.redact(&path, 1, event.no, passage).await;
    assert!(redact("card 4112").await.unwrap_err().to_string().contains("Nothing was changed"));
    assert_eq!(bench.rows()[1].raw, row.raw);
    let id = redact("4111 1111").await.unwrap();
    bench.advance(LATER);
    assert!(bench.intake.clear_leftovers(Some(id)).await.unwrap().is_done());
    let (.., mails) = exported(&bench, Scope::Everything).await;
    for text in [mails, raw_texts(&bench), on_server(&bench)] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!text.contains("4111"), "{text}");
    }
    assert!(raw_texts(&bench).contains("Mine is card [redacted], blue."));
    assert!(bench.rows().iter().all(|row| row.raw != bench.rows()[0].raw || row.id.0 == 1));
    assert!(bench.rows().iter().all(|row| !row.subject.contains("4111")));
    let seen = bench.desk.see_ticket(bench.jane, &path, 1, Default::default()).await.unwrap();
    let shown: Vec<_> = seen.entries.iter().filter_map(|entry| entry.text.as_ref()).collect();
    assert!(shown.iter().any(|text| text.text.contains("card [redacted], blue")));
    is_well(&bench).await;
    // A comment of an agent's that waits leaves without the passage.
    bench.comment(&bench.ticket(1), "The code is 77-88.").await;
    let no = bench.ticket(1).last_event;
    bench.desk.redact(&path, 1, no, "77-88").await.unwrap();
    bench.settle().await;
    assert!(bench.left_to(ANNA).pop().unwrap().1.text.contains("The code is [redacted]."));
    is_well(&bench).await;
}

/// Whatever became of it: a ticket, a copy of that by another way, a held one.
#[tokio::test]
async fn what_a_form_sent_for_a_person_is_theirs() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let senders = vec![address("form@site.example")];
    let edit = ProjectEdit { add_form_senders: senders, ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    let from_form =
        |id: &str| post(id).from("Contact <form@site.example>").header("Reply-To", ANNA).text("blue-velvet");
    let held = from_form("f2").to("incoming+gibberish@desk.example").rcpt(DESK);
    for (mail, verdict) in [
        (from_form("f1"), VerdictKind::Open),
        (from_form("f1").header("X-Way", "another"), VerdictKind::Duplicate),
        (held, VerdictKind::Hold(HoldCause::UnknownKey)),
    ] {
        assert_eq!(bench.receive(&mail).await.verdict, verdict);
    }
    bench.settle().await;
    let (theirs, ..) = exported(&bench, Scope::Person(address(ANNA))).await;
    assert_eq!(theirs.mails, 4, "with the confirmation: {theirs:?}");
    erase(&bench, ANNA).await;
    for text in [raw_texts(&bench), on_server(&bench)] {
        assert!(!text.contains("blue-velvet") && !text.contains(ANNA), "{text}");
    }
    is_well(&bench).await;
}

/// What an agent answered about an erased person is held, and quotes them.
#[tokio::test]
async fn a_held_answer_of_an_agent_goes_with_the_person_that_it_quotes() {
    let (bench, ticket) = Bench::with_ticket().await;
    let jane = "jane@team.example";
    let edited = bench.store.write({
        let account = bench.jane.account;
        move |w| {
            let mut account = w.account(account)?.unwrap();
            account.address = address(jane);
            w.put_account(&account)
        }
    });
    edited.await.unwrap();
    bench.desk.assign(bench.jane, ticket.id, form(), Some(bench.jane.account)).await.unwrap();
    bench.receive(&post("a2").header("In-Reply-To", "<m1@customer.example>").text("More.")).await;
    bench.drain().await;
    let notice = bench.left_to(jane).pop().expect("a notice").1;
    let answer = post("answer").from(jane).to(notice.reply_to[0].address.as_str());
    let coded = BASE64.encode(format!("> {ANNA} wrote: blue-velvet").as_bytes());
    let held = bench.receive(&answer.header("Content-Transfer-Encoding", "base64").text(&coded)).await;
    assert!(matches!(held.verdict, VerdictKind::Hold(_)), "{held:?}");
    bench.settle().await;
    erase(&bench, ANNA).await;
    for text in [raw_texts(&bench), on_server(&bench)] {
        assert!(!text.contains(&coded) && !text.contains(ANNA), "{text}");
    }
    is_well(&bench).await;
}
