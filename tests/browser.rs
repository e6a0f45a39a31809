//! The tracker in a real Chromium, against a real Cyrus: what an agent does all day, and what a
//! customer sees of it. No script runs on these pages, so all of it is links and forms.
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

use support::browser::Browser;
use support::letter::{Letter, Mail};
use support::skip::{Piece, without};
use support::street::{AGENT, ALIAS, PASSWORD, Plan, Street};
use support::wait::{LONG, holds};

const JANE: &str = "jane@customer.test";
const PIECES: [Piece; 2] = [Piece::Cyrus, Piece::Chromium];
const PLAN: Plan = Plan { delete_on_send: true, https: false };

async fn sign_in(browser: &Browser, street: &Street) {
    browser.open(&format!("{}/", street.public())).await;
    browser.fill("input[name=mail]", AGENT).await;
    browser.fill("input[name=password]", PASSWORD).await;
    browser.press("Sign in").await;
}

#[tokio::test]
async fn an_agent_signs_in_finds_a_ticket_answers_and_closes_it() {
    if without("the agent's day in Chromium", &PIECES) {
        return;
    }
    let street = Street::start(PLAN).await;
    street.open(JANE, ALIAS, "The invoice is wrong").await;
    street.open("bob@customer.test", ALIAS, "How do I print").await;
    let confirmation = Letter::read(&street.sink.nth_to(JANE, 1).await);
    street.sink.nth_to("bob@customer.test", 1).await;
    let browser = Browser::start(1280, 900).await;

    // Wrong first, then right.
    browser.open(&format!("{}/", street.public())).await;
    browser.fill("input[name=mail]", AGENT).await;
    browser.fill("input[name=password]", "not it").await;
    browser.press("Sign in").await;
    browser.find("[role=alert]").await;
    sign_in(&browser, &street).await;
    browser.shows("The invoice is wrong").await;
    browser.shows("How do I print").await;

    // Find it, and open it.
    browser.fill("input[name=q]", "invoice").await;
    browser.find("search button[aria-label=Search]").await.click().await.unwrap();
    holds("the list to have the one ticket", LONG, async || {
        let text = browser.text().await;
        text.contains("The invoice is wrong") && !text.contains("How do I print")
    })
    .await;
    browser.press("The invoice is wrong").await;
    browser.shows(JANE).await;
    browser.shows("This is about The invoice is wrong.").await;

    // Answer, and see that it was sent.
    browser.fill("textarea[name=text]", "We have **corrected** it.").await;
    browser.press("Send reply").await;
    browser.shows("corrected").await;
    let answer = Letter::read(&street.sink.nth_to(JANE, 2).await);
    assert!(answer.html.contains("<strong>corrected</strong>"), "{}", answer.html);
    holds("the page to say that it was sent", LONG, async || {
        browser.page.refresh().await.unwrap();
        browser.text().await.contains("Sent")
    })
    .await;

    // The customer answers; it stands in the ticket.
    let back = Mail::new(JANE, &confirmation.reply_to, "Re: The invoice").text("Thank you, that was quick.");
    street.write(&back, JANE, &confirmation.reply_to).await;
    holds("the customer's answer", LONG, async || {
        browser.page.refresh().await.unwrap();
        browser.text().await.contains("that was quick")
    })
    .await;

    // A note is mailed to nobody; then the ticket is closed, and stays found.
    browser.press("Internal note").await;
    browser.fill("textarea[name=text]", "Refund booked.").await;
    browser.press("Save note").await;
    browser.shows("Refund booked.").await;
    browser.press("Close ticket").await;
    browser.labelled("Reopen ticket").await;
    browser.open(&format!("{}/?q=is:open", street.public())).await;
    browser.shows("How do I print").await;
    assert!(!browser.text().await.contains("The invoice is wrong"));
    browser.open(&format!("{}/?q=is:closed", street.public())).await;
    browser.shows("The invoice is wrong").await;
    assert_eq!(street.sink.mails_to(JANE).len(), 2, "the confirmation and the answer");
}

#[tokio::test]
async fn a_customer_stops_the_mails_and_takes_it_back() {
    if without("unsubscribing in Chromium", &PIECES) {
        return;
    }
    let street = Street::start(PLAN).await;
    street.open(JANE, ALIAS, "Too many mails").await;
    let link = Letter::read(&street.sink.nth_to(JANE, 1).await).unsubscribe_link();
    let agent = street.agent().await;
    // A customer has no account, and a phone.
    let browser = Browser::start(390, 844).await;

    browser.open(&link).await;
    browser.shows(JANE).await;
    assert!(
        agent.page("/p/acme/web/1").await.contains("Mailed to <b>1 person</b>"),
        "looking changes nothing"
    );
    browser.press("Stop these mails").await;
    browser.shows("The mails have stopped").await;
    assert!(agent.page("/p/acme/web/1").await.contains("Mailed to nobody"));

    browser.press("Undo: keep sending them").await;
    browser.shows("You get mails again").await;
    assert!(agent.page("/p/acme/web/1").await.contains("Mailed to <b>1 person</b>"));

    browser.press("Stop these mails").await;
    browser.press("No mail at all from this desk").await;
    browser.shows("no mail at all from this desk").await;

    // A link that was never given says so, without a trace of how or why.
    let made_up = format!("{}/u/abcdefghijklmnopqrstuvwxyz", street.public());
    browser.open(&made_up).await;
    assert!(!browser.text().await.contains(JANE));
}

#[tokio::test]
async fn no_page_is_wider_than_a_phone() {
    if without("pages on a phone in Chromium", &PIECES) {
        return;
    }
    let street = Street::start(PLAN).await;
    street.open(JANE, ALIAS, &"A subject that goes on and on ".repeat(6)).await;
    street.open(JANE, "incoming+nothing@desk.example.test", "Held").await;
    let long = format!("{}@{}customer.test", "a-long-name-".repeat(4), "and-a-long-domain.".repeat(3));
    let cells: String = (0..9).map(|at| format!("<td>{at},000,000</td>")).collect();
    let mail = Mail::new(&long, ALIAS, "Figures").html(&format!("<table><tr>{cells}</tr></table>"));
    street.write(&mail, &long, ALIAS).await;
    street.sink.nth_to(JANE, 1).await;
    street.sink.nth_to(&long, 1).await;
    holds("the held mail", LONG, async || street.verdicts("hold") == 1).await;
    let browser = Browser::start(390, 844).await;
    browser.open(&format!("{}/sign-in", street.public())).await;
    fits(&browser).await;
    sign_in(&browser, &street).await;
    browser.shows("A subject that goes").await;
    for path in ["/", "/p/acme/web", "/p/acme/web/1", "/p/acme/web/2", "/held", "/p/acme/web/999"] {
        browser.open(&format!("{}{path}", street.public())).await;
        fits(&browser).await;
    }
}

async fn fits(browser: &Browser) {
    let script = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]";
    let widths = browser.page.execute(script, Vec::new()).await.unwrap();
    let url = browser.page.current_url().await.unwrap();
    assert!(widths[0].as_u64() <= widths[1].as_u64(), "{url} is {} wide on {}", widths[0], widths[1]);
}
