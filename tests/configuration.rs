//! The example configuration and its page are made of the documentation of the structs that read it:
//! `packaging/postdesk.toml` and `docs/configuration.md`. `POSTDESK_UPDATE=1` writes them anew.
//!
//! What they say of a setting is tried: that it can be written so, and what holds without it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and read the repository's files"
)]

#[path = "configuration/example.rs"]
mod example;
#[path = "configuration/page.rs"]
mod page;
#[path = "configuration/source.rs"]
mod source;

use std::path::{Path, PathBuf};
use std::process::Command;

use postdesk::config::Config;
use source::{Setting, Table};

/// Settings that stand only together with others, or in place of others.
const TOGETHER: &[Together] = &[
    Together { with: &["mail.token"], without: &["mail.user", "mail.password"] },
    Together { with: &["tls.certificate", "tls.key"], without: &[] },
];

struct Together {
    with: &'static [&'static str],
    without: &'static [&'static str],
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The tables with their settings, and what holds where a setting is left away.
fn tables() -> Vec<Table> {
    let mut tables = source::read(&root().join("src/config"));
    let names: Vec<_> = tables
        .iter()
        .flat_map(|table| table.settings.iter().map(|setting| (table.name.clone(), table.full(setting))))
        .collect();
    for (place, name) in names {
        // Beside a table that stands there empty, where it may.
        let plain = tried(&tables, &place, &[], &[]);
        let same = plain.is_ok() && tried(&tables, &place, &[&name], &[]) == plain;
        let setting = tables.iter_mut().find_map(|table| table.find(&name)).unwrap();
        setting.is_default = same && !setting.set;
    }
    tables
}

/// What is read where these settings and that table stand beside those of the example, and others
/// do not. Its debug text: it has every value.
fn tried(tables: &[Table], place: &str, with: &[&str], without: &[&str]) -> Result<String, String> {
    let mut text = String::new();
    for table in tables {
        let stands = |setting: &&Setting| {
            let name = table.full(setting);
            (table.stands() && setting.set || with.contains(&name.as_str()))
                && !without.contains(&name.as_str())
        };
        let lines: String =
            table.settings.iter().filter(stands).map(|setting| format!("{}\n", setting.line)).collect();
        if !table.name.is_empty() && (!lines.is_empty() || table.name == place) {
            text.push_str(&format!("[{}]\n", table.name));
        }
        text.push_str(&lines);
    }
    let read = Config::parse(&text, Path::new("postdesk.toml"));
    read.map(|config| format!("{config:?}")).map_err(|error| error.to_string())
}

#[test]
fn each_setting_is_read_as_it_is_shown() {
    let tables = source::read(&root().join("src/config"));
    for table in &tables {
        for setting in &table.settings {
            let name = table.full(setting);
            let group = TOGETHER.iter().find(|group| group.with.contains(&name.as_str()));
            let (with, without) =
                group.map_or((vec![name.as_str()], &[][..]), |group| (group.with.to_vec(), group.without));
            if let Err(error) = tried(&tables, "", &with, without) {
                panic!("`{}` cannot be read as its documentation shows it: {error}", setting.line);
            }
        }
    }
    for name in TOGETHER.iter().flat_map(|group| group.with.iter().chain(group.without)) {
        let there = |table: &Table| table.settings.iter().any(|setting| table.full(setting) == *name);
        assert!(tables.iter().any(there), "{name} is no setting any more");
    }
}

#[test]
fn a_setting_without_a_default_says_what_it_is_for_want_of_it() {
    // One that is neither required nor shows its default is an example, and the page says so; a
    // number or a switch always has a default that can be shown.
    for table in tables() {
        for setting in table.settings.iter().filter(|setting| !setting.required && !setting.is_default) {
            let name = table.full(setting);
            let plain = matches!(setting.of.as_str(), "u64" | "u32" | "usize" | "bool");
            assert!(!plain || name == "tls.generated", "{name}: its example is not its default");
        }
    }
}

#[test]
fn the_example_and_its_page_are_as_the_structs_say() {
    let tables = tables();
    for (name, now) in [
        ("packaging/postdesk.toml", example::write(&tables)),
        ("docs/configuration.md", page::write(&tables)),
    ] {
        let path = root().join(name);
        if std::env::var("POSTDESK_UPDATE").is_ok() {
            std::fs::write(&path, &now).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == now,
            "{name} is not what src/config documents; POSTDESK_UPDATE=1 cargo test --test configuration writes it"
        );
    }
}

#[test]
fn the_example_is_read_and_fits_together() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("postdesk.toml");
    std::fs::copy(root().join("packaging/postdesk.toml"), &file).unwrap();
    Config::load(&file).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_postdesk"))
        .args(["check", "--config"])
        .arg(&file)
        .output()
        .expect("postdesk check");
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(text.contains("ok    configuration"), "{text}");
    // Of what the example says only the secret is not there.
    let bad: Vec<_> = text.lines().filter(|line| line.contains(" bad ")).collect();
    let allowed = |line: &&str| line.contains("secret") || line.contains("listener");
    assert!(bad.iter().all(allowed), "{bad:#?}");
}
