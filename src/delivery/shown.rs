//! The text that a letter shows, and the files that go along.

use crate::mail::{self, DraftFile, ReplyKey};

/// How many octets of files go along with one letter; what is over that is named in it. Many mail
/// servers take 20 or 25 MB, and a file grows by a third on its way.
const MOST_FILES: usize = 10 * 1024 * 1024;

/// What a letter shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ShownText {
    pub(super) text: String,
    pub(super) html: String,
    pub(super) files: Vec<DraftFile>,
    /// The names of files that are too large to go along.
    pub(super) left_out: Vec<String>,
}

impl ShownText {
    /// Takes keys out that are none of the reader's business. They stand in an agent's answer where it
    /// quotes the notice between its lines.
    pub(super) fn hide(&mut self, keys: &[ReplyKey]) {
        for key in keys {
            for text in [&mut self.text, &mut self.html] {
                if text.contains(key.as_str()) {
                    *text = text.replace(key.as_str(), "…");
                }
            }
        }
    }
}

/// A customer's mail. Its files are on the ticket's page.
pub(super) fn of_customer(raw: &[u8]) -> ShownText {
    let rendered = mail::render(raw, mail::RemoteImages::Blocked);
    ShownText { text: rendered.text, html: rendered.html, ..ShownText::default() }
}

/// An agent's mail, with its files. It answers a notice, which says what customers do not get.
pub(super) fn of_agent(raw: &[u8]) -> ShownText {
    let rendered = mail::render_own(raw);
    let mut shown = ShownText { text: rendered.text, html: rendered.html, ..ShownText::default() };
    let mut room = MOST_FILES;
    for file in rendered.attachments {
        let part = mail::part(raw, file.part).filter(|part| part.bytes.len() <= room);
        match part {
            Some(part) => {
                room -= part.bytes.len();
                let (name, content_type) = (part.name, part.content_type);
                shown.files.push(DraftFile { name, content_type, bytes: part.bytes });
            }
            None => shown.left_out.push(file.name),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(size: usize) -> Vec<u8> {
        format!(
            "From: jane@team.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHere.\r\n\
             --b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1,2\r\n\
             --b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=large.txt\r\n\r\n{}\r\n\
             --b--\r\n",
            "x".repeat(size)
        )
        .into_bytes()
    }

    #[test]
    fn files_go_along_up_to_a_limit() {
        let small = of_agent(&mail(10));
        let names: Vec<_> = small.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!((names.as_slice(), small.left_out.len()), (["a.csv", "large.txt"].as_slice(), 0));
        assert_eq!(small.files[0].bytes, b"1,2");
        let large = of_agent(&mail(MOST_FILES));
        assert_eq!((large.files.len(), large.left_out.as_slice()), (1, ["large.txt".to_owned()].as_slice()));
        assert!(of_customer(&mail(10)).files.is_empty());
    }

    /// It is of the notice, which customers do not get.
    #[test]
    fn nothing_goes_along_that_an_agent_quotes_between_the_lines() {
        let text = "On 3 June 2024 Jane wrote:\r\n> Who is that?\r\nIt is me.\r\n\r\n> https://desk.example/account\r\nSee you.\r\n";
        let plain = format!("From: jane@team.example\r\n\r\n{text}");
        let html = "From: jane@team.example\r\nContent-Type: text/html\r\n\r\n<p>On 3 June 2024 Jane wrote:</p>\
             <blockquote type=\"cite\"><p>Who is that?</p></blockquote><p>It is <b>me</b>.</p>\
             <blockquote type=\"cite\"><a href=\"https://desk.example/account\">Which mails</a></blockquote><p>See you.</p>";
        let outlook = "From: jane@team.example\r\nContent-Type: text/html\r\n\r\n<p>It is me. See you.</p>\
             <p><b>From:</b> Postdesk<br><b>Sent:</b> Monday<br><b>To:</b> Jane<br><b>Subject:</b> x</p>\
             <p>https://desk.example/account Who is that?</p>";
        for raw in [plain.as_str(), html, outlook] {
            let shown = of_agent(raw.as_bytes());
            for text in [shown.text, shown.html] {
                assert!(text.contains("It is me.") && text.contains("See you."), "{text}");
                assert!(
                    !text.contains("Who is that?") && !text.contains("account") && !text.contains("wrote"),
                    "{text}"
                );
            }
        }
        let told = "From: jane@team.example\r\n\r\nIt had:\r\nFrom: a@x\r\nTo: b@x\r\nSubject: c\r\nChange it.\r\n\r\n\
             On 3 June 2024 Jane wrote:\r\n> --- Write your answer above this line ---\r\n> Old\r\n";
        let shown = of_agent(told.as_bytes());
        for text in [shown.text, shown.html] {
            assert!(text.contains("Change it.") && !text.contains("Old"), "{text}");
        }
        let raw = "From: jane@team.example\r\nContent-Type: text/html\r\n\r\n<p>It is <b>me</b>.</p>";
        assert!(of_agent(raw.as_bytes()).html.contains("<b>me</b>"), "its own form stays");
    }

    #[test]
    fn agents_keys_are_taken_out() {
        let key = ReplyKey::from_random([7; 26]);
        let quoted = format!("> write to incoming+{key}@desk.example\nYes.");
        let mut shown = ShownText { text: quoted.clone(), html: quoted, ..ShownText::default() };
        shown.hide(&[key]);
        assert_eq!(shown.text, "> write to incoming+…@desk.example\nYes.");
        assert_eq!(shown.html, shown.text);
    }
}
