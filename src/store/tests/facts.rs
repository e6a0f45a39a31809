//! The answers to triage's questions.

use std::time::Duration;

use super::sample::*;
use super::{Bench, at};
use crate::store::{Look, Read, is_from};
use crate::tracker::*;
use crate::triage::*;

const NOW: i64 = 1_000_000;

fn ask(bench: &Bench, questions: &Questions) -> Facts {
    bench.store.read().unwrap().facts(questions, bench.clock.now()).unwrap()
}

fn path(text: &str) -> ProjectPath {
    ProjectPath::parse(text).unwrap()
}

/// Project 1 with everything, project 2 with little, the default one.
async fn projects(bench: &Bench) {
    bench
        .write(|w| {
            w.add_project(&Project {
                former_paths: vec![path("old/name")],
                aliases: vec![address("Support@Example.com")],
                suffix: Suffix::parse("help"),
                ..project("acme/web")
            })?;
            let two = w.add_project(&Project { on: false, ..project("acme/app") })?;
            w.set_default_project(Some(two))
        })
        .await;
}

#[tokio::test]
async fn projects_are_found_by_every_form_of_address_each_once() {
    let bench = Bench::new();
    projects(&bench).await;
    let ids = |questions: &Questions| {
        ask(&bench, questions).projects.iter().map(|fact| fact.id.0).collect::<Vec<_>>()
    };
    let suffix = |text: &str| Suffix::parse(text).unwrap();
    let none = Questions::default();
    assert_eq!(ids(&none), [2], "the default project is always among them");
    assert_eq!(ids(&Questions { aliases: vec![address("support@EXAMPLE.com")], ..none.clone() }), [1, 2]);
    assert_eq!(ids(&Questions { aliases: vec![address("sales@example.com")], ..none.clone() }), [2]);
    assert_eq!(ids(&Questions { numbers: vec![ProjectId(1), ProjectId(9)], ..none.clone() }), [1, 2]);
    assert_eq!(ids(&Questions { paths: vec![path("acme/web")], ..none.clone() }), [1, 2]);
    assert_eq!(ids(&Questions { paths: vec![path("old/name")], ..none.clone() }), [1, 2]);
    for slug in ["acme-web", "old-name"] {
        let asked = |text: &str| vec![(Slug::new(slug), suffix(text))];
        assert_eq!(ids(&Questions { suffixes: asked("help"), ..none.clone() }), [1, 2]);
        assert_eq!(ids(&Questions { suffixes: asked("other"), ..none.clone() }), [2]);
    }
    let all = Questions {
        aliases: vec![address("support@example.com")],
        numbers: vec![ProjectId(2), ProjectId(1)],
        paths: vec![path("old/name")],
        ..none
    };
    let facts = ask(&bench, &all);
    assert_eq!(facts.projects.len(), 2);
    assert_eq!(facts.projects[0].paths, [path("acme/web"), path("old/name")]);
    assert_eq!((facts.projects[1].on, facts.default_project), (false, Some(ProjectId(2))));
}

#[tokio::test]
async fn a_key_leads_to_its_ticket_through_merges_and_to_the_agents_address() {
    let bench = Bench::new();
    projects(&bench).await;
    bench
        .write(|w| {
            w.add_account(&account("jane"))?;
            w.add_account(&Account { disabled: true, ..account("left") })?;
            for id in 1..=3 {
                let merged_into = (id < 3).then_some(TicketId(id + 1));
                w.put_ticket(&Ticket { merged_into, ..ticket(TicketId(id), ProjectId(1), id as u32) })?;
            }
            let key = |seed, purpose| KeyFact {
                key: reply_key(seed),
                ticket: TicketId(1),
                purpose,
                revoked: false,
            };
            w.add_key(&key(1, KeyPurpose::Reply(ParticipantNo(1))))?;
            w.add_key(&key(2, KeyPurpose::AgentComment(AccountId(1))))?;
            w.add_key(&key(3, KeyPurpose::AgentNote(AccountId(2))))?;
            assert!(w.revoke_key(&reply_key(2))?);
            assert!(!w.revoke_key(&reply_key(9))?);
            w.add_mail_id(&message_id("one@example.org"), TicketId(2), false)
        })
        .await;
    let facts = ask(
        &bench,
        &Questions {
            keys: [1, 2, 3, 9].map(reply_key).to_vec(),
            ids: vec![message_id("none@example.org"), message_id("one@example.org")],
            ..Questions::default()
        },
    );
    assert_eq!(facts.keys.iter().map(|key| key.ticket.0).collect::<Vec<_>>(), [3, 3, 3]);
    assert_eq!(facts.keys.iter().map(|key| key.revoked).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(facts.mails.iter().map(|mail| mail.ticket.0).collect::<Vec<_>>(), [3]);
    assert_eq!(facts.tickets.iter().map(|fact| fact.ticket.id.0).collect::<Vec<_>>(), [3]);
    let agent = |id, who, disabled| AgentFact { account: AccountId(id), address: address(who), disabled };
    assert_eq!(facts.agents, [agent(1, "jane@example.com", false), agent(2, "left@example.com", true)]);
    assert!(facts.projects.iter().any(|fact| fact.id == ProjectId(1)), "the ticket's project");
}

#[tokio::test]
async fn copies_are_seen_by_their_octets_and_by_their_id() {
    let bench = Bench::new();
    let same_octets = mail_row(1);
    let same_id = MailRow { raw: RawHash([2; 32]), verdict: VerdictKind::Open, ..mail_row(1) };
    bench
        .write(move |w| {
            w.add_mail_row(same_octets.clone())?;
            w.add_mail_row(same_id.clone())?;
            w.add_mail_row(mail_row(3))
        })
        .await;
    let questions = Questions {
        raw: Some(RawHash([1; 32])),
        message_id: Some(message_id("1@example.org")),
        ..Questions::default()
    };
    let facts = ask(&bench, &questions);
    assert_eq!(facts.raw, questions.raw);
    let seen: Vec<_> = facts.seen.iter().map(|seen| (seen.row.0, seen.set_aside)).collect();
    assert_eq!(seen, [(1, true), (2, false)]);
    assert!(!facts.ours);
    assert!(ask(&bench, &Questions::default()).seen.is_empty());
}

#[tokio::test]
async fn an_id_of_ours_is_known_from_the_outbox_and_from_the_thread() {
    let bench = Bench::new();
    bench
        .write(|w| {
            w.add_letter(letter(1, 1, 1))?;
            w.add_mail_id(&message_id("sent@desk"), TicketId(1), true)?;
            w.add_mail_id(&message_id("theirs@example.org"), TicketId(1), false)
        })
        .await;
    let ours =
        |id: &str| ask(&bench, &Questions { message_id: Some(message_id(id)), ..Questions::default() }).ours;
    assert!(ours("letter-1-1-1@desk.example.com"));
    assert!(ours("sent@desk"));
    assert!(!ours("theirs@example.org"));
    assert!(!ours("unknown@example.org"));
}

#[tokio::test]
async fn a_notices_id_leads_to_the_account_that_it_told() {
    let bench = Bench::new();
    let notice =
        OutboxRow { to: Recipient::Agent { ticket: TicketId(1), account: AccountId(1) }, ..letter(1, 1, 1) };
    let ids = vec![notice.message_id.clone()];
    bench
        .write(move |w| {
            w.add_account(&account("jane"))?;
            w.put_ticket(&ticket(TicketId(1), ProjectId(1), 1))?;
            w.add_letter(notice.clone())?;
            w.add_mail_id(&notice.message_id, TicketId(1), true)
        })
        .await;
    let facts = ask(&bench, &Questions { ids, ..Questions::default() });
    assert_eq!(facts.mails.iter().map(|mail| mail.notice).collect::<Vec<_>>(), [Some(AccountId(1))]);
    let jane = address("jane@example.com");
    assert_eq!(facts.agents, [AgentFact { account: AccountId(1), address: jane, disabled: false }]);
}

#[tokio::test]
async fn one_id_may_belong_to_mails_of_two_tickets() {
    let bench = Bench::new();
    bench
        .write(|w| {
            for id in [1, 2] {
                w.put_ticket(&ticket(TicketId(id), ProjectId(1), id as u32))?;
                w.add_mail_id(&message_id("twice@example.org"), TicketId(id), false)?;
            }
            Ok(())
        })
        .await;
    let ids = vec![message_id("twice@example.org")];
    let facts = ask(&bench, &Questions { ids, ..Questions::default() });
    assert_eq!(facts.mails.iter().map(|mail| mail.ticket.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(facts.tickets.len(), 2);
}

#[tokio::test]
async fn mails_without_a_sender_count_together() {
    let bench = Bench::new();
    bench
        .write(|w| {
            let nobodys = |raw, at_second, verdict| MailRow {
                from: None,
                taken_at: at(at_second),
                verdict,
                ..mail_row(raw)
            };
            w.add_mail_row(nobodys(1, NOW - 3601, VerdictKind::Open))?;
            w.add_mail_row(nobodys(2, NOW - 3600, VerdictKind::Open))?;
            w.add_mail_row(nobodys(3, NOW - 1, VerdictKind::Unverified))?;
            w.add_mail_row(nobodys(4, NOW - 1, VerdictKind::Hold(HoldCause::Flood)))?;
            // Erased: somebody wrote it.
            w.add_mail_row(nobodys(0, NOW - 1, VerdictKind::Open))?;
            // It names somebody, for whom it counts.
            let named = Some("anna@example.org".to_owned());
            w.add_mail_row(MailRow { requester: named, ..nobodys(5, NOW - 1, VerdictKind::Open) })?;
            w.add_mail_row(MailRow { verdict: VerdictKind::Open, taken_at: at(NOW), ..mail_row(6) })?;
            let held = w.mail_row(MailRowId(2))?.unwrap();
            w.put_mail_row(&MailRow { filed: true, ..held })
        })
        .await;
    let facts = ask(&bench, &Questions::default());
    assert_eq!(facts.sender, Counts { mails_last_hour: 2, ..Counts::default() });
    assert_eq!(facts.reply_to, Counts::default(), "nobody is named");
}

fn counts(read: &Read, now: jiff::Timestamp) -> (u32, u32, u32) {
    let sender = Some(address("Anna@Example.org"));
    let counts = read.facts(&Questions { sender, ..Questions::default() }, now).unwrap().sender;
    let reply_to = Some(address("anna@example.ORG"));
    let asked = Questions { reply_to, ..Questions::default() };
    assert_eq!(read.facts(&asked, now).unwrap().reply_to, counts, "counted alike");
    (counts.mails_last_hour, counts.confirmations_last_hour, counts.confirmations_last_day)
}

#[tokio::test]
async fn a_senders_mails_are_counted_whatever_letters_the_name_has() {
    let bench = Bench::new();
    let eva = address("\u{c9}VA@example.org");
    let from = Some(eva.folded().to_owned());
    bench
        .write(move |w| {
            let row =
                MailRow { taken_at: at(NOW), verdict: VerdictKind::Open, from: from.clone(), ..mail_row(1) };
            w.add_mail_row(row).map(drop)
        })
        .await;
    let read = bench.store.read().unwrap();
    let asked = Questions { sender: Some(eva), ..Questions::default() };
    assert_eq!(read.facts(&asked, at(NOW)).unwrap().sender.mails_last_hour, 1);
}

#[test]
fn a_row_from_before_domains_were_kept_in_a_labels_is_its_senders() {
    let row = MailRow { from: Some("jane@m\u{fc}ller.example".to_owned()), ..mail_row(1) };
    assert!(is_from(&row, &address("jane@xn--mller-kva.example")));
    assert!(!is_from(&row, &address("jane@muller.example")));
}

#[tokio::test]
async fn a_senders_mails_and_confirmations_are_counted_for_their_time() {
    let bench = Bench::new();
    bench
        .write(|w| {
            let taken =
                |raw, at_second, verdict| MailRow { taken_at: at(at_second), verdict, ..mail_row(raw) };
            w.add_mail_row(taken(1, NOW - 3601, VerdictKind::Open))?;
            w.add_mail_row(taken(2, NOW - 3600, VerdictKind::Open))?;
            w.add_mail_row(taken(3, NOW - 1, VerdictKind::Comment))?;
            w.add_mail_row(taken(4, NOW - 1, VerdictKind::Duplicate))?;
            w.add_mail_row(taken(5, NOW - 1, VerdictKind::Hold(HoldCause::Flood)))?;
            w.add_mail_row(MailRow {
                from: Some("berta@example.org".to_owned()),
                ..taken(6, NOW, VerdictKind::Open)
            })?;
            // A form's mail is the customer's, whom it names.
            let named = |who: &str| Some(who.to_owned());
            w.add_mail_row(MailRow {
                requester: named("berta@example.org"),
                ..taken(7, NOW, VerdictKind::Open)
            })?;
            w.add_mail_row(MailRow {
                from: named("form@example.com"),
                requester: named("anna@example.org"),
                ..taken(8, NOW - 1, VerdictKind::Open)
            })?;
            for (who, at_second) in [
                ("anna@example.org", NOW - 86_401),
                ("ANNA@example.org", NOW - 86_400),
                ("anna@example.org", NOW - 3_600),
                ("anna@example.org", NOW - 3_600),
                ("berta@example.org", NOW),
            ] {
                w.note_confirmation(&address(who), at(at_second))?;
            }
            Ok(())
        })
        .await;
    assert_eq!(counts(&bench.store.read().unwrap(), at(NOW)), (3, 2, 3));

    // A held mail that a person takes in counts from then on; confirmations of yesterday are dropped.
    bench.clock.advance(Duration::from_secs(1));
    bench
        .write(|w| {
            let held = w.mail_row(MailRowId(5))?.unwrap();
            w.put_mail_row(&MailRow { verdict: VerdictKind::Open, ..held })?;
            w.note_confirmation(&address("anna@example.org"), at(NOW + 1))
        })
        .await;
    let read = bench.store.read().unwrap();
    assert_eq!(counts(&read, at(NOW)), (4, 3, 3), "the oldest is gone, the newest came");
    assert_eq!(counts(&read, at(NOW + 3601)), (0, 1, 3));
}
