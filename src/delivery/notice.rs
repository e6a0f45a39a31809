//! What a notice to an account says, and which ways to answer it offers.

use super::draft::Material;
use super::shown::ShownText;
use super::{Delivery, ReplyTo};
use crate::mail::{Address, NoticeTrace};
use crate::theme::{Html, Letter, NoticeLetter, NoticeWays};
use crate::tracker::{Action, Actor, Doubt, Event, EventKind, Occasion, OutboxRow, Ticket, Viewer};

impl Delivery {
    pub(super) fn notice(&self, row: &OutboxRow, material: &Material, shown: ShownText) -> Letter {
        let (ticket, project) = (&material.ticket, &material.project);
        Letter::Notice(NoticeLetter {
            occasion: match material.event.as_ref().and_then(Occasion::of) {
                Some(Occasion::NewTicket) => "new",
                Some(Occasion::Unverified) => "unverified",
                Some(Occasion::Assigned) => "assigned",
                Some(Occasion::Comment) | None => "comment",
            },
            project_name: project.name.clone(),
            project_path: project.path.to_string(),
            number: ticket.number,
            reference: format!("{}#{}", project.path, ticket.number),
            title: ticket.title.clone(),
            by: material.author.clone(),
            writer: material.shown.as_ref().and_then(|event| writer(ticket, event)),
            authenticated: !matches!(
                material.event.as_ref().map(|event| &event.kind),
                Some(EventKind::Unverified { doubt: Doubt::Unauthenticated, .. })
            ),
            text: shown.text,
            html: Html::sanitised(shown.html),
            url: self.desk.links().ticket(&project.path, ticket.number),
            ways: self.ways_to_answer(row, material),
            settings_url: self.desk.links().account(),
            above: crate::mail::ABOVE,
            unsubscribe_url: None,
        })
    }

    /// By mail an agent's answer counts only where its address carries a key and its sender is known
    /// by authentication; only such ways are named.
    fn ways_to_answer(&self, row: &OutboxRow, material: &Material) -> NoticeWays {
        let account = material.account.as_ref();
        let viewer = account.map(|account| Viewer { account: account.id, admin: account.admin });
        let works = viewer.is_some_and(|viewer| viewer.may(Action::Work, &material.project));
        let authenticates = self.desk.site().authserv_id.is_some();
        let note = self.desk.site().reply(&row.unsubscribe);
        match note.filter(|_| works && authenticates && self.settings.reply_to == ReplyTo::Keyed) {
            None => NoticeWays { works, comment: false, note: false, note_to: None },
            Some(_) if !becomes_comment(material) => {
                NoticeWays { works, comment: false, note: true, note_to: None }
            }
            Some(note) => {
                NoticeWays { works, comment: true, note: false, note_to: Some(Address::to_string(&note)) }
            }
        }
    }
}

/// What a notice carries to be put on record by, should the store be lost.
pub(super) fn notice_trace(row: &OutboxRow, material: &Material) -> NoticeTrace {
    NoticeTrace { note: row.unsubscribe.clone(), comment: becomes_comment(material) }
}

/// Whether an answer becomes a comment; that to an unverified mail becomes a note.
fn becomes_comment(material: &Material) -> bool {
    material.event.as_ref().and_then(Occasion::of) != Some(Occasion::Unverified)
}

/// Who wrote a text, with the address.
fn writer(ticket: &Ticket, event: &Event) -> Option<String> {
    let (name, address) = match (&event.kind, event.actor) {
        (EventKind::Unverified { from: Some(from), .. }, _) => (from.name.clone(), from.address.clone()),
        (_, Actor::Participant(no)) => {
            let person = ticket.participant(no)?;
            (person.name.clone(), person.address.clone())
        }
        _ => return None,
    };
    Some(name.map_or_else(|| address.to_string(), |name| format!("{name} <{address}>")))
}
