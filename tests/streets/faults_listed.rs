//! Every switch of the embedded server has its test on each street that it can concern.
#![allow(clippy::disallowed_methods, reason = "it reads the tests' sources")]

use std::path::Path;

/// What can go wrong on the way out alone.
const OUT_ALONE: [&str; 3] = ["ForgetSubmission", "Refuse", "LoseImplicitUpdate"];

/// What is switched on the server itself.
const CALLS: [&str; 3] = ["server.restart()", "server.restore(", "server.change_email_ids("];

/// The names of the faults, as they are declared.
fn faults() -> Vec<String> {
    let source = include_str!("../../src/demo/server/faults.rs");
    let (_, body) = source.split_once("pub enum Fault {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let name = |line: &str| {
        let line = line.strip_prefix("    ")?;
        line.starts_with(char::is_uppercase).then(|| line.split([',', '(']).next().unwrap().to_owned())
    };
    body.lines().filter_map(name).collect()
}

/// The tests of one street.
fn sources(street: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/streets");
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with(&format!("faults_{street}")) {
            text.push_str(&std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    text
}

fn names(text: &str, fault: &str) -> bool {
    let name = format!("Fault::{fault}");
    let ends = |at: usize| !text[at + name.len()..].starts_with(|c: char| c.is_alphanumeric());
    text.match_indices(&name).any(|(at, _)| ends(at))
}

#[test]
fn every_fault_has_a_test_on_each_street_that_it_can_concern() {
    let all = faults();
    assert!(all.len() > 15 && all.iter().any(|fault| fault == "Html"), "{all:?}");
    assert!(OUT_ALONE.iter().all(|fault| all.iter().any(|known| known == fault)));
    for (street, exempt) in [("in", &OUT_ALONE[..]), ("out", &[])] {
        let text = sources(street);
        let untested: Vec<_> =
            all.iter().filter(|fault| !exempt.contains(&fault.as_str()) && !names(&text, fault)).collect();
        assert!(untested.is_empty(), "mail {street}: no test for {untested:?}");
        for call in CALLS {
            assert!(text.contains(call), "mail {street}: no test for {call}");
        }
    }
}
