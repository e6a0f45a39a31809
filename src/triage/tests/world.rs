//! A small site: what a store would have on record, and mails and verdicts as lines of text.

use jiff::{SignedDuration, Timestamp};

use crate::mail::{
    Address, Authentication, Automatic, Defect, Inbound, MessageId, NameAddr, ReplyKey, ScanHeader, Scanned,
};
use crate::tracker::{
    AccountId, EventNo, MailRowId, Participant, ParticipantNo, ProjectId, ProjectPath, RawHash, State,
    Subscription, Suffix, Ticket, TicketId,
};
use crate::triage::{
    AgentFact, Budgets, Counts, Facts, KeyFact, KeyPurpose, MailFact, ProjectFact, Questions, SeenMail, Site,
    TicketFact, Verdict, Wildcard, decide, questions,
};

pub const RAW: RawHash = RawHash([9; 32]);

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// A key that a line can name by its letter: `$a`.
pub fn key(letter: char) -> ReplyKey {
    ReplyKey::parse(&letter.to_string().repeat(ReplyKey::LEN)).unwrap()
}

pub fn site() -> Site {
    let wildcard = |text| Wildcard::parse(text).unwrap();
    Site {
        wildcard: wildcard("incoming+{key}@desk.example.com"),
        suffix_wildcard: Some(wildcard("contact+%{key}@desk.example.com")),
        former: vec![wildcard("{key}@old.example.com"), wildcard("help-{key}@older.example.com")],
        account: address("mailbox@desk.example.com"),
        host: "desk.example.com".to_owned(),
        authserv_id: None,
        budgets: Budgets::default(),
    }
}

/// What is on record. Keys and tickets are named in `new`.
pub struct World {
    pub site: Site,
    pub projects: Vec<ProjectFact>,
    pub tickets: Vec<Ticket>,
    pub keys: Vec<KeyFact>,
    pub mails: Vec<MailFact>,
    pub seen: Vec<SeenMail>,
    pub default_project: Option<ProjectId>,
    pub ours: Vec<MessageId>,
    pub sender: Counts,
    pub reply_to: Counts,
    pub jane_left: bool,
}

fn project(id: u32, paths: &[&str], alias: &str) -> ProjectFact {
    ProjectFact {
        id: ProjectId(id),
        on: true,
        confirm: true,
        reopen: true,
        joining: crate::tracker::Joining::default(),
        paths: paths.iter().map(|path| ProjectPath::parse(path).unwrap()).collect(),
        aliases: vec![address(alias)],
        suffix: None,
    }
}

pub fn participant(no: u16, who: &str) -> Participant {
    Participant {
        no: ParticipantNo(no),
        address: address(who),
        name: None,
        subscription: Subscription::Subscribed,
        added_at: Timestamp::UNIX_EPOCH,
        waits: false,
    }
}

fn ticket(id: u64, project: u32, state: State, people: &[&str]) -> Ticket {
    Ticket {
        id: TicketId(id),
        project: ProjectId(project),
        number: 1,
        title: "Broken".to_owned(),
        state,
        hold_until: None,
        due: None,
        spam: false,
        merged_into: None,
        assignee: None,
        labels: Vec::new(),
        participants: (1..).zip(people).map(|(no, who)| participant(no, who)).collect(),
        also_for: Vec::new(),
        opened_at: Timestamp::UNIX_EPOCH,
        active_at: Timestamp::UNIX_EPOCH,
        owed_since: None,
        last_event: EventNo(1),
        comments: 1,
        notes: 0,
        unverified: 0,
        erased_at: None,
    }
}

impl World {
    /// Projects 7 (`acme/web`, once `acme/site`), 8 (`acme/shop`, off) and 9 (`tools`). Tickets 70
    /// (open) and 71 (closed) in 7, 80 in 8. Keys: `$a` Ann on 70, `$b` Bob on 70, `$c` Ann on 71,
    /// `$d` Ann on 80, `$u` the link of Ann's subscription to 70, `$j` Jane's comment on 70, `$n`
    /// her note, `$r` revoked. `$x` is not on record.
    pub fn new() -> Self {
        let mut web = project(7, &["acme/web", "acme/site"], "support@example.com");
        web.suffix = Suffix::parse("help");
        let mut shop = project(8, &["acme/shop"], "shop@example.com");
        shop.on = false;
        let tools = project(9, &["tools"], "tools@old.example.com");
        let on = |letter, ticket, purpose| KeyFact {
            key: key(letter),
            ticket: TicketId(ticket),
            purpose,
            revoked: letter == 'r',
        };
        let (ann, bob) = (ParticipantNo(1), ParticipantNo(2));
        let mail = |id: &str, ticket| MailFact {
            id: MessageId::parse(id).unwrap(),
            ticket: TicketId(ticket),
            ours: true,
            notice: (id == "notice@x").then_some(AccountId(1)),
        };
        Self {
            site: site(),
            projects: vec![web, shop, tools],
            tickets: vec![
                ticket(70, 7, State::Open, &["ann@customer.example", "bob@customer.example"]),
                ticket(71, 7, State::Closed, &["ann@customer.example"]),
                ticket(80, 8, State::Open, &["ann@customer.example"]),
            ],
            keys: vec![
                on('a', 70, KeyPurpose::Reply(ann)),
                on('b', 70, KeyPurpose::Reply(bob)),
                on('c', 71, KeyPurpose::Reply(ann)),
                on('d', 80, KeyPurpose::Reply(ann)),
                on('u', 70, KeyPurpose::Unsubscribe(ann)),
                on('j', 70, KeyPurpose::AgentComment(AccountId(1))),
                on('n', 70, KeyPurpose::AgentNote(AccountId(1))),
                on('r', 70, KeyPurpose::Reply(ann)),
            ],
            mails: vec![
                mail("m70@x", 70),
                mail("m71@x", 71),
                mail("m80@x", 80),
                mail("two@x", 80),
                mail("two@x", 70),
                mail("notice@x", 70),
            ],
            seen: Vec::new(),
            default_project: None,
            ours: vec![MessageId::parse("ours@x").unwrap()],
            sender: Counts::default(),
            reply_to: Counts::default(),
            jane_left: false,
        }
    }

    /// Answers only what was asked, as the store does.
    pub fn facts(&self, asked: &Questions) -> Facts {
        let keys: Vec<_> = self.keys.iter().filter(|fact| asked.keys.contains(&fact.key)).cloned().collect();
        let mails: Vec<_> = self.mails.iter().filter(|fact| asked.ids.contains(&fact.id)).cloned().collect();
        let leads_to = |ticket: &&Ticket| {
            keys.iter().any(|key| key.ticket == ticket.id)
                || mails.iter().any(|mail| mail.ticket == ticket.id)
        };
        let tickets: Vec<_> = self.tickets.iter().filter(leads_to).cloned().collect();
        let is_asked = |fact: &&ProjectFact| {
            asked.numbers.contains(&fact.id)
                || fact.paths.iter().any(|path| asked.paths.contains(path))
                || fact.aliases.iter().any(|alias| asked.aliases.contains(alias))
                || asked.suffixes.iter().any(|(slug, _)| fact.has_slug(slug))
                || tickets.iter().any(|ticket| ticket.project == fact.id)
                || self.default_project == Some(fact.id)
        };
        Facts {
            raw: asked.raw,
            seen: self.seen.clone(),
            ours: asked.message_id.as_ref().is_some_and(|id| self.ours.contains(id)),
            check: asked.check.is_some(),
            projects: self.projects.iter().filter(is_asked).cloned().collect(),
            tickets: tickets.into_iter().map(|ticket| TicketFact { ticket }).collect(),
            keys,
            mails,
            default_project: self.default_project,
            letter: None,
            agents: vec![AgentFact {
                account: AccountId(1),
                address: address("jane@team.example"),
                disabled: self.jane_left,
            }],
            sender: asked.sender.as_ref().map_or_else(Counts::default, |_| self.sender),
            reply_to: asked.reply_to.as_ref().map_or_else(Counts::default, |_| self.reply_to),
        }
    }

    pub fn decide(&self, line: &str) -> String {
        let letter = Letter::parse(line);
        let asked = questions(&letter.mail, &self.site, RAW);
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000);
        let received_at = now - SignedDuration::from_hours(letter.age_hours);
        let verdict = decide(&letter.mail, &self.site, &self.facts(&asked), received_at, now);
        let mut line = describe(&verdict);
        if let Verdict::Open { requester: Some(person), .. } = &verdict
            && letter.mail.from.as_ref() != Some(person)
        {
            line.push_str(&format!(" for {}", person.address));
        }
        line
    }
}

pub struct Letter {
    pub mail: Inbound,
    age_hours: i64,
}

impl Letter {
    /// Words and values in turn: `from` (`nobody` for none), `reply` (Reply-To), `to`, `cc`, `delivered`, `received`,
    /// `mark`, `re`, `ref`, `auth`, `auto`, `subject`, `id`, `with` (a defect), `age` (hours).
    pub fn parse(line: &str) -> Self {
        let mut letter = Self { mail: plain(), age_hours: 0 };
        let words: Vec<_> = line.split_whitespace().collect();
        for pair in words.chunks(2) {
            letter.take(pair[0], &keys_in(pair[1]));
        }
        letter.mail.scanned.sort_by_key(|(header, _)| *header);
        letter
    }

    fn take(&mut self, word: &str, value: &str) {
        let mail = &mut self.mail;
        let id = || MessageId::parse(value).unwrap();
        let mut scan = |header| mail.scanned.push((header, Scanned::Address(address(value))));
        match word {
            "to" => {
                scan(ScanHeader::To);
                mail.to.push(NameAddr::from(address(value)));
            }
            "cc" => {
                scan(ScanHeader::Cc);
                mail.cc.push(NameAddr::from(address(value)));
            }
            "delivered" => scan(ScanHeader::DeliveredTo),
            "received" => scan(ScanHeader::Received),
            "mark" => {
                let (key, host) = value.split_once('@').unwrap();
                let mark = Scanned::ReplyMark { key: ReplyKey::parse(key).unwrap(), host: host.to_owned() };
                mail.scanned.push((ScanHeader::References, mark));
            }
            "reply" => mail.reply_to.push(NameAddr::from(address(value))),
            "from" => mail.from = (value != "nobody").then(|| NameAddr::from(address(value))),
            "re" => mail.in_reply_to.push(id()),
            "ref" => mail.references.push(id()),
            "id" => mail.message_id = Some(id()),
            "subject" => mail.subject = value.replace('_', " "),
            "age" => self.age_hours = value.parse().unwrap(),
            "auth" if value == "pass" => mail.authentication = Authentication::Pass,
            "auth" if value == "fail" => mail.authentication = Authentication::Fail,
            "auto" if value == "submitted" => mail.automatic = Some(Automatic::AutoSubmitted),
            "auto" if value == "list" => mail.automatic = Some(Automatic::List),
            "auto" if value == "null" => mail.automatic = Some(Automatic::NullSender),
            "auto" if value == "report" => mail.automatic = Some(Automatic::Report),
            "with" if value == "unparsable" => mail.defects.push(Defect::Unparsable),
            "with" if value == "senders" => mail.defects.push(Defect::SeveralSenders),
            other => panic!("{other} {value} means nothing"),
        }
    }
}

/// `$a` becomes the key of that letter.
fn keys_in(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '$' => out.push_str(&chars.next().unwrap().to_string().repeat(ReplyKey::LEN)),
            c => out.push(c),
        }
    }
    out
}

fn plain() -> Inbound {
    Inbound {
        message_id: MessageId::parse("new@customer.example"),
        in_reply_to: Vec::new(),
        references: Vec::new(),
        from: Some(NameAddr::from(address("new@customer.example"))),
        reply_to: Vec::new(),
        to: Vec::new(),
        cc: Vec::new(),
        date: Some(Timestamp::UNIX_EPOCH),
        subject: "It is broken".to_owned(),
        scanned: Vec::new(),
        automatic: None,
        report: None,
        authentication: Authentication::Unknown,
        text: "Help".to_owned(),
        attachments: Vec::new(),
        body_hash: [1; 32],
        check: None,
        defects: Vec::new(),
    }
}

/// A row that `plain` is a copy of by Message-ID, From, Date and body, and not by its bytes.
pub fn seen(row: u64) -> SeenMail {
    let mail = plain();
    SeenMail {
        row: MailRowId(row),
        raw: RawHash([1; 32]),
        message_id: mail.message_id,
        from: mail.from.map(|from| from.address.folded().to_owned()),
        date: mail.date,
        body_hash: mail.body_hash,
        set_aside: false,
    }
}

fn describe(verdict: &Verdict) -> String {
    let mut words = Vec::new();
    match verdict {
        Verdict::Open { project, also_for, requester, linked, confirmation, automatic } => {
            words.push(format!("open {project}"));
            words.extend(also_for.iter().map(|id| format!("also {id}")));
            words.extend(linked.map(|id| format!("linked {id}")));
            words.push(match confirmation {
                Some(confirmation) if confirmation.subject => "subject".to_owned(),
                Some(_) => "neutral".to_owned(),
                None => "silent".to_owned(),
            });
            words.extend(requester.is_none().then(|| "nobody".to_owned()));
            words.extend(automatic.then(|| "automatic".to_owned()));
        }
        Verdict::Comment { ticket, participant, automatic, reopen } => {
            words.push(format!("comment {ticket} by {participant}"));
            words.extend(reopen.then(|| "reopen".to_owned()));
            words.extend(automatic.then(|| "automatic".to_owned()));
        }
        Verdict::Join { ticket, person, reopen } => {
            words.push(format!("join {ticket} by {}", person.address));
            words.extend(reopen.then(|| "reopen".to_owned()));
        }
        Verdict::Unverified { ticket, doubt, automatic, reopen } => {
            words.push(format!("unverified {ticket} {}", format!("{doubt:?}").to_lowercase()));
            words.extend(reopen.then(|| "reopen".to_owned()));
            words.extend(automatic.then(|| "automatic".to_owned()));
        }
        Verdict::AgentReply { ticket, account, note } => {
            words.push(format!("{} {ticket} by agent {account}", if *note { "note" } else { "comment" }));
        }
        Verdict::Unsubscribe { ticket, participant } => {
            words.push(format!("unsubscribe {ticket} for {participant}"));
        }
        Verdict::Bounce { letter, ticket, outcome } => {
            words.push(format!("bounce {letter} ticket {ticket} {outcome:?}"));
        }
        Verdict::Duplicate { of } => words.push(format!("duplicate of {of}")),
        Verdict::Hold { cause, ticket, project } => {
            words.push(format!("hold {}", cause.number()));
            words.extend(ticket.map(|id| format!("ticket {id}")));
            words.extend(project.map(|id| format!("project {id}")));
        }
        Verdict::Ignore { cause } => words.push(format!("ignore {}", cause.number())),
    }
    words.join(" ")
}
