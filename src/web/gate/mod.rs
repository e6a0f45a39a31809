//! What every request passes before a handler sees it.

mod form;
mod headers;
mod limit;
mod origin;
mod peer;
mod session;
mod watcher;

pub(super) use form::{OpenForm, SignedForm};
pub(super) use headers::{RemoteImages, headers, hsts};
pub(super) use limit::{Limits, at_a_rate, in_time};
pub(super) use origin::same_origin;
pub(super) use peer::Peer;
pub(super) use session::{
    Signed, forget, form_token, is_signed_in, remember, remember_form, session_token, signed_in,
};
pub(super) use watcher::Admission;
pub use watcher::Watchers;
