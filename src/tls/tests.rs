#![allow(clippy::disallowed_methods, reason = "tests lay out files of their own")]

use std::os::unix::fs::PermissionsExt;

use jiff::{SignedDuration, Timestamp};

use super::*;

fn made(folder: &std::path::Path, host: &str, now: Timestamp) -> String {
    generated(folder, host, now).unwrap();
    std::fs::read_to_string(folder.join("generated.crt")).unwrap()
}

#[test]
fn a_generated_certificate_is_kept_until_its_host_changes_or_its_end_is_near() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("tls");
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let later = |days: i64| now.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
    let first = made(&folder, "desk.test", now);
    assert_eq!(made(&folder, "desk.test", later(366)), first);
    let renewed = made(&folder, "desk.test", later(368));
    assert_ne!(renewed, first);
    let renamed = made(&folder, "help.test", later(368));
    assert_ne!(renamed, renewed);
    assert_eq!(made(&folder, "help.test", later(369)), renamed);
    // A crash between the files and their label makes a new pair.
    std::fs::remove_file(folder.join("generated.txt")).unwrap();
    assert_ne!(made(&folder, "help.test", later(369)), renamed);
    let key = std::fs::metadata(folder.join("generated.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_address_can_be_named_too() {
    let folder = tempfile::tempdir().unwrap();
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        made(folder.path(), host, Timestamp::UNIX_EPOCH);
    }
}

#[test]
fn each_error_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    made(folder.path(), "one.test", now);
    let path = |name: &str| folder.path().join(name);
    let files = |certificate: &str, key: &str| {
        Pair::of_files(&path(certificate), &path(key)).map(|_| ()).unwrap_err().to_string()
    };
    std::fs::rename(path("generated.crt"), path("one.crt")).unwrap();
    std::fs::rename(path("generated.key"), path("one.key")).unwrap();
    made(folder.path(), "two.test", now);
    assert!(files("none.crt", "one.key").contains("none.crt cannot be read"));
    assert!(files("one.key", "one.key").contains("one.key has no certificate"));
    assert!(files("one.crt", "one.crt").contains("one.crt has no private key"));
    let error = files("one.crt", "generated.key");
    assert!(error.contains("one.crt") && error.contains("do not go together"), "{error}");
    assert!(client_config(Some(&path("one.key"))).unwrap_err().to_string().contains("one.key"));
}

#[test]
fn files_are_read_again_when_they_change_and_a_pair_that_does_not_go_together_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    made(&one, "one.test", now);
    made(&two, "two.test", now);
    // As certbot does: links, which are turned.
    let live = folder.path().join("live");
    std::os::unix::fs::symlink(&one, &live).unwrap();
    let (certificate, key) = (live.join("generated.crt"), live.join("generated.key"));
    let (mut watched, first) = Watched::begin(&certificate, &key).unwrap();
    assert!(watched.look(false).is_none());
    assert_eq!(watched.look(true).unwrap().unwrap().says(), first.says());
    std::fs::remove_file(&live).unwrap();
    assert!(watched.look(false).unwrap().unwrap_err().to_string().contains("cannot be read"));
    std::os::unix::fs::symlink(&two, &live).unwrap();
    let second = watched.look(false).unwrap().unwrap();
    assert_eq!(second.says().names, ["two.test", "localhost"]);
    // Renamed over, and only half of it.
    std::fs::rename(one.join("generated.crt"), two.join("generated.crt")).unwrap();
    assert!(watched.look(false).unwrap().unwrap_err().to_string().contains("do not go together"));
    std::fs::rename(one.join("generated.key"), two.join("generated.key")).unwrap();
    assert_eq!(watched.look(false).unwrap().unwrap().says(), first.says());
    assert!(watched.look(false).is_none());
}

#[test]
fn what_an_authority_gave_is_ours_alone_to_read() {
    let folder = tempfile::tempdir().unwrap();
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let chain = made(folder.path(), "desk.test", now);
    let key = std::fs::read_to_string(folder.path().join("generated.key")).unwrap();
    let kept = Kept::new(folder.path(), "ca.test-1");
    assert!(kept.pair().unwrap().is_none() && kept.account().unwrap().is_none());
    kept.keep_account("{}").unwrap();
    kept.keep_pair(&key, &chain).unwrap();
    assert_eq!(kept.pair().unwrap().unwrap().says().names, ["desk.test", "localhost"]);
    let (other, _) = request("other.test").unwrap();
    assert!(kept.keep_pair(&other, &chain).is_err(), "a key of another certificate");
    assert!(kept.pair().unwrap().is_some(), "the old one was lost");
    for name in ["account.json", "certificate.pem"] {
        let facts = std::fs::metadata(folder.path().join("acme/ca.test-1").join(name)).unwrap();
        assert_eq!(facts.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let facts = std::fs::metadata(folder.path().join("acme")).unwrap();
    assert_eq!(facts.permissions().mode() & 0o777, 0o700);
}
