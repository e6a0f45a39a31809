use proptest::prelude::*;

use super::*;
use crate::mail::testing::cost_of;
use crate::mail::{Authentication, Automatic, RemoteImages, ScanHeader, Scanned, part, render};

const HEAD: &str = "From: Anna Weber <anna@example.org>\r\nTo: incoming+acme-web-7-issue-@desk.example.com\r\n\
                    Subject: Rechnung\r\nDate: Mon, 3 Jun 2024 09:33:20 +0200\r\nMessage-ID: <one@example.org>\r\n";

fn mail(rest: &str) -> Vec<u8> {
    format!("{HEAD}{}", rest.replace("\r\n", "\n").replace('\n', "\r\n")).into_bytes()
}

#[test]
fn a_plain_mail() {
    let raw = mail(
        "Cc: bo@example.org\nReply-To: other@example.org\nIn-Reply-To: <a@x>\nReferences: <z@x>\n <a@x>\n\nHallo\n\n-- \nAnna\n",
    );
    let have = parse(&raw, None);
    assert_eq!(
        have.from.map(|f| (f.name, f.address.to_string())),
        Some((Some("Anna Weber".to_owned()), "anna@example.org".to_owned()))
    );
    assert_eq!(have.subject, "Rechnung");
    assert_eq!(have.date.map(|d| d.as_second()), Some(1_717_400_000));
    assert_eq!(have.message_id.map(|id| id.to_string()), Some("<one@example.org>".to_owned()));
    assert_eq!(have.in_reply_to.len(), 1);
    assert_eq!(have.references.len(), 2);
    assert_eq!(have.text, "Hallo\n\n-- \nAnna");
    assert_eq!(have.defects, []);
    assert_eq!(have.automatic, None);
    let places: Vec<ScanHeader> = have.scanned.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [ScanHeader::To, ScanHeader::Cc]);
    assert!(
        matches!(&have.scanned[0].1, Scanned::Address(a) if a.as_str() == "incoming+acme-web-7-issue-@desk.example.com")
    );
}

#[test]
fn whatever_the_octets_there_is_an_inbound() {
    for raw in [
        b"".as_slice(),
        b"\r\n",
        b"\n\n\n",
        b"garbage without any header",
        b"\0\0\0\xff\xfe",
        b":",
        b"From:",
        b"From: \r\n",
        b"Subject: only",
        b"From: a@example.com\r\nno blank line at all",
        b"Content-Type: multipart/mixed\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--",
        b"Content-Type: text/plain; charset=x-none\r\nContent-Transfer-Encoding: base64\r\n\r\n====",
        b"=?utf-8?B?",
    ] {
        let have = parse(raw, Some("mx.example.com"));
        let shown = render(raw, RemoteImages::Blocked);
        assert!(have.from.is_some() || have.defects.contains(&Defect::NoSender), "{raw:?}");
        assert_eq!(have.text, shown.text);
    }
    assert_eq!(parse(b"garbage without any header", None).text, "garbage without any header");
    assert!(parse(b"", None).defects.contains(&Defect::Unparsable));
}

#[test]
fn what_is_missing_is_a_defect() {
    let have = parse(b"From: a@example.com, b@example.com\r\nX: y\r\n\r\n", None);
    assert_eq!(
        have.defects,
        [Defect::SeveralSenders, Defect::NoSubject, Defect::NoDate, Defect::NoMessageId, Defect::NoText,]
    );
    assert_eq!(have.from.map(|f| f.address.to_string()), Some("a@example.com".to_owned()));
}

#[test]
fn several_senders_never_pass_and_fail_as_the_first_does() {
    let judged = |result: &str, from: &str| {
        let raw =
            format!("Authentication-Results: mx; dmarc={result} header.from=example.com\r\n{from}\r\n\r\nx");
        parse(raw.as_bytes(), Some("mx")).authentication
    };
    assert_eq!(judged("pass", "From: a@example.com"), Authentication::Pass);
    assert_eq!(judged("fail", "From: a@example.com"), Authentication::Fail);
    // One who is named twice is one.
    for twice in ["From: a@example.com, Ann <A@example.com>", "From: a@example.com\r\nFrom: a@example.com"] {
        assert_eq!(judged("pass", twice), Authentication::Pass, "{twice}");
        let raw = format!("{twice}\r\n\r\nx");
        assert!(!parse(raw.as_bytes(), None).defects.contains(&Defect::SeveralSenders), "{twice}");
    }
    for two in ["From: a@example.com, b@evil.example", "From: a@example.com\r\nFrom: b@evil.example"] {
        assert_eq!(judged("pass", two), Authentication::Unknown, "{two}");
        assert_eq!(judged("fail", two), Authentication::Fail, "{two}");
    }
}

#[test]
fn an_encoded_word_is_nobodys_address() {
    for from in [
        "=?utf-8?q?ann=40customer.example?=",
        "=?utf-8?q?ann@customer.example?=",
        "<=?utf-8?q?ann=40customer.example?=>",
        "=?utf-8?b?YW5uQGN1c3RvbWVyLmV4YW1wbGU=?=",
    ] {
        let raw = format!("From: {from}\r\n\r\nx");
        assert_eq!(parse(raw.as_bytes(), None).from, None, "{from}");
        let raw = format!("From: {from}, Eve <eve@evil.example>\r\n\r\nx");
        let first = parse(raw.as_bytes(), None).from.map(|first| first.address.to_string());
        assert_eq!(first.as_deref(), Some("eve@evil.example"), "{from}");
    }
    // That it stands somewhere else in the field as well does not make an address of it.
    let comment = "From: =?utf-8?q?ann=40customer.example?= (ann@customer.example)\r\n\r\nx";
    assert_eq!(parse(comment.as_bytes(), None).from, None);
    let name =
        "From: =?utf-8?q?ann=40customer.example?=, \"ann@customer.example\" <eve@evil.example>\r\n\r\nx";
    let first = parse(name.as_bytes(), None).from.map(|first| first.address.to_string());
    assert_eq!(first.as_deref(), Some("eve@evil.example"));
    for from in ["=?utf-8?q?J=C3=BCrgen?= <Ann@customer.example>", "\"Ann@customer.example\""] {
        let raw = format!("From: {from}\r\n\r\nx");
        let have = parse(raw.as_bytes(), None).from.map(|from| from.address.to_string());
        assert_eq!(have.as_deref(), Some("Ann@customer.example"), "{from}");
    }
}

#[test]
fn who_is_somebodys_address_by_our_decoding_alone_is_no_sender() {
    for from in [
        &b"anna@cust\0omer.example"[..],
        b"<anna@cust\romer.example>",
        b"anna@cust\x1b(Jomer.example",
        "anna@\u{212a}ustomer.example".as_bytes(),
    ] {
        let results = &b"Authentication-Results: mx; dmarc=fail header.from=cust\r\nFrom: "[..];
        let have = parse(&[results, from, b"\r\n\r\nx"].concat(), Some("mx"));
        assert_eq!(have.from, None, "{}", String::from_utf8_lossy(from));
    }
    let raw = "From: \"anna..w\"@docomo.ne.jp\r\n\r\nx";
    let from = parse(raw.as_bytes(), None).from.unwrap();
    assert_eq!((from.name, from.address.as_str()), (None, "\"anna..w\"@docomo.ne.jp"));
}

#[test]
fn parts_are_sorted_into_text_and_files() {
    let raw = mail(
        "Content-Type: multipart/mixed; boundary=m\n\npreamble\n--m\nContent-Type: multipart/alternative; boundary=a\n\n\
         --a\nContent-Type: text/plain\n\nplain\n--a\nContent-Type: multipart/related; boundary=r\n\n\
         --r\nContent-Type: text/html\n\n<p>rich <img src=cid:pic></p>\n--r\nContent-Type: image/png; name=pic.png\n\
         Content-ID: <pic>\nContent-Transfer-Encoding: base64\n\niVBORw==\n--r--\n--a--\n\
         --m\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''R%C3%A4.pdf\n\n%PDF\n\
         --m\nContent-Type: message/rfc822\n\nSubject: inner\n\ninner text\n--m\nContent-Type: text/plain\n\nfooter\n--m--\nepilogue\n",
    );
    let have = parse(&raw, None);
    assert_eq!(have.text, "plain\nfooter");
    let files: Vec<(u32, &str, &str, u64)> =
        have.attachments.iter().map(|a| (a.part, a.name.as_str(), a.content_type.as_str(), a.size)).collect();
    assert_eq!(
        files,
        [
            (5, "pic.png", "image/png", 4),
            (6, "Rä.pdf", "application/pdf", 4),
            (7, "part-7.eml", "message/rfc822", 28),
        ]
    );
    assert_eq!(have.attachments[0].content_id.as_deref(), Some("pic"));
    assert_eq!(part(&raw, 5).unwrap().bytes, b"\x89PNG");
    assert_eq!(part(&raw, 7).unwrap().bytes, b"Subject: inner\r\n\r\ninner text");
    assert!(part(&raw, 0).is_none());
    assert!(part(&raw, 99).is_none());
    let shown = render(&raw, RemoteImages::Blocked);
    assert_eq!(shown.html, "<p>rich <span class=\"no-image\">Image</span></p><p>footer</p>");
}

#[test]
fn a_missing_semicolon_does_not_cost_the_parts() {
    for boundary in ["\tboundary=\"b c\"", " Boundary=\"b c\"; x=y"] {
        let raw = mail(&format!(
            "Content-Type: multipart/mixed\n{boundary}\n\n--b c\n\ntext\n--b c\nContent-Type: image/png\n\nx\n--b c--\n"
        ));
        let have = parse(&raw, None);
        assert_eq!((have.text.as_str(), have.attachments.len()), ("text", 1), "{boundary}");
    }
}

#[test]
fn words_of_mime_in_a_text_do_not_cost_the_text() {
    let raw = mail("\nMy header says Content-Type: multipart/alternative and text/plain, why?\n");
    assert_eq!(
        parse(&raw, None).text,
        "My header says Content-Type: multipart/alternative and text/plain, why?"
    );
}

#[test]
fn html_alone_gives_text() {
    let raw = mail(
        "Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n<p>f=FCr <b>dich</b></p>",
    );
    assert_eq!(parse(&raw, None).text, "für dich");
    let raw = mail(
        "Content-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\n \n--a\nContent-Type: text/html\n\n<p>rich</p>\n--a--\n",
    );
    assert_eq!(parse(&raw, None).text, "rich");
}

#[test]
fn a_bounce_is_automatic() {
    let raw = mail(
        "Return-Path: <>\nAuto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n",
    );
    let have = parse(&raw, None);
    assert_eq!(have.automatic, Some(Automatic::Report));
    assert_eq!(have.text, "It failed.");
}

#[test]
fn the_body_hash_is_of_the_body_alone() {
    let one = parse(&mail("Received: from a\n\nbody\n"), None);
    let two = parse(&mail("Received: from b\nDelivered-To: x@example.com\n\nbody\n"), None);
    let other = parse(&mail("Received: from a\n\nbody!\n"), None);
    assert_eq!(one.body_hash, two.body_hash);
    assert_ne!(one.body_hash, other.body_hash);
}

#[test]
fn too_many_parts_are_said_and_not_followed() {
    let raw =
        mail(&format!("Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n", "--b\n\nx\n".repeat(5_000)));
    let have = parse(&raw, None);
    assert!(have.defects.contains(&Defect::TooManyParts));
    let deep: String =
        (0..5_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    let have = parse(&mail(&deep), None);
    assert!(have.text.contains("boundary=b4999"));
}

#[test]
fn large_and_hostile_mails_take_linear_time() {
    let check = |what: &str, raw: Vec<u8>| {
        let cost = cost_of(|| (parse(&raw, Some("mx")), render(&raw, RemoteImages::Blocked)));
        assert!(cost < 30.0, "{what} took {cost} s");
    };
    check(
        "100 MB of header",
        [b"X-Filler: ".to_vec(), b"abcdefghi\r\n ".repeat(9 << 20), b"\r\n\r\nx".to_vec()].concat(),
    );
    check("a million fields", b"a:\r\n".repeat(1_000_000));
    check("folds", [b"Subject:".to_vec(), b"\r\n x".repeat(300_000)].concat());
    let open = "--b\r\nContent-Type: multipart/mixed; boundary=none\r\n\r\nx\r\n".repeat(20_000);
    check(
        "multiparts without a boundary",
        mail(&format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{open}")),
    );
    check(
        "dashes",
        mail(&format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--".repeat(1_000_000))),
    );
    check("quotes", mail(&format!("\r\n{}", "> a\r\nb\r\n".repeat(100_000))));
    check("attributions", mail(&format!("\r\n{}> x", "On 1 wrote:\r\n".repeat(100_000))));
    check("one long line", mail(&format!("\r\n{}", "wrote 1 ".repeat(200_000))));
}

/// Real shapes to be broken by the property below.
fn samples() -> Vec<Vec<u8>> {
    vec![
        mail(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nSGFsbG8gV2VsdA==\n",
        ),
        mail(
            "Content-Type: multipart/mixed; boundary=\"m\"\nReceived: from a (b [1.2.3.4]) by c for <x@example.com>; Mon\n\
             Authentication-Results: mx; dkim=pass header.d=example.org; dmarc=pass (p=none) header.from=example.org\n\n\
             --m\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\nText\n\nOn 1 May Jane wrote:\n> hi\n--a\n\
             Content-Type: text/html\n\n<p>Text</p><div class=gmail_quote>old</div>\n--a--\n--m\n\
             Content-Disposition: attachment; filename=\"=?utf-8?Q?=C3=A4?=.txt\"\n\nfile\n--m--\n",
        ),
        mail(
            "References: <reply-abcdefghijklmnopqrstuvwx23@desk.example.com>\nSubject: =?iso-2022-jp?B?GyRCJCIbKEI=?=\n\n\x1b$B$\"\x1b(B\n",
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Octets at random never fail.
    #[test]
    fn octets_never_fail(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        // Not by way of `parse`, which would catch a panic.
        let have = inbound(&structure::read(&raw), Some("mx"));
        prop_assert!(have.as_ref().is_none_or(|have| have.subject.chars().count() <= 500));
        let shown = render(&raw, RemoteImages::Shown);
        prop_assert_eq!(have.is_none(), shown.defects.contains(&Defect::Unparsable));
    }

    /// Mails broken at random never fail, and give a subject on one line and safe HTML.
    #[test]
    fn broken_mails_never_fail(
        which in 0..3_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![
            Just(b"\r\n".to_vec()), Just(b"--m".to_vec()), Just(b"<script>".to_vec()), Just(b"\"".to_vec()), Just(b"=?".to_vec()),
            Just(b";".to_vec()), Just(b"\r\n\r\n".to_vec()), Just(Vec::new()), prop::collection::vec(any::<u8>(), 1..4),
        ], 0..6_usize), 1..8),
    ) {
        let mut raw = samples().swap_remove(which);
        for (at, with, cut) in edits {
            let at = at.index(raw.len() + 1);
            let end = (at + cut).min(raw.len());
            raw.splice(at..end, with);
        }
        let Some(have) = inbound(&structure::read(&raw), Some("mx")) else { return Ok(()) };
        prop_assert!(!have.subject.contains(['\r', '\n', '\0']));
        prop_assert!(have.references.len() <= 20);
        for images in [RemoteImages::Blocked, RemoteImages::Shown] {
            let shown = render(&raw, images);
            prop_assert!(!shown.defects.contains(&Defect::Unparsable));
            prop_assert_eq!(crate::mail::testing::harm(&shown.html), None);
            prop_assert_eq!(shown.quoted.and_then(|q| crate::mail::testing::harm(&q)), None);
        }
        for attachment in have.attachments {
            prop_assert!(part(&raw, attachment.part).is_some());
        }
    }
}
