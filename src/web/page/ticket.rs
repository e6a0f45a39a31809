//! One ticket: its timeline, what can be done with it, and where one writes.

use std::collections::HashMap;

use axum::extract::{Path, Query as Params, State};
use axum::response::Response;

use super::{link, list, state, timeline};
use crate::desk::{SeenTicket, TicketAsk};
use crate::theme::age_text;
use crate::theme::page::{Composer, Kept, Member, Notice, Other, Person, ProjectChoice, Ticket};
use crate::tracker::{EventNo, Participant, Project, ProjectPath, Subscription};
use crate::web::answer::{Fault, page, see_other};
use crate::web::gate::{RemoteImages, Signed};
use crate::web::{Web, place};

/// Which ticket.
pub(in crate::web) struct At {
    pub(in crate::web) path: ProjectPath,
    pub(in crate::web) number: u32,
}

impl At {
    /// Reads it from an address; a path that cannot be one leads nowhere.
    pub(in crate::web) fn parse(path: &str, number: u32) -> Result<Self, Fault> {
        let path = ProjectPath::parse(path).map_err(|_| Fault::NotFound)?;
        Ok(Self { path, number })
    }

    pub(in crate::web) fn href(&self) -> String {
        place::ticket(&self.path, self.number)
    }
}

/// What a page shows besides the ticket.
#[derive(Default)]
pub(in crate::web) struct Besides {
    pub(in crate::web) ask: TicketAsk,
    /// Text that goes back into the composer.
    pub(in crate::web) kept: Option<Kept>,
    /// What came after this is marked as new.
    pub(in crate::web) since: Option<EventNo>,
    pub(in crate::web) notice: Option<Notice>,
    /// A reply that was taken back, whose text goes back into the composer.
    pub(in crate::web) back: Option<EventNo>,
}

pub(in crate::web) async fn show(
    State(web): State<Web>,
    signed: Signed,
    Path((path, number)): Path<(String, u32)>,
    Params(params): Params<HashMap<String, String>>,
) -> Result<Response, Fault> {
    let event = |name: &str| params.get(name).and_then(|no| no.parse().ok()).map(EventNo);
    let ask = TicketAsk { images: event("images"), before: event("before") };
    let at = At::parse(&path, number)?;
    of(&web, &signed, &at, Besides { ask, back: event("back"), ..Besides::default() }).await
}

/// The ticket's page, also as the answer to a form that has to be looked at once more.
pub(in crate::web) async fn of(
    web: &Web,
    signed: &Signed,
    at: &At,
    besides: Besides,
) -> Result<Response, Fault> {
    let seen = web.desk().see_ticket(signed.viewer, &at.path, at.number, besides.ask).await?;
    if (seen.project.path != at.path || seen.ticket.number != at.number) && besides.kept.is_none() {
        // A former path, a moved or a merged ticket.
        return Ok(see_other(&place::ticket(&seen.project.path, seen.ticket.number)));
    }
    let images = besides.ask.images.is_some();
    let kept = besides.kept.or_else(|| taken_back(&seen, besides.back?));
    let content = content(web, signed, &seen, Besides { kept, ..besides });
    let mut response = page(web, signed, "tickets", &content)?;
    if images {
        response.extensions_mut().insert(RemoteImages);
    }
    Ok(response)
}

/// The text of a reply that was taken back.
fn taken_back(seen: &SeenTicket, no: EventNo) -> Option<Kept> {
    let entry = seen.entries.iter().find(|entry| entry.event.no == no && entry.retracted)?;
    Some(Kept { text: entry.text.as_ref()?.text.clone(), mode: "reply" })
}

fn content(web: &Web, signed: &Signed, seen: &SeenTicket, besides: Besides) -> Ticket {
    let now = web.desk().clock.now();
    let ticket = &seen.ticket;
    let is_erased = ticket.erased_at.is_some();
    let href = place::ticket(&seen.project.path, ticket.number);
    let path = seen.project.path.to_string();
    let earlier = seen.entries.first().filter(|_| seen.earlier > 0).map(|first| {
        link(format!("{} earlier entries", seen.earlier), format!("{href}?before={}", first.event.no), false)
    });
    Ticket {
        project_href: place::list(&format!("is:open project:{path}")),
        number: ticket.number,
        title: list::title(&ticket.title),
        state: state(ticket.state),
        owed_since: ticket.owed_since,
        active_at: ticket.active_at,
        opened_at: ticket.opened_at,
        requester: ticket.requester().map_or("Somebody", |person| person.label()).to_owned(),
        comments: ticket.comments,
        notes: ticket.notes,
        notices: besides.notice.into_iter().chain(erased(ticket)).collect(),
        earlier,
        entries: timeline::entries(seen, &href, besides.since, now),
        may_work: seen.may_work,
        // What was written while somebody else erased the ticket is given back.
        composer: (seen.may_work || is_erased && besides.kept.is_some())
            .then(|| composer(seen, besides.kept)),
        seen: ticket.last_event.0,
        members: members(signed, seen),
        assignee: seen.assignee.clone(),
        participants: ticket.present().map(|person| self::person(seen, person)).collect(),
        targets: seen.targets.iter().map(choice).collect(),
        others: others(seen),
        also_for: seen.also_for.iter().map(ToString::to_string).collect(),
        written_to: seen.written_to.clone(),
        first_reply: seen.first_reply.map(age_text),
        href,
        path,
    }
}

/// Says why nothing can be done here.
fn erased(ticket: &crate::tracker::Ticket) -> Option<Notice> {
    let text = "What was written on this ticket was erased. It stays closed, and nothing can be added to it.";
    ticket.erased_at.map(|_| Notice { text: text.to_owned(), bad: false, link: None })
}

fn composer(seen: &SeenTicket, kept: Option<Kept>) -> Composer {
    let reason = |person: &Participant| {
        if seen.paused.contains(&person.no) {
            Some("bounced")
        } else if seen.suppressed.contains(&person.no) {
            Some("takes no mail from this desk")
        } else if person.is_subscribed() {
            None
        } else {
            Some("unsubscribed")
        }
    };
    let (mut mailed, mut unmailed) = (Vec::new(), Vec::new());
    for person in seen.ticket.present() {
        match reason(person) {
            None => mailed.push(match &person.name {
                Some(name) => format!("{name} <{}>", person.address),
                None => person.address.to_string(),
            }),
            Some(reason) => unmailed.push(format!("{} ({reason})", person.label())),
        }
    }
    let focus = kept.is_some();
    let kept = kept.unwrap_or(Kept { text: String::new(), mode: "reply" });
    let readers = match seen.readers {
        1 => "one person".to_owned(),
        n => format!("{n} people"),
    };
    Composer { text: kept.text, mode: kept.mode, focus, mailed, unmailed, readers }
}

fn members(signed: &Signed, seen: &SeenTicket) -> Vec<Member> {
    let member = |account: &crate::tracker::Account| Member {
        id: account.id.0,
        name: account.name.clone(),
        chosen: seen.ticket.assignee == Some(account.id),
        me: account.id == signed.viewer.account,
    };
    let mut members: Vec<Member> = seen.workers.iter().map(member).collect();
    // Somebody who left the project stays the assignee until somebody else is.
    if let (Some(id), Some(name)) = (seen.ticket.assignee, &seen.assignee)
        && !members.iter().any(|member| member.chosen)
    {
        members.push(Member { id: id.0, name: name.clone(), chosen: true, me: false });
    }
    members
}

fn person(seen: &SeenTicket, person: &Participant) -> Person {
    let requester = seen.ticket.requester().is_some_and(|requester| requester.no == person.no);
    let paused = seen.paused.contains(&person.no);
    let (icon, line) = if paused {
        ("alert", "Bounced, paused")
    } else if seen.suppressed.contains(&person.no) {
        ("mail-off", "Takes no mail from this desk")
    } else if matches!(person.subscription, Subscription::Unsubscribed { .. }) {
        ("mail-off", "Unsubscribed")
    } else if requester {
        ("mail", "Requester, gets every reply")
    } else if person.waits {
        ("mail", "Was in Cc, gets your replies")
    } else {
        ("mail", "Gets every reply")
    };
    Person {
        no: person.no.0,
        removable: seen.may_work && !requester,
        icon,
        name: person.name.clone(),
        address: person.address.to_string(),
        line: line.to_owned(),
        bad: paused,
        lift: (paused && seen.may_work).then_some(person.no.0),
    }
}

fn choice(project: &Project) -> ProjectChoice {
    ProjectChoice { id: project.id.0, path: project.path.to_string() }
}

fn others(seen: &SeenTicket) -> Vec<Other> {
    let other = |other: &crate::desk::OtherTicket| Other {
        href: place::ticket(&other.path, other.ticket.number),
        title: list::title(&other.ticket.title),
        reference: format!("{}#{}", other.path, other.ticket.number),
        state: state(other.ticket.state),
        owed_since: other.ticket.owed_since,
        active_at: other.ticket.active_at,
    };
    seen.others.iter().map(other).collect()
}
