//! What people do in the tracker and with the links in their mails.

use postdesk::desk::Accept;
use postdesk::mail::NameAddr;
use postdesk::store::Look;
use postdesk::tracker::{EventKind, OutboxState, ParticipantNo, Ticket, TicketId};

use crate::life::{Breath, Parts};
use crate::world::{Told, World, address};

/// Whom an agent may add to a ticket.
const GUESTS: [&str; 2] = ["greta@guest.example", "hugo@guest.example"];

fn tickets(parts: &Parts) -> Vec<Ticket> {
    let Ok(read) = parts.store.read() else { return Vec::new() };
    (1..).map_while(|id| read.ticket(TicketId(id)).ok().flatten()).collect()
}

/// An agent does something. What was answered is remembered, if the daemon lives to answer.
pub fn agent(world: &mut World, parts: &Parts, breath: &Breath) {
    let Some(jane) = world.jane else { return };
    let (desk, told) = (parts.desk.clone(), world.told.clone());
    let (form, number) = (world.form(), world.number());
    let text = format!("Words {number} of Jane.");
    let tickets = tickets(parts);
    let choice = world.dice.below(16);
    if choice >= 10 {
        return on_a_ticket(world, parts, breath, choice);
    }
    if choice < 7 {
        if tickets.is_empty() {
            return;
        }
        let ticket = world.dice.pick(&tickets).clone();
        let (id, seen, then_close) = (ticket.id, ticket.last_event, world.dice.one_in(4));
        let twice = world.dice.one_in(4);
        world.note(format!("jane does {choice} on ticket {id}"));
        tokio::spawn(breath.with(async move {
            let done = match choice {
                0..4 => desk.comment(jane, id, form.clone(), seen, text.clone(), then_close).await,
                4 => desk.note(jane, id, form.clone(), text.clone()).await,
                5 => desk.close(jane, id, form.clone()).await,
                _ => desk.assign(jane, id, form.clone(), Some(jane.account)).await,
            };
            let said = match (done, choice) {
                (Ok(()), 0..4) => Some(Told::Commented { ticket: id, text: text.clone() }),
                (Ok(()), 4) => Some(Told::Noted { ticket: id, text: text.clone() }),
                _ => None,
            };
            told.lock().unwrap().extend(said);
            if twice && choice < 4 {
                // A double click.
                let _ = desk.comment(jane, id, form, seen, text, then_close).await;
            }
        }));
        return;
    }
    let Ok(read) = parts.store.read() else { return };
    if choice == 7 {
        let parked = read.letters_in(OutboxState::Unknown, 5).unwrap_or_default();
        let Some(row) = parked.first() else { return };
        let id = row.id;
        world.note(format!("jane sends letter {id} again"));
        world.tried_again.push(row.message_id.as_str().to_owned());
        tokio::spawn(breath.with(async move {
            let _ = desk.send_again(jane, id, form).await;
        }));
        return;
    }
    let held = read.held(None, 10).unwrap_or_default();
    if held.is_empty() {
        return;
    }
    let row = world.dice.pick(&held).id;
    let take_in = choice == 8;
    world.note(format!("jane decides about row {row}: {take_in}"));
    let project = world.projects.first().copied();
    tokio::spawn(breath.with(async move {
        if take_in {
            let _ = desk.take_in(jane, row, form, project).await;
        } else {
            let _ = desk.dismiss(jane, row, form).await;
        }
    }));
}

/// An agent takes a reply back or hurries it, moves a ticket, changes who takes part, or decides
/// about what is not certain.
fn on_a_ticket(world: &mut World, parts: &Parts, breath: &Breath, choice: u64) {
    let (Some(jane), Ok(read)) = (world.jane, parts.store.read()) else { return };
    let tickets = tickets(parts);
    if tickets.is_empty() {
        return;
    }
    let ticket = world.dice.pick(&tickets).clone();
    let (id, desk, form) = (ticket.id, parts.desk.clone(), world.form());
    world.note(format!("jane does {choice} on ticket {id}"));
    let events = read.events(id).unwrap_or_default();
    let lately = |wanted: fn(&EventKind) -> bool| {
        events.iter().rev().find(|event| wanted(&event.kind)).map(|event| event.no)
    };
    let reply = lately(|kind| matches!(kind, EventKind::Comment { .. }));
    let doubted = lately(|kind| matches!(kind, EventKind::Unverified { decision: None, .. }));
    let to = *world.dice.pick(&world.projects.clone());
    // Of the requester, nobody can be rid.
    let others: Vec<_> = ticket.present().map(|person| person.no).filter(|no| no.0 > 1).collect();
    let number = if others.is_empty() { ParticipantNo(1) } else { *world.dice.pick(&others) };
    let guest = world.dice.pick::<&str>(&GUESTS);
    let guest = NameAddr { name: None, address: address(guest) };
    let accept = *world.dice.pick(&[Accept::Once, Accept::AndAdd, Accept::OwnTicket, Accept::Aside]);
    let way = world.dice.below(3);
    if choice >= 14 && way == 0 {
        let person = ticket.participants.iter().find(|person| person.no == number);
        world.lifted.extend(person.map(|person| person.address.folded().to_owned()));
    }
    tokio::spawn(breath.with(async move {
        let _ = match (choice, reply, doubted) {
            (10, Some(reply), _) => desk.undo(jane, id, form, reply).await,
            (11, Some(reply), _) => desk.send_now(jane, id, form, reply).await,
            (12, ..) => desk.move_ticket(jane, id, form, to).await,
            (13, _, Some(mail)) => desk.decide_unverified(jane, id, form, mail, accept).await.map(drop),
            (14.., ..) if way == 0 => desk.lift_pause(jane, id, form, number).await,
            (14.., ..) if way == 1 => desk.add_participant(jane, id, form, guest).await,
            (14.., ..) => desk.remove_participant(jane, id, form, number).await,
            _ => Ok(()),
        };
    }));
}

/// A customer follows a link in a letter.
pub fn customer(world: &mut World, parts: &Parts, breath: &Breath) {
    let Ok(read) = parts.store.read() else { return };
    let letters: Vec<_> =
        tickets(parts).iter().flat_map(|t| read.letters_of(t.id).unwrap_or_default()).collect();
    if letters.is_empty() {
        return;
    }
    let token = world.dice.pick(&letters).unsubscribe.clone();
    let wholly = world.dice.one_in(4);
    world.note(format!("a customer unsubscribes, wholly: {wholly}"));
    let desk = parts.desk.clone();
    tokio::spawn(breath.with(async move {
        if wholly {
            let _ = desk.no_mail_at_all(&token).await;
        } else {
            let _ = desk.unsubscribe(&token).await;
        }
    }));
}
