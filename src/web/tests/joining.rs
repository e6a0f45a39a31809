//! A ticket's page: unverified mails, participants, links and moves.

use http::StatusCode;

use super::kit::{Browser, House};
use crate::desk::ProjectEdit;
use crate::store::Look;
use crate::tracker::{Handle, ProjectPath, Role, TicketId};

const TICKET: &str = "/p/acme/web/1";
const DECIDE: &str = "/p/acme/web/1/decide";

async fn house() -> (House, Browser) {
    let house = House::new().await;
    house.write("Hanna <hanna@weber.example>", "support@acme.example", "Invoice", "Hello").await;
    let jane = house.sign_in("jane").await;
    (house, jane)
}

/// A stranger writes to the requester's reply address; gives the event's number.
async fn stranger(house: &House) -> String {
    let key = {
        let look = house.desk.store.read().unwrap();
        look.letters_of(TicketId(1)).unwrap().remove(0).reply_key
    };
    let to = house.desk.site().reply(&key).unwrap().to_string();
    house.write("Kessler <b@kessler.example>", &to, "Re: Invoice", "To me as well, <b>please</b>").await;
    house.desk.store.read().unwrap().events(TicketId(1)).unwrap().last().unwrap().no.to_string()
}

#[tokio::test]
async fn an_unverified_mail_stands_apart_with_its_decision_above_the_text() {
    let (house, mut jane) = house().await;
    let event = stranger(&house).await;
    let page = house.get(&mut jane, TICKET).await.text();
    assert!(page.contains("class=\"comment doubt\""), "{page}");
    let (decision, text) = (page.find("Accept and add sender").unwrap(), page.find("To me as well").unwrap());
    assert!(decision < text, "the decision stands above the text");
    assert!(page.contains("Kessler") && !page.contains("<b>please</b>"));
    let mut vera = house.sign_in("vera").await;
    let read = house.get(&mut vera, TICKET).await.text();
    assert!(
        read.contains("comment doubt") && !read.contains("Accept once"),
        "who only reads decides nothing"
    );

    let fields = [("event", event.as_str()), ("decision", "add")];
    let done = house.submit(&mut jane, TICKET, DECIDE, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let page = house.get(&mut jane, TICKET).await.text();
    assert!(!page.contains("comment doubt") && page.contains("Jane Okafor accepted it."), "{page}");
    assert!(page.contains("b@kessler.example"), "takes part");
}

#[tokio::test]
async fn a_ticket_of_its_own_is_shown_and_both_pages_name_the_other() {
    let (house, mut jane) = house().await;
    let event = stranger(&house).await;
    let fields = [("event", event.as_str()), ("decision", "ticket")];
    let done = house.submit(&mut jane, TICKET, DECIDE, &fields).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/p/acme/web/2"), "{}", done.text());
    let new = house.get(&mut jane, "/p/acme/web/2").await.text();
    assert!(new.contains("This ticket answers <a href=\"/p/acme/web/1\">acme/web#1</a>"), "{new}");
    let old = house.get(&mut jane, TICKET).await.text();
    assert!(old.contains("<a href=\"/p/acme/web/2\">acme/web#2</a>"), "{old}");
    assert!(old.contains("made it a ticket of its own") && !old.contains("Accept once"), "{old}");
}

#[tokio::test]
async fn participants_are_added_and_taken_off() {
    let (house, mut jane) = house().await;
    let at = "/p/acme/web/1/participants";
    let added = house.submit(&mut jane, TICKET, at, &[("address", "timo@weber.example")]).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
    let page = house.get(&mut jane, TICKET).await.text();
    assert!(page.contains("timo@weber.example</span>") && page.contains("added the participant"), "{page}");
    let bad = house.submit(&mut jane, TICKET, at, &[("address", "no address")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = bad.text();
    assert!(said.contains("An address has one @ with something on both sides."), "{said}");
    assert!(said.contains("Send reply"), "it is said on the ticket's own page");
    let ours = house.submit(&mut jane, TICKET, at, &[("address", "support@acme.example")]).await;
    assert_eq!(ours.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ours.text().contains("The address support@acme.example is one of this desk itself"));
    let off = house.submit(&mut jane, TICKET, at, &[("remove", "2")]).await;
    assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.text());
    let page = house.get(&mut jane, TICKET).await.text();
    assert!(
        page.contains("took off the ticket") && !page.contains("Remove timo@weber.example from"),
        "{page}"
    );
}

#[tokio::test]
async fn a_moved_ticket_redirects_from_its_old_place() {
    let (house, mut jane) = house().await;
    assert!(!house.get(&mut jane, TICKET).await.text().contains("Move to another project"));
    let members = vec![(Handle::parse("jane").unwrap(), Role::Agent)];
    let edit = ProjectEdit { members, ..ProjectEdit::default() };
    house.desk.edit_project(ProjectPath::parse("intern/it").unwrap(), edit).await.unwrap();
    let moved = house.submit(&mut jane, TICKET, "/p/acme/web/1/move", &[("into", "2")]).await;
    assert_eq!(
        (moved.status, moved.location()),
        (StatusCode::SEE_OTHER, "/p/intern/it/1"),
        "{}",
        moved.text()
    );
    let old = house.get(&mut jane, TICKET).await;
    assert_eq!((old.status, old.location()), (StatusCode::SEE_OTHER, "/p/intern/it/1"));
    let page = house.get(&mut jane, "/p/intern/it/1").await.text();
    assert!(page.contains("moved the ticket here from <b dir=\"auto\">acme/web#1</b>"), "{page}");
    // Who reads the old project alone does not see where it went.
    let mut vera = house.sign_in("vera").await;
    assert_eq!(house.get(&mut vera, TICKET).await.status, StatusCode::NOT_FOUND);
}
