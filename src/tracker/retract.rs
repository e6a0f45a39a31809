//! Taking a reply back that nobody has been mailed yet: the ticket is as if it had not been written.

use jiff::Timestamp;

use super::change::number;
use super::{Actor, Event, EventKind, EventNo, ParticipantNo, Refusal, State, Ticket, doubt};

/// Takes the comment with this number back. `events` is the ticket's whole timeline.
///
/// # Errors
/// [`Refusal::NothingToTakeBack`] where it is no reply of an agent's, or was taken back before.
pub fn retract(
    ticket: &mut Ticket,
    events: &[Event],
    comment: EventNo,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let known = events.iter().find(|event| event.no == comment).filter(|event| is_reply(event));
    let written = known.filter(|_| !retracted(events).any(|no| no == comment));
    let written = written.ok_or(Refusal::NothingToTakeBack)?;
    let mut kinds = vec![EventKind::Retracted { event: comment }];
    if closed_with(events, written) && ticket.state == State::Closed {
        ticket.state = State::Open;
        kinds.push(EventKind::Status { from: State::Closed, to: State::Open });
    }
    ticket.comments = ticket.comments.saturating_sub(1);
    ticket.active_at = now;
    if ticket.state != State::Closed {
        ticket.owed_since = owed_without(events, comment);
    }
    let done = number(ticket, kinds, actor, now);
    let told: Vec<Event> = events.iter().chain(&done).cloned().collect();
    if !answered(&told) {
        // No agent's word has reached whoever came by Cc, so nothing else is to.
        for person in ticket.participants.iter_mut().filter(|person| came_by_cc(events, person.no)) {
            person.waits = true;
        }
    }
    Ok(done)
}

/// The comments that were taken back.
pub fn retracted(events: &[Event]) -> impl Iterator<Item = EventNo> {
    events.iter().filter_map(|event| match event.kind {
        EventKind::Retracted { event } => Some(event),
        _ => None,
    })
}

fn is_reply(event: &Event) -> bool {
    matches!((&event.kind, event.actor), (EventKind::Comment { .. }, Actor::Account(_)))
}

/// Whether the same click closed the ticket, and nobody has changed its state since.
fn closed_with(events: &[Event], comment: &Event) -> bool {
    let status = |event: &&Event| event.no > comment.no && matches!(event.kind, EventKind::Status { .. });
    let mut since = events.iter().filter(status);
    let first = since.next().is_some_and(|event| {
        event.no.0 == comment.no.0 + 1
            && event.actor == comment.actor
            && event.at == comment.at
            && matches!(event.kind, EventKind::Status { to: State::Closed, .. })
    });
    first && since.next().is_none()
}

/// Whether an agent has answered in public. What was taken back reached nobody.
pub fn answered(events: &[Event]) -> bool {
    let gone: Vec<EventNo> = retracted(events).collect();
    events.iter().any(|event| is_reply(event) && !gone.contains(&event.no))
}

/// Who came by a mail's Cc: added by the desk itself, and not with a comment of their own, as a
/// colleague whom the project trusts is.
fn came_by_cc(events: &[Event], no: ParticipantNo) -> bool {
    let is_theirs = |event: &Event| event.kind == EventKind::ParticipantAdded { participant: no };
    let Some(at) = events.iter().rposition(is_theirs) else { return false };
    let mut since = events.iter().skip(at);
    let (added, next) = (since.next(), since.next());
    let wrote = next.is_some_and(|next| {
        next.actor == Actor::Participant(no)
            && matches!(next.kind, EventKind::Comment { .. })
            && added.is_some_and(|added| added.at == next.at)
    });
    added.is_some_and(|added| added.actor == Actor::Postdesk) && !wrote
}

/// Since when it is our turn, by the texts that are left.
fn owed_without(events: &[Event], comment: EventNo) -> Option<Timestamp> {
    let gone: Vec<EventNo> = retracted(events).chain([comment]).collect();
    let closed_since = |event: &Event| {
        event.no > comment && matches!(event.kind, EventKind::Status { to: State::Closed, .. })
    };
    doubt::turn(events.iter().filter(|event| !gone.contains(&event.no) && !closed_since(event)))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::mail::{Address, NameAddr};
    use crate::tracker::{
        AccountId, Body, Change, Doubt, LinkKind, Participant, ParticipantNo, ProjectId, Subscription,
        TicketId, apply, change,
    };

    const CUSTOMER: Actor = Actor::Participant(ParticipantNo(1));
    const JANE: Actor = Actor::Account(AccountId(1));

    /// A ticket with its timeline; each step is a minute later.
    struct Life {
        ticket: Ticket,
        events: Vec<Event>,
        now: Timestamp,
    }

    impl Life {
        fn new() -> Self {
            let start = Timestamp::UNIX_EPOCH;
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
                participants: vec![Participant {
                    no: ParticipantNo(1),
                    address: Address::parse("anna@customer.example").unwrap(),
                    name: None,
                    subscription: Subscription::Subscribed,
                    added_at: start,
                    waits: false,
                }],
                also_for: Vec::new(),
                erased_at: None,
                opened_at: start,
                active_at: start,
                owed_since: None,
                last_event: EventNo(0),
                comments: 0,
                notes: 0,
                unverified: 0,
            };
            let events = change::open(&mut ticket, Body::Text("Help".to_owned()), start);
            Self { ticket, events, now: start }
        }

        fn later(&mut self) {
            self.now += SignedDuration::from_mins(1);
        }

        fn with(mut self, change: Change, actor: Actor) -> Self {
            self.later();
            self.at_once(change, actor)
        }

        /// In the same click as what was before.
        fn at_once(mut self, change: Change, actor: Actor) -> Self {
            self.events.extend(apply(&mut self.ticket, change, actor, self.now).unwrap());
            self
        }

        fn says(self, actor: Actor) -> Self {
            let body = Body::Text("Words".to_owned());
            self.with(Change::Comment { body, automatic: false }, actor)
        }

        fn take_back(&mut self, comment: u32) -> Result<Vec<Event>, Refusal> {
            self.later();
            let done = retract(&mut self.ticket, &self.events, EventNo(comment), JANE, self.now)?;
            self.events.extend(done.clone());
            Ok(done)
        }
    }

    #[test]
    fn the_ticket_is_as_if_the_reply_had_not_been_written() {
        let mut life = Life::new().says(CUSTOMER).says(JANE);
        let comments = life.ticket.comments;
        assert_eq!(life.ticket.owed_since, None);
        let done = life.take_back(3).unwrap();
        assert_eq!(done[0].kind, EventKind::Retracted { event: EventNo(3) });
        assert_eq!(life.ticket.comments, comments - 1);
        assert_eq!(life.ticket.owed_since, Some(Timestamp::UNIX_EPOCH), "since the first unanswered word");
        assert_eq!(retracted(&life.events).collect::<Vec<_>>(), [EventNo(3)]);
        assert_eq!(life.take_back(3), Err(Refusal::NothingToTakeBack), "once is all");
    }

    #[test]
    fn only_replies_of_agents_can_be_taken_back() {
        let mut life = Life::new()
            .says(CUSTOMER)
            .with(Change::Note { body: Body::Text("Inner".to_owned()) }, JANE)
            .with(Change::Link { ticket: TicketId(2), how: LinkKind::Answers }, JANE);
        let before = life.ticket.clone();
        for no in [1, 2, 3, 4, 99] {
            assert_eq!(life.take_back(no), Err(Refusal::NothingToTakeBack), "{no}");
        }
        assert_eq!(life.ticket, before, "a refusal leaves the ticket as it was");
    }

    #[test]
    fn a_ticket_that_the_same_click_closed_is_open_again() {
        let mut life = Life::new().says(JANE).at_once(Change::Close, JANE);
        let done = life.take_back(2).unwrap();
        assert_eq!(done[1].kind, EventKind::Status { from: State::Closed, to: State::Open });
        assert_eq!(life.ticket.state, State::Open);
        assert_eq!(life.ticket.owed_since, Some(Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn a_ticket_that_was_closed_by_another_click_stays_closed() {
        let mut life = Life::new().says(JANE).with(Change::Close, JANE);
        assert_eq!(life.take_back(2).unwrap().len(), 1);
        assert_eq!((life.ticket.state, life.ticket.owed_since), (State::Closed, None));
        // Nor does what the click did count where somebody has changed it since.
        let mut life = Life::new()
            .says(JANE)
            .at_once(Change::Close, JANE)
            .with(Change::Reopen, JANE)
            .with(Change::Close, JANE);
        assert_eq!(life.take_back(2).unwrap().len(), 1);
        assert_eq!(life.ticket.state, State::Closed);
    }

    #[test]
    fn who_came_by_cc_waits_again_unless_another_answer_stands() {
        let person = |who: &str| NameAddr::from(Address::parse(who).unwrap());
        let waiting = |life: &Life| {
            life.ticket.participants.iter().filter(|p| p.waits).map(|p| p.no.0).collect::<Vec<_>>()
        };
        // Ben by Cc, Dora as a colleague whom the project trusts, Kim by an agent.
        let by_cc = Change::AddFromCc { person: person("ben@customer.example"), answered: false };
        let mut life = Life::new()
            .with(by_cc, Actor::Postdesk)
            .with(Change::AddParticipant(person("dora@customer.example")), Actor::Postdesk)
            .at_once(
                Change::Comment { body: Body::Text("Me too".to_owned()), automatic: false },
                Actor::Participant(ParticipantNo(3)),
            )
            .with(Change::AddParticipant(person("kim@customer.example")), JANE);
        assert_eq!(waiting(&life), [2]);
        life = life.says(JANE).says(JANE);
        assert!(waiting(&life).is_empty(), "an answer is for everybody");
        assert!(answered(&life.events));
        life.take_back(6).unwrap();
        assert!(waiting(&life).is_empty(), "the other answer stands");
        life.take_back(7).unwrap();
        assert_eq!(waiting(&life), [2]);
        assert!(!answered(&life.events));
    }

    #[test]
    fn an_unverified_mail_that_waits_is_our_turn_still() {
        let doubtful = || Change::Doubt {
            body: Body::Text("Who am I".to_owned()),
            from: None,
            doubt: Doubt::Stranger,
            automatic: false,
        };
        let mut life = Life::new().says(JANE).with(doubtful(), Actor::Postdesk).says(JANE);
        let came = life.events[2].at;
        assert_eq!(life.ticket.owed_since, Some(came));
        life.take_back(4).unwrap();
        assert_eq!(life.ticket.owed_since, Some(came), "an agent has yet to decide on it");
    }

    #[test]
    fn another_answer_still_counts_as_one() {
        let mut life = Life::new().says(JANE).says(CUSTOMER).says(JANE).says(JANE);
        life.take_back(5).unwrap();
        assert_eq!(life.ticket.owed_since, None, "the answer before it stands");
        let asked = life.events[2].at;
        life.take_back(4).unwrap();
        assert_eq!(life.ticket.owed_since, Some(asked), "the customer's second mail is unanswered");
    }
}
