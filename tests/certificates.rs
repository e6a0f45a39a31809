//! The tracker's certificate over the years, on a clock that the tests move: ordered from an
//! authority, renewed, not to be had, or replaced in its files, while browsers come and go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and look at files"
)]

#[path = "certificates/authority.rs"]
mod authority;
#[path = "certificates/bed.rs"]
mod bed;
#[path = "certificates/failing.rs"]
mod failing;
#[path = "certificates/files.rs"]
mod files;
mod support;
