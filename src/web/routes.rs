//! The route table: every address that answers, in one place.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use http::Method;
use tower::ServiceBuilder;

use super::answer::Fault;
use super::{Web, action, answer, gate, page, place};

/// Who may knock at all; what somebody may do is the desk's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Anybody: static files, customers, people who are about to sign in.
    Anybody,
    /// Whoever is signed in.
    SignedIn,
}

/// One address.
pub(super) struct Route {
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test that walks the table"))]
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) who: For,
    handler: MethodRouter<Web>,
}

/// Forms are texts that people write; nothing is uploaded.
const BODY: usize = 512 * 1024;

/// A project's path is one segment here: its slashes are folded before routing.
pub(super) fn table() -> Vec<Route> {
    use For::{Anybody, SignedIn};
    let see = |path, who, handler| Route { method: Method::GET, path, who, handler };
    let act = |path, who, handler| Route { method: Method::POST, path, who, handler };
    vec![
        see("/", SignedIn, get(page::list::show)),
        see("/p/{project}", SignedIn, get(page::project::show)),
        see("/p/{project}/{number}", SignedIn, get(page::ticket::show)),
        act("/p/{project}/{number}/write", SignedIn, post(action::write::act)),
        act("/p/{project}/{number}/status", SignedIn, post(action::status::act)),
        act("/p/{project}/{number}/assign", SignedIn, post(action::assign::act)),
        act("/p/{project}/{number}/decide", SignedIn, post(action::decide::act)),
        act("/p/{project}/{number}/participants", SignedIn, post(action::participants::act)),
        act("/p/{project}/{number}/move", SignedIn, post(action::relocate::act)),
        act("/p/{project}/{number}/send-again", SignedIn, post(action::send_again::act)),
        act("/p/{project}/{number}/undo", SignedIn, post(action::undo::undo)),
        act("/p/{project}/{number}/send-now", SignedIn, post(action::undo::send_now)),
        act("/p/{project}/{number}/try-again", SignedIn, post(action::try_again::act)),
        see("/p/{project}/{number}/file/{event}/{part}", SignedIn, get(page::file::show)),
        see("/account", SignedIn, get(page::account::show)),
        act("/account", SignedIn, post(action::notices::act)),
        see("/held", SignedIn, get(page::held::show)),
        act("/held/{row}/take-in", SignedIn, post(action::take_in::act)),
        act("/held/{row}/dismiss", SignedIn, post(action::dismiss::act)),
        act("/held/{row}/ask-again", SignedIn, post(action::ask_again::act)),
        act("/held/junk", SignedIn, post(action::from_junk::act)),
        act("/take-over", SignedIn, post(action::take_over::act)),
        act("/resume", SignedIn, post(action::resume::act)),
        see("/sign-in", Anybody, get(page::sign_in::show)),
        act("/sign-in", Anybody, post(action::sign_in::act)),
        act("/forgotten", Anybody, post(action::forgotten::act)),
        act("/sign-out", SignedIn, post(action::sign_out::act)),
        see("/welcome/{token}", Anybody, get(page::welcome::show)),
        act("/welcome/{token}", Anybody, post(action::welcome::act)),
        see("/u/{token}", Anybody, get(page::unsubscribe::show)),
        act("/u/{token}", Anybody, post(action::unsubscribe::stop)),
        act("/u/{token}/undo", Anybody, post(action::unsubscribe::undo)),
        act("/u/{token}/everything", Anybody, post(action::unsubscribe::everything)),
        see("/-/static/{file}", Anybody, get(page::asset::show)),
        see("/healthz", Anybody, get(page::health::show)),
        see("/metrics", Anybody, get(page::metrics::show)),
    ]
}

/// The table behind the gate. What stands first in the builder sees the request first.
pub(super) fn router(web: Web) -> Router {
    let mut routes = Router::new();
    for route in table() {
        let handler = match route.who {
            For::Anybody => route.handler,
            For::SignedIn => route.handler.layer(from_fn_with_state(web.clone(), gate::signed_in)),
        };
        routes = routes.route(route.path, handler);
    }
    let inner = routes
        .fallback(|| async { Fault::NotFound })
        .method_not_allowed_fallback(|| async { Fault::Method })
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(gate::headers))
                .layer(from_fn_with_state(web.clone(), gate::hsts))
                .layer(from_fn_with_state(web.clone(), answer::dress))
                .layer(answer::catch_panic())
                .layer(from_fn(gate::in_time))
                .layer(from_fn_with_state(web.clone(), gate::at_a_rate))
                .layer(from_fn_with_state(web.clone(), gate::same_origin))
                .layer(DefaultBodyLimit::max(BODY)),
        )
        .with_state(web);
    // The path is folded before routing, so the routes lie in a service of their own.
    Router::new().fallback_service(ServiceBuilder::new().map_request(place::fold).service(inner))
}
