use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::mail::Address;
use crate::tracker::{ProjectId, RawHash, TicketId};

fn person(at: u16) -> NameAddr {
    NameAddr::from(Address::parse(&format!("p{at}@customer.example")).unwrap())
}

fn ticket(participants: u16) -> Ticket {
    let mut ticket = Ticket {
        id: TicketId(1),
        project: ProjectId(7),
        number: 12,
        title: "Broken".to_owned(),
        state: State::Open,
        hold_until: None,
        due: None,
        spam: false,
        merged_into: None,
        assignee: None,
        labels: Vec::new(),
        participants: Vec::new(),
        also_for: Vec::new(),
        opened_at: Timestamp::UNIX_EPOCH,
        active_at: Timestamp::UNIX_EPOCH,
        owed_since: None,
        last_event: EventNo(0),
        comments: 0,
        notes: 0,
        unverified: 0,
        erased_at: None,
    };
    for at in 0..participants {
        add_participant(&mut ticket, person(at), false, Timestamp::UNIX_EPOCH).unwrap();
    }
    open(&mut ticket, text("Help"), Timestamp::UNIX_EPOCH);
    ticket
}

fn text(text: &str) -> Body {
    Body::Text(text.to_owned())
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn anybody() -> impl Strategy<Value = Actor> {
    prop_oneof![
        Just(Actor::Postdesk),
        (0..5u16).prop_map(|no| Actor::Participant(ParticipantNo(no))),
        (0..3u32).prop_map(|id| Actor::Account(AccountId(id))),
    ]
}

fn anything() -> impl Strategy<Value = Change> {
    let body = || {
        prop_oneof![
            Just(text("")),
            Just(text(" \n")),
            Just(text("Have you tried?")),
            Just(Body::Mail { raw: RawHash([1; 32]), row: None }),
        ]
    };
    let number = || (0..5u16).prop_map(ParticipantNo);
    prop_oneof![
        (body(), any::<bool>()).prop_map(|(body, automatic)| Change::Comment { body, automatic }),
        body().prop_map(|body| Change::Note { body }),
        Just(Change::Close),
        Just(Change::Reopen),
        proptest::option::of(0..3u32).prop_map(|id| Change::Assign(id.map(AccountId))),
        (0..5u16).prop_map(|at| Change::AddParticipant(person(at))),
        number().prop_map(Change::Unsubscribe),
        number().prop_map(Change::Subscribe),
    ]
}

proptest! {
    #[test]
    fn a_refusal_leaves_the_ticket_as_it_was_and_numbers_have_no_gaps(
        people in 0..4u16, steps in proptest::collection::vec((anything(), anybody()), 0..30)
    ) {
        let mut ticket = ticket(people);
        let mut last = ticket.last_event.0;
        for (step, (change, actor)) in steps.into_iter().enumerate() {
            let before = ticket.clone();
            let now = at(i64::try_from(step).unwrap() + 1);
            let Ok(events) = apply(&mut ticket, change, actor, now) else {
                prop_assert_eq!(&ticket, &before);
                continue;
            };
            for event in &events {
                last += 1;
                prop_assert_eq!(event.no, EventNo(last));
                prop_assert_eq!((event.ticket, event.at, event.actor), (ticket.id, now, actor));
            }
            prop_assert_eq!(ticket.last_event, EventNo(last));
            prop_assert!(!events.is_empty() || ticket == before, "something changed in silence");
        }
    }

    #[test]
    fn participants_keep_their_numbers_and_are_there_once(
        people in 0..4u16, steps in proptest::collection::vec((anything(), anybody()), 0..30)
    ) {
        let mut ticket = ticket(people);
        for (change, actor) in steps {
            let before = ticket.participants.clone();
            let _ = apply(&mut ticket, change, actor, at(1));
            for (old, new) in before.iter().zip(&ticket.participants) {
                prop_assert_eq!((old.no, &old.address), (new.no, &new.address));
            }
        }
        let mut addresses: Vec<_> = ticket.participants.iter().map(|p| p.address.clone()).collect();
        addresses.sort();
        addresses.dedup();
        prop_assert_eq!(addresses.len(), ticket.participants.len());
        prop_assert!(ticket.participants.is_sorted_by_key(|p| p.no));
    }

    #[test]
    fn an_automatic_comment_is_counted_and_changes_nothing_else(
        steps in proptest::collection::vec((anything(), anybody()), 0..10), no in 1..3u16
    ) {
        let mut ticket = ticket(2);
        for (change, actor) in steps {
            let _ = apply(&mut ticket, change, actor, at(1));
        }
        let mut expected = ticket.clone();
        expected.comments += 1;
        expected.last_event.0 += 1;
        let change = Change::Comment { body: text("I am away"), automatic: true };
        let events = apply(&mut ticket, change, Actor::Participant(ParticipantNo(no)), at(2)).unwrap();
        prop_assert_eq!(events.len(), 1);
        prop_assert_eq!(ticket, expected);
    }
}

#[test]
fn unsubscribing_twice_is_one_event_and_no_error() {
    let mut ticket = ticket(2);
    let unsubscribe = || Change::Unsubscribe(ParticipantNo(2));
    let first = apply(&mut ticket, unsubscribe(), Actor::Postdesk, at(1)).unwrap();
    assert_eq!(first.len(), 1);
    let once = ticket.clone();
    assert_eq!(apply(&mut ticket, unsubscribe(), Actor::Postdesk, at(2)), Ok(Vec::new()));
    assert_eq!(ticket, once);
    assert!(ticket.requester().unwrap().is_subscribed());
    apply(&mut ticket, Change::Subscribe(ParticipantNo(2)), Actor::Postdesk, at(3)).unwrap();
    assert!(ticket.participant(ParticipantNo(2)).unwrap().is_subscribed());
}

#[test]
fn a_persons_comment_takes_the_turn_and_subscribes_its_writer_again() {
    let mut ticket = ticket(1);
    let requester = Actor::Participant(ParticipantNo(1));
    let comment = || Change::Comment { body: text("Hello"), automatic: false };
    apply(&mut ticket, comment(), Actor::Account(AccountId(1)), at(1)).unwrap();
    assert_eq!(ticket.owed_since, None);
    apply(&mut ticket, Change::Unsubscribe(ParticipantNo(1)), Actor::Postdesk, at(2)).unwrap();
    let events = apply(&mut ticket, comment(), requester, at(3)).unwrap();
    let kinds: Vec<_> = events.into_iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::Comment { body: text("Hello"), automatic: false },
            EventKind::Subscribed { participant: ParticipantNo(1) }
        ]
    );
    assert_eq!(ticket.owed_since, Some(at(3)));
    // Waiting counts from the first comment that was not answered.
    apply(&mut ticket, comment(), requester, at(4)).unwrap();
    assert_eq!((ticket.owed_since, ticket.active_at, ticket.comments), (Some(at(3)), at(4), 4));
}

#[test]
fn each_refusal_names_its_reason() {
    let comment = |body: &str| Change::Comment { body: text(body), automatic: false };
    for (change, actor, refusal) in [
        (comment(" \n"), Actor::Account(AccountId(1)), Refusal::Empty),
        (Change::Note { body: text("") }, Actor::Account(AccountId(1)), Refusal::Empty),
        (comment("Hello"), Actor::Participant(ParticipantNo(9)), Refusal::NoSuchParticipant),
        (Change::Reopen, Actor::Postdesk, Refusal::AlreadyOpen),
        (Change::Assign(None), Actor::Postdesk, Refusal::AlreadyAssigned),
        (Change::AddParticipant(person(0)), Actor::Postdesk, Refusal::AlreadyParticipant),
        (Change::Unsubscribe(ParticipantNo(9)), Actor::Postdesk, Refusal::NoSuchParticipant),
        (Change::Subscribe(ParticipantNo(9)), Actor::Postdesk, Refusal::NoSuchParticipant),
    ] {
        assert_eq!(apply(&mut ticket(1), change, actor, at(1)), Err(refusal));
    }
    let mut closed = ticket(1);
    apply(&mut closed, Change::Close, Actor::Postdesk, at(1)).unwrap();
    assert_eq!(apply(&mut closed, Change::Close, Actor::Postdesk, at(2)), Err(Refusal::AlreadyClosed));
    let many = u16::try_from(MAX_PARTICIPANTS).unwrap();
    let full = apply(&mut ticket(many), Change::AddParticipant(person(many)), Actor::Postdesk, at(1));
    assert_eq!(full, Err(Refusal::TooManyParticipants));
}

#[test]
fn nothing_happens_to_a_ticket_that_was_erased() {
    let mut erased = ticket(2);
    (erased.state, erased.erased_at) = (State::Closed, Some(at(1)));
    let comment = Change::Comment { body: text("Hello"), automatic: false };
    let note = Change::Note { body: text("Hello") };
    let before = erased.clone();
    for change in [comment, note, Change::Reopen, Change::Assign(Some(AccountId(1)))] {
        assert_eq!(apply(&mut erased, change, Actor::Account(AccountId(1)), at(2)), Err(Refusal::Erased));
    }
    assert_eq!(erased, before);
}

#[test]
fn closing_ends_the_waiting_and_the_time_on_hold() {
    let mut ticket = ticket(1);
    (ticket.state, ticket.hold_until) = (State::OnHold, Some(at(100)));
    let events = apply(&mut ticket, Change::Close, Actor::Account(AccountId(1)), at(1)).unwrap();
    assert_eq!(events.first().unwrap().kind, EventKind::Status { from: State::OnHold, to: State::Closed });
    assert_eq!((ticket.state, ticket.hold_until, ticket.owed_since), (State::Closed, None, None));
}

#[test]
fn a_mail_without_a_sender_opens_a_ticket_in_postdesks_name() {
    let mut ticket = ticket(0);
    ticket.last_event = EventNo(0);
    let events = open(&mut ticket, text("Help"), at(1));
    assert_eq!((events.first().unwrap().actor, events.len()), (Actor::Postdesk, 1));
    assert_eq!((ticket.comments, ticket.owed_since), (1, Some(at(1))));
}
