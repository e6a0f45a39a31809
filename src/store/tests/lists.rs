//! Lists: pages over several projects, words, numbers, the bound on rows.

use super::indexes::whole;
use super::sample::{participant, ticket};
use super::{Bench, at};
use crate::store::{Look, MOST_SCANNED, StoreError};
use crate::tracker::query::{Cursor, ListQuery, Sort, StateFilter};
use crate::tracker::{ProjectId, State, Ticket, TicketId};

fn query() -> ListQuery {
    ListQuery {
        projects: vec![ProjectId(1), ProjectId(2), ProjectId(3)],
        state: StateFilter::Open,
        assignee: None,
        unverified: false,
        number: None,
        words: Vec::new(),
        sort: Sort::Activity,
        after: None,
        limit: 50,
    }
}

/// Tickets in turn over three projects, each second of activity shared by five.
async fn fill(bench: &Bench, many: u64) {
    bench
        .write(move |w| {
            for n in 0..many {
                let project = ProjectId(n as u32 % 3 + 1);
                let (id, number) = w.next_ticket(project)?;
                let title = if n % 1000 == 0 { "A rare INVOICE".to_owned() } else { format!("Ticket {n}") };
                let active_at = at(1000 + n as i64 / 5);
                w.put_ticket(&Ticket {
                    title,
                    active_at,
                    opened_at: active_at,
                    ..ticket(id, project, number)
                })?;
            }
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn pages_over_several_projects_have_no_gap_and_no_double() {
    let bench = Bench::new();
    fill(&bench, 700).await;
    let read = bench.store.read().unwrap();
    for sort in [Sort::Activity, Sort::Opened, Sort::Waiting] {
        for limit in [1, 7, 64, 500] {
            let ids = whole(&read, &ListQuery { sort, limit, ..query() });
            let newest_first: Vec<_> = (1..=700).rev().map(TicketId).collect();
            if sort == Sort::Waiting {
                assert_eq!(ids, newest_first.into_iter().rev().collect::<Vec<_>>());
            } else {
                assert_eq!(ids, newest_first, "{sort:?} by {limit}");
            }
        }
    }
    let twice = ListQuery { projects: vec![ProjectId(2), ProjectId(2)], ..query() };
    assert_eq!(whole(&read, &twice).len(), 233, "a project that is named twice is listed once");
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended_though_a_ticket_moved_up_meanwhile() {
    let bench = Bench::new();
    fill(&bench, 20).await;
    let first = bench.store.read().unwrap().list(&ListQuery { limit: 8, ..query() }).unwrap();
    bench
        .write(|w| {
            let mut moved = w.ticket(TicketId(3))?.unwrap();
            moved.active_at = at(9999);
            w.put_ticket(&moved)
        })
        .await;
    let read = bench.store.read().unwrap();
    let second = read.list(&ListQuery { limit: 50, after: first.next, ..query() }).unwrap();
    let ids: Vec<_> = second.tickets.iter().map(|ticket| ticket.id.0).collect();
    assert_eq!(ids, [12, 11, 10, 9, 8, 7, 6, 5, 4, 2, 1]);
    assert_eq!(second.next, None);
}

#[tokio::test]
async fn words_look_at_ten_thousand_rows_and_then_say_so() {
    let bench = Bench::new();
    fill(&bench, MOST_SCANNED as u64 + 1500).await;
    let read = bench.store.read().unwrap();
    let words = ListQuery { words: vec!["invoice".to_owned(), "rare".to_owned()], ..query() };
    let page = read.list(&words).unwrap();
    assert!(page.cut);
    assert_eq!(page.tickets.len(), 10, "those of the 10,000 newest rows");
    let rest = read.list(&ListQuery { after: page.next, ..words.clone() }).unwrap();
    assert!(!rest.cut && rest.next.is_none());
    assert_eq!(rest.tickets.len(), 2);
    let by_two =
        ListQuery { limit: 2, after: Some(Cursor { key: 2_000_000, ticket: TicketId(5001) }), ..words };
    assert_eq!(whole(&read, &by_two).len(), 5, "each page that is offered has something on it");
    let none = ListQuery { words: vec!["invoice".to_owned(), "absent".to_owned()], ..query() };
    let page = read.list(&none).unwrap();
    assert!(page.cut && page.tickets.is_empty() && page.next.is_some());
}

#[tokio::test]
async fn words_are_found_in_titles_names_and_addresses_whatever_their_case() {
    let bench = Bench::new();
    bench
        .write(|w| {
            let mut t = ticket(TicketId(1), ProjectId(1), 1);
            t.title = "Ärger mit der RECHNUNG".to_owned();
            t.participants =
                vec![participant(1, "Anna.K@Example.org"), participant(2, "\u{d6}zil@m\u{fc}ller.example")];
            w.put_ticket(&t)
        })
        .await;
    let read = bench.store.read().unwrap();
    let hits = |words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        read.list(&ListQuery { words, ..query() }).unwrap().tickets.len()
    };
    assert_eq!(hits(&["ärger"]), 1);
    assert_eq!(hits(&["rechnung", "anna.k@", "kunde"]), 1);
    assert_eq!(hits(&["rechnung", "berta"]), 0);
    assert_eq!(hits(&["@m\u{fc}ller.example"]), 1);
    assert_eq!(hits(&["\u{f6}zil@xn--mller"]), 1);
}

#[tokio::test]
async fn a_number_names_one_ticket_of_each_project_and_is_followed_through_moves_and_merges() {
    let bench = Bench::new();
    fill(&bench, 9).await;
    bench
        .write(|w| {
            let mut merged = w.ticket(TicketId(4))?.unwrap();
            merged.merged_into = Some(TicketId(9));
            w.put_ticket(&merged)?;
            let mut moved = w.ticket(TicketId(5))?.unwrap();
            let (_, number) = w.next_ticket(ProjectId(3))?;
            (moved.project, moved.number) = (ProjectId(3), number);
            w.put_ticket(&moved)
        })
        .await;
    let read = bench.store.read().unwrap();
    let list =
        |query: ListQuery| read.list(&query).unwrap().tickets.iter().map(|t| t.id.0).collect::<Vec<_>>();
    // Tickets 4, 5 and 6 are number 2 of their projects.
    assert_eq!(list(ListQuery { number: Some(2), ..query() }), [9, 6, 5]);
    assert_eq!(list(ListQuery { number: Some(2), projects: vec![ProjectId(2)], ..query() }), [0u64; 0]);
    assert_eq!(list(ListQuery { number: Some(2), state: StateFilter::Closed, ..query() }), [0u64; 0]);
    assert_eq!(list(ListQuery { number: Some(77), ..query() }), [0u64; 0]);
    assert_eq!(read.ticket_by_number(ProjectId(2), 2).unwrap(), Some(TicketId(5)), "kept for ever");
    assert_eq!(read.follow(TicketId(4)).unwrap(), TicketId(9));
    assert_eq!(read.count(&[ProjectId(1)], State::Open).unwrap(), 2, "the merged one is counted no more");
}

#[tokio::test]
async fn a_number_is_given_out_once_and_never_to_two_tickets() {
    let bench = Bench::new();
    let first = bench.write(|w| w.next_ticket(ProjectId(1))).await;
    let second = bench.write(|w| w.next_ticket(ProjectId(1))).await;
    assert_eq!((first, second), ((TicketId(1), 1), (TicketId(2), 2)));
    assert_eq!(bench.write(|w| w.next_ticket(ProjectId(2))).await, (TicketId(3), 1));
    bench.write(|w| w.put_ticket(&ticket(TicketId(1), ProjectId(1), 1))).await;
    let taken: super::Written<()> =
        bench.store.write(|w| w.put_ticket(&ticket(TicketId(2), ProjectId(1), 1))).await;
    assert!(matches!(taken, Err(crate::store::WriteError::Refused(StoreError::Taken(_)))), "{taken:?}");
}

#[tokio::test]
async fn a_circle_of_merges_ends() {
    let bench = Bench::new();
    bench
        .write(|w| {
            for (id, into) in [(1, 2), (2, 1)] {
                let merged_into = Some(TicketId(into));
                w.put_ticket(&Ticket { merged_into, ..ticket(TicketId(id), ProjectId(1), id as u32) })?;
            }
            Ok(())
        })
        .await;
    assert_eq!(bench.store.read().unwrap().follow(TicketId(1)).unwrap(), TicketId(1));
}
