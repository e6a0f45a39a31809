//! Links that open an account, sign-ins, and lists that others' mails stand in.

use std::net::IpAddr;

use postdesk::desk::{NewProject, SetPasswordError, Settled, SignInError};
use postdesk::tracker::{Delivery, Handle, OutboxState, ProjectPath};

use crate::bench::{Bench, DESK};
use crate::post::post;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn jane() -> Handle {
    Handle::parse("jane").unwrap()
}

#[tokio::test]
async fn a_password_that_was_chosen_ends_every_other_link_of_its_account() {
    let bench = Bench::start().await;
    let one = bench.desk.new_password_link(jane()).await.unwrap();
    let two = bench.desk.new_password_link(jane()).await.unwrap();
    bench.desk.set_password(&one, "a sentence is easier").await.unwrap();
    for link in [&one, &two] {
        let refused = bench.desk.set_password(link, "somebody else's sentence").await;
        assert!(matches!(refused, Err(SetPasswordError::Gone)));
    }
    let three = bench.desk.new_password_link(jane()).await.unwrap();
    bench.desk.give_password(jane(), "the operator's sentence").await.unwrap();
    assert!(bench.desk.see_account_link(&three).unwrap().is_none());
}

#[tokio::test]
async fn a_sign_in_with_a_password_that_is_just_replaced_begins_no_session() {
    let bench = Bench::start().await;
    bench.desk.give_password(jane(), "the former sentence").await.unwrap();
    let (signed, given) = tokio::join!(
        bench.desk.sign_in("jane@desk.example", "the former sentence", PEER, None),
        bench.desk.give_password(jane(), "the present sentence"),
    );
    given.unwrap();
    match signed {
        Ok((token, _)) => assert!(bench.desk.session(&token).await.unwrap().is_none()),
        Err(error) => assert!(matches!(error, SignInError::Wrong)),
    }
}

#[tokio::test]
async fn a_letter_that_was_sent_never_goes_back() {
    let (bench, ticket) = Bench::with_ticket().await;
    let letter = bench.letters(ticket.id).remove(0);
    assert_eq!(letter.state, OutboxState::Sent);
    for outcome in [
        Settled::Refused { why: "late".to_owned() },
        Settled::NotSent { wait: std::time::Duration::ZERO, why: "late".to_owned() },
        Settled::Later { wait: std::time::Duration::ZERO, why: "late".to_owned() },
        Settled::Sent { submission: None, delivery: Delivery::Unknown },
    ] {
        bench.desk.settle(letter.id, outcome).await.unwrap();
        assert_eq!(bench.letters(ticket.id).remove(0), letter);
    }
}

#[tokio::test]
async fn held_mails_behind_very_many_of_others_are_reached() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.receive(&post("mine").to("incoming+gibberish@desk.example").rcpt(DESK)).await;
    let path = ProjectPath::parse("acme/other").unwrap();
    let new = NewProject { path, name: None, aliases: Vec::new(), suffix: None, default: false };
    let other = bench.desk.add_project(new).await.unwrap().id;
    let mine = bench.rows().remove(0);
    let copies = bench.store.write(move |w| {
        for no in 0..600u32 {
            let mut row = mine.clone();
            row.raw.0[..4].copy_from_slice(&no.to_be_bytes());
            row.project = Some(other);
            w.add_mail_row(row)?;
        }
        Ok::<_, postdesk::store::StoreError>(())
    });
    copies.await.unwrap();
    let page = bench.desk.see_held(bench.jane, None).await.unwrap();
    assert!(page.mails.is_empty(), "these are of a project that is not hers");
    let page = bench.desk.see_held(bench.jane, page.next).await.unwrap();
    assert_eq!((page.mails.len(), page.next), (1, None));
}
