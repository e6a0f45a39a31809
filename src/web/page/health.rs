//! `/healthz`: whether the desk does its work, for a probe and for a person. It asks the store for
//! next to nothing, so that it answers when nothing else does, and it names nobody.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::desk::Fitness;
use crate::web::Web;

pub(in crate::web) async fn show(State(web): State<Web>) -> Response {
    let health = web.desk().health();
    let status = match health.status {
        Fitness::Ok | Fitness::Attention => StatusCode::OK,
        Fitness::Failing => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut text = serde_json::to_string_pretty(&health).unwrap_or_default();
    text.push('\n');
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}
