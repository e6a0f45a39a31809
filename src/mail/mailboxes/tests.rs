use super::*;

fn of(read: fn(&[u8]) -> Vec<NameAddr>, value: &[u8]) -> Vec<String> {
    read(value).iter().map(|a| a.address.to_string()).collect()
}

#[test]
fn groups_comments_and_bare_names_give_addresses() {
    let check = |value: &str, want: &[&str]| {
        assert_eq!(of(decoded, value.as_bytes()), want, "{value}");
        assert_eq!(of(written, value.as_bytes()), want, "{value}");
    };
    check(
        "Team: a@example.com, B <b@example.com>;, c@example.com",
        &["a@example.com", "b@example.com", "c@example.com"],
    );
    check("\"Weber, Anna\" <anna@example.com>", &["anna@example.com"]);
    check("\"anna@example.com\"", &["anna@example.com"]);
    check("anna@example.com (Anna)", &["anna@example.com"]);
    check("<incoming+acme/web@desk.example.com>", &["incoming+acme/web@desk.example.com"]);
    check("undisclosed-recipients:;", &[]);
    check("", &[]);
}

#[test]
fn quoted_local_parts_are_read_wherever_they_stand() {
    let check = |value: &str, want: &[&str]| {
        assert_eq!(of(decoded, value.as_bytes()), want, "{value}");
        assert_eq!(of(written, value.as_bytes()), want, "{value}");
    };
    let docomo = "\"anna..w\"@docomo.ne.jp";
    check("\"anna..w\"@docomo.ne.jp", &[docomo]);
    check("<\"anna..w\"@docomo.ne.jp>", &[docomo]);
    check("Anna <\"anna..w\"@docomo.ne.jp>", &[docomo]);
    check("\"A \\\"x\\\" W\" <\"anna..w\"@docomo.ne.jp>", &[docomo]);
    check("anna..w@docomo.ne.jp", &[docomo]);
    check(
        "b@example.com,\"anna..w\"@docomo.ne.jp, \"c\"@example.com;",
        &["b@example.com", docomo, "c@example.com"],
    );
    check("Team:\"anna..w\"@docomo.ne.jp;", &[docomo]);
    check("(\")\"anna..w\"@docomo.ne.jp", &[docomo]);
    check("\"incoming+acme/web\"@desk.example.com", &["incoming+acme/web@desk.example.com"]);
    // A name is none, nor is what would need quotes for more than its dots.
    check("\"anna@evil.example\"@customer.example", &[]);
    check("<\"anna@evil.example\"@customer.example>", &[]);
    check("\"anna w\"@customer.example", &[]);
    check("\"an\\\"na\"@customer.example", &[]);
    check("\"a\r\n b\"@customer.example", &[]);
    check("eve\"anna\"@customer.example", &[]);
    check("\"eve\"\"anna\"@customer.example", &[]);
    check("\"\\\"anna\"@customer.example <eve@evil.example>", &["eve@evil.example"]);
}

#[test]
fn what_decoding_leaves_out_makes_no_address() {
    for value in [
        &b"anna@cust\0omer.example"[..],
        b"<anna@cust\0omer.example>",
        b"\"x\"\0anna@customer.example",
        b"anna@cust\romer.example",
        b"<anna@cust\romer.example>",
        b"<\ranna@customer.example>",
        b"\"anna@cust\romer.example\"",
        b"\"anna@cust\xe2\x80\xaeomer.example\"",
        b"anna@cust\r\n omer.example",
        "anna@ban\u{212a}.example".as_bytes(),
    ] {
        let shown = String::from_utf8_lossy(value);
        assert_eq!((of(decoded, value), of(written, value)), (vec![], vec![]), "{shown:?}");
    }
    // Whom a charset that we guess makes the sender, nobody else sees there.
    for value in [
        &b"anna@cust\x1b(Jomer.example"[..],
        b"<anna@cust\x1b(Jomer.example>",
        b"anna@\x1b$B$\"\x1b(B <eve>",
        b"\x1b$B<anna@customer.example>",
        b"anna@customer\xfc.example",
        b"anna@customer.example\xff",
    ] {
        assert_eq!(of(written, value), Vec::<String>::new(), "{:?}", String::from_utf8_lossy(value));
    }
    // Line ends that are written twice are line ends.
    assert_eq!(of(written, b"Anna\r\r\n <anna@customer.example>\r\r\n"), ["anna@customer.example"]);
}

#[test]
fn names_are_decoded_beside_the_address_that_is_written() {
    let check = |value: &[u8], name: &str, address: &str| {
        let have = written(value);
        let have: Vec<_> =
            have.iter().map(|a| (a.name.as_deref().unwrap_or_default(), a.address.as_str())).collect();
        assert_eq!(have, [(name, address)]);
    };
    check(b"M\xfcller <anna@customer.example>", "M\u{fc}ller", "anna@customer.example");
    check(b"=?utf-8?q?M=C3=BCller?= <Anna@customer.example>", "M\u{fc}ller", "Anna@customer.example");
    check(b"\x1b$B$\"0B\x1b(B <anna@customer.example>", "\u{3042}\u{5b89}", "anna@customer.example");
    check(b"\x1b$B0B\x1b(B <anna@customer.example>", "\u{5b89}", "anna@customer.example");
    check("M\u{fc}ller <anna@m\u{fc}ller.example>".as_bytes(), "M\u{fc}ller", "anna@xn--mller-kva.example");
}

#[test]
fn a_display_name_has_a_bound() {
    let value = format!("{} <a@example.com>", "Bu\u{308}y now ".repeat(100));
    let name = decoded(value.as_bytes()).remove(0).name.unwrap();
    assert!(name.starts_with("Bu\u{308}y now Bu") && name.chars().count() <= 200, "{name}");
}
