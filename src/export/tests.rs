//! What is written can be read back.

use super::mbox;

/// The mails of an mbox, as a reader of `mboxrd` takes it apart.
fn read_back(mbox: &str) -> Vec<String> {
    let mut mails: Vec<String> = Vec::new();
    for line in mbox.split_inclusive('\n') {
        if line.starts_with("From ") {
            mails.push(String::new());
            continue;
        }
        let quoted = line.trim_start_matches('>').starts_with("From ") && line.starts_with('>');
        let line = line.strip_prefix('>').filter(|_| quoted).unwrap_or(line);
        mails.last_mut().unwrap().push_str(line);
    }
    mails.iter().map(|mail| mail.strip_suffix('\n').unwrap().to_owned()).collect()
}

#[test]
fn a_mail_that_looks_like_the_next_one_comes_back_as_it_was() {
    let bodies = ["From here on\r\n>From me\r\n>>From us\r\n\r\nFrom: x\r\n", "no line end", "", "\r\n\r\n"];
    let mails: Vec<_> = bodies.iter().map(|body| format!("From: a@b.example\r\n\r\n{body}")).collect();
    let mut octets = Vec::new();
    for mail in &mails {
        mbox::append(&mut octets, mail.as_bytes()).unwrap();
    }
    let text = String::from_utf8(octets).unwrap();
    assert!(text.starts_with("From a@b.example Thu Jan  1 00:00:00 1970\n"), "{text}");
    let whole = |mail: &String| {
        let mail = mail.replace("\r\n", "\n");
        if mail.ends_with('\n') { mail } else { mail + "\n" }
    };
    assert_eq!(read_back(&text), mails.iter().map(whole).collect::<Vec<_>>());
}
