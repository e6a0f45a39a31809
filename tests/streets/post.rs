//! Mails that people write to the desk.
#![allow(clippy::needless_pass_by_value, reason = "tests hand over whatever they have")]

use postdesk::demo::server::Incoming;
use postdesk::mail::{Address, Authentication};

use crate::bench::{ANNA, address};

/// One mail from outside, as its sender's mail program writes it.
#[derive(Clone)]
pub struct Post {
    pub id: String,
    pub from: String,
    pub to: String,
    pub cc: Option<String>,
    pub subject: String,
    pub headers: Vec<(String, String)>,
    pub text: String,
    /// The envelope's recipient, where it is not the first of To.
    pub rcpt: Option<Address>,
    pub authentication: Authentication,
    pub null_sender: bool,
}

/// Anna writes to the project's alias.
pub fn post(id: &str) -> Post {
    Post {
        id: format!("{id}@customer.example"),
        from: format!("Anna Weber <{ANNA}>"),
        to: "help@desk.example".to_owned(),
        cc: None,
        subject: format!("Question {id}"),
        headers: Vec::new(),
        text: format!("This is the text of {id}."),
        rcpt: None,
        authentication: Authentication::Unknown,
        null_sender: false,
    }
}

impl Post {
    pub fn from(mut self, from: impl ToString) -> Self {
        self.from = from.to_string();
        self
    }

    pub fn to(mut self, to: impl ToString) -> Self {
        self.to = to.to_string();
        self
    }

    pub fn cc(mut self, cc: impl ToString) -> Self {
        self.cc = Some(cc.to_string());
        self
    }

    pub fn subject(mut self, subject: &str) -> Self {
        subject.clone_into(&mut self.subject);
        self
    }

    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Where it really goes: a blind copy, or one of several recipients.
    pub fn rcpt(mut self, rcpt: &str) -> Self {
        self.rcpt = Some(address(rcpt));
        self
    }

    pub fn authentication(mut self, authentication: Authentication) -> Self {
        self.authentication = authentication;
        self
    }

    pub fn null_sender(mut self) -> Self {
        self.null_sender = true;
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut lines = vec![
            format!("From: {}", self.from),
            format!("To: {}", self.to),
            format!("Subject: {}", self.subject),
            format!("Message-ID: <{}>", self.id),
            "Date: Thu, 19 Nov 2026 13:59:00 +0000".to_owned(),
        ];
        lines.extend(self.cc.iter().map(|cc| format!("Cc: {cc}")));
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if !self.headers.iter().any(|(name, _)| name == "Content-Type") {
            lines.push("Content-Type: text/plain; charset=utf-8".to_owned());
        }
        format!("{}\n\n{}\n", lines.join("\n"), self.text).replace('\n', "\r\n").into_bytes()
    }

    pub fn incoming(&self) -> Incoming {
        let first = || {
            address(self.to.split(',').next().unwrap().rsplit('<').next().unwrap().trim_matches([' ', '>']))
        };
        let to = self.rcpt.clone().unwrap_or_else(first);
        let mut incoming = Incoming::new(self.bytes(), &[to]);
        incoming.authentication = self.authentication;
        if self.null_sender {
            incoming.mail_from = None;
        }
        incoming
    }
}
