//! `/metrics`: what is counted and measured, for a Prometheus.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};

use crate::metrics;
use crate::web::Web;
use crate::web::answer::Fault;
use crate::web::gate::Admission;

pub(in crate::web) async fn show(State(web): State<Web>, request: Request) -> Response {
    match web.settings().watchers.admit(&request) {
        Admission::Welcome => {}
        Admission::Unknown => {
            let challenge = [(WWW_AUTHENTICATE, "Bearer realm=\"metrics\"")];
            return (StatusCode::UNAUTHORIZED, challenge, "a token is needed\n").into_response();
        }
        Admission::Hidden => return Fault::NotFound.into_response(),
    }
    let desk = web.desk();
    let text = metrics::expose(&desk.figures(&desk.health()), desk.measures());
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}
