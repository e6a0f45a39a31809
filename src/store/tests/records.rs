//! Records: every value comes back as it was, and other versions' fields are borne.

use minicbor::{Decode, Encode};
use proptest::prelude::*;

use super::at;
use super::sample::*;
use crate::store::records::{self, Record};
use crate::store::schema::Table;
use crate::tracker::outbox::DraftRef;
use crate::tracker::*;
use crate::triage::*;

#[track_caller]
fn comes_back<R: Record + PartialEq + std::fmt::Debug>(record: &R) {
    let octets = records::encode(record);
    assert_eq!(octets[0], 1, "the version octet");
    assert_eq!(records::decode::<R>(Table::Tickets, &octets).unwrap(), *record);
}

#[test]
fn projects_and_accounts_come_back() {
    comes_back(&project("acme/web"));
    comes_back(&Project {
        id: ProjectId(7),
        former_paths: vec![ProjectPath::parse("acme/old").unwrap()],
        on: false,
        aliases: vec![address("Support@Example.com"), address("help@example.com")],
        suffix: Suffix::parse("help"),
        members: Vec::new(),
        from_name: FromName::Agent,
        confirm: true,
        reopen: false,
        joining: Joining {
            reply_all: true,
            cc: true,
            trusted: vec![TrustedDomain::parse("customer.example").unwrap()],
            form_senders: vec![address("Form@Example.com")],
        },
        ..project("acme/web/deep")
    });
    comes_back(&account("jane"));
    for notices in Notices::ALL {
        comes_back(&Account { notices, ..account("jane") });
    }
    comes_back(&Account { admin: true, disabled: true, password: None, ..account("j-2_x") });
}

#[test]
fn an_address_keeps_its_case() {
    let octets = records::encode(&Account { address: address("Jane.Doe@Example.com"), ..account("jane") });
    let account: Account = records::decode(Table::Accounts, &octets).unwrap();
    assert_eq!(account.address.as_str(), "Jane.Doe@Example.com");
}

#[test]
fn every_kind_of_event_comes_back() {
    let mail = Body::Mail { raw: RawHash([9; 32]), row: Some(MailRowId(3)) };
    let text = Body::Text("**Hello**\nyou".to_owned());
    let kinds = [
        EventKind::Opened { body: mail },
        EventKind::Comment { body: text.clone(), automatic: true },
        EventKind::Comment { body: Body::Mail { raw: RawHash([1; 32]), row: None }, automatic: false },
        EventKind::Note { body: text },
        EventKind::Status { from: State::OnHold, to: State::Closed },
        EventKind::Assigned { from: None, to: Some(AccountId(4)) },
        EventKind::ParticipantAdded { participant: ParticipantNo(2) },
        EventKind::Unsubscribed { participant: ParticipantNo(2) },
        EventKind::Subscribed { participant: ParticipantNo(2) },
        EventKind::Confirmed { participant: ParticipantNo(1) },
        EventKind::DeliveryFailed { participant: ParticipantNo(1), reply: "550 no".to_owned() },
        EventKind::Linked { ticket: TicketId(7), how: LinkKind::Answers },
        EventKind::Linked { ticket: TicketId(7), how: LinkKind::AnsweredBy },
        EventKind::ParticipantRemoved { participant: ParticipantNo(2) },
        EventKind::NotMailed { event: EventNo(3) },
        EventKind::Moved { from: ProjectId(7), number: 12 },
    ];
    let actors = [Actor::Postdesk, Actor::Participant(ParticipantNo(3)), Actor::Account(AccountId(9))];
    for kind in kinds {
        for actor in actors {
            let no = EventNo(5);
            comes_back(&Event { ticket: TicketId(1 << 40), no, at: at(-5), actor, kind: kind.clone() });
        }
    }
}

#[test]
fn every_decision_about_an_unverified_mail_comes_back() {
    let from = crate::mail::NameAddr { name: Some("Ben".to_owned()), address: address("ben@x.example") };
    let rulings =
        [Ruling::Once, Ruling::Added(ParticipantNo(3)), Ruling::OwnTicket(TicketId(1 << 40)), Ruling::Aside];
    let decided = rulings.map(|ruling| Some(Decision { ruling, by: AccountId(2), at: at(9) }));
    for (no, decision) in (1..).zip(decided.into_iter().chain([None])) {
        let kind = EventKind::Unverified {
            body: Body::Mail { raw: RawHash([9; 32]), row: Some(MailRowId(3)) },
            from: (no % 2 == 0).then(|| from.clone()),
            doubt: if no % 2 == 0 { Doubt::Stranger } else { Doubt::Unauthenticated },
            automatic: no % 2 == 0,
            decision,
        };
        comes_back(&Event { ticket: TicketId(1), no: EventNo(no), at: at(5), actor: Actor::Postdesk, kind });
    }
}

#[test]
fn every_verdict_comes_back() {
    let causes = HoldCause::ALL.iter().map(|cause| VerdictKind::Hold(*cause));
    let causes = causes.chain(IgnoreCause::ALL.iter().map(|cause| VerdictKind::Ignore(*cause)));
    let plain = [
        VerdictKind::Open,
        VerdictKind::Comment,
        VerdictKind::Unverified,
        VerdictKind::AgentReply,
        VerdictKind::Unsubscribe,
        VerdictKind::Bounce,
        VerdictKind::Duplicate,
    ];
    for verdict in causes.chain(plain) {
        comes_back(&MailRow { verdict, ..mail_row(1) });
    }
    comes_back(&MailRow {
        message_id: None,
        from: None,
        requester: Some("anna@example.org".to_owned()),
        date: None,
        ticket: Some(TicketId(2)),
        project: Some(ProjectId(3)),
        filed: true,
        ..mail_row(2)
    });
}

#[test]
fn every_state_of_a_letter_comes_back() {
    let states = [
        OutboxState::Waiting,
        OutboxState::Submitting,
        OutboxState::Sent,
        OutboxState::PresumedSent,
        OutboxState::Unknown,
        OutboxState::Failed,
        OutboxState::Withdrawn,
    ];
    for state in states {
        comes_back(&OutboxRow { state, ..letter(1, 1, 1) });
    }
    for letter in [
        LetterKind::ParticipantAdded { event: EventNo(4) },
        LetterKind::Closed { event: EventNo(5) },
        LetterKind::Invitation,
        LetterKind::NewPassword,
    ] {
        comes_back(&OutboxRow { letter, to: Recipient::Account(AccountId(7)), ..self::letter(1, 1, 1) });
    }
    comes_back(&OutboxRow {
        letter: LetterKind::Notice { event: EventNo(6) },
        to: Recipient::Agent { ticket: TicketId(1), account: AccountId(7) },
        ..letter(1, 1, 1)
    });
    let deliveries = [
        Delivery::Unknown,
        Delivery::Queued,
        Delivery::Delivered,
        Delivery::Refused { reply: "5.1.1".into() },
    ];
    for delivery in deliveries {
        comes_back(&OutboxRow {
            delivery,
            letter: LetterKind::Confirmation { subject: true },
            draft: Some(DraftRef { raw: RawHash([4; 32]), date: at(77) }),
            email: Some("e1".to_owned()),
            submission: Some("s1".to_owned()),
            submitted_at: Some(at(78)),
            attempts: 3,
            trouble: Some("the server was away".to_owned()),
            next_look: Some(at(79)),
            looks: 2,
            ..letter(1, 2, 3)
        });
    }
}

#[test]
fn small_records_come_back() {
    let purposes = [
        KeyPurpose::Reply(ParticipantNo(1)),
        KeyPurpose::Unsubscribe(ParticipantNo(2)),
        KeyPurpose::AgentComment(AccountId(3)),
        KeyPurpose::AgentNote(AccountId(4)),
    ];
    for purpose in purposes {
        for revoked in [false, true] {
            comes_back(&KeyFact { key: reply_key(3), ticket: TicketId(4), purpose, revoked });
        }
    }
    comes_back(&Session { token_hash: [1; 32], account: AccountId(2), created_at: at(3), seen_at: at(4) });
    for letter in [None, Some(OutboxId(5))] {
        comes_back(&AccountLink { token_hash: [1; 32], account: AccountId(2), expires_at: at(3), letter });
    }
    for how in [AdoptHow::Empty, AdoptHow::Leave, AdoptHow::Import, AdoptHow::New] {
        comes_back(&Adoption { account: "a".into(), mailbox: "inbox".into(), how, at: at(5) });
    }
    comes_back(&InHand { source: mail_row(1).source, crashes: 2 });
    let subjects = [
        Subject::Ticket { ticket: TicketId(1), event: EventNo(2) },
        Subject::Letters(TicketId(3)),
        Subject::Project(ProjectId(4)),
        Subject::Account(AccountId(5)),
        Subject::Site,
    ];
    for subject in subjects {
        comes_back(&JournalEntry { seq: Seq(9), at: at(1), subject });
    }
}

proptest! {
    #[test]
    fn any_ticket_comes_back(
        title in ".{0,40}",
        seconds in -100_000_000_000i64..200_000_000_000,
        nanos in 0i32..1_000_000_000,
        owed in any::<bool>(),
        assignee in proptest::option::of(any::<u32>()),
        merged in proptest::option::of(any::<u64>()),
        labels in proptest::collection::vec(any::<u32>(), 0..4),
        people in 0u16..5,
        state in 0usize..3,
    ) {
        let time = jiff::Timestamp::new(seconds, if seconds < 0 { -nanos } else { nanos }).unwrap();
        let state = [State::Open, State::OnHold, State::Closed][state];
        let subscription = Subscription::Unsubscribed { at: time };
        let person = |no| Participant { subscription, name: None, ..participant(no, &format!("p{no}@x.example")) };
        comes_back(&Ticket {
            title,
            state,
            hold_until: owed.then_some(time),
            due: owed.then_some(time),
            spam: owed,
            merged_into: merged.map(TicketId),
            assignee: assignee.map(AccountId),
            labels: labels.into_iter().map(LabelId).collect(),
            participants: (1..=people).map(person).collect(),
            also_for: vec![ProjectId(3)],
            opened_at: time,
            active_at: time,
            owed_since: owed.then_some(time),
            ..ticket(TicketId(5), ProjectId(6), 7)
        });
    }

    #[test]
    fn no_octets_make_decoding_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut versioned = vec![1];
        versioned.extend(&octets);
        for octets in [&octets, &versioned] {
            let _ = records::decode::<Ticket>(Table::Tickets, octets);
            let _ = records::decode::<Event>(Table::Events, octets);
            let _ = records::decode::<MailRow>(Table::MailRows, octets);
            let _ = records::decode::<OutboxRow>(Table::Outbox, octets);
        }
    }
}

/// What a later Postdesk might write for an account: more fields, also of kinds unknown today.
#[derive(Encode, Decode)]
#[cbor(map)]
struct LaterAccount {
    #[n(0)]
    id: u32,
    #[n(1)]
    handle: String,
    #[n(3)]
    address: String,
    #[n(7)]
    created_at: i64,
    #[n(100)]
    languages: Vec<String>,
    #[n(101)]
    picture: Option<Picture>,
    #[n(104)]
    #[cbor(with = "minicbor::bytes")]
    seal: Vec<u8>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Picture {
    #[n(0)]
    width: u32,
}

#[test]
fn fields_of_a_later_version_are_skipped_and_missing_ones_have_their_defaults() {
    let later = LaterAccount {
        id: 5,
        handle: "jane".to_owned(),
        address: "jane@example.com".to_owned(),
        created_at: 44,
        languages: vec!["de".to_owned()],
        picture: Some(Picture { width: 3 }),
        seal: vec![1, 2, 3],
    };
    let mut octets = vec![1];
    minicbor::encode(&later, &mut octets).unwrap();
    let read: Account = records::decode(Table::Accounts, &octets).unwrap();
    assert_eq!((read.id, read.handle.as_str(), read.created_at), (AccountId(5), "jane", at(44)));
    assert_eq!((read.name.as_str(), read.admin, read.password), ("", false, None));
}

/// What an earlier Postdesk might have written for a project: fewer fields.
#[derive(Encode, Decode)]
#[cbor(map)]
struct EarlierProject {
    #[n(0)]
    id: u32,
    #[n(1)]
    path: String,
}

#[test]
fn a_record_of_an_earlier_version_is_read() {
    let mut octets = vec![1];
    minicbor::encode(&EarlierProject { id: 3, path: "acme/web".to_owned() }, &mut octets).unwrap();
    let read: Project = records::decode(Table::Projects, &octets).unwrap();
    assert_eq!((read.id, read.path.as_str()), (ProjectId(3), "acme/web"));
    assert!(read.confirm && read.reopen && !read.on && read.members.is_empty());
    assert_eq!(read.joining, Joining::default());
}

#[test]
fn a_record_with_a_version_of_its_own_is_refused_by_name() {
    let mut octets = records::encode(&account("jane"));
    octets[0] = 2;
    let error = records::decode::<Account>(Table::Accounts, &octets).unwrap_err();
    assert_eq!(error.to_string(), "a record of the table `accounts` cannot be read: it has version 2");
}
