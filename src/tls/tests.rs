#![allow(clippy::disallowed_methods, reason = "tests lay out files of their own")]

use std::os::unix::fs::PermissionsExt;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::config::TlsSource;

fn generated(folder: &std::path::Path, host: &str, now: Timestamp) -> String {
    server_config(&TlsSource::Generated, folder, host, now).unwrap();
    std::fs::read_to_string(folder.join("generated.crt")).unwrap()
}

#[test]
fn a_generated_certificate_is_kept_until_its_host_changes_or_its_end_is_near() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("tls");
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let later = |days: i64| now.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
    let first = generated(&folder, "desk.test", now);
    assert_eq!(generated(&folder, "desk.test", later(366)), first);
    let renewed = generated(&folder, "desk.test", later(368));
    assert_ne!(renewed, first);
    let renamed = generated(&folder, "help.test", later(368));
    assert_ne!(renamed, renewed);
    assert_eq!(generated(&folder, "help.test", later(369)), renamed);
    // A crash between the files and their label makes a new pair.
    std::fs::remove_file(folder.join("generated.txt")).unwrap();
    assert_ne!(generated(&folder, "help.test", later(369)), renamed);
    let key = std::fs::metadata(folder.join("generated.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_address_can_be_named_too() {
    let folder = tempfile::tempdir().unwrap();
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        generated(folder.path(), host, Timestamp::UNIX_EPOCH);
    }
}

#[test]
fn each_error_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    generated(folder.path(), "one.test", now);
    let path = |name: &str| folder.path().join(name);
    let files = |certificate: &str, key: &str| {
        let source = TlsSource::Files { certificate: path(certificate), key: path(key) };
        server_config(&source, folder.path(), "x", now).map(|_| ()).unwrap_err().to_string()
    };
    std::fs::rename(path("generated.crt"), path("one.crt")).unwrap();
    std::fs::rename(path("generated.key"), path("one.key")).unwrap();
    generated(folder.path(), "two.test", now);
    assert!(files("none.crt", "one.key").contains("none.crt cannot be read"));
    assert!(files("one.key", "one.key").contains("one.key has no certificate"));
    assert!(files("one.crt", "one.crt").contains("one.crt has no private key"));
    let error = files("one.crt", "generated.key");
    assert!(error.contains("one.crt") && error.contains("do not go together"), "{error}");
    assert!(client_config(Some(&path("one.key"))).unwrap_err().to_string().contains("one.key"));
}
