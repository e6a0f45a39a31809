//! Static files. Their names carry their hash, so a browser may keep them for ever.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::web::Web;
use crate::web::answer::Fault;

pub(in crate::web) async fn show(
    State(web): State<Web>,
    Path(file): Path<String>,
) -> Result<Response, Fault> {
    let asset = web.0.theme.asset(&file).ok_or(Fault::NotFound)?;
    let mut response = asset.content.clone().into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(CACHE_CONTROL, forever);
    Ok(response)
}
