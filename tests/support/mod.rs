//! What the integration tests stand on: a private real Cyrus, an SMTP server that keeps what it
//! gets, an LMTP client, a raw JMAP client, a headless Chromium and the real `postdesk` binary.
//!
//! Nothing here uses Postdesk's own code: a fault of it cannot hide a fault of it. Everything that
//! is started lives in a folder of its own, on free ports of loopback, and ends with the test.
#![allow(dead_code, reason = "each test crate uses some of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and own their clock and files"
)]

pub mod acme;
pub mod authority;
pub mod browser;
pub mod cyrus;
pub mod daemon;
pub mod dialogue;
pub mod dns;
pub mod folder;
pub mod http;
pub mod jmap;
pub mod keeper;
pub mod letter;
pub mod lmtp;
pub mod pebble;
pub mod skip;
pub mod smtp;
pub mod street;
pub mod tls;
pub mod tracker;
pub mod wait;
