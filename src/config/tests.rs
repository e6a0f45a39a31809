#![allow(clippy::disallowed_methods, reason = "tests lay out files of their own")]

use std::path::Path;

use super::*;

const LEAST: &str = r#"
public_url = "https://desk.example.com"
[mail]
url = "https://mail.example.com"
user = "support@example.com"
password = { env = "MAIL_PASSWORD" }
address = "support@example.com"
[addresses]
wildcard = "incoming+%{key}@desk.example.com"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("desk.toml"))
}

#[test]
fn the_site_is_made_of_what_the_file_says() {
    let site = parse(LEAST).unwrap().site();
    assert_eq!(site.host, "desk.example.com");
    assert_eq!(site.account.as_str(), "support@example.com");
    assert_eq!(site.wildcard.address("x").unwrap().as_str(), "incoming+x@desk.example.com");
}

#[test]
fn a_wildcard_needs_room_only_where_letters_carry_keys() {
    let longest = LEAST.replace("incoming+", "incoming-of-the-whole-hous+");
    assert!(parse(&longest.replace("hous+", "hou+")).is_ok(), "26 characters are left beside a key");
    assert!(parse(&longest).is_err());
    assert!(parse(&format!("{longest}reply_to = \"plain\"\n")).is_ok());
}

/// What is wrong with the least file after `from` in it is replaced by `to`.
fn wrong(from: &str, to: &str) -> String {
    assert!(LEAST.contains(from), "{from}");
    parse(&LEAST.replace(from, to)).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn each_error_names_file_line_and_setting() {
    let url = "https://desk.example.com\"";
    for (from, to, place, part) in [
        (url, "desk\"", "desk.toml, line 2: `public_url` ", "https://desk.example.com"),
        (url, "ftp://desk\"", "desk.toml, line 2: `public_url` ", "https://"),
        (url, "https://a.example/b\"", "desk.toml, line 2: `public_url` ", "without a path"),
        (url, "http://desk.example.com\"", "desk.toml, line 2: `public_url` ", "trusted_proxies"),
        ("https://mail", "http://mail", "desk.toml, line 4: `mail.url` ", "https"),
        ("%{key}", "", "desk.toml, line 9: `addresses.wildcard` ", "{key}"),
        (
            "incoming+",
            "incoming-of-the-whole-house+",
            "desk.toml, line 9: `addresses.wildcard` ",
            "choose a shorter one",
        ),
        (
            "{ env = \"MAIL_PASSWORD\" }",
            "\"hunter2\"",
            "desk.toml, line 6: `mail.password` ",
            "file of its own",
        ),
        (
            "{ env = \"MAIL_PASSWORD\" }",
            "{ credential = \"a/b\" }",
            "desk.toml, line 6: `mail.password` ",
            "plain name",
        ),
        ("{ env = \"MAIL_PASSWORD\" }", "12345678", "desk.toml, line 6: `mail.password` ", "file of its own"),
        (
            "{ env = \"MAIL_PASSWORD\" }",
            "1234.5678",
            "desk.toml, line 6: `mail.password` ",
            "file of its own",
        ),
        ("{ env = \"MAIL_PASSWORD\" }", "true", "desk.toml, line 6: `mail.password` ", "file of its own"),
        (
            "{ env = \"MAIL_PASSWORD\" }",
            "{ text = \"hunter2\" }",
            "desk.toml, line 6: `mail.password` ",
            "file of its own",
        ),
        (
            "{ env = \"MAIL_PASSWORD\" }",
            "{ file = 12345678 }",
            "desk.toml, line 6: `mail.password` ",
            "file of its own",
        ),
        (
            "{ env = \"MAIL_PASSWORD\" }",
            "{ file = \"pw\", env = \"X\" }",
            "desk.toml, line 6: `mail.password` ",
            "two places",
        ),
        ("{ env = \"MAIL_PASSWORD\" }", "{}", "desk.toml, line 6: `mail.password` ", "no place"),
        ("password = { env = \"MAIL_PASSWORD\" }", "", "desk.toml, line 5: `mail.user` ", "password"),
        ("[addresses]", "token = { env = \"T\" }\n[addresses]", "desk.toml, line 8: `mail.token` ", "remove"),
        (
            "[addresses]",
            "poll_seconds = 0\n[addresses]",
            "desk.toml, line 8: `mail.poll_seconds` ",
            "at least 1",
        ),
        (
            "[addresses]",
            "pol_seconds = 1\n[addresses]",
            "desk.toml, line 8: `mail.pol_seconds` ",
            "poll_seconds",
        ),
        (
            "[addresses]",
            "[web]\nlisten = [\"8080\"]\n[addresses]",
            "desk.toml, line 9: `web.listen` ",
            "127.0.0.1:8080",
        ),
        (
            "[addresses]",
            "[web]\nlisten = [\"0.0.0.0:80\"]\n[addresses]",
            "desk.toml, line 9: `web.listen` ",
            "[tls]",
        ),
        (
            "[addresses]",
            "[web]\ntrusted_proxies = [\"1.2.3.4/33\"]\n[addresses]",
            "desk.toml, line 9: `web.trusted_proxies` ",
            "10.0.0.0/8",
        ),
        (
            "[addresses]",
            "[tls]\ngenerated = true\n[tls.acme]\n[addresses]",
            "desk.toml, line 8: `tls` ",
            "one of three",
        ),
        (
            "[addresses]",
            "[tls.acme]\ndirectory = \"http://ca.example/\"\n[addresses]",
            "desk.toml, line 9: `tls.acme.directory` ",
            "https",
        ),
        (
            "[addresses]",
            "[tls.acme]\nchallenge = \"dns-01\"\n[addresses]",
            "desk.toml, line 9: `tls.acme.challenge` ",
            "http-01",
        ),
        (
            "[addresses]",
            "[tls.acme]\nchallenge = \"http-01\"\n[addresses]",
            "desk.toml, line 9: `tls.acme.challenge` ",
            "redirect = [\"[::]:80\"]",
        ),
        (
            "[addresses]",
            "[web]\nredirect = [\"127.0.0.1:8080\"]\n[addresses]",
            "desk.toml, line 9: `web.redirect` ",
            "port of its own",
        ),
        (
            "https://desk.example.com\"",
            "https://192.0.2.7\"\ntls = { acme = {} }",
            "desk.toml, line 2: `public_url` ",
            "the host's name",
        ),
        (
            "https://desk.example.com\"",
            "http://localhost\"\ntls = { generated = true }",
            "desk.toml, line 2: `public_url` ",
            "take [tls] away",
        ),
        (
            "[addresses]",
            "[tls]\ngenerated = false\n[addresses]",
            "desk.toml, line 8: `tls` ",
            "generated = true",
        ),
        (
            "[addresses]",
            "[mailboxes]\nsent = \"role:inbox\"\n[addresses]",
            "desk.toml, line 9: `mailboxes.sent` ",
            "own",
        ),
        (
            "[addresses]",
            "[mailboxes]\nsent = \"a//b\"\n[addresses]",
            "desk.toml, line 9: `mailboxes.sent` ",
            "slashes",
        ),
        (
            "address = \"support@example.com\"\n",
            "",
            "desk.toml, line 3: `mail` ",
            "lacks the setting `address`",
        ),
        (
            "[addresses]\nwildcard = \"incoming+%{key}@desk.example.com\"\n",
            "",
            "desk.toml: `[addresses]` ",
            "add that table",
        ),
        ("public_url = \"https://desk.example.com\"\n", "", "desk.toml: `public_url` ", "add it"),
        (
            "[addresses]",
            "poll_seconds = \"5\"\n[addresses]",
            "desk.toml, line 8: `mail.poll_seconds` ",
            "is the text \"5\", and has to be a whole number",
        ),
        (
            "[addresses]",
            "poll_seconds = -1\n[addresses]",
            "desk.toml, line 8: `mail.poll_seconds` ",
            "is -1, and",
        ),
        (
            "[addresses]",
            "[web]\nlisten = 8080\n[addresses]",
            "desk.toml, line 9: `web.listen` ",
            "has to be a list",
        ),
        ("[addresses]", "[mailbox]\n[addresses]", "desk.toml, line 8: `mailbox` ", "`mailboxes`"),
    ] {
        let error = wrong(from, to);
        assert!(error.starts_with(place) && error.contains(part), "{from} → {to}: {error}");
        for secret in ["hunter2", "1234", "`true`"] {
            assert!(!error.contains(secret), "{error}");
        }
    }
}

#[test]
fn a_file_that_the_user_may_not_read_and_a_secret_that_is_missing_have_remedies() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.toml");
    std::fs::write(&path, LEAST.replace("{ env = \"MAIL_PASSWORD\" }", "{ file = \"pw\" }")).unwrap();
    let config = Config::load(&path).unwrap();
    let error = config.mail.login().unwrap_err().to_string();
    assert!(
        error.starts_with("`mail.password` names ") && error.contains("write the secret into it"),
        "{error}"
    );
    if rustix::process::geteuid().is_root() {
        return; // Root may read everything.
    }
    std::fs::write(folder.path().join("pw"), "x").unwrap();
    for name in ["pw", "desk.toml"] {
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(0o0)).unwrap();
    }
    let secret = config.mail.login().unwrap_err().to_string();
    for error in [secret, Config::load(&path).unwrap_err().to_string()] {
        assert!(error.contains("as root or as the user that Postdesk runs as"), "{error}");
    }
}

#[test]
fn a_file_that_is_named_and_missing_is_found_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("desk.toml");
    std::fs::write(&path, LEAST.replace("[addresses]", "ca = \"ca.pem\"\n[addresses]")).unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(error.contains("line 8: `mail.ca` names ") && error.contains("ca.pem"), "{error}");
    std::fs::write(folder.path().join("ca.pem"), "").unwrap();
    assert_eq!(Config::load(&path).unwrap().mail.ca, Some(folder.path().join("ca.pem")));
    let error = Config::load(&folder.path().join("none.toml")).unwrap_err().to_string();
    assert!(error.contains("none.toml: the configuration cannot be read"), "{error}");
}

#[test]
fn networks_hold_their_addresses_and_no_others() {
    let network = Network::parse("10.1.0.0/16").unwrap();
    assert!(network.contains("10.1.255.1".parse().unwrap()));
    assert!(network.contains("::ffff:10.1.0.9".parse().unwrap()));
    assert!(!network.contains("10.2.0.1".parse().unwrap()));
    assert!(Network::parse("0.0.0.0/0").unwrap().contains("203.0.113.9".parse().unwrap()));
    assert!(Network::parse("2001:db8::/32").unwrap().contains("2001:db8:1::1".parse().unwrap()));
    assert!(!Network::parse("::1").unwrap().contains("::2".parse().unwrap()));
    for none in ["", "10.0.0.1/33", "host", "::1/129", "10.0.0/8"] {
        assert_eq!(Network::parse(none), None, "{none}");
    }
}
