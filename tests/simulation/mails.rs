//! The mails that customers, strangers and machines write.

use postdesk::demo::server::{Incoming, Left, bounce};
use postdesk::mail::{self, Address, Authentication, Inbound};

use crate::world::{ALIAS, Arrival, DESK, World, address};

/// One mail, being written.
struct Letter {
    from: String,
    to: String,
    id: Option<String>,
    headers: Vec<String>,
    text: String,
}

impl Letter {
    fn bytes(&self, date: &str) -> Vec<u8> {
        let mut lines = vec![format!("From: {}", self.from), format!("To: {}", self.to)];
        lines.extend(self.id.iter().map(|id| format!("Message-ID: <{id}>")));
        lines.push(format!("Date: {date}"));
        lines.extend(self.headers.iter().cloned());
        lines.push("Content-Type: text/plain; charset=utf-8".to_owned());
        format!("{}\n\n{}\n", lines.join("\n"), self.text).replace('\n', "\r\n").into_bytes()
    }
}

impl World {
    /// A mail of one kind or another arrives.
    pub fn mail_arrives(&mut self) {
        match self.dice.below(22) {
            0..6 => self.new_mail(),
            6..9 => self.reply_by_key(false),
            9 => self.reply_by_key(true),
            10 => self.reply_by_ids(),
            11 => self.automatic(),
            12 => self.by_a_list(),
            13 => self.copy(),
            14 => self.for_two(),
            15 => self.unsubscribe_by_mail(),
            16 => self.for_nobody(),
            17 => self.without_id(),
            18 => self.by_ourselves(),
            19 | 20 => self.report(),
            _ => self.too_large(),
        }
    }

    fn letter(&mut self) -> Letter {
        let number = self.number();
        let from = (*self.dice.pick(&self.customers)).to_owned();
        let to = if self.dice.one_in(3) { "incoming+acme/web@desk.example" } else { ALIAS };
        Letter {
            from,
            to: to.to_owned(),
            id: Some(format!("m{number}@customer.example")),
            headers: vec![format!("Subject: Question {number}")],
            text: format!("This is the text of mail {number}."),
        }
    }

    fn post(&mut self, kind: &'static str, letter: &Letter, allowed: &'static [&'static str]) {
        let to = address(letter.to.split(',').next().unwrap().trim());
        let date = "Thu, 19 Nov 2026 13:59:00 +0000";
        self.deliver(kind, letter.bytes(date), &[to], allowed);
    }

    fn deliver(
        &mut self,
        kind: &'static str,
        raw: Vec<u8>,
        to: &[Address],
        allowed: &'static [&'static str],
    ) {
        self.posted.push((raw.clone(), to[0].clone()));
        let mut incoming = Incoming::new(raw, to);
        incoming.authentication = match self.dice.below(6) {
            0 => Authentication::Fail,
            1 | 2 => Authentication::Unknown,
            _ => Authentication::Pass,
        };
        self.lands(kind, &incoming, allowed);
    }

    fn lands(&mut self, kind: &'static str, incoming: &Incoming, allowed: &'static [&'static str]) {
        for landed in self.server.deliver_as(incoming) {
            let Some((login, email)) = landed.at else { continue };
            assert_eq!(login, DESK);
            let lying = self.server.look(|w| w.all_mails(DESK));
            let blob = lying.into_iter().find(|mail| mail.id == email).unwrap().blob;
            self.note(format!("{kind} mail {email} arrives"));
            self.arrivals.push(Arrival { blob, kind, allowed, lost: false });
        }
    }

    fn new_mail(&mut self) {
        let letter = self.letter();
        self.post("new", &letter, &["open"]);
    }

    /// A letter that left to a participant, and what it says. Account letters have no Reply-To.
    fn some_letter(&mut self) -> Option<(Left, Inbound)> {
        let left = self.server.submissions();
        let read = left.into_iter().map(|left| (mail::parse(&left.raw, None), left));
        let of_tickets: Vec<_> = read.filter(|(inbound, _)| !inbound.reply_to.is_empty()).collect();
        if of_tickets.is_empty() {
            return None;
        }
        let (inbound, left) = self.dice.pick(&of_tickets).clone();
        Some((left, inbound))
    }

    fn reply_by_key(&mut self, stranger: bool) {
        let Some((left, inbound)) = self.some_letter() else { return self.new_mail() };
        let mut letter = self.letter();
        letter.from =
            if stranger { "stranger@strange.example".to_owned() } else { left.rcpt_to[0].to_string() };
        letter.to = inbound.reply_to[0].address.to_string();
        letter.headers.extend(inbound.message_id.map(|id| format!("In-Reply-To: <{}>", id.as_str())));
        self.post(if stranger { "stranger's" } else { "answering" }, &letter, &[]);
    }

    fn reply_by_ids(&mut self) {
        let Some((left, inbound)) = self.some_letter() else { return self.new_mail() };
        let mut letter = self.letter();
        letter.from = left.rcpt_to[0].to_string();
        letter.to = DESK.to_owned();
        letter.headers.extend(inbound.message_id.map(|id| format!("References: <{}>", id.as_str())));
        self.post("answering by ids", &letter, &[]);
    }

    fn automatic(&mut self) {
        let mut letter = self.letter();
        if let Some((left, inbound)) = self.some_letter() {
            letter.from = left.rcpt_to[0].to_string();
            letter.to = inbound.reply_to[0].address.to_string();
        }
        letter.headers.push("Auto-Submitted: auto-replied".to_owned());
        self.post("automatic", &letter, &[]);
    }

    fn by_a_list(&mut self) {
        let mut letter = self.letter();
        letter.headers.push("List-Id: <news.customer.example>".to_owned());
        self.post("list", &letter, &["open"]);
    }

    fn copy(&mut self) {
        if self.posted.is_empty() {
            return self.new_mail();
        }
        let (raw, to) = self.dice.pick(&self.posted).clone();
        self.deliver("copied", raw, &[to], &[]);
    }

    fn for_two(&mut self) {
        let mut letter = self.letter();
        letter.to = format!("{ALIAS}, {DESK}");
        let raw = letter.bytes("Thu, 19 Nov 2026 13:59:00 +0000");
        self.deliver("twofold", raw, &[address(ALIAS), address(DESK)], &["open", "duplicate"]);
    }

    fn unsubscribe_by_mail(&mut self) {
        let Some((left, inbound)) = self.some_letter() else { return self.new_mail() };
        let raw = String::from_utf8_lossy(&left.raw).replace("\r\n ", "").replace("\r\n\t", "");
        // A notice to an agent is switched off by the agent's own setting.
        if left.rcpt_to[0].domain() == "team.example" {
            return self.new_mail();
        }
        let Some(mailto) = raw.split("<mailto:").nth(1).and_then(|rest| rest.split('>').next()) else {
            panic!("no way to unsubscribe in {:?}", inbound.message_id);
        };
        let mut letter = self.letter();
        letter.from = left.rcpt_to[0].to_string();
        letter.to = mailto.to_owned();
        self.post("unsubscribing", &letter, &["unsubscribe"]);
    }

    fn for_nobody(&mut self) {
        let mut letter = self.letter();
        letter.to = "incoming+nowhere@desk.example".to_owned();
        self.post("stray", &letter, &["hold"]);
    }

    fn without_id(&mut self) {
        let mut letter = self.letter();
        letter.id = None;
        self.post("nameless", &letter, &["open"]);
    }

    fn by_ourselves(&mut self) {
        let mut letter = self.letter();
        letter.from = ALIAS.to_owned();
        self.post("forged", &letter, &["hold"]);
    }

    /// A letter comes back (RFC 3464), or a report of one that was not ours.
    fn report(&mut self) {
        let left = self.server.submissions();
        if left.is_empty() {
            return self.new_mail();
        }
        let left = self.dice.pick(&left).clone();
        let (reply, to) = match self.dice.below(4) {
            0 => ("452 4.2.2 mailbox full", left.rcpt_to[0].clone()),
            1 => ("550 5.1.1 no such user", address("somebody@strange.example")),
            _ => ("550 5.1.1 no such user", left.rcpt_to[0].clone()),
        };
        let raw = bounce::report(&self.options, &address(DESK), &to, reply, &left.raw);
        let incoming = Incoming { mail_from: None, ..Incoming::new(raw, &[address(DESK)]) };
        self.lands("reporting", &incoming, &["bounce", "hold", "duplicate"]);
    }

    fn too_large(&mut self) {
        if !self.dice.one_in(3) {
            return self.new_mail();
        }
        let mut letter = self.letter();
        letter.text = "too large ".repeat(7000);
        self.post("large", &letter, &["hold"]);
    }
}
