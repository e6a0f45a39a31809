//! The pages: one file each.

pub(super) mod account;
pub(super) mod asset;
mod delivery;
pub(super) mod file;
pub(super) mod health;
pub(super) mod held;
pub(super) mod list;
pub(super) mod metrics;
pub(super) mod project;
pub(super) mod sign_in;
pub(super) mod ticket;
mod timeline;
mod unverified;
pub(super) mod unsubscribe;
pub(super) mod welcome;

use crate::theme::page::Link;
use crate::tracker::State;

/// A link without a number beside it.
fn link(name: impl Into<String>, href: impl Into<String>, current: bool) -> Link {
    Link { name: name.into(), href: href.into(), current, count: None }
}

/// The word by which templates know a state.
fn state(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::OnHold => "hold",
        State::Closed => "closed",
    }
}
