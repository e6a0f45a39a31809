//! Every form, built and read again, on any wildcard and in any case.

use jiff::Timestamp;
use proptest::prelude::*;

use super::world::{address, key};
use crate::mail::{Address, AddressError, ReplyKey};
use crate::tracker::{FromName, Project, ProjectId, ProjectPath, Suffix};
use crate::triage::{Budgets, KeyForm, Site, Wildcard, WildcardError};

fn path() -> impl Strategy<Value = ProjectPath> {
    let part = "[a-z0-9]([a-z0-9_.-]{0,6}[a-z0-9])?";
    let path = proptest::collection::vec(part, 1..=3).prop_map(|parts| parts.join("/"));
    path.prop_filter_map("parts of digits only", |text| ProjectPath::parse(&text).ok())
}

fn reply_key() -> impl Strategy<Value = ReplyKey> {
    any::<[u8; ReplyKey::LEN]>().prop_map(ReplyKey::from_random)
}

/// Prefixes short enough to leave room, a catch-all among them.
fn wildcard() -> impl Strategy<Value = String> {
    let placeholder = prop_oneof![Just("{key}"), Just("%{key}")];
    let before = prop_oneof![Just(String::new()), "[A-Za-z0-9]{1,6}[-+.]"];
    (before, placeholder, "(-in)?", "[a-z]{1,8}\\.Example").prop_map(|(b, k, a, d)| format!("{b}{k}{a}@{d}"))
}

fn site(wildcard: &str) -> Site {
    Site {
        wildcard: Wildcard::parse(wildcard).unwrap(),
        suffix_wildcard: Some(Wildcard::parse("contact+{key}@contact.example").unwrap()),
        former: Vec::new(),
        account: address("mailbox@account.example"),
        host: "desk.example".to_owned(),
        authserv_id: None,
        budgets: Budgets::default(),
    }
}

fn project(id: u32, path: ProjectPath, suffix: Option<&str>) -> Project {
    Project {
        id: ProjectId(id),
        path,
        former_paths: Vec::new(),
        name: "Web".to_owned(),
        on: true,
        aliases: Vec::new(),
        suffix: suffix.and_then(Suffix::parse),
        members: Vec::new(),
        from_name: FromName::Agent,
        confirm: true,
        reopen: true,
        tell_closed: false,
        joining: crate::tracker::Joining::default(),
        keep_closed_days: None,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

/// The same address with some letters in upper case.
fn recased(address: &Address, flips: &[bool]) -> Address {
    let chars = address.as_str().chars().zip(flips.iter().cycle());
    let text: String = chars.map(|(c, up)| if *up { c.to_ascii_uppercase() } else { c }).collect();
    Address::parse(&text).unwrap()
}

/// Reads a built address on the site itself, on one that has moved to another wildcard since, and
/// as a reply on an alias.
fn reads_as(
    site: &Site,
    built: Option<Address>,
    flips: &[bool],
    form: &KeyForm,
) -> Result<(), TestCaseError> {
    let Some(built) = built else { return Ok(()) };
    prop_assert!(built.local().len() <= 64);
    let written = recased(&built, flips);
    prop_assert!(site.read(&written).forms.contains(form), "{written} as {form:?}");
    let mut moved = site.clone();
    let former = std::mem::replace(&mut moved.wildcard, Wildcard::parse("now+{key}@now.example").unwrap());
    moved.former = vec![former];
    prop_assert!(moved.read(&written).forms.contains(form), "{written} as {form:?}, formerly");
    Ok(())
}

proptest! {
    #[test]
    fn current_addresses_are_read_again(
        path in path(), id: u32, wildcard in wildcard(), flips: [bool; 7]
    ) {
        let (site, project) = (site(&wildcard), project(id, path, None));
        let form = KeyForm::Current { slug: project.path.slug(), project: project.id };
        reads_as(&site, site.current(&project), &flips, &form)?;
        prop_assert_eq!(site.shown(&project), site.current(&project));
    }

    #[test]
    fn legacy_addresses_are_read_again(path in path(), wildcard in wildcard(), flips: [bool; 7]) {
        let site = site(&wildcard);
        let built = site.legacy(&path);
        prop_assert!(built.is_none() || path.as_str().contains('/'));
        reads_as(&site, built, &flips, &KeyForm::Legacy(path))?;
    }

    #[test]
    fn suffix_addresses_are_read_again(path in path(), suffix in "[a-z0-9_]{1,9}", flips: [bool; 7]) {
        let (site, project) = (site("incoming+{key}@desk.example"), project(1, path, Some(&suffix)));
        let form = KeyForm::Suffix { slug: project.path.slug(), suffix: project.suffix.clone().unwrap() };
        let Some(built) = site.suffixed(&project) else { return Ok(()) };
        prop_assert_eq!(site.read(&recased(&built, &flips)).forms, vec![form]);
    }

    #[test]
    fn reply_and_unsubscribe_addresses_are_read_again(
        key in reply_key(), wildcard in wildcard(), flips: [bool; 7]
    ) {
        let site = site(&wildcard);
        prop_assert!(site.wildcard.has_room());
        reads_as(&site, Some(site.reply(&key).unwrap()), &flips, &KeyForm::Reply(key.clone()))?;
        reads_as(&site, Some(site.unsubscribe(&key).unwrap()), &flips, &KeyForm::Unsubscribe(key.clone()))?;
        let older = site.wildcard.address(&format!("{key}+unsubscribe"));
        reads_as(&site, Some(older.unwrap()), &flips, &KeyForm::Unsubscribe(key))?;
    }

    #[test]
    fn a_reply_on_an_alias_is_read_again(key in reply_key(), alias in "[a-z.]{1,9}(\\+[a-z]{1,5})?", flips: [bool; 7]) {
        let site = site("{key}@alias.example");
        let alias = address(&format!("{alias}@alias.example"));
        let written = recased(&site.reply_on(&alias, &key).unwrap(), &flips);
        let read = site.read(&written);
        prop_assert!(read.subs.contains(&(alias, Some(KeyForm::Reply(key)))), "{written}");
    }

    /// Whatever a key is, reading it ends, and what was read is written so that it reads the same.
    #[test]
    fn every_key_reads_or_not_and_stays_what_it_is(text in "[ -~]{0,70}|[a-z2-7/]{1,30}(-[0-9]{1,11})?-issue-") {
        for form in [KeyForm::parse(&text), KeyForm::parse_suffix(&text)].into_iter().flatten() {
            let again = match form {
                KeyForm::Suffix { .. } => KeyForm::parse_suffix(&form.to_string()),
                _ => KeyForm::parse(&form.to_string()),
            };
            prop_assert_eq!(again, Some(form));
        }
    }
}

#[test]
fn what_does_not_fit_into_64_octets_is_not_built() {
    let site = site("incoming+{key}@desk.example");
    let long = ProjectPath::parse(&format!("acme/{}", "w".repeat(60))).unwrap();
    let project = project(7, long.clone(), Some("help"));
    assert_eq!(site.current(&project), None);
    assert_eq!(site.legacy(&long), None);
    assert_eq!(site.suffixed(&project), None);
    assert_eq!(site.shown(&project), None);
    let alias = address(&format!("{}@example.com", "s".repeat(40)));
    assert_eq!(site.reply_on(&alias, &key('a')), None);
    assert!(!Wildcard::parse(&format!("{}+{{key}}@desk.example", "i".repeat(40))).unwrap().has_room());
}

#[test]
fn the_limit_itself_is_kept_and_not_crossed() {
    let site = site("incoming+{key}@desk.example");
    // `incoming+` and `-7-issue-` leave 46 octets for the slug.
    for (len, fits) in [(46, true), (47, false)] {
        let project = project(7, ProjectPath::parse(&"w".repeat(len)).unwrap(), None);
        assert_eq!(site.current(&project).is_some(), fits, "{len}");
    }
}

#[test]
fn the_first_alias_is_shown() {
    let site = site("incoming+{key}@desk.example");
    let mut project = project(7, ProjectPath::parse("acme/web").unwrap(), None);
    assert_eq!(site.shown(&project), Some(address("incoming+acme-web-7-issue-@desk.example")));
    project.aliases = vec![address("support@example.com"), address("help@example.com")];
    assert_eq!(site.shown(&project), Some(address("support@example.com")));
}

#[test]
fn a_wildcard_of_an_international_domain_matches_what_mails_carry() {
    let wildcard = Wildcard::parse("Incoming+{key}@Desk.M\u{dc}LLER.example").unwrap();
    assert_eq!(wildcard.to_string(), "incoming+{key}@desk.xn--mller-kva.example");
    assert_eq!(wildcard.domain(), "desk.xn--mller-kva.example");
    assert_eq!(wildcard.key_of(&address("incoming+web@desk.xn--mller-kva.example")), Some("web"));
}

#[test]
fn an_alias_with_quotes_takes_a_key_inside_them() {
    let alias = Address::parse("\"help..desk\"@docomo.example").unwrap();
    let reply = site("incoming+{key}@desk.example").reply_on(&alias, &key('k')).unwrap();
    assert_eq!(reply.as_str(), format!("\"help..desk+{}\"@docomo.example", key('k')));
}

#[test]
fn a_wildcard_has_its_placeholder_once_and_before_the_at() {
    for (text, error) in [
        ("incoming@desk.example", WildcardError::Placeholder),
        ("incoming@{key}.example", WildcardError::Placeholder),
        ("{key}+{key}@desk.example", WildcardError::Placeholder),
        ("incoming+{key}", WildcardError::Address(AddressError::Shape)),
        ("in coming+{key}@desk.example", WildcardError::Address(AddressError::Character)),
        ("\"incoming+{key}\"@desk.example", WildcardError::Address(AddressError::Character)),
        ("incoming+{key}@b\u{fc}_o.example", WildcardError::Address(AddressError::Domain)),
    ] {
        assert_eq!(Wildcard::parse(text), Err(error), "{text}");
    }
}
