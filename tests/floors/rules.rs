//! The rules: who may use what.

use syn::File;

use crate::paths::uses;

/// Outside crates that do IO or define a format, and the modules that may use them.
pub const OWNED: &[(&str, &[&str])] = &[
    ("mail_parser", &["mail"]),
    ("mail_builder", &["mail"]),
    ("html2text", &["mail"]),
    ("ammonia", &["mail"]),
    ("pulldown_cmark", &["mail"]),
    ("idna", &["mail"]),
    ("argon2", &["secret"]),
    ("getrandom", &["secret"]),
    ("toml", &["config"]),
    ("domain", &["dns"]),
    ("redb", &["store"]),
    ("minicbor", &["store"]),
    ("rustix", &["config", "store", "setup", "systemd"]),
    ("zstd", &["store", "keep"]),
    ("tar", &["keep"]),
    ("rustls", &["tls"]),
    ("tokio_rustls", &["tls"]),
    ("rustls_platform_verifier", &["tls"]),
    ("rcgen", &["tls"]),
    ("hyper", &["wire", "web", "demo"]),
    ("hyper_util", &["wire", "web", "demo"]),
    ("http_body_util", &["wire", "acme", "web", "demo"]),
    ("instant_acme", &["acme"]),
    ("jmap_client", &["jmap"]),
    ("minijinja", &["theme"]),
    ("rust_embed", &["theme"]),
    ("sd_notify", &["systemd"]),
    ("prometheus_client", &["metrics"]),
    ("axum", &["web", "demo"]),
    ("tower", &["web", "demo"]),
    ("tower_http", &["web", "demo"]),
    ("governor", &["web"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("tracing_journald", &["cli"]),
    ("indicatif", &["cli"]),
    ("tempfile", &["demo", "keep"]),
    ("tracing_subscriber", &["app", "demo", "cli"]),
];

/// Small crates that any module may use.
pub const COMMON: &[&str] = &[
    "blake3",
    "bytes",
    "data_encoding",
    "futures_util",
    "http",
    "jiff",
    "percent_encoding",
    "secrecy",
    "serde",
    "serde_json",
    "subtle",
    "thiserror",
    "tokio",
    "tracing",
    "url",
];

/// The command line stands on the roof and may use everything.
const ROOF: &str = "cli";

/// Values in, values out: no clock, no randomness, no files, no async.
const GROUND: &[&str] = &["mail", "tracker", "triage"];
const NOT_ON_THE_GROUND: &[&[&str]] = &[
    &["tokio"],
    &["std", "fs"],
    &["std", "env"],
    &["std", "net"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
];

/// What a file of the module at `module` does against the rules.
pub fn violations(floors: &[String], module: &[String], file: &File) -> Vec<String> {
    let Some(floor) = module.first() else { return Vec::new() };
    if floor == ROOF {
        return Vec::new();
    }
    let mut found: Vec<_> = uses(module, file)
        .into_iter()
        .filter_map(|path| {
            let reason = match path.split_first() {
                Some((start, inside)) if start == "crate" => against_the_order(floors, floor, inside),
                _ => against_the_ownership(floor, &path).or_else(|| against_the_ground(floor, &path)),
            };
            reason.map(|reason| format!("`{}`: {reason}", path.join("::")))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn against_the_order(floors: &[String], floor: &str, inside: &[String]) -> Option<String> {
    let Some(used) = inside.first() else { return Some("the crate's root is no module".to_owned()) };
    let place = |name: &str| floors.iter().position(|floor| floor == name);
    match (place(used), place(floor)) {
        (None, _) => Some(format!("`{used}` is no module of the list in lib.rs")),
        (Some(used_at), Some(at)) if used_at > at => {
            Some(format!("`{used}` stands below `{floor}` in lib.rs"))
        }
        _ => None,
    }
}

fn against_the_ownership(floor: &str, path: &[String]) -> Option<String> {
    let (name, owners) = OWNED.iter().find(|(name, _)| path.first().is_some_and(|first| first == name))?;
    (!owners.contains(&floor)).then(|| format!("`{name}` belongs to {}", owners.join(", ")))
}

fn against_the_ground(floor: &str, path: &[String]) -> Option<String> {
    let banned = |ban: &&&[&str]| path.len() >= ban.len() && path.iter().zip(ban.iter()).all(|(a, b)| a == b);
    (GROUND.contains(&floor) && NOT_ON_THE_GROUND.iter().any(|ban| banned(&ban)))
        .then(|| "the ground floor takes values and gives values".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with this code in the module at this path, where `mail`, `tracker`, `store`,
    /// `web` and `cli` are the floors.
    fn found(module: &str, code: &str) -> Vec<String> {
        let floors = ["mail", "tracker", "store", "web", "cli"].map(str::to_owned);
        let module: Vec<_> = module.split("::").map(str::to_owned).collect();
        violations(&floors, &module, &syn::parse_str(code).unwrap())
    }

    #[track_caller]
    fn fails(module: &str, code: &str) {
        assert!(!found(module, code).is_empty(), "{module} may: {code}");
    }

    #[track_caller]
    fn passes(module: &str, code: &str) {
        assert_eq!(found(module, code), Vec::<String>::new(), "{module}: {code}");
    }

    #[test]
    fn a_module_uses_those_above_it() {
        passes("tracker", "use crate::mail::Address; fn f() { crate::mail::parse(); }");
        passes(
            "tracker::deep",
            "use super::Ticket; use super::super::mail; use crate::{mail::{self, Address}};",
        );
        passes("tracker", "use self::inner::X; mod inner { use super::super::mail::Address; }");
        passes("store", "use redb::Database; macro_rules! m { () => { $crate::mail::parse() } }");
        passes("web", "fn f(x: crate::store::Store) {} use axum::Router; use std::fs;");
        passes("cli", "use crate::web::X; use clap::Parser; use redb::Database;");
    }

    #[test]
    fn a_module_below_is_found_wherever_the_path_stands() {
        fails("mail", "use crate::tracker::Ticket;");
        fails("mail", "use crate::{tracker::Ticket as T};");
        fails("mail", "use crate::{self as root, mail::X};");
        fails("mail", "use crate::*;");
        fails("mail", "use super::*;");
        fails("mail::deep", "use super::super::store;");
        fails("mail", "mod inner { use super::super::store::Store; }");
        fails("mail", "fn f() { let x = crate::store::open(); }");
        fails("mail", "fn f() { use crate::store::Store; }");
        fails("mail", "fn f(x: Vec<Option<crate::tracker::Ticket>>) {}");
        fails("mail", "struct S { x: crate::tracker::Ticket }");
        fails("mail", "impl crate::tracker::Look for S {}");
        fails("mail", "fn f<T: crate::tracker::Look>() {}");
        fails("mail", "fn f() { println!(\"{}\", crate::tracker::NAME); }");
        fails("mail", "fn f() { vec![(1, { crate :: tracker :: new() })]; }");
        fails("mail", "macro_rules! m { () => { use $crate::{mail, tracker::Ticket}; } }");
        fails("mail", "#[serde(with = \"crate::store::codec\")] struct S;");
        fails("mail", "#[derive(crate::store::Record)] struct S;");
        fails("mail", "pub use crate::web;");
        fails("mail", "use crate::Hidden;");
    }

    #[test]
    fn an_outside_crate_is_found_outside_its_module() {
        fails("mail", "use redb::Database;");
        fails("tracker", "use ::mail_parser::Message;");
        fails("web", "fn f() { redb::Database::open(); }");
        fails("web", "#[derive(minicbor::Encode)] struct S;");
        fails("store", "extern crate axum;");
        fails("store", "use axum as other;");
        fails("store", "fn f() { tracing::info!(\"{:?}\", hyper::Version::HTTP_11); }");
        passes("mail", "use mail_parser::Message; use serde::Serialize;");
        // A name alone is no crate.
        passes("mail", "fn f(redb: u32) -> u32 { redb }");
    }

    #[test]
    fn the_ground_floor_has_no_world() {
        fails("mail", "use std::fs;");
        fails("mail", "fn f() { std::time::SystemTime::now(); }");
        fails("tracker", "async fn f() { tokio::task::yield_now().await; }");
        passes("mail", "use std::time::Duration; use std::fmt;");
    }

    #[test]
    fn what_is_compiled_for_tests_only_is_left_out() {
        passes("mail", "#[cfg(test)] mod tests { use crate::store::Store; }");
        passes("mail", "#[cfg(test)] use crate::store::Store;");
        passes("mail", "#[cfg(all(test, unix))] fn f() { crate::store::open(); }");
        fails("mail", "#[cfg(not(test))] use crate::store::Store;");
        fails("mail", "#[cfg(any(test, unix))] use crate::store::Store;");
    }

    #[test]
    fn a_finding_says_what_is_wrong() {
        assert_eq!(
            found("mail", "use crate::tracker::Ticket;"),
            ["`crate::tracker::Ticket`: `tracker` stands below `mail` in lib.rs"]
        );
        assert_eq!(found("mail", "use redb::Database;"), ["`redb::Database`: `redb` belongs to store"]);
    }
}
