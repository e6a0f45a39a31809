use proptest::prelude::*;

use super::*;

const KEY: &str = "abcdefghijklmnopqrstuvwx23";

fn scanned(raw: &str) -> Vec<(ScanHeader, Scanned)> {
    scan(&Header::split(raw.as_bytes()).0)
}

fn addresses(raw: &str) -> Vec<(ScanHeader, String)> {
    let address = |(place, found)| match found {
        Scanned::Address(address) => (place, address.to_string()),
        Scanned::ReplyMark { key, host } => (place, format!("{key} {host}")),
    };
    scanned(raw).into_iter().map(address).collect()
}

#[test]
fn all_headers_are_scanned_in_order_whatever_order_they_stand_in() {
    let raw = format!(
        "Cc: cc@example.com\r\nX-Forwarded-To: xf@example.com\r\nX-Original-To: xo@example.com\r\n\
         Received: from a by b for <rc@example.com>; Mon, 1 Jan 2024 00:00:00 +0000\r\n\
         X-Envelope-To: xe@example.com\r\nEnvelope-To: en@example.com\r\nX-Delivered-To: xd@example.com\r\n\
         Delivered-To: de@example.com\r\nReferences: <reply-{KEY}@desk.example.com>\r\nTo: to@example.com\r\n\r\n"
    );
    let places: Vec<ScanHeader> = scanned(&raw).iter().map(|(place, _)| *place).collect();
    let mut sorted = places.clone();
    sorted.sort();
    assert_eq!(places, sorted);
    assert_eq!(places.len(), 10);
}

#[test]
fn a_quoted_local_part_is_found_in_every_header() {
    for name in ADDRESS_HEADERS.map(|(_, name)| name) {
        let quoted = "\"incoming+acme/web\"@desk.example.com";
        let value = match name {
            "Received" => format!("from x by y for <{quoted}>; Mon"),
            _ => quoted.to_owned(),
        };
        let have: Vec<String> =
            addresses(&format!("{name}: {value}\r\n\r\n")).into_iter().map(|(_, found)| found).collect();
        assert_eq!(have, ["incoming+acme/web@desk.example.com"], "{name}");
    }
}

#[test]
fn what_decoding_leaves_out_makes_no_address() {
    for value in
        ["in\0coming@desk.example.com", "incoming@de\rsk.example.com", "incoming@de\x1b(Jsk.example.com"]
    {
        for name in ["Delivered-To", "X-Original-To"] {
            assert_eq!(addresses(&format!("{name}: {value}\r\n\r\n")), [], "{name}: {value:?}");
        }
    }
}

#[test]
fn every_instance_is_found_in_the_order_in_which_it_stands() {
    let raw =
        "Delivered-To: b@example.com\nDelivered-To: <a@example.com>\nTo: x@example.com,\n y@example.com\n\n";
    assert_eq!(
        addresses(raw),
        [
            (ScanHeader::To, "x@example.com".to_owned()),
            (ScanHeader::To, "y@example.com".to_owned()),
            (ScanHeader::DeliveredTo, "b@example.com".to_owned()),
            (ScanHeader::DeliveredTo, "a@example.com".to_owned()),
        ]
    );
}

#[test]
fn received_names_an_address_in_angle_brackets_only() {
    let check = |value: &str, want: Option<&str>| {
        assert_eq!(received_for(value).map(|a| a.to_string()).as_deref(), want, "{value}");
    };
    check("from x by y with ESMTP id 1 for <a@example.com>; Mon", Some("a@example.com"));
    check("from x by y (sent to you) for\t<a@example.com>; Mon", Some("a@example.com"));
    check("from x FOR <a@example.com>", Some("a@example.com"));
    check("from x for a@example.com; Mon", None);
    check("from therefor <a@example.com>", None);
    check("(envelope-from <b@example.com>) for <<a@example.com>", None);
    check("from <b@example.com> for <no address> for <a@example.com>", Some("a@example.com"));
    check("for<a@example.com>", None);
    check("for", None);
}

#[test]
fn hostile_fields_take_linear_time() {
    for piece in
        ["for <", "for ", "<", "\" <", "\"a\"@", "(", "=?", "=?utf-8?q?", "<a@", "reply-", "a@b,", ":", ";"]
    {
        for name in ["Received", "To", "References", "Delivered-To", "Subject", "Cc", "From", "Content-Type"]
        {
            let raw = format!("{name}: {}\r\n\r\n", piece.repeat(100_000));
            let cost =
                crate::mail::testing::cost_of(|| crate::mail::parse(raw.as_bytes(), Some("mx.example.com")));
            assert!(cost < 10.0, "{name}: {piece} took {cost} s");
        }
    }
}

#[test]
fn references_come_in_many_shapes() {
    let check = |value: &str, want: &[&str]| {
        let raw = format!("References: {value}\r\n\r\n");
        let have = references(&Header::split(raw.as_bytes()).0);
        assert_eq!(have.iter().map(MessageId::as_str).collect::<Vec<_>>(), want, "{value}");
    };
    check("<a@x> <b@x>", &["a@x", "b@x"]);
    check("<a@x>,<b@x>,\r\n\t<c@x>", &["a@x", "b@x", "c@x"]);
    check("<a@x><b@x>", &["a@x", "b@x"]);
    check("a@x, b@x", &["a@x", "b@x"]);
    check("<a@x> <a@x>", &["a@x"]);
    check("<no end", &[]);
    check("", &[]);
}

#[test]
fn the_last_twenty_references_are_kept() {
    let all: Vec<String> = (0..50).map(|n| format!("<{n}@x>")).collect();
    let raw = format!("References: {}\r\n\r\n", all.join("\r\n "));
    let have = references(&Header::split(raw.as_bytes()).0);
    assert_eq!(have.len(), 20);
    assert_eq!(have.last().map(MessageId::as_str), Some("49@x"));
}

proptest! {
    /// A mark is found wherever it stands among other ids, in either case.
    #[test]
    fn marks_are_found(before in 0..5_usize, upper in any::<bool>(), comma in any::<bool>()) {
        let mark = format!("<reply-{KEY}@Desk.example.com>");
        let mark = if upper { mark.to_ascii_uppercase() } else { mark };
        let others: Vec<String> = (0..before).map(|n| format!("<{n}@x>")).collect();
        let glue = if comma { "," } else { "\r\n " };
        let list = [others.as_slice(), &[mark, "<z@x>".to_owned()]].concat().join(glue);
        let have = addresses(&format!("References: {list}\r\n\r\n"));
        prop_assert_eq!(have, vec![(ScanHeader::References, format!("{KEY} desk.example.com"))]);
    }

    /// Every address form is found in every scanned header, bracketed, listed and folded.
    #[test]
    fn addresses_are_found(
        place in 0..ADDRESS_HEADERS.len(),
        local in "[a-z][a-z0-9+/_.-]{0,20}[a-z0-9]",
        bracket in any::<bool>(),
        fold in any::<bool>(),
    ) {
        let (place, name) = ADDRESS_HEADERS[place];
        let address = format!("{local}@desk.example.com");
        let value = match (place, bracket) {
            (ScanHeader::Received, _) => format!("from x by y for <{address}>; Mon"),
            (_, true) => format!("Someone <{address}>"),
            (_, false) => address.clone(),
        };
        let fold = if fold { "\r\n " } else { "" };
        let have = addresses(&format!("Subject: x\r\n{name}: {fold}{value}\r\n\r\n"));
        prop_assert_eq!(have, vec![(place, Address::parse(&address).unwrap().to_string())]);
    }
}
