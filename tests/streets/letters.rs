//! What leaves: every header of a confirmation and of a comment's letter, and who gets one.

use postdesk::desk::ProjectEdit;
use postdesk::mail::Authentication;
use postdesk::tracker::{FromName, LetterKind, OutboxState};

use crate::bench::{ANNA, BEN, Bench, DESK, address, form};
use crate::post::post;

/// The values of a header field, unfolded.
pub fn header(raw: &[u8], name: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(raw).replace("\r\n ", " ").replace("\r\n\t", " ");
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let named = head.lines().filter_map(|line| line.split_once(": ").or_else(|| line.split_once(':')));
    named
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

pub fn one(raw: &[u8], name: &str) -> String {
    let mut values = header(raw, name);
    assert_eq!(values.len(), 1, "{name}: {values:?}");
    values.remove(0)
}

#[tokio::test]
async fn a_confirmation_has_every_header_that_the_design_names() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let mail = post("m1").subject("The invoice is wrong").text("A secret of the customer's.");
    bench.receive(&mail.authentication(Authentication::Pass)).await;
    bench.drain().await;
    let ticket = bench.ticket(1);
    let row = bench.letters(ticket.id).remove(0);
    assert_eq!(row.letter, LetterKind::Confirmation { subject: true });
    let (left, mail) = bench.left_to(ANNA).remove(0);
    let raw = &left.raw;
    assert_eq!(one(raw, "Auto-Submitted"), "auto-replied");
    assert_eq!(one(raw, "X-Auto-Response-Suppress"), "All");
    assert_eq!(
        one(raw, "List-Unsubscribe"),
        format!(
            "<https://desk.example/u/{0}>, <mailto:incoming+{0}-unsubscribe@desk.example>",
            row.unsubscribe
        )
    );
    assert_eq!(one(raw, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert_eq!(one(raw, "Message-ID"), format!("<{}>", row.message_id.as_str()));
    assert_eq!(one(raw, "In-Reply-To"), "<m1@customer.example>");
    let references = one(raw, "References");
    assert_eq!(references, format!("<m1@customer.example> <reply-{}@desk.example>", row.reply_key));
    assert!(!row.message_id.as_str().contains(&row.reply_key.to_string()), "never in our Message-ID");
    assert_eq!(mail.reply_to[0].address, bench.desk.site().reply(&row.reply_key).unwrap());
    assert_eq!(mail.from.as_ref().unwrap().address.as_str(), "help@desk.example");
    assert_eq!(mail.from.as_ref().unwrap().name.as_deref(), Some("Acme Web"));
    assert_eq!(mail.subject, "Re: The invoice is wrong (#1)");
    let text = String::from_utf8_lossy(raw);
    assert!(header(raw, "Bcc").is_empty() && header(raw, "Cc").is_empty());
    assert!(
        text.contains("text/plain") && text.contains("text/html") && text.contains("multipart/alternative")
    );
    assert!(mail.text.contains("acme/web#1"), "the project's path is visible: {}", mail.text);
    assert!(!text.contains("A secret of the customer's"), "never quotes the customer");
    assert_eq!(
        one(raw, "To"),
        format!("\"Anna Weber\" <{ANNA}>").replace('"', if one(raw, "To").contains('"') { "\"" } else { "" })
    );
}

/// From an alias goes by the alias' identity: the envelope's sender is its address, so that reports
/// come to it, and servers that hold senders to their identity take it.
#[tokio::test]
async fn a_letter_from_an_alias_leaves_by_the_identity_of_the_alias() {
    let (bench, ticket) = Bench::with_ticket().await;
    let aliases = vec![address("help@desk.example")];
    for (edit, from) in [
        (ProjectEdit::default(), "help@desk.example"),
        (ProjectEdit { remove_aliases: aliases, ..ProjectEdit::default() }, DESK),
    ] {
        bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
        bench.comment(&ticket, "An answer.").await;
        bench.drain().await;
        let (left, mail) = bench.left_to(ANNA).pop().unwrap();
        assert_eq!(mail.from.unwrap().address.as_str(), from);
        assert_eq!(left.mail_from.as_str(), from, "the envelope's sender");
    }
    assert!(bench.letters(ticket.id).iter().all(|letter| letter.state == OutboxState::Sent));
}

#[tokio::test]
async fn an_unknown_sender_gets_a_neutral_subject_and_one_confirmation_a_day() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    for no in 1..=3 {
        bench.receive(&post(&format!("m{no}")).subject("Buy pills at pills.example")).await;
    }
    bench.drain().await;
    let left = bench.left_to(ANNA);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].1.to[0].name, None, "the name is the sender's word as much as the subject is");
    assert_eq!(left[0].1.subject, "Your request has the number #1");
    assert!(!String::from_utf8_lossy(&left[0].0.raw).contains("pills"));
    let failed = post("forged").from("victim@elsewhere.example").authentication(Authentication::Fail);
    bench.receive(&failed).await;
    bench.drain().await;
    assert!(bench.left_to("victim@elsewhere.example").is_empty());
    bench.ticket(4);
}

#[tokio::test]
async fn a_comment_has_its_own_headers() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.comment(&ticket, "We are looking **into** it.").await;
    bench.drain().await;
    let row = bench.letters(ticket.id).remove(1);
    let confirmation = bench.letters(ticket.id).remove(0);
    let (left, mail) = bench.left_to(ANNA).remove(1);
    let raw = &left.raw;
    assert!(header(raw, "Auto-Submitted").is_empty(), "a person wrote it");
    assert!(header(raw, "List-Id").is_empty() && header(raw, "Precedence").is_empty());
    assert!(header(raw, "Bcc").is_empty() && header(raw, "Cc").is_empty());
    assert_eq!(one(raw, "X-Auto-Response-Suppress"), "OOF, AutoReply");
    assert!(one(raw, "List-Unsubscribe").contains(&format!("https://desk.example/u/{}", row.unsubscribe)));
    assert_eq!(one(raw, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert_eq!(one(raw, "Message-ID"), format!("<{}>", row.message_id.as_str()));
    assert_eq!(one(raw, "In-Reply-To"), format!("<{}>", confirmation.message_id.as_str()));
    assert_eq!(
        one(raw, "References"),
        format!(
            "<m1@customer.example> <{}> <reply-{}@desk.example>",
            confirmation.message_id.as_str(),
            row.reply_key
        )
    );
    assert_eq!(mail.from.as_ref().unwrap().name.as_deref(), Some("Jane Okafor"));
    assert!(
        mail.text.contains("We are looking into it.") && mail.text.contains("acme/web#1"),
        "{}",
        mail.text
    );
    let text = String::from_utf8_lossy(raw);
    assert!(text.contains("<strong>into</strong>"), "{text}");
    let edit = ProjectEdit { from_name: Some(FromName::Project), ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    bench.comment(&ticket, "More.").await;
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA)[2].1.from.as_ref().unwrap().name.as_deref(), Some("Acme Web"));
}

#[tokio::test]
async fn without_https_there_is_a_mailto_and_no_post() {
    let bench = Bench::with_url("http://127.0.0.1:8080").await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    bench.drain().await;
    let row = bench.all_letters().remove(0);
    let (left, _) = bench.left_to(ANNA).remove(0);
    assert!(header(&left.raw, "List-Unsubscribe-Post").is_empty());
    assert_eq!(
        one(&left.raw, "List-Unsubscribe"),
        format!("<mailto:incoming+{}-unsubscribe@desk.example>", row.unsubscribe)
    );
}

#[tokio::test]
async fn each_participant_gets_one_mail_with_keys_of_its_own() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.join(&ticket, BEN).await;
    bench.comment(&ticket, "To both of you.").await;
    bench.drain().await;
    let rows: Vec<_> = bench.letters(ticket.id).split_off(1);
    assert_eq!(rows.len(), 2);
    assert_ne!(rows[0].reply_key, rows[1].reply_key);
    assert_ne!(rows[0].unsubscribe, rows[1].unsubscribe);
    assert_ne!(rows[0].message_id, rows[1].message_id);
    for (who, other, row) in [(ANNA, BEN, &rows[0]), (BEN, ANNA, &rows[1])] {
        let (left, mail) = bench.left_to(who).pop().unwrap();
        assert_eq!(left.rcpt_to, [crate::bench::address(who)], "one recipient each");
        assert_eq!(mail.message_id.as_ref(), Some(&row.message_id));
        assert!(!String::from_utf8_lossy(&left.raw).contains(other), "nobody learns of the other");
    }
    // Ben answers: Anna is told, Ben is not.
    let key = bench.desk.site().reply(&rows[1].reply_key).unwrap();
    bench.receive(&post("from-ben").from(BEN).to(key).text("Ben's own words.")).await;
    bench.drain().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (3, 1));
    let (left, mail) = bench.left_to(ANNA).pop().unwrap();
    assert!(mail.text.contains("Ben's own words."));
    assert_eq!(one(&left.raw, "In-Reply-To"), "<from-ben@customer.example>");
}

#[tokio::test]
async fn who_does_not_want_mail_gets_none() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.join(&ticket, BEN).await;
    let token = bench.letters(ticket.id)[0].unsubscribe.clone();
    bench.desk.unsubscribe(&token).await.unwrap();
    bench.comment(&ticket, "For whom?").await;
    bench.drain().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (1, 1));
    let token = bench.letters(ticket.id).pop().unwrap().unsubscribe;
    bench.desk.no_mail_at_all(&token).await.unwrap();
    bench.comment(&bench.ticket(1), "For nobody.").await;
    bench.drain().await;
    bench.receive(&post("ben").from(BEN)).await;
    bench.drain().await;
    assert_eq!(bench.left_to(BEN).len(), 1, "no confirmation either");
    assert_eq!(bench.ticket(2).comments, 1);
}

/// What the desk says by itself: no program answers it, and who filters mail by lists can tell it
/// apart.
fn assert_by_itself(raw: &[u8]) {
    assert_eq!(one(raw, "Auto-Submitted"), "auto-generated");
    assert_eq!(one(raw, "X-Auto-Response-Suppress"), "All");
    assert_eq!(one(raw, "List-Id"), "<acme-web.desk.example>");
}

#[tokio::test]
async fn that_a_ticket_is_closed_is_told_where_the_project_wants_it() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.desk.close(bench.jane, ticket.id, form()).await.unwrap();
    bench.drain().await;
    assert_eq!(bench.letters(ticket.id).len(), 1, "the confirmation alone");
    let edit = ProjectEdit { tell_closed: Some(true), ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    let close_again = || async {
        bench.desk.reopen(bench.jane, ticket.id, form()).await.unwrap();
        bench.desk.close(bench.jane, ticket.id, form()).await.unwrap();
        bench.drain().await;
    };
    close_again().await;
    let rows = bench.letters(ticket.id);
    assert_eq!(rows.len(), 2);
    assert!(matches!(rows[1].letter, LetterKind::Closed { .. }), "{:?}", rows[1]);
    let left = bench.left_to(ANNA);
    assert_eq!(left.len(), 2);
    let (closed, mail) = &left[1];
    assert_by_itself(&closed.raw);
    assert_eq!(mail.subject, "Your request #1 is closed", "nobody vouched for the title");
    let link = format!("https://desk.example/u/{}", rows[1].unsubscribe);
    assert!(one(&closed.raw, "List-Unsubscribe").contains(&link));

    bench.join(&ticket, BEN).await;
    bench.desk.unsubscribe(&rows[1].unsubscribe).await.unwrap();
    close_again().await;
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (2, 1), "to who still wants mail");
    assert_by_itself(&bench.left_to(BEN)[0].0.raw);
}

#[tokio::test]
async fn whom_an_agent_adds_is_told_so_in_one_letter() {
    let (bench, ticket) = Bench::with_ticket().await;
    bench.desk.add_participant(bench.jane, ticket.id, form(), address(BEN).into()).await.unwrap();
    bench.drain().await;
    let rows = bench.letters(ticket.id);
    assert_eq!(rows.len(), 2);
    assert!(matches!(rows[1].letter, LetterKind::ParticipantAdded { .. }), "{:?}", rows[1]);
    assert_eq!((bench.left_to(ANNA).len(), bench.left_to(BEN).len()), (1, 1));
    assert_by_itself(&bench.left_to(BEN)[0].0.raw);
}

#[tokio::test]
async fn a_letter_that_waits_is_withdrawn_when_its_reader_leaves() {
    let (bench, ticket) = Bench::with_ticket().await;
    let token = bench.letters(ticket.id)[0].unsubscribe.clone();
    bench.comment(&ticket, "Too late.").await;
    bench.desk.unsubscribe(&token).await.unwrap();
    bench.drain().await;
    let row = bench.letters(ticket.id).remove(1);
    assert_eq!(row.state, OutboxState::Withdrawn);
    assert_eq!(bench.left_to(ANNA).len(), 1);
    assert!(bench.mails_in("Outgoing").is_empty());
}

#[tokio::test]
async fn automatic_mails_and_lists_get_no_confirmation() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let kinds = [
        post("a").header("Auto-Submitted", "auto-generated"),
        post("b").header("Auto-Submitted", "auto-replied"),
        post("c").header("List-Id", "<news.elsewhere.example>"),
        post("d").header("Precedence", "bulk"),
        post("e").null_sender(),
    ];
    for (no, mail) in (1..).zip(kinds) {
        let who = format!("p{no}@elsewhere.example");
        bench.receive(&mail.from(&who).authentication(Authentication::Pass)).await;
        assert_eq!(bench.ticket(no).requester().unwrap().address.as_str(), who, "a ticket all the same");
    }
    bench.drain().await;
    assert!(bench.server.submissions().is_empty());
    let personal =
        post("f").header("Auto-Submitted", "no").header("List-Unsubscribe", "<mailto:x@elsewhere.example>");
    bench.receive(&personal).await;
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "List-Unsubscribe alone says nothing");
}

#[tokio::test]
async fn letters_to_one_person_leave_in_order() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    bench.receive(&post("m1")).await;
    let ticket = bench.ticket(1);
    for no in 1..=5 {
        bench.comment(&ticket, &format!("Part {no}.")).await;
    }
    bench.drain().await;
    let left = bench.left_to(ANNA);
    let ids: Vec<_> = left.iter().map(|(_, mail)| mail.message_id.clone().unwrap()).collect();
    let rows: Vec<_> = bench.letters(ticket.id).into_iter().map(|row| row.message_id).collect();
    assert_eq!(ids, rows, "the confirmation first, though people's letters have the faster lane");
    assert_eq!(left.len(), 6);
    for (before, after) in left.iter().zip(&left[1..]) {
        assert_eq!(after.1.in_reply_to, [before.1.message_id.clone().unwrap()]);
    }
    assert!(
        left.iter().all(|(left, mail)| Some(&left.mail_from) == mail.from.as_ref().map(|from| &from.address))
    );
}
