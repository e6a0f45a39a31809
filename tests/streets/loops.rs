//! Mail programs that answer each other, and headers that were written to do harm.

use std::time::Duration;

use postdesk::tracker::{EventKind, LetterKind, Ticket};
use postdesk::triage::VerdictKind;

use crate::bench::{BEN, Bench, DESK, form};
use crate::post::{Post, post};

fn annas(bench: &Bench, ticket: &Ticket, no: u32) -> Post {
    let key = &bench.letters(ticket.id)[0].reply_key;
    post(&format!("loop{no}")).to(bench.desk.site().reply(key).unwrap())
}

/// How many comments of Anna's were made due to Ben.
fn told(bench: &Bench, ticket: &Ticket) -> usize {
    let letters = bench.letters(ticket.id);
    letters.iter().filter(|letter| matches!(letter.letter, LetterKind::Comment { .. })).count()
}

#[tokio::test]
async fn more_than_five_comments_in_ten_minutes_without_a_person_are_kept_and_not_mailed_on() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.join(&ticket, BEN).await;
    for no in 0..8 {
        let row = bench.receive(&annas(&bench, &ticket, no)).await;
        assert_eq!(row.verdict, VerdictKind::Comment);
        bench.advance(Duration::from_secs(30));
    }
    assert_eq!((bench.ticket(1).comments, told(&bench, &ticket)), (9, 5), "kept, not mailed on");
    let kept = || -> Vec<_> {
        let events = bench.events(ticket.id);
        events.iter().filter(|e| matches!(e.kind, EventKind::NotMailed { .. })).map(|e| e.no.0).collect()
    };
    assert_eq!(kept().len(), 3, "the timeline says so of each");
    // A person in between breaks the loop.
    bench.desk.note(bench.jane, ticket.id, form(), "I look at it.".to_owned()).await.unwrap();
    bench.receive(&annas(&bench, &ticket, 8)).await;
    assert_eq!(told(&bench, &ticket), 6);
    // So does time.
    for no in 9..13 {
        bench.receive(&annas(&bench, &ticket, no)).await;
    }
    assert_eq!(told(&bench, &ticket), 10);
    bench.receive(&annas(&bench, &ticket, 13)).await;
    assert_eq!(told(&bench, &ticket), 10);
    bench.advance(Duration::from_mins(11));
    bench.receive(&annas(&bench, &ticket, 14)).await;
    assert_eq!(told(&bench, &ticket), 11);
    let comments =
        bench.events(ticket.id).iter().filter(|e| matches!(e.kind, EventKind::Comment { .. })).count();
    assert_eq!(comments, 15, "every one is on record");
}

/// Each header of the scan list, with the address of a project in every shape that is found.
#[tokio::test]
async fn every_scanned_header_leads_to_its_project_folded_repeated_and_in_brackets() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let headers = [
        "Delivered-To",
        "X-Delivered-To",
        "Envelope-To",
        "X-Envelope-To",
        "X-Original-To",
        "X-Forwarded-To",
        "Cc",
    ];
    let wrong = "nobody@elsewhere.example";
    let right = "incoming+acme/web@desk.example";
    let mut no = 0;
    for name in headers {
        for value in [
            right.to_owned(),
            format!("<{right}>"),
            format!("\n <{right}>"),
            format!("{wrong}\n{name}: {right}"),
            right.to_uppercase(),
        ] {
            no += 1;
            let mail = post(&format!("h{no}")).from(format!("p{no}@third.example")).to(wrong).rcpt(DESK);
            let row = bench.receive(&mail.header(name, &value)).await;
            assert_eq!(row.verdict, VerdictKind::Open, "{name}: {value}");
        }
    }
    for received in [
        format!("from a.example by b.example for <{right}>; Thu, 19 Nov 2026 13:59:00 +0000"),
        format!("from a.example\n by b.example\n for\n <{right}>; Thu, 19 Nov 2026 13:59:00 +0000"),
    ] {
        no += 1;
        let mail = post(&format!("h{no}")).from(format!("p{no}@third.example")).to(wrong).rcpt(DESK);
        let row = bench.receive(&mail.header("Received", &received)).await;
        assert_eq!(row.verdict, VerdictKind::Open, "{received}");
    }
}

#[tokio::test]
async fn headers_that_were_written_to_do_harm_end_as_one_verdict_each() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let right = "incoming+acme/web@desk.example";
    let hostile = [
        format!("from a by b for {}", "<".repeat(20_000)),
        format!("from a by b for {}{right}", "<".repeat(5_000)),
        format!("from a by b for <{}>", "for ".repeat(5_000)),
        format!("for for for <{}@desk.example>", "a".repeat(10_000)),
        "from a by b for <incoming+%00%0a@desk.example>".to_owned(),
    ];
    for (no, received) in hostile.iter().enumerate() {
        let from = format!("h{no}@third.example");
        let mail = post(&format!("hostile{no}")).from(from).header("Received", received);
        assert_eq!(bench.receive(&mail).await.verdict, VerdictKind::Open, "{no}");
    }
    let names = ["Delivered-To", "Envelope-To", "References", "In-Reply-To", "Cc", "X-Original-To"];
    for (no, name) in names.iter().enumerate() {
        let from = format!("n{no}@third.example");
        let mut mail = post(&format!("many{no}")).from(from);
        for at in 0..300 {
            mail = mail.header(name, format!("<<<incoming+{at}{}@desk.example", ">".repeat(at)));
        }
        assert_eq!(bench.receive(&mail).await.verdict, VerdictKind::Open, "{name}");
    }
    assert_eq!(bench.rows().len(), hostile.len() + names.len(), "each exactly one");
}
