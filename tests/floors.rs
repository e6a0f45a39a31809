//! Holds the tree to the floor order: `src/lib.rs` lists the modules, and a module uses only those
//! above it; an outside crate that does IO or defines a format is used by its owner alone.
//!
//! The code is parsed, so that neither a comment nor a line break can deceive. What is compiled for
//! tests only is left out: a test may stand on any floor.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test reads the tree")]

#[path = "floors/paths.rs"]
mod paths;
#[path = "floors/rules.rs"]
mod rules;
#[path = "floors/tree.rs"]
mod tree;

use std::collections::BTreeSet;
use std::path::Path;

use rules::{COMMON, OWNED, violations};
use tree::Tree;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_module_uses_only_those_above_it() {
    let tree = Tree::read(&root().join("src"));
    assert!(tree.floors.len() > 2, "lib.rs lists no modules: {:?}", tree.floors);
    let found: Vec<_> = tree
        .files
        .iter()
        .flat_map(|file| {
            let found = violations(&tree.floors, &file.module, &file.code);
            let path = file.path.strip_prefix(root()).unwrap_or(&file.path).display();
            found.into_iter().map(move |what| format!("{path}: {what}"))
        })
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_file_belongs_to_the_tree() {
    let src = root().join("src");
    let tree = Tree::read(&src);
    let known: BTreeSet<_> =
        tree.files.iter().map(|file| file.path.clone()).chain(tree.tests.clone()).collect();
    let mut orphans = tree::rust_files(&src);
    orphans
        .retain(|path| !known.contains(path) && *path != src.join("main.rs") && *path != src.join("lib.rs"));
    assert!(orphans.is_empty(), "no module declares {orphans:?}");
}

#[test]
fn every_dependency_has_its_place() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let declared: BTreeSet<String> =
        manifest["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_")).collect();
    let placed: BTreeSet<String> =
        OWNED.iter().map(|(name, _)| *name).chain(COMMON.iter().copied()).map(str::to_owned).collect();
    let missing: Vec<_> = declared.difference(&placed).collect();
    assert!(missing.is_empty(), "say in tests/floors/rules.rs who may use {missing:?}");
    let stale: Vec<_> = placed.difference(&declared).collect();
    assert!(stale.is_empty(), "tests/floors/rules.rs names {stale:?}, which Cargo.toml does not");
}
