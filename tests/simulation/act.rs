//! What people do in the tracker and with the links in their mails.

use postdesk::store::Look;
use postdesk::tracker::{OutboxState, Ticket, TicketId};

use crate::life::{Breath, Parts};
use crate::world::{Told, World};

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
    let choice = world.dice.below(10);
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
        world.tried_again.push(id.0);
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
