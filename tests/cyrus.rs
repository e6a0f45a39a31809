//! Both streets against a real Cyrus 3.6: mail in by LMTP, mail out by JMAP to an SMTP server of the
//! test's own. Everything is asked from outside: the mail server, the SMTP server, the tracker's pages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests may fail loudly"
)]

mod support;

use support::letter::{Letter, Mail, bracketed};
use support::skip::{Piece, without};
use support::smtp::{AfterData, Sent};
use support::street::{ACCOUNT, ALIAS, PUBLIC, Plan, Street};
use support::tracker::Tracker;
use support::wait::{LONG, holds, until};

const JANE: &str = "jane@customer.test";

/// Waits until a ticket's page shows this, and returns the page.
async fn ticket_shows(agent: &Tracker, ticket: &str, text: &str) -> String {
    until(&format!("{text:?} on {ticket}"), LONG, async || {
        agent.try_page(ticket).await.filter(|page| page.contains(text))
    })
    .await
}

/// Every address form of the site, and the ticket that a mail to it opens.
fn forms(street: &Street) -> Vec<(String, &'static str)> {
    let web = street.current_address("acme/web");
    let shop = street.current_address("acme/shop");
    vec![
        (ALIAS.to_owned(), "acme/web"),
        (web.clone(), "acme/web"),
        ("incoming+acme/web@desk.example.test".to_owned(), "acme/web"),
        ("contact+acme-web-help@desk.example.test".to_owned(), "acme/web"),
        (web.replace("incoming+", "old+"), "acme/web"),
        (shop.to_uppercase(), "acme/shop"),
        ("incoming+acme/shop@desk.example.test".to_owned(), "acme/shop"),
    ]
}

async fn every_form_finds_its_place(delete_on_send: bool) {
    let street = Street::start(Plan { delete_on_send, https: true }).await;
    let agent = street.agent().await;
    let forms = forms(&street);
    let mut counts = std::collections::HashMap::new();
    for (at, (address, project)) in forms.iter().enumerate() {
        let (from, subject) = (format!("form{at}@customer.test"), format!("form {at}"));
        street.open(&from, address, &subject).await;
        let number: &mut u32 = counts.entry(*project).or_default();
        *number += 1;
        let page = ticket_shows(&agent, &format!("/p/{project}/{number}"), &subject).await;
        assert!(page.contains(&from), "{address}: the sender takes part");
        let letter = Letter::read(&street.sink.nth_to(&from, 1).await);
        assert!(letter.text.contains(&format!("{project}#{number}")), "{address}: {}", letter.text);
    }
    assert_eq!(street.swept().await, (forms.len(), 0));
    assert_eq!(street.verdicts("open"), forms.len() as u64);
}

#[tokio::test]
async fn a_mail_to_each_address_form_opens_a_ticket_where_it_belongs_with_cyrus_default() {
    if without("address forms on Cyrus, submissions deleted", &[Piece::Cyrus]) {
        return;
    }
    every_form_finds_its_place(true).await;
}

#[tokio::test]
async fn a_mail_to_each_address_form_opens_a_ticket_where_it_belongs_where_submissions_are_kept() {
    if without("address forms on Cyrus, submissions kept", &[Piece::Cyrus]) {
        return;
    }
    every_form_finds_its_place(false).await;
}

#[tokio::test]
async fn a_mail_that_leads_nowhere_is_held_with_its_cause_and_answered_by_nobody() {
    if without("held mails on Cyrus", &[Piece::Cyrus]) {
        return;
    }
    let street = Street::start(Plan { delete_on_send: true, https: true }).await;
    let foreign = street.current_address("acme/web").replace("acme-web", "acme-shop");
    let astray = [
        (ACCOUNT, "H01"),
        ("incoming+abcdefghijklmnopqrstuvwxyz@desk.example.test", "H02"),
        ("incoming+nothing@desk.example.test", "H02"),
        (foreign.as_str(), "H03"),
    ];
    for (at, (address, _)) in astray.iter().enumerate() {
        street.open(&format!("lost{at}@customer.test"), address, &format!("lost {at}")).await;
    }
    let agent = street.agent().await;
    holds("all of them to be held", LONG, async || street.verdicts("hold") == astray.len() as u64).await;
    assert_eq!(street.swept().await, (0, astray.len()));
    let page = agent.page("/held").await;
    for (at, (address, cause)) in astray.iter().enumerate() {
        assert!(page.contains(&format!("lost {at}")), "{address}");
        assert!(page.contains(cause), "{address}: {cause}");
    }
    assert!(street.sink.mails().is_empty());

    // One click takes it in, and the sender gets the usual confirmation.
    let shop = project_option(&page, "acme/shop");
    agent.must_submit("/held", "/take-in", &[("project", shop.as_str())]).await;
    assert_eq!(street.verdicts("hold"), astray.len() as u64 - 1);
    ticket_shows(&agent, "/p/acme/shop/1", "lost").await;
    holds("it to be filed anew", LONG, async || street.swept().await == (1, astray.len() - 1)).await;
    street.sink.wait_for("the confirmation", LONG, |mails| mails.len() == 1).await;
}

/// The value of the option with this label.
fn project_option(page: &str, label: &str) -> String {
    let before = page.split(&format!("\">{label}</option>")).next().expect("the option");
    before.rsplit("value=\"").next().expect("its value").to_owned()
}

/// Every header that a confirmation has, `public_url` being https.
fn is_a_confirmation(sent: &Sent, mail: &Mail, customer: &str) -> Letter {
    let letter = Letter::read(sent);
    let one = |name: &str| sent.header(name).unwrap_or_else(|| panic!("no {name} in\n{}", sent.text()));
    assert_eq!((sent.from.as_str(), sent.to.as_slice()), (ACCOUNT, [customer.to_owned()].as_slice()));
    assert!(
        one("From").contains("Acme Web") && one("From").contains(&format!("<{ACCOUNT}>")),
        "{}",
        one("From")
    );
    assert!(one("To").contains(customer));
    assert!(sent.headers("Cc").is_empty() && sent.headers("Bcc").is_empty());
    assert!(!one("Date").is_empty());
    assert_eq!(one("Auto-Submitted"), "auto-replied");

    // The reply key: in Reply-To and in References, never in the Message-ID.
    let key =
        letter.reply_to.strip_prefix("incoming+").and_then(|rest| rest.strip_suffix("@desk.example.test"));
    let key = key.unwrap_or_else(|| panic!("Reply-To {}", letter.reply_to));
    let base32 = |c: char| c.is_ascii_lowercase() || matches!(c, '2'..='7');
    assert!(key.len() == 26 && key.chars().all(base32), "{key}");
    assert!(letter.references.contains(&format!("reply-{key}@desk.example.test")), "{:?}", letter.references);
    assert!(letter.references.contains(&mail.id().to_owned()), "{:?}", letter.references);
    assert_eq!(one("In-Reply-To"), format!("<{}>", mail.id()));
    assert!(letter.id.ends_with("@desk.example.test") && !letter.id.contains(key), "{}", letter.id);

    // RFC 2369 and RFC 8058: https and mailto, with a token of its own.
    let ways = bracketed(&one("List-Unsubscribe"));
    assert_eq!(ways.len(), 2, "{ways:?}");
    assert!(ways[0].starts_with(&format!("{PUBLIC}/u/")), "{ways:?}");
    assert!(
        ways[1].starts_with("mailto:incoming+") && ways[1].contains("-unsubscribe@desk.example.test"),
        "{ways:?}"
    );
    assert_eq!(one("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert!(!ways[0].contains(key), "the link has a token of its own: {ways:?}");

    // Both parts; the project's path and the number; nothing of the customer's own words, since
    // nobody vouched for the sender.
    assert!(one("Content-Type").starts_with("multipart/alternative"));
    for text in [&letter.text, &letter.html] {
        assert!(text.contains("acme/web#1"), "{text}");
        assert!(!text.contains("This is about"), "{text}");
    }
    assert!(letter.text.contains(&ways[0]), "the link stands in the text as well");
    assert!(!letter.subject.contains("My order"), "{}", letter.subject);
    letter
}

/// The headers of a comment that a person wrote.
fn is_a_comment(sent: &Sent, mail: &Mail, text: &str) -> Letter {
    let letter = Letter::read(sent);
    assert!(sent.headers("Auto-Submitted").is_empty() && sent.headers("List-Id").is_empty());
    assert_eq!(sent.header("X-Auto-Response-Suppress").as_deref(), Some("OOF, AutoReply"));
    assert!(sent.header("List-Unsubscribe").is_some() && sent.header("List-Unsubscribe-Post").is_some());
    assert!(sent.header("From").unwrap().contains("Ann Agent"), "{:?}", sent.header("From"));
    assert!(letter.references.contains(&mail.id().to_owned()));
    assert!(letter.text.contains(text) && letter.html.contains(text), "{}", letter.text);
    assert!(letter.text.contains("acme/web#1"));
    letter
}

async fn a_conversation(delete_on_send: bool) {
    let mut street = Street::start(Plan { delete_on_send, https: true }).await;
    let agent = street.agent().await;
    let ticket = "/p/acme/web/1";

    // A mail becomes a ticket, and is confirmed.
    let first = street.open(JANE, ALIAS, "My order").await;
    let sent = street.sink.nth_to(JANE, 1).await;
    let confirmation = is_a_confirmation(&sent, &first, JANE);

    // The answer by reply key joins, also from a mail program that drops References.
    let to = confirmation.reply_to.clone();
    let by_key = Mail::new(JANE, &to, "Re: something else").text("By the key.");
    street.write(&by_key, JANE, &to).await;
    ticket_shows(&agent, ticket, "By the key.").await;

    // The agent answers in the tracker; the customer gets it, in the thread.
    agent.note(ticket, "For us alone.").await;
    agent.reply(ticket, "We look into it.").await;
    let comment = is_a_comment(&street.sink.nth_to(JANE, 2).await, &first, "We look into it.");
    assert!(!comment.text.contains("For us alone."));

    // An answer to an address without a key joins by In-Reply-To and References.
    let by_ids = Mail::new(JANE, ALIAS, "Re: My order").text("By the ids.").answers(&comment);
    street.write(&by_ids, JANE, ALIAS).await;
    ticket_shows(&agent, ticket, "By the ids.").await;

    // The same mail once more changes nothing.
    street.write(&by_ids, JANE, ALIAS).await;
    holds("the copy to be known", LONG, async || street.verdicts("duplicate") == 1).await;

    // Unsubscribing by mail ends the mails.
    let mailto = bracketed(&sent.header("List-Unsubscribe").unwrap())[1].clone();
    let stop = mailto.trim_start_matches("mailto:").split('?').next().unwrap().to_owned();
    street.open(JANE, &stop, "unsubscribe").await;
    holds("the unsubscription", LONG, async || street.verdicts("unsubscribe") == 1).await;
    agent.reply(ticket, "Nobody gets this by mail.").await;
    // Another customer's mails, begun after it, have come: so would this one have.
    street.open("next@customer.test", ALIAS, "Next").await;
    street.sink.nth_to("next@customer.test", 1).await;
    agent.reply("/p/acme/web/2", "An answer to the next.").await;
    street.sink.nth_to("next@customer.test", 2).await;

    assert_eq!(street.sink.mails_to(JANE).len(), 2, "the confirmation once, and one comment");
    assert_eq!((street.verdicts("open"), street.verdicts("comment")), (2, 2));
    assert_eq!(street.swept().await, (6, 0), "every mail is filed away");
    assert_eq!(street.mailbox().wait_for_mails("sent", 4).await.len(), 4, "every letter lies in Sent");
    assert!(street.daemon_ends_well().await, "SIGTERM ends in order");
}

#[tokio::test]
async fn a_conversation_goes_both_ways_with_cyrus_default() {
    if without("a conversation on Cyrus, submissions deleted", &[Piece::Cyrus]) {
        return;
    }
    a_conversation(true).await;
}

#[tokio::test]
async fn a_conversation_goes_both_ways_where_submissions_are_kept() {
    if without("a conversation on Cyrus, submissions kept", &[Piece::Cyrus]) {
        return;
    }
    a_conversation(false).await;
}

#[tokio::test]
async fn a_one_click_unsubscription_needs_no_session_and_can_be_undone() {
    if without("one-click unsubscription on Cyrus", &[Piece::Cyrus]) {
        return;
    }
    let street = Street::start(Plan { delete_on_send: true, https: true }).await;
    let agent = street.agent().await;
    street.open(JANE, ALIAS, "My order").await;
    let link = Letter::read(&street.sink.nth_to(JANE, 1).await).unsubscribe_link();
    let link = link.replace(PUBLIC, &street.daemon.url());
    let post = async |url: &str, kind: &str, body: &str| {
        support::http::ask("POST", url, &[("content-type", kind)], body.to_owned()).await.unwrap()
    };

    // RFC 8058 §3.1: looking changes nothing; the POST is answered by 200 and never redirected.
    assert_eq!(support::http::get(&link).await.unwrap().status, 200);
    ticket_shows(&agent, "/p/acme/web/1", "Mailed to <b>1 person</b>").await;
    let multipart =
        "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    for (kind, body) in [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", multipart),
    ] {
        let answer = post(&link, kind, body).await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text());
        ticket_shows(&agent, "/p/acme/web/1", "Mailed to nobody").await;
        let undone = post(&format!("{link}/undo"), "application/x-www-form-urlencoded", "").await;
        assert!(matches!(undone.status, 200 | 303), "{}", undone.text());
        ticket_shows(&agent, "/p/acme/web/1", "Mailed to <b>1 person</b>").await;
    }
}

#[tokio::test]
async fn a_mailbox_that_is_not_empty_is_left_alone_until_somebody_says_how() {
    if without("adoption on Cyrus", &[Piece::Cyrus]) {
        return;
    }
    let mut street = Street::unadopted(2).await;
    let status = street.daemon.must(&["status"]);
    assert!(status.contains("mail in: off"), "{status}");
    let mailbox = street.mailbox();
    assert_eq!(mailbox.mails("inbox").await.len(), 2);

    street.daemon.must(&["adopt", "leave"]);
    street.taking_in().await;
    mailbox.wait_for_mails("inbox", 0).await;
    assert_eq!(mailbox.mails("Earlier").await.len(), 2);
    street.open(JANE, ALIAS, "Now").await;
    street.sink.nth_to(JANE, 1).await;
    assert_eq!(street.sink.mails().len(), 1, "those from before are answered by nobody");

    // Adoption is remembered: after a start the mailbox is ours.
    assert!(street.daemon_ends_well().await);
    street.open(JANE, ALIAS, "While it was away").await;
    street.daemon.start().await;
    street.mailbox().wait_for_mails("inbox", 0).await;
    holds("both tickets", LONG, async || street.verdicts("open") == 2).await;
}

#[tokio::test]
async fn a_letter_whose_fate_is_unknown_never_leaves_twice_by_itself() {
    if without("an unknown outcome on Cyrus", &[Piece::Cyrus]) {
        return;
    }
    let mut street = Street::start(Plan { delete_on_send: true, https: true }).await;
    street.sink.after_data(AfterData::Stall);
    street.open(JANE, ALIAS, "My order").await;
    street.sink.wait_for("the data", LONG, |mails| mails.len() == 1).await;
    // The mail is on the wire, the mail server dies before it knows, and so does the desk.
    street.cyrus.kill_sender();
    street.daemon.kill();
    street.sink.after_data(AfterData::Cut);
    holds("Cyrus to answer again", LONG, async || street.mailbox().session().await.is_ok()).await;
    street.sink.after_data(AfterData::Confirm);
    street.daemon.start().await;
    street.taking_in().await;

    // Another customer's confirmation goes out after it: the street works, and that one stays alone.
    street.open("next@customer.test", ALIAS, "Next").await;
    street.sink.nth_to("next@customer.test", 1).await;
    assert_eq!(street.sink.mails_to(JANE).len(), 1);
}

/// A confirmation that the SMTP server refuses at first, with this reply.
async fn refused_for_now(reply: &str, enhanced: bool) {
    let street = Street::start(Plan { delete_on_send: true, https: true }).await;
    if enhanced {
        street.sink.enhanced();
    }
    street.sink.refuse(JANE, reply);
    street.open(JANE, ALIAS, "My order").await;
    let agent = street.agent().await;
    ticket_shows(&agent, "/p/acme/web/1", "My order").await;
    // One that is taken shows that sending goes on past the one that waits.
    street.open("next@customer.test", ALIAS, "Next").await;
    street.sink.nth_to("next@customer.test", 1).await;
    street.sink.accept(JANE);
    street.sink.nth_to(JANE, 1).await;
    assert_eq!(street.sink.mails_to(JANE).len(), 1, "{reply}");
}

#[tokio::test]
async fn a_letter_refused_for_now_leaves_later_and_once() {
    if without("a refusal for now on Cyrus", &[Piece::Cyrus]) {
        return;
    }
    refused_for_now("450 4.7.1 not yet", true).await;
}

#[tokio::test]
async fn a_letter_refused_for_now_leaves_later_where_cyrus_keeps_the_code_to_itself() {
    if without("a refusal for now on Cyrus, without its code", &[Piece::Cyrus]) {
        return;
    }
    // `forbiddenToSend`, described as "come back later" and no more.
    refused_for_now("451 4.3.0 come back later", true).await;
}

/// The one comment of a ticket's page that has this text.
fn comment_with<'a>(page: &'a str, text: &str) -> &'a str {
    let comments = page.split("<article ").skip(1).map(|rest| rest.split("</article>").next().unwrap());
    let mut with: Vec<_> = comments.filter(|comment| comment.contains(text)).collect();
    assert_eq!(with.len(), 1, "comments with {text:?}");
    with.remove(0)
}

/// Waits until the comment with this text, and no other, shows all of this.
async fn comment_shows(agent: &Tracker, ticket: &str, text: &str, shown: &[&str]) -> String {
    until(&format!("{shown:?} on the comment {text:?}"), LONG, async || {
        let page = agent.try_page(ticket).await.filter(|page| page.contains(text))?;
        shown.iter().all(|shown| comment_with(&page, text).contains(shown)).then_some(page)
    })
    .await
}

#[tokio::test]
async fn a_refusal_for_good_ends_on_the_comment_that_was_refused() {
    if without("a refusal for good on Cyrus", &[Piece::Cyrus]) {
        return;
    }
    let street = Street::start(Plan { delete_on_send: true, https: true }).await;
    street.sink.enhanced();
    let (agent, ticket) = (street.agent().await, "/p/acme/web/1");
    street.open(JANE, ALIAS, "My order").await;
    street.sink.nth_to(JANE, 1).await;
    agent.reply(ticket, "The first answer.").await;
    street.sink.nth_to(JANE, 2).await;
    street.sink.refuse(JANE, "550 5.1.1 no such person");
    agent.reply(ticket, "The second answer.").await;
    let page = comment_shows(&agent, ticket, "The second answer.", &["Not sent to 1 of 1"]).await;
    let first = comment_with(&page, "The first answer.");
    assert!(!first.contains("Not sent"), "{first}");
    assert!(first.contains("Sent to 1 of 1") || first.contains("Delivered to 1 of 1"), "{first}");
    // The timeline says so on a line of its own.
    assert!(page.contains("Delivery failed"), "{page}");
    // It is over: the next one goes out, and the refused one never does.
    street.sink.accept(JANE);
    agent.reply(ticket, "The third answer.").await;
    let third = Letter::read(&street.sink.nth_to(JANE, 3).await);
    assert!(third.text.contains("The third answer."), "{}", third.text);
    // Cyrus keeps the words of that reply to itself; of others it tells them, and so does the page.
    street.sink.refuse(JANE, "554 5.7.1 we want no mail of yours");
    agent.reply(ticket, "The fourth answer.").await;
    let shown = ["Not sent to 1 of 1", "we want no mail of yours"];
    comment_shows(&agent, ticket, "The fourth answer.", &shown).await;
    street.mailbox().wait_for_mails("sent", 3).await;
}

#[tokio::test]
async fn a_refusal_for_now_stands_on_the_comment_that_waits_until_it_has_left() {
    if without("a refusal for now on Cyrus, on the page", &[Piece::Cyrus]) {
        return;
    }
    let street = Street::start(Plan { delete_on_send: true, https: true }).await;
    street.sink.enhanced();
    let (agent, ticket) = (street.agent().await, "/p/acme/web/1");
    street.open(JANE, ALIAS, "My order").await;
    street.sink.nth_to(JANE, 1).await;
    agent.reply(ticket, "The first answer.").await;
    street.sink.nth_to(JANE, 2).await;
    street.sink.refuse(JANE, "450 4.7.1 not yet");
    agent.reply(ticket, "The second answer.").await;
    let waits = ["Waiting for 1 of 1", "tried again by itself"];
    let page = comment_shows(&agent, ticket, "The second answer.", &waits).await;
    assert!(!comment_with(&page, "The first answer.").contains("Waiting for"), "{page}");
    street.sink.accept(JANE);
    let second = Letter::read(&street.sink.nth_to(JANE, 3).await);
    assert!(second.text.contains("The second answer."), "{}", second.text);
    comment_shows(&agent, ticket, "The second answer.", &["1 of 1"]).await;
    until("the comment to be sent", LONG, async || {
        let page = agent.try_page(ticket).await?;
        (!comment_with(&page, "The second answer.").contains("Waiting for")).then_some(())
    })
    .await;
}

/// An invitation leaves through a real server, and no copy of its link stays there.
#[tokio::test]
async fn an_invitation_leaves_and_stays_nowhere() {
    if without("an invitation on Cyrus", &[Piece::Cyrus]) {
        return;
    }
    let street = Street::start(Plan { delete_on_send: true, https: true }).await;
    street.taking_in().await;
    let told = street.daemon.must(&["account", "add", "lin", "lin@team.test", "--project", "acme/web"]);
    assert!(told.contains("An invitation goes to this address"), "{told}");
    let letter = Letter::read(&street.sink.nth_to("lin@team.test", 1).await);
    assert!(letter.text.contains(&format!("{PUBLIC}/welcome/")), "{}", letter.text);
    holds("the draft to be gone", LONG, async || {
        !street.daemon.must(&["account", "list"]).contains("waits to be sent")
            && street.mailbox().mails("Outgoing").await.is_empty()
    })
    .await;
    assert!(street.mailbox().mails("sent").await.is_empty());
    let listed = street.daemon.must(&["account", "list"]);
    assert!(listed.contains("@lin") && !listed.contains("the invitation"), "{listed}");
}
