//! Every route with every role: the route table is walked, so a new route cannot be forgotten.

use http::{Method, StatusCode};

use super::kit::{Browser, House};
use crate::web::routes::{For, table};

/// Who asks: nobody, a stranger with an account, and each role of the project.
const WHO: [&str; 6] = ["", "noah", "vera", "jane", "maya", "ada"];

/// What each of them gets: the page or the change, or a refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gets {
    Page,
    /// 303 to somewhere else than the sign-in.
    Done,
    SignIn,
    Forbidden,
    NotFound,
}
use Gets::{Done, Forbidden, NotFound, Page, SignIn};

/// For each route: an address of its kind, and what each of `WHO` gets.
fn expected(method: &Method, path: &str) -> (&'static str, [Gets; 6]) {
    let read = |page| [SignIn, NotFound, page, page, page, page];
    let work = [SignIn, NotFound, Forbidden, Done, Done, Done];
    match (method.as_str(), path) {
        ("GET", "/") => ("/", [SignIn, Page, Page, Page, Page, Page]),
        ("GET", "/p/{project}") => ("/p/acme/web", [SignIn, Done, Done, Done, Done, Done]),
        ("GET", "/p/{project}/{number}") => ("/p/acme/web/1", read(Page)),
        ("GET", "/p/{project}/{number}/file/{event}/{part}") => ("/p/acme/web/1/file/1/PART", read(Page)),
        ("POST", "/p/{project}/{number}/write") => ("/p/acme/web/1/write", work),
        ("POST", "/p/{project}/{number}/status") => ("/p/acme/web/1/status", work),
        ("POST", "/p/{project}/{number}/assign") => ("/p/acme/web/1/assign", work),
        ("POST", "/p/{project}/{number}/decide") => {
            ("/p/acme/web/1/decide", [SignIn, NotFound, Forbidden, NotFound, NotFound, NotFound])
        }
        ("POST", "/p/{project}/{number}/participants") => ("/p/acme/web/1/participants", work),
        ("POST", "/p/{project}/{number}/move") => {
            ("/p/acme/web/1/move", [SignIn, NotFound, Forbidden, NotFound, NotFound, Done])
        }
        ("POST", "/p/{project}/{number}/send-again") => {
            ("/p/acme/web/1/send-again", [SignIn, NotFound, NotFound, NotFound, NotFound, NotFound])
        }
        ("POST", "/p/{project}/{number}/undo") => {
            // There is nothing to take back, which the page says.
            ("/p/acme/web/1/undo", [SignIn, NotFound, Forbidden, Page, Page, Page])
        }
        ("POST", "/p/{project}/{number}/send-now") => ("/p/acme/web/1/send-now", work),
        ("POST", "/p/{project}/{number}/try-again") => ("/p/acme/web/1/try-again", work),
        ("GET", "/account") => ("/account", [SignIn, Page, Page, Page, Page, Page]),
        ("POST", "/account") => ("/account", [SignIn, Done, Done, Done, Done, Done]),
        ("GET", "/held") => ("/held", [SignIn, Forbidden, Forbidden, Page, Page, Page]),
        ("POST", "/held/{row}/take-in") => {
            ("/held/ROW/take-in", [SignIn, Forbidden, Forbidden, Done, Done, Done])
        }
        ("POST", "/held/{row}/dismiss") => {
            ("/held/ROW/dismiss", [SignIn, Forbidden, Forbidden, Done, Done, Done])
        }
        ("POST", "/take-over") => ("/take-over", [SignIn, Forbidden, Forbidden, Forbidden, Forbidden, Done]),
        ("POST", "/resume") => ("/resume", [SignIn, Forbidden, Forbidden, Forbidden, Forbidden, Done]),
        ("GET", "/sign-in") => ("/sign-in", [Page, Done, Done, Done, Done, Done]),
        ("POST", "/sign-in") => ("/sign-in", [Page; 6]),
        ("POST", "/forgotten") => ("/forgotten", [Page; 6]),
        ("POST", "/sign-out") => ("/sign-out", [SignIn; 6]),
        ("GET" | "POST", "/welcome/{token}") => ("/welcome/none", [NotFound; 6]),
        ("GET" | "POST", "/u/{token}") => ("/u/aaaaaaaaaaaaaaaaaaaaaaaaaa", [NotFound; 6]),
        ("POST", "/u/{token}/undo") => ("/u/aaaaaaaaaaaaaaaaaaaaaaaaaa/undo", [NotFound; 6]),
        ("POST", "/u/{token}/everything") => ("/u/aaaaaaaaaaaaaaaaaaaaaaaaaa/everything", [NotFound; 6]),
        ("GET", "/-/static/{file}") => ("/-/static/none.css", [NotFound; 6]),
        ("GET", "/healthz") => ("/healthz", [Page; 6]),
        // A session is no token.
        ("GET", "/metrics") => ("/metrics", [SignIn; 6]),
        ("POST", "/held/{row}/ask-again") => {
            ("/held/ROW/ask-again", [SignIn, NotFound, NotFound, NotFound, NotFound, NotFound])
        }
        ("POST", "/held/junk") => {
            ("/held/junk", [SignIn, Forbidden, Forbidden, NotFound, NotFound, NotFound])
        }
        other => panic!("say here what each role gets from {other:?}"),
    }
}

fn gets(status: StatusCode, place: &str) -> Gets {
    match status {
        StatusCode::OK => Page,
        StatusCode::SEE_OTHER if place.starts_with("/sign-in") => SignIn,
        StatusCode::SEE_OTHER => Done,
        StatusCode::UNAUTHORIZED => SignIn,
        StatusCode::FORBIDDEN => Forbidden,
        StatusCode::NOT_FOUND | StatusCode::GONE => NotFound,
        other => panic!("{other}"),
    }
}

/// The token for a form on such a route: of the session, or of the browser where there is none yet.
async fn token(house: &House, browser: &mut Browser, who: For) -> String {
    if who == For::SignedIn && browser.cookies.contains_key("__Host-postdesk") {
        return house.get(browser, "/").await.field("/sign-out", "csrf");
    }
    let mut fresh = Browser::default();
    let page = house.get(&mut fresh, "/sign-in").await;
    browser.cookies.extend(fresh.cookies);
    page.field("/sign-in", "csrf")
}

#[tokio::test]
async fn every_route_gives_each_role_what_it_may_have() {
    for route in table() {
        let (sample, expected) = expected(&route.method, route.path);
        let mut house = house().await;
        for (who, expected) in WHO.into_iter().zip(expected) {
            if route.method != Method::GET && expected == Done {
                // What one caller changes, the next must not meet.
                house = self::house().await;
            }
            let mut browser = if who.is_empty() { Browser::default() } else { house.sign_in(who).await };
            let path = fill(&house, sample).await;
            let answer = if route.method == Method::GET {
                house.get(&mut browser, &path).await
            } else {
                let csrf = token(&house, &mut browser, route.who).await;
                let jane = house.account("jane").id.to_string();
                let fields = [
                    ("csrf", csrf.as_str()),
                    ("form", "a-form"),
                    ("mode", "note"),
                    ("text", "Text"),
                    ("to", "closed"),
                    ("assignee", jane.as_str()),
                    ("letter", "999"),
                    ("participant", "1"),
                    ("event", "1"),
                    ("decision", "once"),
                    ("address", "new@weber.example"),
                    ("into", "2"),
                    ("notices", "all"),
                ];
                house.post(&mut browser, &path, &fields).await
            };
            let got = gets(answer.status, answer.location());
            assert_eq!(got, expected, "{} {path} for {who:?}: {}", route.method, answer.text());
            let refused = matches!(got, SignIn | Forbidden | NotFound);
            if refused {
                assert!(!answer.text().contains("Secret title"), "{path} tells {who:?} a title");
            }
            assert!(route.who == For::SignedIn || who.is_empty() || got != Forbidden);
        }
    }
}

/// A house with one ticket with a file, and one held mail of its project.
async fn house() -> House {
    let house = House::new().await;
    house
        .mail(
            "From: hanna@weber.example\nTo: support@acme.example\nSubject: Secret title\nMessage-ID: <a@weber.example>\n\
             MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nText\n\
             --b\nContent-Type: text/csv\nContent-Disposition: attachment; filename=a.csv\n\n1,2\n--b--\n",
        )
        .await;
    let edit = crate::desk::ProjectEdit { on: Some(false), ..Default::default() };
    let path = crate::tracker::ProjectPath::parse("acme/web").unwrap();
    house.desk.edit_project(path.clone(), edit).await.unwrap();
    house.write("timo@weber.example", "support@acme.example", "Secret title of a held mail", "Text").await;
    let edit = crate::desk::ProjectEdit { on: Some(true), ..Default::default() };
    house.desk.edit_project(path, edit).await.unwrap();
    house
}

async fn fill(house: &House, sample: &str) -> String {
    use crate::store::Look;
    let look = house.desk.store.read().unwrap();
    let held = look.held(None, 1).unwrap().first().expect("a held mail").id;
    let seen = house
        .desk
        .see_ticket(
            house.viewer("ada"),
            &crate::tracker::ProjectPath::parse("acme/web").unwrap(),
            1,
            Default::default(),
        )
        .await
        .unwrap();
    let part = seen.entries[0].text.as_ref().unwrap().attachments[0].part;
    sample.replace("ROW", &held.to_string()).replace("PART", &part.to_string())
}
