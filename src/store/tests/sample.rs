//! Sample values for tests.

use super::at;
use crate::mail::{Address, MessageId, ReplyKey};
use crate::tracker::*;
use crate::triage::{EmailRef, HoldCause, MailRow, VerdictKind};

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub fn message_id(text: &str) -> MessageId {
    MessageId::parse(text).unwrap()
}

pub fn reply_key(seed: u8) -> ReplyKey {
    ReplyKey::from_random([seed; 26])
}

pub fn project(path: &str) -> Project {
    Project {
        id: ProjectId(0),
        path: ProjectPath::parse(path).unwrap(),
        former_paths: Vec::new(),
        name: format!("The project {path}"),
        on: true,
        aliases: Vec::new(),
        suffix: None,
        members: vec![(AccountId(1), Role::Agent), (AccountId(2), Role::Manager)],
        from_name: FromName::Project,
        confirm: false,
        reopen: true,
        tell_closed: false,
        joining: crate::tracker::Joining::default(),
        keep_closed_days: None,
        created_at: at(10),
    }
}

pub fn account(handle: &str) -> Account {
    Account {
        id: AccountId(0),
        handle: Handle::parse(handle).unwrap(),
        name: "Jane Doe".to_owned(),
        address: address(&format!("{handle}@example.com")),
        admin: false,
        disabled: false,
        password: Some("$argon2id$…".to_owned()),
        notices: Notices::default(),
        created_at: at(11),
    }
}

pub fn participant(no: u16, text: &str) -> Participant {
    Participant {
        waits: false,
        no: ParticipantNo(no),
        address: address(text),
        name: Some("Anna Kunde".to_owned()),
        subscription: Subscription::Subscribed,
        added_at: at(12),
    }
}

pub fn ticket(id: TicketId, project: ProjectId, number: u32) -> Ticket {
    Ticket {
        id,
        project,
        number,
        title: format!("Ticket {number}"),
        state: State::Open,
        hold_until: None,
        due: None,
        spam: false,
        merged_into: None,
        assignee: None,
        labels: Vec::new(),
        participants: vec![participant(1, "anna@example.org")],
        also_for: Vec::new(),
        opened_at: at(100),
        active_at: at(100),
        owed_since: Some(at(100)),
        last_event: EventNo(1),
        comments: 1,
        notes: 0,
        unverified: 0,
        erased_at: None,
    }
}

pub fn mail_row(raw: u8) -> MailRow {
    MailRow {
        id: MailRowId(0),
        source: EmailRef {
            account: "a1".to_owned(),
            email: format!("m{raw}"),
            blob: format!("b{raw}"),
            size: 1234,
            received_at: at(900),
        },
        raw: RawHash([raw; 32]),
        message_id: MessageId::parse(&format!("{raw}@example.org")),
        from: Some("anna@example.org".to_owned()),
        requester: None,
        date: Some(at(899)),
        body_hash: [raw; 32],
        from_label: "Anna <anna@example.org>".to_owned(),
        to_label: "support@example.com".to_owned(),
        subject: "A question".to_owned(),
        verdict: VerdictKind::Hold(HoldCause::NoProject),
        ticket: None,
        project: None,
        taken_at: at(1_000_000),
        filed: false,
    }
}

pub fn letter(ticket: u64, participant: u16, seed: u8) -> OutboxRow {
    OutboxRow {
        id: OutboxId(0),
        to: Recipient::Participant { ticket: TicketId(ticket), no: ParticipantNo(participant) },
        letter: LetterKind::Comment { event: EventNo(2) },
        message_id: message_id(&format!("letter-{ticket}-{participant}-{seed}@desk.example.com")),
        reply_key: reply_key(seed),
        unsubscribe: reply_key(seed + 100),
        state: OutboxState::Waiting,
        delivery: Delivery::Unknown,
        not_before: at(1_000_000),
        created_at: at(1_000_000),
        draft: None,
        email: None,
        submission: None,
        submitted_at: None,
        attempts: 0,
        trouble: None,
        next_look: None,
        looks: 0,
    }
}
