//! A letter as a customer's mail program reads it, and mails as customers write them.

use mail_parser::{MessageParser, MimeHeaders as _};

use super::smtp::Sent;

/// What a mail program shows of a letter.
#[derive(Clone, Debug)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The address in Reply-To.
    pub reply_to: String,
    /// The Message-ID without its brackets.
    pub id: String,
    /// The ids in References, without brackets.
    pub references: Vec<String>,
}

impl Letter {
    pub fn read(sent: &Sent) -> Self {
        let mail = MessageParser::default().parse(&sent.raw).expect("a mail");
        assert!(mail.content_type().is_some(), "a letter says what it is");
        Self {
            subject: mail.subject().unwrap_or_default().to_owned(),
            text: mail.body_text(0).expect("a text part").into_owned(),
            html: mail.body_html(0).expect("an HTML part").into_owned(),
            reply_to: mail
                .reply_to()
                .and_then(|list| list.first()?.address().map(str::to_owned))
                .unwrap_or_default(),
            id: mail.message_id().expect("a Message-ID").to_owned(),
            references: sent.header("references").map(|ids| bracketed(&ids)).unwrap_or_default(),
        }
    }

    /// The https or http link that ends the mails.
    pub fn unsubscribe_link(&self) -> String {
        let link = self.text.split_whitespace().find(|word| word.starts_with("http") && word.contains("/u/"));
        link.unwrap_or_else(|| panic!("no link in {}", self.text)).to_owned()
    }
}

/// What stands in angle brackets, in order.
pub fn bracketed(text: &str) -> Vec<String> {
    text.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0.to_owned())).collect()
}

/// A mail as a customer writes it.
#[derive(Clone, Debug)]
pub struct Mail {
    from: String,
    to: String,
    subject: String,
    id: String,
    date: String,
    text: String,
    kind: &'static str,
    more: String,
}

impl Mail {
    pub fn new(from: &str, to: &str, subject: &str) -> Self {
        // One id for each mail of a test: who wrote what to whom.
        let id = format!(
            "{}.{}@mail.test",
            subject.replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
            from.replace('@', "-")
        );
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            id,
            date: jiff::Zoned::now().strftime("%a, %d %b %Y %H:%M:%S %z").to_string(),
            text: format!("This is about {subject}."),
            kind: "text/plain",
            more: String::new(),
        }
    }

    pub fn text(mut self, text: &str) -> Self {
        self.text = text.to_owned();
        self
    }

    /// The text is this HTML.
    pub fn html(self, html: &str) -> Self {
        Self { text: html.to_owned(), kind: "text/html", ..self }
    }

    /// One more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.more.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// An answer, as mail programs write it (RFC 5322 §3.6.4).
    pub fn answers(self, letter: &Letter) -> Self {
        let mut ids = letter.references.clone();
        ids.push(letter.id.clone());
        let references = ids.iter().map(|id| format!("<{id}>")).collect::<Vec<_>>().join(" ");
        self.header("In-Reply-To", &format!("<{}>", letter.id)).header("References", &references)
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn raw(&self) -> Vec<u8> {
        let Self { from, to, subject, id, date, text, kind, more } = self;
        format!(
            "From: A Customer <{from}>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date}\r\n\
             Message-ID: <{id}>\r\nMIME-Version: 1.0\r\nContent-Type: {kind}; charset=utf-8\r\n{more}\r\n{text}\r\n"
        )
        .into_bytes()
    }
}
