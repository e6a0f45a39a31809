//! `/p/<path>`: a project's tickets are a list like any other.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::tracker::ProjectPath;
use crate::web::answer::{Fault, see_other};
use crate::web::gate::Signed;
use crate::web::{Web, place};

/// Whether the project exists is the list's to say: to whoever may not read it, it has no tickets.
pub(in crate::web) async fn show(
    State(_): State<Web>,
    _: Signed,
    Path(path): Path<String>,
) -> Result<Response, Fault> {
    let path = ProjectPath::parse(&path).map_err(|_| Fault::NotFound)?;
    Ok(see_other(&place::list(&format!("is:open project:{path}"))))
}
