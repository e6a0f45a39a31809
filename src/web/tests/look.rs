//! A house to look at: served until it is stopped, signed in as Jane. For working on the theme.
//!
//! `cargo test --lib look_at_the_pages -- --ignored`

use std::net::SocketAddr;

use axum::extract::Request;
use axum::middleware::Next;
use axum::middleware::from_fn;
use http::header::COOKIE;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::kit::House;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "serves until it is stopped"]
async fn look_at_the_pages() {
    let house = House::at("http://localhost:8473/").await;
    super::pages::furnish(&house).await;
    let browser = house.sign_in("jane").await;
    let letters =
        crate::store::Look::letters_of(&house.desk.store.read().unwrap(), crate::tracker::TicketId(1))
            .unwrap();
    println!("http://localhost:8473/u/{}", letters.last().unwrap().unsubscribe);
    let link = house.desk.new_password_link(crate::tracker::Handle::parse("jane").unwrap()).await.unwrap();
    println!("http://localhost:8473/welcome/{}", link.as_str());
    let cookie: String = browser.cookies.iter().map(|(name, value)| format!("{name}={value}; ")).collect();
    let router = house.router.clone().layer(from_fn(move |mut request: Request, next: Next| {
        let cookie = cookie.clone();
        async move {
            if !request.uri().path().starts_with("/sign-in") {
                request.headers_mut().insert(COOKIE, cookie.trim_end_matches("; ").parse().unwrap());
            }
            next.run(request).await
        }
    }));
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 8473))).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    crate::web::serve(listener, crate::web::Speak::PlainForAll, vec![], router, stopped).await;
}
