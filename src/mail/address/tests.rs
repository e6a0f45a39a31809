use super::*;

fn read(text: &str) -> Result<String, AddressError> {
    Address::parse(text).map(|address| address.to_string())
}

#[test]
fn quotes_are_kept_only_where_they_are_needed() {
    let check = |text: &str, written: &str, folded: &str| {
        let address = Address::parse(text).unwrap();
        assert_eq!((address.as_str(), address.folded()), (written, folded), "{text}");
        assert_eq!(Address::parse(address.as_str()).as_ref(), Ok(&address), "{text}");
    };
    check(
        "\"incoming+acme/web\"@Desk.example.com",
        "incoming+acme/web@Desk.example.com",
        "incoming+acme/web@desk.example.com",
    );
    check("<\"Anna\"@example.com>", "Anna@example.com", "anna@example.com");
    // Some Japanese providers gave out such names; a letter has to quote them (RFC 5321 §4.1.2).
    for text in ["\"anna..w\"@docomo.ne.jp", "anna..w@docomo.ne.jp"] {
        check(text, "\"anna..w\"@docomo.ne.jp", "anna..w@docomo.ne.jp");
    }
    check("\".anna.\"@docomo.ne.jp", "\".anna.\"@docomo.ne.jp", ".anna.@docomo.ne.jp");
    // The quotes count among the 64 octets (RFC 5321 §4.5.3.1.1).
    assert!(read(&format!("{}..@x.jp", "a".repeat(60))).is_ok());
    assert_eq!(read(&format!("{}..@x.jp", "a".repeat(61))), Err(AddressError::Long));
}

#[test]
fn what_needs_quotes_for_more_than_dots_is_no_address() {
    for local in [
        "\"anna w\"",
        "\" anna\"",
        "\"\"",
        "\"",
        "\"anna",
        "anna\"",
        "\"an\"na\"",
        "\"an\\\"na\"",
        "\"an\\na\"",
        "\"anna@evil.example\"",
        "\"anna>\"",
        "\"<anna\"",
        "\"a,b\"",
        "\"a:b\"",
        "\"a;b\"",
        "\"a(b)\"",
        "\"a[b\"",
        "\"a\r\nBcc: x\"",
        "\"a\0\"",
        "\"a\u{7f}\"",
        "\"a\u{a0}b\"",
        "\"a\u{85}b\"",
        "\"a\"b",
    ] {
        assert!(Address::parse(&format!("{local}@example.com")).is_err(), "{local:?}");
    }
}

#[test]
fn international_domains_are_read_as_mails_carry_them() {
    let check = |text: &str, want: &str| assert_eq!(read(text).as_deref(), Ok(want), "{text}");
    check("Support@m\u{fc}ller.example", "Support@xn--mller-kva.example");
    check("support@M\u{dc}LLER.Example", "support@xn--mller-kva.Example");
    check("support@mu\u{308}ller.example", "support@xn--mller-kva.example");
    check("a@\u{4f8b}\u{3048}.\u{30c6}\u{30b9}\u{30c8}", "a@xn--r8jz45g.xn--zckzah");
    check("j\u{fc}rgen@example.com", "j\u{fc}rgen@example.com");
    // What stands in real mails, and no rule of registries concerns.
    for text in ["a@mail_1.example.com", "a@-x.example.com", "a@example.com.", "a@[192.0.2.1]", "a@localhost"]
    {
        check(text, text);
    }
    check("a@mail_1.m\u{fc}ller.example.", "a@mail_1.xn--mller-kva.example.");
}

#[test]
fn no_letter_beyond_ascii_is_read_as_an_ascii_one() {
    for domain in [
        "ban\u{212a}.example",
        "\u{ff42}ank.example",
        "ba\u{ad}nk.example",
        "bank\u{3002}example",
        "b\u{e4}nk\u{3002}example",
        "a\u{fc}\u{2100}b.example",
        "\u{fc}_x.example",
        "\u{fc}\u{fffd}.example",
        "\u{202e}\u{fc}.example",
    ] {
        let address = Address::parse(&format!("anna@{domain}"));
        assert!(matches!(address, Err(AddressError::Domain | AddressError::Character)), "{address:?}");
    }
    assert_ne!(Address::parse("an\u{212a}a@bank.example"), Address::parse("anka@bank.example"));
    assert_eq!(Address::parse("\u{c9}VA@example.org"), Address::parse("\u{e9}va@example.org"));
    assert!(!Address::parse("anka@bank.example").unwrap().is("an\u{212a}a@bank.example"));
    assert_eq!(read("an\u{fffd}a@bank.example"), Err(AddressError::Character));
}

#[test]
fn what_is_on_record_stays_as_it_is() {
    let check = |text: &str, written: &str, folded: &str| {
        let address = Address::recorded(text).unwrap();
        assert_eq!((address.as_str(), address.folded()), (written, folded), "{text}");
    };
    check("Anna@Example.com", "Anna@Example.com", "anna@example.com");
    check("anna..w@docomo.ne.jp", "\"anna..w\"@docomo.ne.jp", "anna..w@docomo.ne.jp");
    check("Jane@M\u{fc}ller.example", "Jane@M\u{fc}ller.example", "jane@m\u{fc}ller.example");
    check("a@ban\u{212a}.example", "a@ban\u{212a}.example", "a@bank.example");
    check("a\u{fffd}@example.com", "a\u{fffd}@example.com", "a\u{fffd}@example.com");
    assert!(Address::recorded("nobody").is_err());
}

#[test]
fn an_address_is_known_however_it_is_written() {
    let address = Address::parse("\"anna..w\"@m\u{fc}ller.example").unwrap();
    for text in [
        "ANNA..W@xn--mller-kva.example",
        "\"anna..w\"@XN--mller-kva.example",
        "<anna..w@m\u{fc}ller.example>",
    ] {
        assert!(address.is(text), "{text}");
    }
    assert!(!address.is("anna.w@xn--mller-kva.example") && !address.is(""));
    for text in [
        "to <Anna..W@M\u{fc}ller.example>",
        "550 anna..w@xn--mller-kva.example unknown",
        "\"anna..w\"@xn--mller-kva.example,",
    ] {
        assert!(address.stands_in(text), "{text}");
    }
    assert!(!address.stands_in("anna.w@xn--mller-kva.example"));
    assert_eq!(address.readable(), "anna..w@m\u{fc}ller.example");
    assert_eq!(Address::parse("Anna@example.com").unwrap().readable(), "anna@example.com");
}
