//! The page of the own account.

use http::StatusCode;

use super::kit::House;
use crate::mail::Address;
use crate::store::StoreError;
use crate::tracker::{Notices, OutboxId};

#[tokio::test]
async fn somebody_chooses_which_mails_to_get() {
    let house = House::new().await;
    let mut jane = house.sign_in("jane").await;
    let home = house.get(&mut jane, "/").await.text();
    assert!(home.contains("href=\"/account\""), "the menu leads there: {home}");
    let page = house.get(&mut jane, "/account").await.text();
    assert!(page.contains("Jane Okafor, @jane") && page.contains("jane@acme.example"), "{page}");
    assert!(page.contains("<option value=\"assigned\" selected>Tickets assigned to me"), "{page}");
    for (value, choice) in [("all", Notices::All), ("nothing", Notices::Nothing)] {
        let done = house.submit(&mut jane, "/account", "/account", &[("notices", value)]).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/account?done=saved"));
        assert_eq!(house.account("jane").notices, choice);
        let page = house.get(&mut jane, done.location()).await.text();
        assert!(page.contains("Saved.") && page.contains(&format!("value=\"{value}\" selected")), "{page}");
    }
    assert_eq!(house.account("maya").notices, Notices::Assigned, "nobody else's");
    let odd = house.submit(&mut jane, "/account", "/account", &[("notices", "some")]).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_wants_mails_is_mailed_again_after_letters_came_back() {
    let house = House::new().await;
    let (address, now) = (Address::parse("jane@acme.example").unwrap(), house.now());
    let paused = house.desk.store.write(move |w| {
        w.note_bounce(&address, OutboxId(1), now)?;
        w.note_bounce(&address, OutboxId(2), now)?;
        Ok::<_, StoreError>(())
    });
    paused.await.unwrap();
    let mut jane = house.sign_in("jane").await;
    assert!(house.get(&mut jane, "/account").await.text().contains("Mails to your address came back"));
    for (value, paused) in [("nothing", true), ("assigned", false)] {
        house.submit(&mut jane, "/account", "/account", &[("notices", value)]).await;
        let page = house.get(&mut jane, "/account").await.text();
        assert_eq!(page.contains("came back"), paused, "{value}: {page}");
    }
}
