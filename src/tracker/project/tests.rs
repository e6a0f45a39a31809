use proptest::prelude::*;

use super::*;

#[test]
fn paths_are_folded_and_nested() {
    for (text, path) in [
        ("acme/web", "acme/web"),
        (" Acme/Web.Site ", "acme/web.site"),
        ("a/b/c_d-e", "a/b/c_d-e"),
        ("x", "x"),
    ] {
        assert_eq!(ProjectPath::parse(text).map(|p| p.to_string()), Ok(path.to_owned()));
    }
}

#[test]
fn each_rule_of_a_path_has_its_sentence() {
    use ProjectPathError::{Character, Digits, Empty, Long};
    let long = "w".repeat(201);
    for (text, error) in [
        ("", Empty),
        ("/acme", Empty),
        ("acme//web", Empty),
        ("acme/", Empty),
        ("acme/-", Character),
        ("acme/.git", Character),
        ("acme/we b", Character),
        ("acme/web+x", Character),
        ("acmé", Character),
        ("acme/web-", Character),
        ("acme/12", Digits),
        ("12/acme", Digits),
        (&long, Long),
    ] {
        assert_eq!(ProjectPath::parse(text), Err(error), "{text}");
    }
}

#[test]
fn a_suffix_is_folded_and_has_no_dash() {
    assert_eq!(Suffix::parse("Help_2").unwrap().as_str(), "help_2");
    for text in ["", "a-b", "a.b", "é", &"s".repeat(256)] {
        assert_eq!(Suffix::parse(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn a_path_reads_the_same_once_written_and_its_slug_fits_an_address(text in "[a-zA-Z0-9/._-]{0,30}|\\PC{0,12}") {
        let Ok(path) = ProjectPath::parse(&text) else { return Ok(()) };
        let again = ProjectPath::parse(path.as_str());
        prop_assert_eq!(again.as_ref(), Ok(&path));
        let slug = path.slug();
        prop_assert!(slug.as_str().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c)));
        prop_assert_eq!(slug.as_str().len(), path.as_str().len());
        // `/p/<path>/<number>` and `/p/<path>/-/…` stay distinct from any path.
        prop_assert!(path.as_str().split('/').all(|part| part != "-" && part.parse::<u64>().is_err()));
    }
}
