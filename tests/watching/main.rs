//! What a Prometheus reads, and that the alerts and the board ask for nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and read the repository's files"
)]

mod openmetrics;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use openmetrics::{Exposition, parse};
use postdesk::metrics::{Count, Figures, Kept, Measures, Stand, expose};

fn full() -> Figures {
    let count = |kind, cause, count| Count { kind, cause, count };
    Figures {
        version: "0.1.0",
        stand: Stand {
            health: "attention",
            mail_in: "running",
            mail_out: "trouble",
            listening: Some("push"),
            store_writable: true,
            still: vec!["upkeep"],
            sweep_age_seconds: 12.5,
            uptime_seconds: 86_400.0,
            not_downloaded: 1,
            junk: Some(4),
            certificate_days: Some(-1.5),
            store_bytes: Some(1 << 40),
            raw_bytes: Some(3),
            disk_free_bytes: Some(5),
            account_bytes: Some(7),
            account_limit_bytes: Some(2_000_000_000),
            ..Stand::default()
        },
        kept: Some(Kept {
            mails: vec![count("open", "", 3), count("hold", "H01", 2), count("hold", "H14", 1)],
            taken: 6,
            tickets: vec![count("open", "", 3)],
            letters: vec![count("sent", "", 9), count("waiting", "", 1)],
            outbox: 1,
            outbox_oldest_seconds: 0.25,
            held: 3,
            unverified: 2,
        }),
    }
}

fn measures() -> Measures {
    let measures = Measures::default();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    measures.taken_in(at("2026-11-19T14:00:00Z"), at("2026-11-19T14:00:03Z"));
    measures.taken_in(at("2026-11-19T14:00:00Z"), at("2026-11-22T14:00:00Z"));
    // A mail server whose clock is ahead.
    measures.submitted(at("2026-11-19T14:00:05Z"), at("2026-11-19T14:00:00Z"));
    measures
}

fn everything() -> Exposition {
    let text = expose(&full(), &measures());
    parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

/// The value of the one sample with these labels.
fn value(read: &Exposition, name: &str, labels: &[(&str, &str)]) -> f64 {
    let samples = read.values().flat_map(|family| &family.samples);
    let fits = |sample: &&openmetrics::Sample| {
        sample.name == name
            && labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|v| v == value))
    };
    let found: Vec<f64> = samples.filter(fits).map(|sample| sample.value).collect();
    assert_eq!(found.len(), 1, "{name} {labels:?}");
    found[0]
}

#[test]
fn everything_that_is_counted_is_read_back() {
    let read = everything();
    for (name, labels, wanted) in [
        ("postdesk_build_info", vec![("version", "0.1.0")], 1.0),
        ("postdesk_mails", vec![("verdict", "hold"), ("cause", "H14")], 1.0),
        ("postdesk_mails", vec![("verdict", "open"), ("cause", "")], 3.0),
        ("postdesk_mails_taken_total", vec![], 6.0),
        ("postdesk_letters", vec![("state", "sent")], 9.0),
        ("postdesk_outbox_oldest_seconds", vec![], 0.25),
        ("postdesk_health", vec![("status", "attention")], 1.0),
        ("postdesk_health", vec![("status", "failing")], 0.0),
        ("postdesk_listening", vec![("mode", "push")], 1.0),
        ("postdesk_listening", vec![("mode", "poll")], 0.0),
        ("postdesk_street_stuck", vec![("street", "upkeep")], 1.0),
        ("postdesk_store_bytes", vec![], (1_u64 << 40) as f64),
        ("postdesk_certificate_days", vec![], -1.5),
        ("postdesk_arrival_to_commit_seconds_bucket", vec![("le", "2.0")], 0.0),
        ("postdesk_arrival_to_commit_seconds_bucket", vec![("le", "5.0")], 1.0),
        ("postdesk_arrival_to_commit_seconds_bucket", vec![("le", "+Inf")], 2.0),
        ("postdesk_arrival_to_commit_seconds_sum", vec![], 3.0 + 3.0 * 86_400.0),
        ("postdesk_commit_to_submission_seconds_sum", vec![], 0.0),
    ] {
        assert_eq!(value(&read, name, &labels), wanted, "{name}");
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let figures = Figures { version: "0.1.0", ..Figures::default() };
    let text = expose(&figures, &Measures::default());
    let read = parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"));
    for absent in ["postdesk_mails", "postdesk_junk", "postdesk_certificate_days", "postdesk_store_bytes"] {
        assert!(!read.contains_key(absent), "{absent}");
    }
    assert_eq!(value(&read, "postdesk_store_writable", &[]), 0.0);
}

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The names of ours in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("postdesk_")).map(str::to_owned).collect()
}

#[test]
fn the_alerts_and_the_board_name_what_there_is() {
    let read = everything();
    let samples = read.values().flat_map(|family| &family.samples).map(|sample| sample.name.as_str());
    let there: BTreeSet<&str> = samples.collect();
    for name in ["docs/alerts.yml", "docs/grafana.json"] {
        let named = named(&file(name));
        assert!(named.len() > 5, "{name} names {named:?}");
        let wrong: Vec<_> = named.iter().filter(|named| !there.contains(named.as_str())).collect();
        assert!(wrong.is_empty(), "{name} names {wrong:?}, which is not measured");
    }
}

#[test]
fn the_page_explains_every_family() {
    let page = file("docs/watching.md");
    let missing: Vec<_> =
        everything().into_keys().filter(|name| !page.contains(&format!("`{name}"))).collect();
    assert!(missing.is_empty(), "docs/watching.md says nothing of {missing:?}");
}

#[test]
fn every_alert_says_what_it_means_and_what_to_do() {
    let alerts = file("docs/alerts.yml");
    let rules: Vec<&str> = alerts.split("- alert: ").skip(1).collect();
    assert!(rules.len() >= 10, "{}", rules.len());
    for rule in rules {
        let name = rule.lines().next().unwrap();
        for key in ["expr:", "severity:", "summary:", "remedy:"] {
            assert!(rule.contains(key), "{name} has no {key}");
        }
    }
}

#[test]
fn the_board_is_json_and_each_panel_asks_for_something() {
    let board: serde_json::Value = serde_json::from_str(&file("docs/grafana.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    assert!(panels.len() >= 10);
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let title = panel["title"].as_str().unwrap();
        let asks = panel["targets"].as_array().unwrap();
        assert!(!asks.is_empty() && asks.iter().all(|ask| ask["expr"].is_string()), "{title}");
        assert!(panel["gridPos"].is_object() && panel["description"].is_string(), "{title}");
    }
}

#[test]
fn the_reader_is_strict() {
    for wrong in [
        "",
        "# TYPE a gauge\n# HELP a A\na 1\n",
        "# TYPE a gauge\n# HELP a A\na 1\na 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a A\na{x=\"1\",} 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a A\na{x=\"\\d\"} 1\n# EOF\n",
        "# TYPE a counter\n# HELP a A\na 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a A\nb 1\n# EOF\n",
        "# TYPE a gauge\na 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a A\na one\n# EOF\n",
        "# TYPE a histogram\n# HELP a A\na_bucket{le=\"1\"} 1\na_count 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a A\n# UNIT a seconds\na 1\n# EOF\n",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}
