//! Postdesk turns a mailbox into a help desk.
//!
//! Customers only ever use email; a small team works in a plain web tracker; one daemon on one
//! host does the rest. Mail comes and goes through JMAP (RFC 8620, RFC 8621) alone, tickets live
//! in an embedded redb file, pages are HTML over rustls.
//!
//! The modules stand in floor order: a module uses only those above it in this list. A test that
//! parses the code holds the tree to it. `docs/architecture.md` walks one mail in and one reply out.

// Ground: values in, values out.
pub mod mail;
pub mod tracker;
pub mod triage;

// Edges: where the world comes in.
pub mod clock;
pub mod secret;
pub mod config;
pub mod store;
pub mod keep;
pub mod export;
pub mod tls;
pub mod dns;
pub mod wire;
pub mod acme;
pub mod jmap;
pub mod theme;
pub mod systemd;
pub mod metrics;

// The desk: everything that can happen.
pub mod desk;

// Streets: mail in, mail out, what runs by itself, the browser.
pub mod intake;
pub mod delivery;
pub mod upkeep;
pub mod web;

// Roof: the operator's socket, what `postdesk check` tries, the daemon's life, what `postdesk setup` asks,
// the demo, the command line.
pub mod control;
pub mod check;
pub mod app;
pub mod setup;
pub mod demo;
pub mod cli;
