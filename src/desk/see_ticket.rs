//! One ticket with its timeline, as a viewer may see it.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::see_refs::{SeenRefs, refs, targets};
use super::undo::may_be_undone;
use super::{Desk, DeskError, SeenText, visible};
use crate::store::{Look, Read, StoreError};
use crate::tracker::{
    Account, AccountId, Action, Actor, Body, Event, EventKind, EventNo, LetterKind, OutboxRow, Participant,
    ParticipantNo, Project, ProjectPath, Ticket, TicketId, Viewer, retracted,
};
use crate::triage::MailRow;

/// How many entries a page shows.
const ENTRIES: usize = 200;

/// How many other tickets of the requester are named.
const OTHERS: usize = 5;

/// A ticket as a viewer may see it.
#[derive(Clone, Debug)]
pub struct SeenTicket {
    pub ticket: Ticket,
    pub project: Project,
    /// Whether the viewer may answer, close, assign.
    /// Never on a ticket that was erased.
    pub may_work: bool,
    /// Further projects whose members read it.
    pub also_for: Vec<ProjectPath>,
    pub entries: Vec<SeenEntry>,
    /// How many entries stand before the first of these.
    pub earlier: usize,
    /// Who can be assigned.
    pub workers: Vec<Account>,
    /// How many people may read notes: members and admins.
    pub readers: usize,
    pub assignee: Option<String>,
    /// Participants whose address takes no mail at all.
    pub suppressed: Vec<ParticipantNo>,
    /// Those of them whose address is paused because letters came back.
    pub paused: Vec<ParticipantNo>,
    pub others: Vec<OtherTicket>,
    /// Where the viewer may move it.
    pub targets: Vec<Project>,
    /// The address that the first mail was written to.
    pub written_to: Option<String>,
    /// How long the first answer took.
    pub first_reply: Option<SignedDuration>,
}

/// One entry of the timeline with what belongs to it.
#[derive(Clone, Debug)]
pub struct SeenEntry {
    pub event: Event,
    pub who: Who,
    /// Where the event is an assignment, the account's name.
    pub to: Option<String>,
    pub text: Option<Arc<SeenText>>,
    pub refs: SeenRefs,
    /// The letters that it caused.
    pub letters: Vec<OutboxRow>,
    /// A reply that was taken back before it left.
    pub retracted: bool,
    /// A reply that can be taken back still.
    pub may_undo: bool,
}

/// Who did it, with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Postdesk,
    Account {
        id: AccountId,
        name: String,
    },
    Participant(Participant),
    /// A participant or account that is no longer on record.
    Somebody,
}

/// Another ticket of the same customer.
#[derive(Clone, Debug)]
pub struct OtherTicket {
    pub ticket: Ticket,
    pub path: ProjectPath,
}

/// What a viewer asks of a ticket's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TicketAsk {
    /// The entry whose remote images are to be shown.
    pub images: Option<EventNo>,
    /// Show the entries before this one, in place of the newest.
    pub before: Option<EventNo>,
}

impl Desk {
    /// Shows a ticket. The path may be a former one, and the number a merged ticket's: the answer
    /// names where the ticket is now.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where it does not exist or the viewer may not read it.
    pub async fn see_ticket(
        &self,
        viewer: Viewer,
        path: &ProjectPath,
        number: u32,
        ask: TicketAsk,
    ) -> Result<SeenTicket, DeskError> {
        // Reading files and rendering mail is synchronous and may take a while.
        let Ok(slot) = self.rendering.clone().acquire_owned().await else { return Err(DeskError::NotFound) };
        let (desk, path) = (self.clone(), path.clone());
        let seen = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            desk.read_ticket(viewer, &path, number, ask)
        });
        match seen.await {
            Ok(seen) => seen,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    fn read_ticket(
        &self,
        viewer: Viewer,
        path: &ProjectPath,
        number: u32,
        ask: TicketAsk,
    ) -> Result<SeenTicket, DeskError> {
        let look = self.store.read()?;
        let id = visible::ticket_at(&look, path, number)?;
        let (ticket, project) = visible::ticket_for(&look, viewer, Action::Read, id)?;
        let mut events = look.events(id)?;
        let first_reply = first_reply(&events);
        let written_to = written_to(&look, events.first())?;
        let taken_back: Vec<EventNo> = retracted(&events).collect();
        if let Some(before) = ask.before {
            events.retain(|event| event.no < before);
        }
        let earlier = events.len().saturating_sub(ENTRIES);
        let mut names = Names::default();
        let mut letters = letters(&look, &ticket, &events)?;
        let mut entries = Vec::with_capacity(events.len() - earlier);
        for event in events.drain(..).skip(earlier) {
            let images = ask.images == Some(event.no);
            let text = body(&event).map(|body| self.texts.of(&self.store, body, images));
            let letters = letters.remove(&event.no).unwrap_or_default();
            let is_comment =
                matches!((&event.kind, event.actor), (EventKind::Comment { .. }, Actor::Account(_)));
            entries.push(SeenEntry {
                retracted: taken_back.contains(&event.no),
                may_undo: is_comment && may_be_undone(&letters),
                who: names.who(&look, &ticket, event.actor)?,
                to: match event.kind {
                    EventKind::Assigned { to: Some(to), .. } => names.account(&look, to)?,
                    _ => None,
                },
                refs: refs(&look, viewer, &event)?,
                letters,
                text,
                event,
            });
        }
        let (workers, readers) = people(&look, &ticket, &project)?;
        Ok(SeenTicket {
            may_work: viewer.may(Action::Work, &project) && ticket.erased_at.is_none(),
            targets: targets(&look, viewer, &ticket)?,
            also_for: also_for(&look, &ticket)?,
            assignee: match ticket.assignee {
                Some(id) => names.account(&look, id)?,
                None => None,
            },
            suppressed: those(&ticket, |person| look.suppressed(&person.address))?,
            paused: those(&ticket, |person| look.paused(&person.address))?,
            others: others(&look, viewer, &ticket)?,
            entries,
            earlier,
            workers,
            readers,
            written_to,
            first_reply,
            ticket,
            project,
        })
    }
}

/// The text of an event that has one.
pub(super) fn body(event: &Event) -> Option<&Body> {
    event.kind.body()
}

/// Names of accounts, each looked up once.
#[derive(Default)]
struct Names(HashMap<AccountId, Option<String>>);

impl Names {
    fn account(&mut self, look: &Read, id: AccountId) -> Result<Option<String>, StoreError> {
        if let Some(known) = self.0.get(&id) {
            return Ok(known.clone());
        }
        let name = look.account(id)?.map(|account| account.name);
        self.0.insert(id, name.clone());
        Ok(name)
    }

    fn who(&mut self, look: &Read, ticket: &Ticket, actor: Actor) -> Result<Who, StoreError> {
        Ok(match actor {
            Actor::Postdesk => Who::Postdesk,
            Actor::Participant(no) => ticket.participant(no).cloned().map_or(Who::Somebody, Who::Participant),
            Actor::Account(id) => {
                self.account(look, id)?.map_or(Who::Somebody, |name| Who::Account { id, name })
            }
        })
    }
}

/// A ticket's letters by the event that caused them. A confirmation belongs to its own event.
fn letters(
    look: &Read,
    ticket: &Ticket,
    events: &[Event],
) -> Result<HashMap<EventNo, Vec<OutboxRow>>, StoreError> {
    let mut by_event: HashMap<EventNo, Vec<OutboxRow>> = HashMap::new();
    for letter in look.letters_of(ticket.id)? {
        let confirmed = |event: &&Event| matches!(event.kind, EventKind::Confirmed { participant } if Some(participant) == letter.participant());
        let event = match letter.letter {
            LetterKind::Confirmation { .. } => events.iter().find(confirmed).map(|event| event.no),
            // What agents are told is no part of what customers got.
            LetterKind::Notice { .. } => None,
            other => other.event(),
        };
        if let Some(event) = event {
            by_event.entry(event).or_default().push(letter);
        }
    }
    Ok(by_event)
}

fn also_for(look: &Read, ticket: &Ticket) -> Result<Vec<ProjectPath>, StoreError> {
    let mut paths = Vec::new();
    for id in &ticket.also_for {
        paths.extend(look.project(*id)?.map(|project| project.path));
    }
    Ok(paths)
}

/// Who can be assigned, and how many people read.
fn people(look: &Read, ticket: &Ticket, project: &Project) -> Result<(Vec<Account>, usize), StoreError> {
    let projects = visible::projects_of(look, ticket)?;
    let (mut workers, mut readers) = (Vec::new(), 0);
    for account in look.accounts()? {
        if account.disabled {
            continue;
        }
        let as_viewer = Viewer { account: account.id, admin: account.admin };
        readers += usize::from(as_viewer.may_read(ticket, &projects));
        if as_viewer.may(Action::Work, project) {
            workers.push(account);
        }
    }
    workers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((workers, readers))
}

/// The participants of whom something holds.
fn those(
    ticket: &Ticket,
    holds: impl Fn(&Participant) -> Result<bool, StoreError>,
) -> Result<Vec<ParticipantNo>, StoreError> {
    let mut numbers = Vec::new();
    for participant in &ticket.participants {
        if holds(participant)? {
            numbers.push(participant.no);
        }
    }
    Ok(numbers)
}

/// Other tickets of the requester that the viewer may read.
fn others(look: &Read, viewer: Viewer, ticket: &Ticket) -> Result<Vec<OtherTicket>, StoreError> {
    let Some(requester) = ticket.requester() else { return Ok(Vec::new()) };
    let mut others = Vec::new();
    for other in look.tickets_of(&requester.address, OTHERS * 4)? {
        if other.id == ticket.id || others.len() == OTHERS || other.merged_into.is_some() {
            continue;
        }
        let projects = visible::projects_of(look, &other)?;
        let own = projects.iter().find(|p| p.id == other.project);
        if let (Some(own), true) = (own, viewer.may_read(&other, &projects)) {
            others.push(OtherTicket { path: own.path.clone(), ticket: other });
        }
    }
    Ok(others)
}

fn written_to(look: &Read, first: Option<&Event>) -> Result<Option<String>, StoreError> {
    match first.map(|event| &event.kind) {
        Some(EventKind::Opened { body: Body::Mail { row: Some(row), .. } }) => {
            Ok(look.mail_row(*row)?.map(|row| row.to_label).filter(|label| !label.is_empty()))
        }
        _ => Ok(None),
    }
}

fn first_reply(events: &[Event]) -> Option<SignedDuration> {
    let opened: Timestamp = events.first()?.at;
    let taken_back: Vec<EventNo> = retracted(events).collect();
    let agents = |event: &&Event| {
        matches!((&event.kind, event.actor), (EventKind::Comment { .. }, Actor::Account(_)))
            && !taken_back.contains(&event.no)
    };
    events.iter().find(agents).map(|event| event.at.duration_since(opened))
}

impl Desk {
    /// The id behind an address, for a form about that ticket.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where it does not exist or the viewer may not read it.
    pub fn find_ticket(
        &self,
        viewer: Viewer,
        path: &ProjectPath,
        number: u32,
    ) -> Result<TicketId, DeskError> {
        let look = self.store.read()?;
        let id = visible::ticket_at(&look, path, number)?;
        visible::ticket_for(&look, viewer, Action::Read, id)?;
        Ok(id)
    }

    /// Where a ticket's page is.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where it does not exist or the viewer may not read it.
    pub fn place_of(&self, viewer: Viewer, id: TicketId) -> Result<(ProjectPath, u32), DeskError> {
        let (ticket, project) = visible::ticket_for(&self.store.read()?, viewer, Action::Read, id)?;
        Ok((project.path, ticket.number))
    }

    /// As what a mail stands on its ticket, where its text does.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn event_of_mail(&self, row: &MailRow) -> Result<Option<EventNo>, StoreError> {
        let events = self.store.read()?.events_with(&row.raw)?;
        Ok(events.into_iter().find(|(ticket, _)| Some(*ticket) == row.ticket).map(|(_, event)| event))
    }
}
