//! Forms of addresses that few sites have: catch-all domains, nested paths, the bounds of a local
//! part; and who reads a ticket that several projects were written to about.

use std::sync::Arc;

use postdesk::desk::{Arrived, DeskError, NewAccount, NewProject, ProjectEdit, TicketAsk};
use postdesk::mail::parse;
use postdesk::store::Look;
use postdesk::tracker::query::{Query, Sort};
use postdesk::tracker::{Handle, Project, ProjectId, ProjectPath, Role, Suffix, Viewer};
use postdesk::triage::{EmailRef, HoldCause, VerdictKind};

use crate::bench::{Bench, DESK, address, form};
use crate::post::{Post, post};

fn new(at: &str) -> NewProject {
    let path = ProjectPath::parse(at).unwrap();
    NewProject { path, name: None, aliases: Vec::new(), suffix: None, default: false }
}

async fn nested(bench: &Bench) -> Project {
    let suffix = Suffix::parse("help");
    bench.desk.add_project(NewProject { suffix, ..new("acme/app/mobile") }).await.unwrap()
}

#[tokio::test]
async fn a_nested_path_is_found_in_every_form() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let project = nested(&bench).await;
    let site = bench.desk.site();
    let forms = [
        site.current(&project).unwrap().to_string(),
        site.legacy(&project.path).unwrap().to_string(),
        site.suffixed(&project).unwrap().to_string(),
        "incoming+Acme/App/Mobile@desk.example".to_owned(),
    ];
    for (no, form) in forms.iter().enumerate() {
        let row = bench.receive(&post(&format!("m{no}")).to(form)).await;
        assert_eq!((row.verdict, row.project), (VerdictKind::Open, Some(project.id)), "{form}");
    }
    assert_eq!(forms[2], "contact+acme-app-mobile-help@desk.example");
}

#[tokio::test]
async fn a_catch_all_domain_works_by_the_same_rule() {
    let (bench, ticket) = Bench::with_ticket().await;
    let project = nested(&bench).await;
    let key = bench.letters(ticket.id)[0].reply_key.clone();
    for (no, local) in
        [format!("acme-app-mobile-{}-issue-", project.id), "acme/app/mobile".to_owned()].iter().enumerate()
    {
        let row = bench.receive(&post(&format!("m-{no}")).to(format!("{local}@all.example"))).await;
        assert_eq!((row.verdict, row.project), (VerdictKind::Open, Some(project.id)), "{local}");
    }
    let answer = bench.receive(&post("answer").to(format!("{key}@all.example"))).await;
    assert_eq!((answer.verdict, answer.ticket), (VerdictKind::Comment, Some(ticket.id)));
    let astray = bench.receive(&post("astray").to("somebody@all.example").rcpt(DESK)).await;
    assert_eq!(astray.verdict, VerdictKind::Hold(HoldCause::UnknownKey));
    let ended = bench.receive(&post("ended").to(format!("{key}+unsubscribe@all.example"))).await;
    assert_eq!(ended.verdict, VerdictKind::Unsubscribe);
}

/// On a catch-all domain an alias may be what another project's suffix makes.
#[tokio::test]
async fn an_alias_and_another_projects_suffix_address_are_never_the_same() {
    let bench = Bench::start().await;
    let project = nested(&bench).await;
    let made = address("acme-app-mobile-help@all.example");
    let taken = |refused: Result<Project, DeskError>, by: &Project| {
        let made = made.as_str();
        let other = format!("belongs to the project {}", by.path);
        assert!(
            matches!(&refused, Err(DeskError::Invalid(why)) if why.contains(made) && why.contains(&other)),
            "{refused:?}"
        );
    };
    let at = || bench.project.path.clone();
    let alias = || ProjectEdit { add_aliases: vec![made.clone()], ..ProjectEdit::default() };
    taken(bench.desk.edit_project(at(), alias()).await, &project);
    taken(
        bench.desk.add_project(NewProject { aliases: vec![made.clone()], ..new("acme/other") }).await,
        &project,
    );
    // The other way round: the alias was there first, and a former slug makes it too.
    let suffix = |text| ProjectEdit { suffix: Suffix::parse(text), ..ProjectEdit::default() };
    bench.desk.edit_project(project.path.clone(), suffix("care")).await.unwrap();
    let owner = bench.desk.edit_project(at(), alias()).await.unwrap();
    taken(bench.desk.edit_project(project.path.clone(), suffix("help")).await, &owner);
    let renamed = ProjectEdit { path: ProjectPath::parse("acme/app").ok(), ..ProjectEdit::default() };
    let renamed = bench.desk.edit_project(project.path.clone(), renamed).await.unwrap();
    taken(bench.desk.edit_project(renamed.path, suffix("help")).await, &owner);
    // What one project has both ways leads to it both ways.
    bench.desk.edit_project(at(), suffix("now")).await.unwrap();
    let own =
        ProjectEdit { add_aliases: vec![address("acme-web-now@all.example")], ..ProjectEdit::default() };
    bench.desk.edit_project(at(), own).await.unwrap();
}

#[tokio::test]
async fn what_would_make_an_address_too_long_is_refused_when_it_is_saved() {
    let bench = Bench::start().await;
    // `incoming+` and `-1-issue-` leave room for a slug of 46.
    let fits = format!("acme/{}", "a".repeat(40));
    bench.desk.add_project(new(&fits)).await.unwrap();
    let long = format!("acme/{}", "b".repeat(45));
    let refused = bench.desk.add_project(new(&long)).await;
    assert!(matches!(&refused, Err(DeskError::Invalid(why)) if why.contains("64")), "{refused:?}");
    let at = bench.project.path.clone();
    let renamed = ProjectEdit { path: Some(ProjectPath::parse(&long).unwrap()), ..ProjectEdit::default() };
    let refused = bench.desk.edit_project(at.clone(), renamed).await;
    assert!(matches!(&refused, Err(DeskError::Invalid(why)) if why.contains("64")), "{refused:?}");
    let suffix = Suffix::parse(&"s".repeat(48));
    let refused = bench.desk.edit_project(at.clone(), ProjectEdit { suffix, ..ProjectEdit::default() }).await;
    assert!(matches!(&refused, Err(DeskError::Invalid(why)) if why.contains("suffix")), "{refused:?}");
    let now = bench.desk.edit_project(at, ProjectEdit::default()).await.unwrap();
    assert_eq!((now.path, now.suffix), (bench.project.path.clone(), None), "nothing of it was saved");
}

/// The ticket's further projects; whatever came, it is counted once.
fn also_for(bench: &Bench, number: u32) -> Vec<ProjectId> {
    let ticket = bench.ticket(number);
    let read = bench.store.read().unwrap();
    for project in std::iter::once(ticket.project).chain(ticket.also_for.iter().copied()) {
        assert_eq!(read.count(&[project], ticket.state).unwrap(), 1, "project {project}");
    }
    ticket.also_for
}

async fn set_on(bench: &Bench, at: &ProjectPath, on: bool) {
    bench
        .desk
        .edit_project(at.clone(), ProjectEdit { on: Some(on), ..ProjectEdit::default() })
        .await
        .unwrap();
}

/// A copy for one address of ours: each names it alone, beside what its sender wrote in To.
fn blind(id: &str, to: &str) -> Post {
    post(id).to("undisclosed@elsewhere.example").header("Delivered-To", to).rcpt(DESK)
}

#[tokio::test]
async fn each_copy_of_a_blind_mail_lets_its_own_project_read_the_ticket() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let (other, third) = (nested(&bench).await, bench.desk.add_project(new("acme/third")).await.unwrap());
    let at = |project| bench.desk.site().current(project).unwrap().to_string();
    bench.receive(&blind("m1", "help@desk.example")).await;
    assert_eq!(also_for(&bench, 1), []);
    let handle = Handle::parse("lin").unwrap();
    let projects = vec![(other.path.clone(), Role::Viewer)];
    let account =
        NewAccount { handle, name: None, address: address("lin@team.example"), admin: false, projects };
    let (lin, _) = bench.desk.add_account(account).await.unwrap();
    let lin = Viewer { account: lin.id, admin: false };
    let sees =
        async || bench.desk.see_ticket(lin, &bench.project.path, 1, TicketAsk::default()).await.is_ok();
    assert!(!sees().await);
    set_on(&bench, &third.path, false).await;
    for _ in 0..2 {
        for to in [at(&other), at(&third), "help@desk.example".to_owned()] {
            let row = bench.receive(&blind("m1", &to).header("X-Copy", bench.rows().len())).await;
            assert_eq!((row.verdict, row.ticket), (VerdictKind::Duplicate, Some(bench.ticket(1).id)), "{to}");
        }
        assert_eq!(also_for(&bench, 1), [other.id, third.id], "each once, also one that is off");
    }
    assert!(sees().await);
    let list = bench.desk.see_list(lin, &Query::parse("is:open"), Sort::Waiting, None).unwrap();
    assert_eq!((list.rows.len(), list.counts.map(|counts| counts.open)), (1, Some(1)));
    // One that is off is first: held there, until another copy becomes a ticket elsewhere.
    let held = bench.receive(&blind("m2", &at(&third))).await;
    assert_eq!(held.verdict, VerdictKind::Hold(HoldCause::ProjectOff));
    bench.receive(&blind("m2", "help@desk.example")).await;
    bench.receive(&blind("m2", &at(&other))).await;
    assert_eq!(bench.ticket(2).also_for, [third.id, other.id]);
    // What answers a ticket addresses nobody else.
    let key = bench.desk.site().reply(&bench.letters(bench.ticket(1).id)[0].reply_key).unwrap();
    let answer = |to: &str| post("answer").to(&key).header("Delivered-To", to).rcpt(DESK);
    assert_eq!(bench.receive(&answer(DESK)).await.verdict, VerdictKind::Comment);
    let fourth = bench.desk.add_project(new("acme/fourth")).await.unwrap();
    assert_eq!(bench.receive(&answer(&at(&fourth))).await.verdict, VerdictKind::Duplicate);
    assert_eq!(bench.ticket(1).also_for, [other.id, third.id]);
}

#[tokio::test]
async fn a_late_copy_undoes_nothing_that_a_person_did() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let (other, third) = (nested(&bench).await, bench.desk.add_project(new("acme/third")).await.unwrap());
    let members = vec![(Handle::parse("jane").unwrap(), Role::Agent)];
    let edit = ProjectEdit { members, ..ProjectEdit::default() };
    bench.desk.edit_project(other.path.clone(), edit).await.unwrap();
    let at = |project| bench.desk.site().current(project).unwrap().to_string();
    // Moved away: its members read it no more, whichever of its addresses a copy names.
    let row = bench.receive(&blind("m1", "help@desk.example")).await;
    bench.desk.move_ticket(bench.jane, row.ticket.unwrap(), form(), other.id).await.unwrap();
    for to in [at(&bench.project), at(&other), at(&third)] {
        assert_eq!(bench.receive(&blind("m1", &to)).await.verdict, VerdictKind::Duplicate, "{to}");
    }
    let now = |id| bench.store.read().unwrap().ticket(id).unwrap().unwrap();
    assert_eq!(now(row.ticket.unwrap()).also_for, [third.id]);
    // The same octets once more, when the alias belongs to another project.
    let row = bench.receive(&post("m2")).await;
    let alias = vec![address("help@desk.example")];
    let remove = ProjectEdit { remove_aliases: alias.clone(), ..ProjectEdit::default() };
    bench.desk.edit_project(bench.project.path.clone(), remove).await.unwrap();
    let add = ProjectEdit { add_aliases: alias, ..ProjectEdit::default() };
    bench.desk.edit_project(third.path.clone(), add).await.unwrap();
    let octets = bench.store.raw().get(&row.raw).unwrap();
    let again = Arrived {
        source: EmailRef { email: "again".to_owned(), ..row.source },
        raw: row.raw,
        inbound: Arc::new(parse(&octets, None)),
        quiet: false,
    };
    assert_eq!(bench.desk.receive(again).await.unwrap().verdict, VerdictKind::Duplicate);
    assert_eq!(now(row.ticket.unwrap()).also_for, []);
}

#[tokio::test]
async fn a_ticket_to_two_projects_is_read_by_the_members_of_both() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let other = nested(&bench).await;
    let mut viewers = Vec::new();
    for (handle, projects) in [("lin", vec![(other.path.clone(), Role::Viewer)]), ("noah", Vec::new())] {
        let handle = Handle::parse(handle).unwrap();
        let address = address(&format!("{handle}@desk.example"));
        let new = NewAccount { handle, name: None, address, admin: false, projects };
        let (account, _) = bench.desk.add_account(new).await.unwrap();
        viewers.push(Viewer { account: account.id, admin: false });
    }
    bench.receive(&post("both").to("help@desk.example, incoming+acme/app/mobile@desk.example")).await;
    let see = |viewer| bench.desk.see_ticket(viewer, &bench.project.path, 1, TicketAsk::default());
    assert_eq!(see(bench.jane).await.unwrap().also_for, std::slice::from_ref(&other.path));
    let seen = see(viewers[0]).await.unwrap();
    assert!(!seen.may_work, "reads it, and works in no project of it");
    assert!(matches!(see(viewers[1]).await, Err(DeskError::NotFound)));
    // It stands in the lists of whoever may read it, once, and is counted once.
    let everything = Query::parse("is:open");
    for (viewer, listed) in [(bench.jane, 1), (viewers[0], 1), (viewers[1], 0)] {
        let list = bench.desk.see_list(viewer, &everything, Sort::Waiting, None).unwrap();
        assert_eq!((list.rows.len(), list.counts.map(|counts| counts.open)), (listed, Some(listed as u64)));
    }
}
