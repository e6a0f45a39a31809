//! The repository checks itself: what the documents name exists, the licences are there, no crypto
//! but the one chosen is built in, and files stay readable.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and read the repository's files"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file is one idea: it may be this long and no longer.
const LONGEST: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder with this ending, in order; none where there is no folder.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The texts in single backticks, outside fenced blocks.
fn spans(markdown: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (at, line) in markdown.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).map(|span| (at + 1, span.to_owned())));
        }
    }
    found
}

/// The text without fenced blocks and without what stands in backticks.
fn prose(markdown: &str) -> String {
    let mut fenced = false;
    let mut kept = String::new();
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            kept.extend(line.split('`').step_by(2));
            kept.push('\n');
        }
    }
    kept
}

/// The path of the repository that such a text names, if it names one: `src/mail/`, `tests/run`,
/// `README.md`, with or without a line number or an item after it.
fn path_named(span: &str) -> Option<&str> {
    let path = span.split(['#', ':']).next()?;
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'))
        && !path.is_empty();
    if !plain || path.starts_with('/') || path.starts_with("..") {
        return None;
    }
    let first = path.split('/').next()?;
    let below =
        ["src", "tests", "docs", "themes", "packaging", "fuzz", "benches", ".ci", ".config", "examples"];
    let at_the_root = !path.contains('/')
        && [".md", ".toml", ".lock"].iter().any(|end| path.ends_with(end))
        && path.len() > 5;
    (path.contains('/') && below.contains(&first) || at_the_root).then_some(path)
}

#[test]
fn a_path_is_told_from_other_texts() {
    for path in ["src/mail/mod.rs", "src/mail/", "tests/run", ".ci/run", "README.md", "docs/architecture.md"]
    {
        assert_eq!(path_named(path), Some(path));
    }
    assert_eq!(path_named("src/mail/parse.rs:12"), Some("src/mail/parse.rs"));
    for other in
        ["acme/web", "text/html", "/healthz", "mail::parse", "incoming+acme/web@…", "a/b", "postdesk.redb"]
    {
        assert_eq!(path_named(other), None, "{other}");
    }
}

#[test]
fn every_path_that_the_documents_name_exists() {
    let mut documents = files(&root().join("docs"), "md");
    documents.extend([root().join("README.md")].into_iter().filter(|path| path.exists()));
    let mut missing = Vec::new();
    for document in documents {
        let text = read(&document);
        for (line, span) in spans(&text) {
            if let Some(path) = path_named(&span) {
                // Configuration of one's own is named where it is explained.
                let own = path == "postdesk.toml";
                if !own && !root().join(path).exists() && !document.with_file_name(path).exists() {
                    missing.push(format!("{}:{line}: `{span}`", name(&document)));
                }
            }
        }
    }
    assert!(missing.is_empty(), "named and not there:\n{}", missing.join("\n"));
}

/// The targets of links and pictures, `[text](target)`, that are paths of the repository.
#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut documents = files(&root().join("docs"), "md");
    documents.extend([root().join("README.md")].into_iter().filter(|path| path.exists()));
    let mut broken = Vec::new();
    for document in documents {
        let text = prose(&read(&document));
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.map(|target| target.split(['#', ' ']).next().unwrap_or_default()) {
            let elsewhere = target.contains("://") || target.starts_with("mailto:") || target.is_empty();
            if !elsewhere && !document.parent().unwrap().join(target).exists() {
                broken.push(format!("{}: {target}", name(&document)));
            }
        }
    }
    assert!(broken.is_empty(), "links to nothing:\n{}", broken.join("\n"));
}

#[test]
fn both_licences_are_there() {
    assert!(read(&root().join("LICENSE-MIT")).contains("Permission is hereby granted"));
    assert!(read(&root().join("LICENSE-APACHE")).contains("Apache License"));
    assert!(read(&root().join("Cargo.toml")).contains("license = \"MIT OR Apache-2.0\""));
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        for path in files(&root().join(folder), "rs") {
            let lines = read(&path).lines().count();
            if lines > LONGEST {
                long.push(format!("{}: {lines} lines", name(&path)));
            }
        }
    }
    assert!(long.is_empty(), "longer than {LONGEST} lines:\n{}", long.join("\n"));
}

/// The scripts of bash: they all ask for `pipefail`.
fn scripts() -> Vec<PathBuf> {
    let mut found = files(&root().join("tests/packages"), "sh");
    found.extend([".ci/run", "packaging/build", "tests/package", "tests/run"].map(|path| root().join(path)));
    found
}

/// Whether a pipe's reader may end before it has read everything. Whoever writes to it is then killed
/// by SIGPIPE or not, as it happens, and `pipefail` makes that the pipe's own end.
fn ends_early(reader: &str) -> bool {
    let mut words = reader.split_whitespace();
    match words.next() {
        Some("head") => true,
        Some("grep") => words.take_while(|word| word.starts_with('-')).any(|word| {
            let long = word.starts_with("--");
            if long { ["--quiet", "--silent"].contains(&word) } else { word.contains(['q', 'm']) }
        }),
        Some("awk" | "sed") => ["exit", " q", "1q"].iter().any(|end| reader.contains(end)),
        _ => false,
    }
}

#[test]
fn a_reader_that_ends_early_is_told_from_others() {
    for early in
        [" head -n 1", "grep -q x", "grep -Fqx x", "grep --quiet x", "awk '{ print; exit }'", "sed 1q"]
    {
        assert!(ends_early(early), "{early}");
    }
    for whole in ["sed -n 1p", "grep -F -- \"$1\"", "grep '-q' x", "awk '!found++'", "sort -V", ""] {
        assert!(!ends_early(whole), "{whole}");
    }
}

#[test]
fn no_pipe_of_a_script_ends_before_it_is_read() {
    let mut early = Vec::new();
    for script in scripts() {
        for (at, line) in read(&script).lines().enumerate() {
            let readers = line.split('|').skip(1).map(str::trim);
            if !line.trim_start().starts_with('#') && readers.clone().any(ends_early) {
                early.push(format!("{}:{}: {}", name(&script), at + 1, line.trim()));
            }
        }
    }
    assert!(early.is_empty(), "a pipe that fails now and then:\n{}", early.join("\n"));
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<String> = files(&root().join("src"), "rs")
        .into_iter()
        .chain(files(&root().join("tests"), "rs"))
        // The tests of a file are described by that file; an empty main has nothing to say.
        .filter(|path| path.file_name().is_some_and(|name| name != "tests.rs"))
        .filter(|path| !read(path).starts_with("//!") && read(path).lines().count() > 1)
        .map(|path| name(&path))
        .collect();
    assert!(silent.is_empty(), "no header:\n{}", silent.join("\n"));
}

/// The names of the crates that end up in the program on Linux, with the features in use: without
/// those for tests and for build scripts.
fn built_in() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(["--target", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .expect("cargo tree");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let crates = String::from_utf8_lossy(&output.stdout);
    crates.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn one_crypto_provider_is_built_in_and_no_other() {
    let built_in = built_in();
    for wanted in ["rustls", "aws-lc-rs"] {
        assert!(built_in.contains(wanted), "the tree is not what this test takes it for: no {wanted}");
    }
    for unwanted in ["ring", "openssl", "openssl-sys", "native-tls"] {
        assert!(!built_in.contains(unwanted), "{unwanted} is built in");
    }
}
