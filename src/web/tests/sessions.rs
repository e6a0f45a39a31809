//! Signing in and out, sessions and one-time links.

use http::StatusCode;
use http::header::SET_COOKIE;

use super::kit::{Browser, House, PASSWORD};
use crate::store::Look;
use crate::tracker::{AccountLink, Handle};

async fn try_password(house: &House, mail: &str, password: &str) -> super::kit::Answer {
    let mut browser = Browser::default();
    house.submit(&mut browser, "/sign-in", "/sign-in", &[("mail", mail), ("password", password)]).await
}

#[tokio::test]
async fn a_page_without_a_session_leads_to_the_sign_in_and_back() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let answer = house.get(&mut browser, "/p/acme/web/12?images=3").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), "/sign-in?back=/p/acme/web/12%3Fimages%3D3");
    let form = house.get(&mut browser, answer.location()).await;
    assert_eq!(form.field("/sign-in", "back"), "/p/acme/web/12?images=3");
    let fields = [("mail", "jane@acme.example"), ("password", PASSWORD), ("back", "/held")];
    let done = house.submit(&mut browser, "/sign-in", "/sign-in", &fields).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/held"));
    let fields = [("mail", "jane@acme.example"), ("password", PASSWORD), ("back", "//evil.example/")];
    let mut other = Browser::default();
    let done = house.submit(&mut other, "/sign-in", "/sign-in", &fields).await;
    assert_eq!(done.location(), "/");
}

#[tokio::test]
async fn cookies_are_bound_to_the_host_and_hidden_from_scripts() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let fields = [("mail", "jane@acme.example"), ("password", PASSWORD)];
    let done = house.submit(&mut browser, "/sign-in", "/sign-in", &fields).await;
    let cookie = done.headers.get_all(SET_COOKIE).iter().next().unwrap().to_str().unwrap();
    assert!(cookie.starts_with("__Host-postdesk="), "{cookie}");
    for part in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(done.headers.contains_key("strict-transport-security"));
    let plain = House::at("http://localhost:8080/").await;
    let mut browser = plain.sign_in("jane").await;
    assert!(browser.cookies.contains_key("postdesk"));
    assert!(!plain.get(&mut browser, "/").await.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn wrong_passwords_unknown_addresses_and_disabled_accounts_look_the_same() {
    let house = House::new().await;
    let mut account = house.account("noah");
    account.disabled = true;
    house.desk.store.write(move |w| w.put_account(&account)).await.unwrap();
    let mut shown = Vec::new();
    for (mail, password) in [
        ("jane@acme.example", "a wrong password"),
        ("ghost@acme.example", PASSWORD),
        ("noah@acme.example", PASSWORD),
        ("not an address", PASSWORD),
    ] {
        let answer = try_password(&house, mail, password).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text().contains("Address and password do not match."), "{}", answer.text());
        let tokens = [answer.field("/sign-in", "csrf"), answer.field("/sign-in", "form")];
        let form = tokens[1].trim_end_matches("-in");
        let text = answer.text().replace(mail, "").replace(&tokens[0], "").replace(form, "");
        shown.push(text);
    }
    assert!(shown.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn whoever_forgot_a_password_gets_one_answer_whether_or_not_there_is_an_account() {
    let house = House::new().await;
    let mut shown = Vec::new();
    for mail in ["jane@acme.example", "ghost@acme.example", "not an address"] {
        let mut browser = Browser::default();
        let answer = house.submit(&mut browser, "/sign-in", "/forgotten", &[("mail", mail)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text().contains("a mail with a link is on its way"), "{}", answer.text());
        assert!(!answer.text().contains(mail), "what was typed is not repeated");
        shown.push(answer.text());
    }
    assert!(shown.windows(2).all(|pair| pair[0] == pair[1]));
    let due = house.desk.store.read().unwrap().letters_to_accounts(9).unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].to, crate::tracker::Recipient::Account(house.account("jane").id));
    // A page of another place cannot ask for somebody.
    let mut browser = Browser::default();
    let without = house.post(&mut browser, "/forgotten", &[("mail", "jane@acme.example")]).await;
    assert_ne!(without.status, StatusCode::OK);
    for _ in 0..3 {
        house
            .submit(&mut Browser::default(), "/sign-in", "/forgotten", &[("mail", "ghost@acme.example")])
            .await;
    }
    let fields = [("mail", "ghost@acme.example")];
    let slowed = house.submit(&mut Browser::default(), "/sign-in", "/forgotten", &fields).await;
    assert!(slowed.text().contains("too many tries"), "{}", slowed.text());
}

#[tokio::test]
async fn guessing_is_slowed_down_for_known_and_unknown_alike() {
    for mail in ["jane@acme.example", "ghost@acme.example"] {
        let house = House::new().await;
        for _ in 0..8 {
            assert!(try_password(&house, mail, "a wrong password").await.text().contains("do not match"));
        }
        assert!(try_password(&house, mail, PASSWORD).await.text().contains("too many tries"));
        assert!(try_password(&house, "maya@acme.example", PASSWORD).await.status == StatusCode::SEE_OTHER);
        house.advance(15 * 60);
        let then = try_password(&house, mail, PASSWORD).await;
        assert_eq!(then.status == StatusCode::SEE_OTHER, mail.starts_with("jane"));
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_or_old_and_rotates_at_sign_in() {
    let house = House::new().await;
    let day = 24 * 3600;
    let mut jane = house.sign_in("jane").await;
    house.advance(13 * day);
    assert_eq!(house.get(&mut jane, "/").await.status, StatusCode::OK);
    house.advance(13 * day);
    assert_eq!(house.get(&mut jane, "/").await.status, StatusCode::OK, "it was used");
    house.advance(4 * day);
    assert_eq!(house.get(&mut jane, "/").await.status, StatusCode::SEE_OTHER, "30 days");
    let mut idle = house.sign_in("jane").await;
    house.advance(14 * day);
    assert_eq!(house.get(&mut idle, "/").await.status, StatusCode::SEE_OTHER, "14 days unused");

    let first = house.sign_in("jane").await;
    let mut second = first.clone();
    // The form of the sign-in, though the browser still has a session.
    let form = house.get(&mut Browser::default(), "/sign-in").await;
    assert_eq!(form.status, StatusCode::OK);
    let mut fresh = Browser::default();
    let page = house.get(&mut fresh, "/sign-in").await;
    second.cookies.extend(fresh.cookies);
    let (csrf, id) = (page.field("/sign-in", "csrf"), page.field("/sign-in", "form"));
    let fields =
        [("csrf", csrf.as_str()), ("form", &id), ("mail", "jane@acme.example"), ("password", PASSWORD)];
    assert_eq!(house.post(&mut second, "/sign-in", &fields).await.status, StatusCode::SEE_OTHER);
    assert_ne!(first.cookies["__Host-postdesk"], second.cookies["__Host-postdesk"]);
    assert_eq!(
        house.get(&mut first.clone(), "/").await.status,
        StatusCode::SEE_OTHER,
        "the old one has ended"
    );
    assert_eq!(house.get(&mut second, "/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_ends_the_session_for_whoever_kept_the_cookie() {
    let house = House::new().await;
    let mut jane = house.sign_in("jane").await;
    let thief = jane.clone();
    let done = house.submit(&mut jane, "/", "/sign-out", &[]).await;
    assert_eq!(done.location(), "/sign-in");
    assert!(!jane.cookies.contains_key("__Host-postdesk"));
    assert_eq!(house.get(&mut thief.clone(), "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once() {
    let house = House::new().await;
    let mut jane = house.sign_in("jane").await;
    let mut account = house.account("jane");
    account.disabled = true;
    house.desk.store.write(move |w| w.put_account(&account)).await.unwrap();
    assert_eq!(house.get(&mut jane, "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_one_time_link_sets_a_password_once_and_looking_uses_nothing_up() {
    let house = House::new().await;
    let mut signed_in = house.sign_in("jane").await;
    let link = house.desk.new_password_link(Handle::parse("jane").unwrap()).await.unwrap();
    let path = format!("/welcome/{}", link.as_str());
    let mut browser = Browser::default();
    for _ in 0..3 {
        let page = house.get(&mut browser, &path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("jane@acme.example"));
    }
    let page = house.get(&mut browser, &path).await.text();
    let field = |name: &str| {
        page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap()
    };
    let (csrf, form) = (field("csrf"), field("form"));
    for (password, again, trouble) in
        [("short", "short", "at least 10"), ("a new password", "another one", "not the same")]
    {
        let fields = [("csrf", csrf), ("form", form), ("password", password), ("again", again)];
        let answer = house.post(&mut browser, &path, &fields).await;
        assert!(answer.text().contains(trouble), "{}", answer.text());
    }
    let fields =
        [("csrf", csrf), ("form", form), ("password", "a new password"), ("again", "a new password")];
    let done = house.post(&mut browser, &path, &fields).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(house.get(&mut browser, "/").await.status, StatusCode::OK, "signed in");
    assert_eq!(house.get(&mut signed_in, "/").await.status, StatusCode::SEE_OTHER, "old sessions have ended");
    assert_eq!(house.get(&mut browser, &path).await.status, StatusCode::GONE);
    assert_eq!(house.post(&mut browser, &path, &fields).await.status, StatusCode::GONE);
    assert!(try_password(&house, "jane@acme.example", PASSWORD).await.text().contains("do not match"));
    assert_eq!(
        try_password(&house, "jane@acme.example", "a new password").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn an_expired_link_is_gone() {
    let house = House::new().await;
    let token = house.desk.random.token();
    let link = AccountLink {
        token_hash: token.hash(),
        account: house.account("jane").id,
        expires_at: house.now(),
        letter: None,
    };
    house.desk.store.write(move |w| w.put_account_link(&link)).await.unwrap();
    let path = format!("/welcome/{}", token.as_str());
    assert_eq!(house.get(&mut Browser::default(), &path).await.status, StatusCode::GONE);
}
