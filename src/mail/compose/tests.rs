use proptest::prelude::*;

use super::*;
use crate::mail::{Address, RemoteImages, parse, part, render};

fn name_addr(name: Option<&str>, address: &str) -> NameAddr {
    NameAddr { name: name.map(str::to_owned), address: Address::parse(address).unwrap() }
}

fn id(text: &str) -> MessageId {
    MessageId::parse(text).unwrap()
}

fn draft() -> Draft {
    Draft {
        from: name_addr(Some("Acme, \"Web\" Support"), "support@example.com"),
        to: name_addr(Some("Anna Weber"), "anna@example.org"),
        reply_to: Some(name_addr(None, "incoming+abcdefghijklmnopqrstuvwx23@desk.example.com")),
        subject: "Re: Rechnung für März".to_owned(),
        date: Timestamp::from_second(1_717_400_000).unwrap(),
        message_id: id("<one@desk.example.com>"),
        in_reply_to: Some(id("<his@example.org>")),
        references: vec![id("<reply-abcdefghijklmnopqrstuvwx23@desk.example.com>"), id("<his@example.org>")],
        text: "Guten Tag\n\nAlles gut.\n".to_owned(),
        html: "<p>Guten Tag</p><p>Alles gut.</p>".to_owned(),
        headers: vec![
            ("List-Unsubscribe", "<https://desk.example.com/u/abc>, <mailto:x@desk.example.com>".to_owned()),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
            ("Bcc", "secret@example.com".to_owned()),
            ("Subject", "other".to_owned()),
        ],
        boundary_seed: [7; 16],
        attachments: Vec::new(),
    }
}

/// The header lines of a mail, unfolded.
fn header_lines(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw).into_owned();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn a_quoted_recipient_is_written_in_its_quotes() {
    for name in [None, Some("Anna"), Some("=?Anna?=")] {
        let raw = compose(&Draft { to: name_addr(name, "anna..w@docomo.ne.jp"), ..draft() });
        let to = header_lines(&raw).into_iter().find(|line| line.starts_with("To: ")).unwrap();
        assert!(to.ends_with("<\"anna..w\"@docomo.ne.jp>"), "{to}");
        let have = parse(&raw, None).to.remove(0);
        assert_eq!(
            (have.name.as_deref(), have.address),
            (name, Address::parse("anna..w@docomo.ne.jp").unwrap())
        );
    }
}

#[test]
fn a_letter_as_it_leaves() {
    let raw = compose(&draft());
    let text = String::from_utf8(raw.clone()).unwrap();
    let names: Vec<&str> = text
        .lines()
        .take_while(|l| !l.is_empty())
        .filter_map(|l| l.split_once(": "))
        .map(|(n, _)| n)
        .collect();
    assert_eq!(
        names[..9],
        [
            "From",
            "To",
            "Reply-To",
            "Subject",
            "Date",
            "Message-ID",
            "In-Reply-To",
            "References",
            "List-Unsubscribe",
        ]
    );
    assert!(!text.contains("secret@"));
    assert!(!text.contains("other"));
    assert!(text.contains("Date: Mon, 3 Jun 2024 07:33:20 +0000\r\n"));
    assert!(header_lines(&raw).contains(
        &"List-Unsubscribe: <https://desk.example.com/u/abc>, <mailto:x@desk.example.com>".to_owned()
    ));
    let plain = text.find("text/plain").unwrap();
    assert!(plain < text.find("text/html").unwrap());
    assert!(text.lines().all(|line| line.len() <= 998));
}

#[test]
fn it_reads_back_as_it_was_written() {
    let draft = draft();
    let have = parse(&compose(&draft), None);
    assert_eq!(have.from.as_ref(), Some(&draft.from));
    assert_eq!(have.to, [draft.to]);
    assert_eq!(have.reply_to, [draft.reply_to.unwrap()]);
    assert_eq!(have.subject, draft.subject);
    assert_eq!(have.date, Some(draft.date));
    assert_eq!(have.message_id, Some(draft.message_id));
    assert_eq!(have.in_reply_to, [draft.in_reply_to.unwrap()]);
    assert_eq!(have.references, draft.references);
    assert_eq!(have.text, "Guten Tag\n\nAlles gut.");
    assert_eq!(have.defects, []);
}

#[test]
fn files_travel_whole_and_under_safe_types() {
    let mut draft = draft();
    let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let file = |name: &str, content_type: &str| DraftFile {
        name: name.to_owned(),
        content_type: content_type.to_owned(),
        bytes: bytes.clone(),
    };
    draft.attachments = vec![
        file("Rechnung März.pdf", "application/pdf"),
        file("a\"b\r\nBcc: x.txt", "text/plain"),
        file("x.eml", "message/rfc822"),
        file("y", "text/html\r\nBcc: x@example.com"),
    ];
    let raw = compose(&draft);
    let have = parse(&raw, None);
    let kinds: Vec<(&str, &str)> =
        have.attachments.iter().map(|a| (a.name.as_str(), a.content_type.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("Rechnung März.pdf", "application/pdf"),
            ("a\"b Bcc: x.txt", "text/plain"),
            ("x.eml", "application/octet-stream"),
            ("y", "application/octet-stream"),
        ]
    );
    for attachment in &have.attachments {
        assert_eq!(part(&raw, attachment.part).unwrap().bytes, bytes, "{}", attachment.name);
        assert_eq!(attachment.size, 10_000);
    }
    assert_eq!(have.text, "Guten Tag\n\nAlles gut.");
    assert!(!header_lines(&raw).iter().any(|line| line.starts_with("Bcc")));
    assert_eq!(render(&raw, RemoteImages::Blocked).html, "<p>Guten Tag</p><p>Alles gut.</p>");
}

#[test]
fn a_text_that_holds_the_boundary_gets_another() {
    let mut draft = draft();
    let first = boundary("alternative", &draft);
    draft.text = format!("--{first}--\nstill text");
    assert_ne!(boundary("alternative", &draft), first);
    assert_eq!(parse(&compose(&draft), None).text, draft.text);
}

#[test]
fn text_alone_is_one_part() {
    let mut draft = draft();
    draft.html = String::new();
    let raw = compose(&draft);
    assert!(
        header_lines(&raw).contains(&"Content-Type: text/plain; charset=\"utf-8\"".to_owned()),
        "{:?}",
        header_lines(&raw)
    );
    assert_eq!(parse(&raw, None).text, "Guten Tag\n\nAlles gut.");
}

/// Texts with what breaks headers in them.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "\r\n",
            "\n",
            "\r",
            "\0",
            "\r\nBcc: evil@example.com\r\n",
            "\r\n\r\n<script>",
            "\"",
            "\\",
            "=?",
            "?=",
            "=?utf-8?Q?=0D=0ABcc:_x?=",
            "=?utf-8?B?",
            "<",
            ">",
            ",",
            ";",
            ":",
            "(",
            ")",
            "@",
            " ",
            "\t",
            "\u{2028}",
            "\u{202e}",
            "\u{85}",
            "é",
            "漢字",
            "😀",
            "a\u{301}",
            "Re: ",
            "\u{7f}",
            "\u{b}",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
        "[a-zA-Z ]{0,40}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever the strings, no header is there that the draft does not have, and every value
    /// reads back as it was, on one line.
    #[test]
    fn nothing_is_injected_and_values_read_back(
        subject in nasty(), name in nasty(), to_name in nasty(), value in nasty(),
        body in nasty(), html in nasty(), file in nasty(), kind in nasty(), seed in any::<[u8; 16]>(),
    ) {
        let mut draft = draft();
        draft.subject = subject;
        draft.from.name = Some(name);
        draft.to.name = Some(to_name);
        draft.headers = vec![("Auto-Submitted", value)];
        draft.text = body;
        draft.html = html;
        draft.boundary_seed = seed;
        draft.attachments = vec![DraftFile { name: file, content_type: kind, bytes: b"x".to_vec() }];
        let raw = compose(&draft);
        prop_assert_eq!(&raw, &compose(&draft));

        let lines = header_lines(&raw);
        let names: Vec<&str> = lines.iter().map(|line| line.split(':').next().unwrap()).collect();
        prop_assert_eq!(names, [
            "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
            "MIME-Version", "Content-Type",
        ]);
        let bare = raw.windows(2).any(|w| w[0] == b'\r' && w[1] != b'\n' || w[0] != b'\r' && w[1] == b'\n');
        prop_assert!(!bare, "a bare CR or LF");
        prop_assert!(!raw.contains(&0));

        let have = parse(&raw, None);
        let named = |name: &Option<String>| name.as_deref().map(one_line).filter(|n| !n.is_empty());
        let subject = crate::mail::header::at_most(&one_line(&draft.subject), 500).trim_end().to_owned();
        prop_assert_eq!(have.subject, subject);
        prop_assert_eq!(have.from.unwrap().name, named(&draft.from.name));
        prop_assert_eq!(have.to[0].name.clone(), named(&draft.to.name));
        prop_assert_eq!(&have.to[0].address, &draft.to.address);
        prop_assert_eq!(have.to.len(), 1);
        prop_assert_eq!(have.attachments.len(), 1);
        prop_assert_eq!(have.references, draft.references);
    }
}
