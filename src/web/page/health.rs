//! `/healthz`: whether the desk can do its work, for a machine. It tells nothing else.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::store::Look;
use crate::web::Web;

pub(in crate::web) async fn show(State(web): State<Web>) -> Response {
    let store = &web.desk().store;
    if !*store.writable().borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be written\n").into_response();
    }
    if web.desk().standing().get().stopped.is_some() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopped: the mailbox has another desk's marker\n")
            .into_response();
    }
    match store.read().and_then(|look| look.store_id()) {
        Ok(_) => "ok\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response(),
    }
}
