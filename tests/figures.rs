//! The figures in `docs/figures.md`. Each test measures one and prints it; none runs by itself:
//!
//!     cargo test --release --test figures -- --ignored --nocapture --test-threads=1
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and measure time"
)]

#[path = "figures/bare.rs"]
mod bare;
#[path = "figures/mails.rs"]
mod mails;
#[path = "figures/rest.rs"]
mod rest;
mod support;
#[path = "figures/tickets.rs"]
mod tickets;
