//! The list of tickets. Its state lives in the address alone: `?q=&sort=&after=`.

use std::collections::HashMap;

use axum::extract::{Query as Params, State};
use axum::response::Response;

use super::{link, state};
use crate::desk::{Counts, TicketList, TicketRow};
use crate::theme::page::{Empty, Link, List, ProjectAddress, Row, Token};
use crate::tracker::query::{AssigneeFilter, Cursor, Query, Sort, StateFilter};
use crate::web::answer::{Fault, page};
use crate::web::frame::grouped;
use crate::web::gate::Signed;
use crate::web::{Web, place};

const SORTS: [(Sort, &str); 3] = [
    (Sort::Waiting, "Longest waiting first"),
    (Sort::Activity, "Last activity first"),
    (Sort::Opened, "Newest first"),
];

/// What a list is sorted by where the address does not say: who has waited longest is answered
/// first, and of what is done the last comes first.
fn default_sort(query: &Query) -> Sort {
    match query.state {
        StateFilter::Open | StateFilter::OnHold => Sort::Waiting,
        StateFilter::Closed | StateFilter::All => Sort::Activity,
    }
}

pub(in crate::web) async fn show(
    State(web): State<Web>,
    signed: Signed,
    Params(params): Params<HashMap<String, String>>,
) -> Result<Response, Fault> {
    let text = params.get("q").map_or("is:open", String::as_str);
    let text: String = text.chars().take(500).collect();
    let query = Query::parse(&text);
    let chosen = params.get("sort").map(|sort| Sort::parse(sort));
    let sort = chosen.unwrap_or_else(|| default_sort(&query));
    let after = params.get("after").and_then(|after| Cursor::parse(after));
    let list = web.desk().see_list(signed.viewer, &query, sort, after)?;
    if !list.any {
        let empty = empty(&web, &signed, &list);
        return page(&web, &signed, "tickets", &empty);
    }
    let content = content(&Asked { query, sort, chosen, paged: after.is_some() }, list);
    page(&web, &signed, "tickets", &content)
}

struct Asked {
    query: Query,
    sort: Sort,
    /// The order that the address names, kept when the query changes.
    chosen: Option<Sort>,
    paged: bool,
}

impl Asked {
    /// The address of a list with another query and the same order.
    fn href(&self, query: &Query) -> String {
        address(query, self.chosen, None)
    }
}

fn address(query: &Query, sort: Option<Sort>, after: Option<Cursor>) -> String {
    let mut href = place::list(&query.to_string());
    if let Some(sort) = sort.filter(|sort| *sort != default_sort(query)) {
        href = format!("{href}&sort={}", sort.as_str());
    }
    match after {
        Some(after) => format!("{href}&after={after}"),
        None => href,
    }
}

fn content(asked: &Asked, list: TicketList) -> List {
    let sort_name = SORTS.iter().find(|(sort, _)| *sort == asked.sort).map_or("", |(_, name)| name);
    List {
        heading: heading(&asked.query),
        query: asked.query.to_string(),
        sort: asked.sort.as_str(),
        sort_name,
        sort_is_default: asked.chosen.is_none(),
        views: views(asked, list.unverified),
        projects: projects(asked, &list),
        tokens: tokens(asked),
        more: more(asked),
        unknown: asked.query.unknown.clone(),
        tabs: tabs(asked, list.counts),
        sorts: SORTS
            .iter()
            .map(|(sort, name)| link(*name, address(&asked.query, Some(*sort), None), *sort == asked.sort))
            .collect(),
        older: list.next.map(|next| address(&asked.query, asked.chosen, Some(next))),
        first: asked.paged.then(|| asked.href(&asked.query)),
        cut: list.cut,
        rows: list.rows.into_iter().map(row).collect(),
    }
}

fn heading(query: &Query) -> String {
    let state = match query.state {
        StateFilter::Open => "Open tickets",
        StateFilter::OnHold => "Tickets on hold",
        StateFilter::Closed => "Closed tickets",
        StateFilter::All => "All tickets",
    };
    let state = if query.unverified { format!("{state} with unverified mails") } else { state.to_owned() };
    let state = match &query.assignee {
        Some(AssigneeFilter::Me) => format!("{state} assigned to me"),
        Some(AssigneeFilter::Nobody) => format!("{state} assigned to nobody"),
        Some(AssigneeFilter::Handle(handle)) => format!("{state} assigned to {handle}"),
        None => state,
    };
    match &query.project {
        Some(path) => format!("{state} in {path}"),
        None => state,
    }
}

fn row(row: TicketRow) -> Row {
    let ticket = row.ticket;
    Row {
        href: place::ticket(&row.path, ticket.number),
        who: ticket.requester().map_or("no sender", |person| person.label()).to_owned(),
        title: title(&ticket.title),
        path: row.path.to_string(),
        number: ticket.number,
        assignee: row.assignee,
        state: state(ticket.state),
        owed_since: ticket.owed_since,
        active_at: ticket.active_at,
    }
}

/// A ticket's title; a mail may come without a subject.
pub(super) fn title(title: &str) -> String {
    if title.trim().is_empty() { "(no subject)".to_owned() } else { title.to_owned() }
}

fn views(asked: &Asked, unverified: u64) -> Vec<Link> {
    let view = |name: &str, assignee: Option<AssigneeFilter>| {
        let query = Query { assignee, ..Query::default() };
        link(name, asked.href(&query), query == asked.query)
    };
    let mut views = vec![
        view("Everything open", None),
        view("Assigned to me", Some(AssigneeFilter::Me)),
        view("Unassigned", Some(AssigneeFilter::Nobody)),
    ];
    if unverified > 0 || asked.query.unverified {
        let query = Query { unverified: true, state: StateFilter::All, ..Query::default() };
        let name = "Unverified mails";
        let count = Some(grouped(unverified));
        views.push(Link { count, ..link(name, asked.href(&query), query == asked.query) });
    }
    views
}

fn projects(asked: &Asked, list: &TicketList) -> Vec<Link> {
    let one = |(project, open): &(crate::tracker::Project, u64)| {
        let query = Query { project: Some(project.path.clone()), ..Query::default() };
        let current = asked.query.project.as_ref() == Some(&project.path);
        Link { count: Some(grouped(*open)), ..link(project.path.as_str(), asked.href(&query), current) }
    };
    list.projects.iter().map(one).collect()
}

fn tabs(asked: &Asked, counts: Option<Counts>) -> Vec<Link> {
    let count = |of: fn(Counts) -> u64| counts.map(|counts| grouped(of(counts)));
    let tab = |name: &str, state: StateFilter, count| {
        let query = Query { state, unknown: Vec::new(), ..asked.query.clone() };
        Link { count, ..link(name, asked.href(&query), state == asked.query.state) }
    };
    let mut tabs = vec![tab("Open", StateFilter::Open, count(|c| c.open))];
    if counts.is_some_and(|counts| counts.on_hold > 0) || asked.query.state == StateFilter::OnHold {
        tabs.push(tab("On hold", StateFilter::OnHold, count(|c| c.on_hold)));
    }
    tabs.push(tab("Closed", StateFilter::Closed, count(|c| c.closed)));
    tabs.push(tab("All", StateFilter::All, count(Counts::all)));
    tabs
}

/// What the query says, each part with the address of the list without it.
fn tokens(asked: &Asked) -> Vec<Token> {
    let query = &asked.query;
    let token = |key: &str, value: String, without: Query| Token {
        key: key.to_owned(),
        value,
        href: asked.href(&without),
    };
    let mut tokens = Vec::new();
    let state = match query.state {
        StateFilter::Open => Some("open"),
        StateFilter::OnHold => Some("hold"),
        StateFilter::Closed => Some("closed"),
        StateFilter::All => None,
    };
    if let Some(state) = state {
        tokens.push(token("is:", state.to_owned(), Query { state: StateFilter::All, ..query.clone() }));
    }
    if query.unverified {
        let without = Query { unverified: false, state: StateFilter::Open, ..query.clone() };
        tokens.push(token("is:", "unverified".to_owned(), without));
    }
    if let Some(path) = &query.project {
        tokens.push(token("project:", path.to_string(), Query { project: None, ..query.clone() }));
    }
    if let Some(assignee) = &query.assignee {
        let value = match assignee {
            AssigneeFilter::Me => "me".to_owned(),
            AssigneeFilter::Nobody => "nobody".to_owned(),
            AssigneeFilter::Handle(handle) => handle.to_string(),
        };
        tokens.push(token("assignee:", value, Query { assignee: None, ..query.clone() }));
    }
    if let Some(number) = query.number {
        tokens.push(token("", format!("#{number}"), Query { number: None, ..query.clone() }));
    }
    for (at, word) in query.words.iter().enumerate() {
        let mut words = query.words.clone();
        words.remove(at);
        tokens.push(token("", word.clone(), Query { words, ..query.clone() }));
    }
    tokens
}

/// What could be said besides.
fn more(asked: &Asked) -> Vec<Link> {
    let mut more = Vec::new();
    if asked.query.assignee.is_none() {
        for (name, filter) in
            [("assignee:me", AssigneeFilter::Me), ("assignee:nobody", AssigneeFilter::Nobody)]
        {
            let query = Query { assignee: Some(filter), ..asked.query.clone() };
            more.push(link(name, asked.href(&query), false));
        }
    }
    more
}

/// Where there is no ticket yet: the addresses to write to.
fn empty(web: &Web, signed: &Signed, list: &TicketList) -> Empty {
    let site = web.desk().site();
    let addresses = list.projects.iter().filter(|(project, _)| project.on).filter_map(|(project, _)| {
        let address = site.shown(project)?;
        Some(ProjectAddress { path: project.path.to_string(), address: address.to_string() })
    });
    Empty { addresses: addresses.take(5).collect(), admin: signed.viewer.admin }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Asked {
        Asked { query: Query::parse(text), sort: Sort::Waiting, chosen: None, paged: false }
    }

    #[test]
    fn each_token_leads_to_the_list_without_it() {
        let tokens = tokens(&asked("is:open project:acme/web assignee:me invoice late"));
        let shown: Vec<_> = tokens.iter().map(|t| format!("{}{} {}", t.key, t.value, t.href)).collect();
        assert_eq!(
            shown,
            [
                "is:open /?q=is%3Aall%20project%3Aacme/web%20assignee%3Ame%20invoice%20late",
                "project:acme/web /?q=is%3Aopen%20assignee%3Ame%20invoice%20late",
                "assignee:me /?q=is%3Aopen%20project%3Aacme/web%20invoice%20late",
                "invoice /?q=is%3Aopen%20project%3Aacme/web%20assignee%3Ame%20late",
                "late /?q=is%3Aopen%20project%3Aacme/web%20assignee%3Ame%20invoice",
            ]
        );
    }

    #[test]
    fn the_heading_says_what_the_list_is_of() {
        let check = |text, expected| assert_eq!(heading(&Query::parse(text)), expected);
        check("is:open", "Open tickets");
        check("is:open assignee:me project:acme/web", "Open tickets assigned to me in acme/web");
        check("is:all is:unverified", "All tickets with unverified mails");
        check("is:closed assignee:nobody", "Closed tickets assigned to nobody");
    }

    #[test]
    fn tabs_keep_the_rest_of_the_query() {
        let tabs = tabs(&asked("is:closed assignee:nobody x&y"), None);
        let hrefs: Vec<_> = tabs.iter().map(|tab| (tab.href.as_str(), tab.current)).collect();
        assert_eq!(
            hrefs,
            [
                ("/?q=is%3Aopen%20assignee%3Anobody%20x%26y", false),
                ("/?q=is%3Aclosed%20assignee%3Anobody%20x%26y", true),
                ("/?q=is%3Aall%20assignee%3Anobody%20x%26y", false),
            ]
        );
    }
}
