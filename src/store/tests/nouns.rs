//! The smaller nouns: projects and accounts by name, timelines, sessions, forms, the site's own.

use super::sample::*;
use super::{Bench, Written, at};
use crate::mail::Address;
use crate::store::{Look, StoreError, WriteError};
use crate::tracker::*;
use crate::triage::{AdoptHow, Adoption, InHand};

fn is_taken<T: std::fmt::Debug>(answer: &Written<T>) -> bool {
    matches!(answer, Err(WriteError::Refused(StoreError::Taken(_))))
}

#[tokio::test]
async fn a_renamed_project_is_found_by_both_paths_and_a_dropped_alias_by_none() {
    let bench = Bench::new();
    let id = bench
        .write(|w| {
            w.add_project(&Project { aliases: vec![address("help@example.com")], ..project("acme/web") })
        })
        .await;
    bench
        .write(move |w| {
            let mut project = w.project(id)?.unwrap();
            project.former_paths.push(project.path.clone());
            project.path = ProjectPath::parse("acme/shop").unwrap();
            project.aliases = vec![address("shop@example.com")];
            w.put_project(&project)
        })
        .await;
    let read = bench.store.read().unwrap();
    let by_path =
        |text: &str| read.project_by_path(&ProjectPath::parse(text).unwrap()).unwrap().map(|p| p.id);
    assert_eq!((by_path("acme/web"), by_path("acme/shop"), by_path("acme")), (Some(id), Some(id), None));
    assert!(read.project_by_slug(&Slug::new("ACME-web")).unwrap().is_some());
    assert!(read.project_by_alias(&address("help@example.com")).unwrap().is_none());
    assert!(read.project_by_alias(&address("SHOP@example.com")).unwrap().is_some());
    assert_eq!(read.projects().unwrap().len(), 1);
}

#[tokio::test]
async fn no_two_projects_share_a_path_a_slug_or_an_alias() {
    let bench = Bench::new();
    bench
        .write(|w| {
            w.add_project(&Project {
                former_paths: vec![ProjectPath::parse("old/name").unwrap()],
                aliases: vec![address("help@example.com")],
                ..project("acme/web")
            })
        })
        .await;
    for path in ["acme/web", "acme-web", "old-name", "old/name"] {
        let again: Written<ProjectId> = bench.store.write(move |w| w.add_project(&project(path))).await;
        assert!(is_taken(&again), "{path}: {again:?}");
    }
    let alias: Written<ProjectId> = bench
        .store
        .write(|w| w.add_project(&Project { aliases: vec![address("Help@Example.com")], ..project("b") }))
        .await;
    assert!(is_taken(&alias), "{alias:?}");
    assert_eq!(bench.store.read().unwrap().projects().unwrap().len(), 1);
    assert_eq!(
        bench.write(|w| w.add_project(&project("b"))).await,
        ProjectId(2),
        "a refusal draws no number"
    );
}

#[tokio::test]
async fn accounts_are_found_by_their_present_address_and_handle() {
    let bench = Bench::new();
    let id = bench.write(|w| w.add_account(&account("jane"))).await;
    bench
        .write(move |w| {
            let mut account = w.account(id)?.unwrap();
            account.address = address("jane.doe@example.com");
            account.handle = Handle::parse("doe").unwrap();
            w.put_account(&account)
        })
        .await;
    let read = bench.store.read().unwrap();
    assert!(read.account_by_address(&address("jane@example.com")).unwrap().is_none());
    assert_eq!(read.account_by_address(&address("Jane.Doe@example.com")).unwrap().unwrap().id, id);
    assert!(read.account_by_handle(&Handle::parse("jane").unwrap()).unwrap().is_none());
    assert_eq!(read.account_by_handle(&Handle::parse("doe").unwrap()).unwrap().unwrap().id, id);
    let again: Written<AccountId> = bench.store.write(|w| w.add_account(&account("doe"))).await;
    assert!(is_taken(&again), "{again:?}");
}

#[tokio::test]
async fn what_was_recorded_before_domains_were_kept_in_a_labels_is_found_and_can_be_mended() {
    let bench = Bench::new();
    let raw = |text: &str| Address::recorded(text).unwrap();
    let jane = Account { address: raw("Jane@M\u{fc}ller.example"), ..account("jane") };
    let id = bench.write(move |w| w.add_account(&jane)).await;
    let mut web = Project { aliases: vec![raw("help@m\u{fc}ller.example")], ..project("acme/web") };
    web.joining.form_senders = vec![raw("form@m\u{fc}ller.example")];
    let web = bench.write(move |w| w.add_project(&web)).await;

    let alias = address("help@m\u{fc}ller.example");
    let read = bench.store.read().unwrap();
    assert_eq!(read.account(id).unwrap().unwrap().address.as_str(), "Jane@M\u{fc}ller.example");
    for text in ["jane@m\u{fc}ller.example", "jane@xn--mller-kva.example"] {
        let found = read.account_by_address(&address(text)).unwrap();
        assert_eq!(found.map(|account| account.id), Some(id), "{text}");
    }
    assert_eq!(read.project(web).unwrap().unwrap().aliases, [raw("help@m\u{fc}ller.example")]);
    assert_eq!(
        read.project(web).unwrap().unwrap().joining.form_senders,
        [address("form@xn--mller-kva.example")]
    );
    assert!(read.project_by_alias(&alias).unwrap().is_none());
    bench
        .write(move |w| {
            let mut project = w.project(web)?.unwrap();
            project.aliases = vec![address("help@m\u{fc}ller.example")];
            w.put_project(&project)
        })
        .await;
    let read = bench.store.read().unwrap();
    assert_eq!(read.project_by_alias(&alias).unwrap().map(|project| project.id), Some(web));
    assert!(read.project_by_alias(&raw("help@m\u{fc}ller.example")).unwrap().is_none());
}

#[tokio::test]
async fn a_timeline_and_its_thread_come_in_order() {
    let bench = Bench::new();
    bench
        .write(|w| {
            for no in [2, 1, 300] {
                let kind = EventKind::Note { body: Body::Text(format!("note {no}")) };
                let ticket = TicketId(1);
                w.put_event(&Event {
                    ticket,
                    no: EventNo(no),
                    at: at(i64::from(no)),
                    actor: Actor::Postdesk,
                    kind,
                })?;
            }
            for (id, ours) in [("b@x", false), ("a@x", true), ("b@x", true), ("c@x", false)] {
                w.add_mail_id(&message_id(id), TicketId(1), ours)?;
            }
            w.add_mail_id(&message_id("z@x"), TicketId(2), false)
        })
        .await;
    let read = bench.store.read().unwrap();
    let events = read.events(TicketId(1)).unwrap();
    assert_eq!(events.iter().map(|event| event.no.0).collect::<Vec<_>>(), [1, 2, 300]);
    assert_eq!(read.event(TicketId(1), EventNo(2)).unwrap().as_ref(), events.get(1));
    assert!(read.event(TicketId(2), EventNo(2)).unwrap().is_none());
    let thread: Vec<_> = read.thread(TicketId(1)).unwrap();
    let thread: Vec<_> = thread.iter().map(|(id, ours)| (id.as_str(), *ours)).collect();
    assert_eq!(thread, [("b@x", false), ("a@x", true), ("c@x", false)]);
    let journal = read.journal(Seq(1), 10).unwrap();
    let subject = |event| Subject::Ticket { ticket: TicketId(1), event: EventNo(event) };
    assert_eq!(journal.iter().map(|entry| entry.subject).collect::<Vec<_>>(), [subject(1), subject(300)]);
    assert_eq!(journal[0].at, at(1));
    assert_eq!(read.last_seq().unwrap(), Seq(3));
}

#[tokio::test]
async fn sessions_end_one_by_one_by_age_and_by_account() {
    let bench = Bench::new();
    let session = |n: u8, account, seen| Session {
        token_hash: [n; 32],
        account: AccountId(account),
        created_at: at(0),
        seen_at: at(seen),
    };
    let dropped = bench
        .write(move |w| {
            for s in [session(1, 1, 10), session(2, 1, 20), session(3, 2, 30), session(4, 2, 40)] {
                w.put_session(&s)?;
            }
            Ok((
                w.drop_session(&[3; 32])?,
                w.drop_session(&[3; 32])?,
                w.drop_sessions_before(at(20))?,
                w.drop_sessions_of(AccountId(2))?,
            ))
        })
        .await;
    assert_eq!(dropped, (true, false, 1, 1));
    let read = bench.store.read().unwrap();
    let left: Vec<_> = (1..=4).filter(|n| read.session(&[*n; 32]).unwrap().is_some()).collect();
    assert_eq!(left, [2]);
}

#[tokio::test]
async fn links_go_with_time_or_with_all_of_their_account() {
    let bench = Bench::new();
    let link = |n: u8| AccountLink {
        token_hash: [n; 32],
        account: AccountId(u32::from(n / 4)),
        expires_at: at(i64::from(n)),
        letter: (n == 3).then_some(OutboxId(9)),
    };
    bench.write(move |w| (1..=5).try_for_each(|n| w.put_account_link(&link(n)))).await;
    assert!(bench.store.read().unwrap().account_link(&[2; 32]).unwrap().is_some());
    bench.write(|w| w.drop_account_links_of(AccountId(1))).await;
    assert_eq!(bench.write(|w| w.drop_account_links_before(at(3))).await, 2);
    let read = bench.store.read().unwrap();
    let left: Vec<_> = (1..=5).filter(|n| read.account_link(&[*n; 32]).unwrap().is_some()).collect();
    assert_eq!(left, [3]);
    drop(read);
    bench.write(|w| w.drop_account_links_in(OutboxId(8))).await;
    assert!(bench.store.read().unwrap().account_link(&[3; 32]).unwrap().is_some());
    bench.write(|w| w.drop_account_links_in(OutboxId(9))).await;
    assert!(bench.store.read().unwrap().account_link(&[3; 32]).unwrap().is_none());
}

#[tokio::test]
async fn a_form_counts_once_until_it_is_forgotten() {
    let bench = Bench::new();
    let form = |text: &str| FormId::parse(text).unwrap();
    let used = bench
        .write(move |w| {
            let first = w.use_form(&form("one"), at(10))?;
            let again = w.use_form(&form("one"), at(20))?;
            Ok((first, again, w.use_form(&form("on"), at(30))?))
        })
        .await;
    assert_eq!(used, (true, false, true));
    assert_eq!(bench.write(|w| w.drop_forms_before(at(30))).await, 1);
    let read = bench.store.read().unwrap();
    assert!(!read.form_used(&form("one")).unwrap());
    assert!(read.form_used(&form("on")).unwrap());
}

#[tokio::test]
async fn the_sites_own_records() {
    let bench = Bench::new();
    let adoption = Adoption { account: "a".into(), mailbox: "inbox".into(), how: AdoptHow::Leave, at: at(1) };
    let in_hand = |n: u8| InHand { source: mail_row(n).source, crashes: n };
    let anna = || address("anna@example.org");
    let put = adoption.clone();
    bench
        .write(move |w| {
            w.put_adoption(&put)?;
            w.set_in_hand(&[in_hand(1), in_hand(2), in_hand(3)])?;
            w.suppress(&address("Anna@example.org"), at(5))?;
            w.suppress(&anna(), at(6))?;
            w.set_default_project(Some(ProjectId(4)))
        })
        .await;
    let read = bench.store.read().unwrap();
    assert_eq!(read.adoption("a", "inbox").unwrap(), Some(adoption));
    assert_eq!(read.adoption("ai", "nbox").unwrap(), None);
    assert_eq!(read.in_hand().unwrap(), [1, 2, 3].map(in_hand));
    assert!(read.suppressed(&anna()).unwrap());
    assert_eq!(read.suppressions().unwrap(), [("anna@example.org".to_owned(), at(5))]);
    assert_eq!(read.default_project().unwrap(), Some(ProjectId(4)));
    assert_ne!(read.store_id().unwrap().0, [0; 16]);

    let lifted = bench
        .write(move |w| {
            w.set_in_hand(&[in_hand(9)])?;
            w.set_default_project(None)?;
            Ok((w.unsuppress(&anna())?, w.unsuppress(&anna())?))
        })
        .await;
    assert_eq!(lifted, (true, false));
    let read = bench.store.read().unwrap();
    assert_eq!(read.in_hand().unwrap(), [in_hand(9)]);
    assert_eq!(read.default_project().unwrap(), None);
    assert!(!read.suppressed(&anna()).unwrap());
}

#[tokio::test]
async fn a_key_that_is_on_record_for_something_else_is_not_taken_over() {
    use crate::triage::{KeyFact, KeyPurpose};
    let bench = Bench::new();
    let fact = |ticket| KeyFact {
        key: reply_key(1),
        ticket: TicketId(ticket),
        purpose: KeyPurpose::Reply(ParticipantNo(1)),
        revoked: false,
    };
    bench.write(move |w| w.add_key(&fact(1)).and_then(|()| w.add_key(&fact(1)))).await;
    let other: Written<()> = bench.store.write(move |w| w.add_key(&fact(2))).await;
    assert!(is_taken(&other), "{other:?}");
    assert_eq!(bench.store.read().unwrap().key(&reply_key(1)).unwrap(), Some(fact(1)));
}
