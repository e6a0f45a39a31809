//! Tickets that go to another project, and projects that are switched off.

use postdesk::desk::{DeskError, NewProject, ProjectEdit, TicketAsk};
use postdesk::store::Look;
use postdesk::tracker::{EventKind, Handle, Project, ProjectPath, Role, State};
use postdesk::triage::{HoldCause, VerdictKind};

use crate::bench::{ANNA, Bench, DESK, form};
use crate::post::post;

/// A second project, in which Jane works or does not.
async fn second(bench: &Bench, works: bool) -> Project {
    let path = ProjectPath::parse("acme/app/mobile").unwrap();
    let new =
        NewProject { path: path.clone(), name: None, aliases: Vec::new(), suffix: None, default: false };
    bench.desk.add_project(new).await.unwrap();
    let members = if works { vec![(Handle::parse("jane").unwrap(), Role::Agent)] } else { Vec::new() };
    bench.desk.edit_project(path, ProjectEdit { members, ..ProjectEdit::default() }).await.unwrap()
}

#[tokio::test]
async fn a_ticket_that_moves_keeps_its_keys_and_its_page_is_found_at_the_old_place() {
    let (bench, ticket) = Bench::with_ticket().await;
    let other = second(&bench, true).await;
    // The first number there is taken, so the ticket gets another.
    bench.receive(&post("other").to(bench.desk.site().current(&other).unwrap())).await;
    bench.desk.assign(bench.jane, ticket.id, form(), Some(bench.jane.account)).await.unwrap();
    bench.desk.move_ticket(bench.jane, ticket.id, form(), other.id).await.unwrap();
    let now = bench.store.read().unwrap().ticket(ticket.id).unwrap().unwrap();
    assert_eq!((now.project, now.number), (other.id, 2));
    assert_eq!(now.assignee, Some(bench.jane.account), "she works there as well");
    let moved = EventKind::Moved { from: bench.project.id, number: 1 };
    assert!(bench.events(ticket.id).iter().any(|event| event.kind == moved));
    let seen = bench.desk.see_ticket(bench.jane, &bench.project.path, 1, TicketAsk::default()).await.unwrap();
    assert_eq!((seen.project.path, seen.ticket.number), (other.path.clone(), 2));
    // Counters and numbers follow.
    {
        let read = bench.store.read().unwrap();
        assert_eq!(read.count(&[bench.project.id], State::Open).unwrap(), 0);
        assert_eq!(read.count(&[other.id], State::Open).unwrap(), 2);
    }
    let key = bench.letters(ticket.id)[0].reply_key.clone();
    for (id, answer) in [
        ("by-key", post("by-key").to(bench.desk.site().reply(&key).unwrap())),
        ("by-ids", post("by-ids").to(DESK).header("In-Reply-To", "<m1@customer.example>")),
    ] {
        let row = bench.receive(&answer).await;
        assert_eq!((row.verdict, row.ticket), (VerdictKind::Comment, Some(ticket.id)), "{id}");
    }
    // The next ticket of the old project does not get the old number.
    bench.receive(&post("next")).await;
    assert_eq!(bench.store.read().unwrap().ticket_by_number(bench.project.id, 1).unwrap(), Some(ticket.id));
    bench
        .desk
        .comment(
            bench.jane,
            ticket.id,
            form(),
            bench.store.read().unwrap().ticket(ticket.id).unwrap().unwrap().last_event,
            "From the new place.".to_owned(),
            false,
        )
        .await
        .unwrap();
    bench.drain().await;
    let left = bench.left_to(ANNA);
    let (_, letter) = left.last().unwrap();
    assert!(
        letter.subject.contains("acme/app/mobile#2") || letter.text.contains("acme/app/mobile"),
        "{letter:?}"
    );
}

#[tokio::test]
async fn a_move_needs_work_in_both_projects_and_one_that_takes_tickets() {
    let (bench, ticket) = Bench::with_ticket().await;
    let other = second(&bench, false).await;
    let refused = bench.desk.move_ticket(bench.jane, ticket.id, form(), other.id).await;
    assert!(matches!(refused, Err(DeskError::NotFound)), "{refused:?}");
    let jane = || Handle::parse("jane").unwrap();
    let viewer = ProjectEdit { members: vec![(jane(), Role::Viewer)], ..ProjectEdit::default() };
    bench.desk.edit_project(other.path.clone(), viewer).await.unwrap();
    let refused = bench.desk.move_ticket(bench.jane, ticket.id, form(), other.id).await;
    assert!(matches!(refused, Err(DeskError::Forbidden)), "{refused:?}");
    let off = ProjectEdit { members: vec![(jane(), Role::Agent)], on: Some(false), ..ProjectEdit::default() };
    bench.desk.edit_project(other.path.clone(), off).await.unwrap();
    let refused = bench.desk.move_ticket(bench.jane, ticket.id, form(), other.id).await;
    assert!(matches!(refused, Err(DeskError::Invalid(_))), "{refused:?}");
    let here = bench.desk.move_ticket(bench.jane, ticket.id, form(), bench.project.id).await;
    assert!(matches!(here, Err(DeskError::Refused(_))), "{here:?}");
    assert_eq!(bench.ticket(1).project, bench.project.id);
}

#[tokio::test]
async fn a_project_that_is_off_holds_new_mail_and_takes_replies() {
    let (bench, ticket) = Bench::with_ticket().await;
    let edit = ProjectEdit { on: Some(false), ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    let key = bench.letters(ticket.id)[0].reply_key.clone();
    let to_key = bench.desk.site().reply(&key).unwrap();
    let new = bench.receive(&post("new")).await;
    assert_eq!(new.verdict, VerdictKind::Hold(HoldCause::ProjectOff));
    let reply = bench.receive(&post("reply").to(&to_key)).await;
    assert_eq!((reply.verdict, reply.ticket), (VerdictKind::Comment, Some(ticket.id)));
    let ids = bench.receive(&post("ids").header("In-Reply-To", "<m1@customer.example>")).await;
    assert_eq!((ids.verdict, ids.ticket), (VerdictKind::Comment, Some(ticket.id)));
    let stranger = bench.receive(&post("stranger").from(crate::bench::BEN).to(&to_key)).await;
    assert_eq!(stranger.verdict, VerdictKind::Unverified);
}
