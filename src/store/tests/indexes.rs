//! Indexes and counters are what a full count of the records gives, whatever was put in which
//! order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;

use super::sample::{mail_row, participant, ticket};
use super::{Bench, at};
use crate::store::key::{Order, Span};
use crate::store::reach::Reach;
use crate::store::schema::Table;
use crate::store::{Look, Page, Read};
use crate::tracker::query::{ListQuery, Sort, StateFilter};
use crate::tracker::*;
use crate::triage::{HoldCause, IgnoreCause, MailRow, VerdictKind};

const PROJECTS: [ProjectId; 3] = [ProjectId(1), ProjectId(2), ProjectId(3)];
const STATES: [State; 3] = [State::Open, State::OnHold, State::Closed];

/// One ticket as a test wants it put; the same `which` is the same ticket, put again.
#[derive(Clone, Debug)]
struct Put {
    which: u8,
    project: usize,
    state: usize,
    assignee: Option<u32>,
    owed: Option<i64>,
    active: i64,
    merged: bool,
    also: BTreeSet<usize>,
    people: BTreeSet<u8>,
}

fn puts() -> impl Strategy<Value = Vec<Put>> {
    let people = proptest::collection::btree_set(0u8..4, 0..3);
    let put = (0u8..12, 0usize..3, 0usize..3, proptest::option::of(0u32..3), proptest::option::of(0i64..5))
        .prop_flat_map(move |(which, project, state, assignee, owed)| {
            let also = proptest::collection::btree_set(0usize..3, 0..3);
            (0i64..5, proptest::bool::weighted(0.1), also, people.clone()).prop_map(
                move |(active, merged, also, people)| Put {
                    which,
                    project,
                    state,
                    assignee,
                    owed,
                    active,
                    merged,
                    also,
                    people,
                },
            )
        });
    proptest::collection::vec(put, 1..40)
}

fn ticket_of(put: &Put) -> Ticket {
    // A number of its own in each project, so that a move takes none that is taken.
    let which = u32::from(put.which) + 1;
    let id = TicketId(u64::from(which));
    Ticket {
        state: STATES[put.state],
        assignee: put.assignee.map(AccountId),
        owed_since: put.owed.map(at),
        active_at: at(put.active),
        opened_at: at(i64::from(put.which) / 3),
        merged_into: put.merged.then_some(TicketId(1000)),
        also_for: put
            .also
            .iter()
            .map(|place| PROJECTS[*place])
            .filter(|id| *id != PROJECTS[put.project])
            .collect(),
        participants: put
            .people
            .iter()
            .map(|n| participant(u16::from(*n) + 1, &format!("P{n}@x.example")))
            .collect(),
        ..ticket(id, PROJECTS[put.project], which)
    }
}

fn query(
    projects: &[ProjectId],
    state: StateFilter,
    assignee: Option<Option<AccountId>>,
    sort: Sort,
) -> ListQuery {
    ListQuery {
        projects: projects.to_vec(),
        state,
        assignee,
        number: None,
        words: Vec::new(),
        sort,
        after: None,
        limit: 5,
    }
}

/// Reads a list page by page.
pub fn whole(read: &Read, query: &ListQuery) -> Vec<TicketId> {
    let mut query = query.clone();
    let mut ids = Vec::new();
    loop {
        let Page { tickets, next, cut } = read.list(&query).unwrap();
        assert!(!cut && tickets.len() <= query.limit);
        ids.extend(tickets.iter().map(|ticket| ticket.id));
        if next.is_none() {
            return ids;
        }
        assert_eq!(tickets.len(), query.limit, "a page with a next one is full");
        assert_ne!(next, query.after);
        query.after = next;
    }
}

/// What a list must be, from the tickets themselves.
fn expected(tickets: &BTreeMap<u8, Ticket>, query: &ListQuery) -> Vec<TicketId> {
    let key = |ticket: &Ticket| match query.sort {
        Sort::Activity => ticket.active_at,
        Sort::Opened => ticket.opened_at,
        Sort::Waiting => ticket.owed_since.unwrap_or(Timestamp::MAX),
    };
    let shows = |state| match query.state {
        StateFilter::Open => state == State::Open,
        StateFilter::OnHold => state == State::OnHold,
        StateFilter::Closed => state == State::Closed,
        StateFilter::All => true,
    };
    let mut found: Vec<&Ticket> = tickets
        .values()
        .filter(|ticket| ticket.merged_into.is_none() && is_listed(ticket, &query.projects))
        .filter(|ticket| shows(ticket.state) && query.assignee.is_none_or(|a| a == ticket.assignee))
        .collect();
    found.sort_by_key(|ticket| (key(ticket), ticket.id));
    if query.sort != Sort::Waiting {
        found.reverse();
    }
    found.iter().map(|ticket| ticket.id).collect()
}

fn is_listed(ticket: &Ticket, projects: &[ProjectId]) -> bool {
    projects.contains(&ticket.project) || ticket.also_for.iter().any(|id| projects.contains(id))
}

fn check_tickets(read: &Read, tickets: &BTreeMap<u8, Ticket>) {
    for projects in PROJECTS.chunks(1).chain([&PROJECTS[..], &PROJECTS[..2]]) {
        for state in STATES {
            let counted = tickets
                .values()
                .filter(|t| t.merged_into.is_none() && is_listed(t, projects) && t.state == state)
                .count();
            assert_eq!(read.count(projects, state).unwrap(), counted as u64, "{projects:?} {state:?}");
        }
    }
    let filters = [StateFilter::Open, StateFilter::OnHold, StateFilter::Closed, StateFilter::All];
    for projects in [&PROJECTS[..], &PROJECTS[..1], &PROJECTS[1..]] {
        for state in filters {
            for assignee in [None, Some(None), Some(Some(AccountId(1)))] {
                for sort in [Sort::Activity, Sort::Opened, Sort::Waiting] {
                    let query = query(projects, state, assignee, sort);
                    assert_eq!(whole(read, &query), expected(tickets, &query), "{query:?}");
                }
            }
        }
    }
    for person in 0u8..4 {
        let address = super::sample::address(&format!("p{person}@x.example"));
        let takes_part = |t: &&Ticket| t.participant_by_address(&address).is_some();
        let mut ids: Vec<_> = tickets.values().filter(takes_part).map(|t| t.id).collect();
        ids.reverse();
        let found: Vec<_> = read.tickets_of(&address, 100).unwrap().iter().map(|t| t.id).collect();
        assert_eq!(found, ids);
    }
}

fn entries(read: &Read, table: Table) -> usize {
    read.scan(table, &Span::all(), Order::Up, usize::MAX).unwrap().len()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn lists_and_counters_are_what_the_tickets_say(puts in puts()) {
        let bench = Bench::new();
        let mut tickets = BTreeMap::new();
        for put in &puts {
            tickets.insert(put.which, ticket_of(put));
        }
        run(bench.write(move |w| puts.iter().try_for_each(|put| w.put_ticket(&ticket_of(put)))));
        let read = bench.store.read().unwrap();
        check_tickets(&read, &tickets);
        let listed: usize =
            tickets.values().filter(|t| t.merged_into.is_none()).map(|t| 1 + t.also_for.len()).sum();
        for table in [Table::ByActivity, Table::ByOpened, Table::ByWaiting] {
            prop_assert_eq!(entries(&read, table), 2 * listed, "nothing stale is left in {:?}", table);
        }
    }

    #[test]
    fn verdict_counters_and_row_indexes_are_what_the_rows_say(
        puts in proptest::collection::vec((0u8..8, 0usize..5, any::<bool>()), 1..40)
    ) {
        let verdicts = [
            VerdictKind::Open,
            VerdictKind::Duplicate,
            VerdictKind::Hold(HoldCause::Flood),
            VerdictKind::Hold(HoldCause::NoProject),
            VerdictKind::Ignore(IgnoreCause::OurOwn),
        ];
        let bench = Bench::new();
        let mut rows: BTreeMap<u8, MailRow> = BTreeMap::new();
        for (which, verdict, filed) in puts {
            let row = MailRow { verdict: verdicts[verdict], filed, ..mail_row(which / 2) };
            let known = rows.get(&which).map(|row| row.id);
            let put = row.clone();
            let id = run(bench.write(move |w| match known {
                Some(id) => w.put_mail_row(&MailRow { id, ..put.clone() }).map(|()| id),
                None => w.add_mail_row(put.clone()),
            }));
            rows.insert(which, MailRow { id, ..row });
        }
        let read = bench.store.read().unwrap();
        let mut counts: BTreeMap<VerdictKind, u64> = BTreeMap::new();
        rows.values().for_each(|row| *counts.entry(row.verdict).or_default() += 1);
        prop_assert_eq!(read.verdicts().unwrap().into_iter().collect::<BTreeMap<_, _>>(), counts);

        let ids = |want: &dyn Fn(&&MailRow) -> bool| {
            let mut ids: Vec<_> = rows.values().filter(want).map(|row| row.id).collect();
            ids.sort();
            ids
        };
        let of = |found: Vec<MailRow>| found.iter().map(|row| row.id).collect::<Vec<_>>();
        let mut held = ids(&|row| matches!(row.verdict, VerdictKind::Hold(_)));
        prop_assert_eq!(read.held_count().unwrap(), held.len() as u64);
        held.reverse();
        let mut paged = Vec::new();
        loop {
            let page = of(read.held(paged.last().copied(), 2).unwrap());
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        prop_assert_eq!(paged, held);
        prop_assert_eq!(of(read.unfiled(100).unwrap()), ids(&|row| !row.filed));
        for raw in 0..4 {
            let same = ids(&|row| row.raw == RawHash([raw; 32]));
            prop_assert_eq!(of(read.mail_rows_by_raw(&RawHash([raw; 32])).unwrap()), same.clone());
            prop_assert_eq!(of(read.mail_rows_by_source("a1", &format!("m{raw}")).unwrap()), same.clone());
            let id = super::sample::message_id(&format!("{raw}@example.org"));
            prop_assert_eq!(of(read.mail_rows_by_message_id(&id).unwrap()), same);
        }
        let taken = rows.values().filter(|row| row.verdict == VerdictKind::Open).count();
        prop_assert_eq!(entries(&read, Table::MailBySender), taken);
    }
}
