//! Lives a seed: things happen, the daemon works, and now and then it ends in the middle.

use std::io::ErrorKind;
use std::time::Duration;

use jiff::SignedDuration;
use postdesk::demo::server::{At, Fault, Times};
use postdesk::desk::{Desk, NewAccount, NewProject};
use postdesk::store::{Look, Steps};
use postdesk::tracker::{Handle, OutboxState, ProjectPath, Role, Viewer};

use crate::act;
use crate::check;
use crate::life::{Breath, Calm, Parts, runtime, start};
use crate::operator;
use crate::team;
use crate::twin::Twin;
use crate::world::{ALIAS, DESK, World, address};

/// Whoever is not at rest after so many beats never will be.
const MOST_BEATS: u64 = 60_000;

/// How one life ended.
enum End {
    Killed,
    Rested,
    Stuck(String),
}

/// Lives one seed, and says what is wrong in the end; else gives what happened, line by line.
pub fn live(seed: u64, loud: bool) -> Result<Vec<String>, String> {
    let mut world = World::new(seed, loud);
    set_up(&mut world);
    loop {
        world.lives += 1;
        let (runtime, calm) = runtime();
        let end = runtime.block_on(one_life(&mut world, &calm));
        drop(runtime);
        match end {
            End::Killed => {
                if world.operator.desk_restored.is_none() && world.dice.one_in(3) {
                    operator::restores_desk(&mut world);
                }
            }
            End::Stuck(why) => return Err(why),
            End::Rested => break,
        }
    }
    // What counts is what a loss of power leaves.
    world.disk = world.disk.after_power_loss(|_| false);
    world.files = world.files.after_power_loss(|_| false);
    check::check(&mut world)?;
    Ok(world.trace)
}

/// A site with its projects and an agent, and an adopted mailbox.
fn set_up(world: &mut World) {
    let (runtime, calm) = runtime();
    runtime.block_on(async {
        let (parts, mut steps) = Parts::open(world).unwrap();
        let founding = tokio::spawn(found(parts.desk.clone()));
        while !founding.is_finished() {
            calm.come().await;
            steps.step();
        }
        let (projects, jane) = founding.await.unwrap();
        world.projects = projects;
        world.jane = Some(jane);
        let intake = parts.intake.clone();
        let adopting = tokio::spawn(async move { intake.sweep().await });
        while !adopting.is_finished() {
            calm.come().await;
            steps.step();
        }
        adopting.await.unwrap().unwrap();
        let store = parts.store.clone();
        let closing = tokio::spawn(async move { store.close().await });
        while !closing.is_finished() {
            calm.come().await;
            steps.step();
        }
    });
}

async fn found(desk: Desk) -> (Vec<postdesk::tracker::ProjectId>, Viewer) {
    let path = ProjectPath::parse("acme/web").unwrap();
    let new = NewProject {
        path: path.clone(),
        name: Some("Acme Web".to_owned()),
        aliases: vec![address(ALIAS)],
        suffix: None,
        default: true,
    };
    let first = desk.add_project(new).await.unwrap();
    let new = NewProject {
        path: ProjectPath::parse("acme/shop").unwrap(),
        name: None,
        aliases: Vec::new(),
        suffix: None,
        default: false,
    };
    let second = desk.add_project(new).await.unwrap();
    let new = NewAccount {
        handle: Handle::parse("jane").unwrap(),
        name: Some("Jane Okafor".to_owned()),
        address: address("jane@team.example"),
        admin: true,
        projects: vec![(path, Role::Agent)],
    };
    let (jane, _) = desk.add_account(new).await.unwrap();
    (vec![first.id, second.id], Viewer { account: jane.id, admin: true })
}

async fn one_life(world: &mut World, calm: &Calm) -> End {
    let mut twin = None;
    let end = until_the_end(world, calm, &mut twin).await;
    match twin.map_or(Ok(()), |twin| twin.check(world)) {
        Ok(()) => end,
        Err(why) => End::Stuck(why),
    }
}

async fn until_the_end(world: &mut World, calm: &Calm, twin: &mut Option<Twin>) -> End {
    let (parts, mut steps) = match Parts::open(world) {
        Ok(opened) => opened,
        Err(error) => {
            // As an operator does who finds a full disk.
            world.note(format!("does not start: {error}"));
            if world.disk_is_healed {
                return End::Stuck(format!("a daemon on a good disk does not start: {error}"));
            }
            world.heal();
            return End::Killed;
        }
    };
    world.note(format!("life {} begins", world.lives));
    let breath = Breath::new();
    let run = world.run_id();
    let stop = start(&parts, &breath, run);
    operator::attends(world, &parts, &breath);
    let (mut rounds, mut an_hour_passed) = (0, false);
    loop {
        calm.come().await;
        world.beats += 1;
        if std::mem::take(&mut world.twin_wanted) && twin.is_none() {
            *twin = Twin::start(world);
        }
        if world.beats > MOST_BEATS {
            return End::Stuck(format!("no rest after {MOST_BEATS} beats"));
        }
        if breath.is_out() || (steps.is_broken() && world.dies_of_trouble) {
            die(world);
            return End::Killed;
        }
        if world.events_left > 0 && world.dice.one_in(12) {
            happen(world, &parts, &breath);
            continue;
        }
        // No two commits at the same time, so that their order shows.
        world.clock.advance(Duration::from_millis(1));
        if steps.step() || twin.as_mut().is_some_and(Twin::step) {
            continue;
        }
        if world.events_left > 0 {
            if world.dice.one_in(2) {
                happen(world, &parts, &breath);
            } else {
                let wait = *world.dice.pick(&[50, 1_000, 5_000, 16_000, 31_000, 120_000]);
                world.clock.advance(Duration::from_millis(wait));
            }
            continue;
        }
        if rounds == 0 {
            calm_down(world, &breath);
        }
        rounds += 1;
        match open_ends(world, &parts, &steps) {
            None if twin.as_ref().is_some_and(|twin| !twin.has_stopped()) => {
                if rounds > 400 {
                    return End::Stuck("another daemon does not stop".to_owned());
                }
            }
            // What is done but once an hour is done, and nothing else happens.
            None if !an_hour_passed => {
                an_hour_passed = true;
                world.clock.advance(Duration::from_hours(1));
            }
            None => break,
            Some(why) if rounds > 400 => return End::Stuck(why),
            Some(_) => {}
        }
        world.clock.advance(Duration::from_secs(if rounds < 60 { 31 } else { 300 }));
    }
    drop(stop);
    End::Rested
}

fn die(world: &mut World) {
    if world.dice.one_in(2) {
        world.killed();
    } else {
        world.power_lost();
    }
    if world.dice.one_in(2) {
        world.heal();
    }
}

/// What keeps the world from being at rest.
fn open_ends(world: &World, parts: &Parts, steps: &Steps) -> Option<String> {
    if steps.is_broken() {
        return Some("the store cannot be written".to_owned());
    }
    let standing = parts.desk.standing().get();
    if parts.desk.paused().is_ok_and(|pause| pause.is_some()) || standing.stopped.is_some() {
        return Some(format!("nothing goes on: {:?}", standing.stopped));
    }
    let waiting = world.server.mails(DESK, "inbox").len();
    if waiting > 0 {
        return Some(format!("{waiting} mails lie in the intake mailbox"));
    }
    let read = match parts.store.read() {
        Ok(read) => read,
        Err(error) => return Some(error.to_string()),
    };
    for state in [OutboxState::Waiting, OutboxState::Submitting] {
        if let Some(row) = read.letters_in(state, 1).unwrap().first() {
            return Some(format!("a letter is still {state:?}: {row:?}"));
        }
    }
    if let Some(row) = read.unfiled(1).unwrap().first() {
        return Some(format!("a mail is not filed: {row:?}"));
    }
    let in_hand = read.in_hand().unwrap();
    (!in_hand.is_empty()).then(|| format!("in hand still: {in_hand:?}"))
}

/// From now on nothing goes wrong.
fn calm_down(world: &mut World, breath: &Breath) {
    world.note("calm");
    world.server.faults().clear();
    world.net.set_bad(0);
    world.heal();
    breath.set(u64::MAX);
}

/// One thing happens.
fn happen(world: &mut World, parts: &Parts, breath: &Breath) {
    world.events_left -= 1;
    match world.dice.below(23) {
        0..9 => world.mail_arrives(),
        9..12 => {
            act::agent(world, parts, breath);
            if world.dice.one_in(4) {
                // While her words are on their way.
                act::customer(world, parts, breath);
            }
        }
        12 => act::customer(world, parts, breath),
        13 if world.dice.one_in(3) => lost_answers(world),
        13 | 14 => fault(world),
        15 => {
            world.note("faults end");
            world.server.faults().clear();
            world.net.set_bad(0);
        }
        16 if world.dice.one_in(3) => {
            world.note("the mail server starts anew");
            world.server.restart();
        }
        16 if world.dice.one_in(3) => {
            let former_answer = world.dice.one_in(2);
            world.note(format!("every Email gets another id; former ones answer: {former_answer}"));
            world.renamed = true;
            world.server.change_email_ids(DESK, former_answer);
        }
        16 => {
            let bad = 1 + world.dice.below(6);
            world.note(format!("one connection in {bad} is bad"));
            world.net.set_bad(bad);
        }
        17 => disk_trouble(world),
        18 => team::happens(world, parts, breath),
        19 if world.dice.one_in(2) => world.twin_wanted = true,
        19 if world.operator.server.is_some() => {
            operator::restores_server(world);
            operator::attends(world, parts, breath);
        }
        20 if world.dice.one_in(3) => set_clock(world),
        19 | 20 => operator::backs_up(world),
        _ => {
            let polls = 1 + world.dice.below(if world.dice.clone().one_in(2) { 60 } else { 600 });
            world.note(format!("ends in {polls} polls"));
            breath.set(polls);
        }
    }
}

/// Somebody sets the time of day, by what passes for a correction or by more. Upkeep runs, and puts right
/// by itself what depends on it.
fn set_clock(world: &mut World) {
    let minutes = *world.dice.pick(&[1, 7, 50, 90, 240]);
    let back = world.dice.one_in(2);
    let by = SignedDuration::from_mins(if back { -minutes } else { minutes });
    world.note(format!("the clock is set by {minutes} minutes, back: {back}"));
    world.saw("a clock set");
    world.clock.set_by(by);
    if back {
        world.set_back += by.unsigned_abs();
    }
}

fn disk_trouble(world: &mut World) {
    if !world.disk_is_healed {
        world.note("the disk is healed");
        return world.heal();
    }
    let after = world.dice.below(60);
    let kind = if world.dice.one_in(2) { ErrorKind::StorageFull } else { ErrorKind::Other };
    world.disk_is_healed = false;
    world.dies_of_trouble = world.dice.one_in(2);
    world.note(format!("the disk fails after {after} operations: {kind:?}"));
    if world.dice.one_in(3) {
        world.files.set_trouble_after(after % 12, kind);
    } else {
        world.disk.set_trouble_after(after, kind);
    }
}

/// Nothing tells whether a letter left: the hardest case of all.
fn lost_answers(world: &mut World) {
    world.note("submissions are not answered, and leave no trace");
    let submission = At::Call("EmailSubmission/set");
    let faults = world.server.faults();
    faults.add(Fault::LoseImplicitUpdate, Times::Always);
    faults.add(Fault::ForgetSubmission, Times::Always);
    faults.add(Fault::CutAfter(submission), Times::OneIn(2));
}

fn fault(world: &mut World) {
    let at = *world.dice.pick(&[
        At::Anything,
        At::Api,
        At::Call("Email/import"),
        At::Call("EmailSubmission/set"),
        At::Call("EmailSubmission/set"),
        At::Call("Email/set"),
        At::Call("Email/query"),
        At::Upload,
        At::Download,
        At::Session,
    ]);
    let slow = Duration::from_secs(*world.dice.pick(&[2, 40, 70, 200]));
    let kind = |kind: &str| kind.to_owned();
    let fault = match world.dice.below(25) {
        0 => Fault::CutBefore(at),
        1 | 2 => Fault::CutAfter(at),
        3 => Fault::CutMidway(at),
        4 => Fault::Status(at, *world.dice.pick(&[500, 502, 503, 401, 403, 404])),
        5 | 6 => Fault::StatusAfter(at, *world.dice.pick(&[500, 502, 504])),
        7 => Fault::TooMany(at, Some(world.dice.below(90))),
        8 => Fault::Slow(at, slow),
        9 => Fault::Truncated(at),
        10 => Fault::Html(at),
        11 => Fault::MethodError("EmailSubmission/set", kind("serverFail")),
        12 => Fault::SetError("Email/import", kind("serverUnavailable"), None),
        13 => Fault::SetError("EmailSubmission/set", kind("strange"), Some(kind("no idea"))),
        14 => Fault::ForgetSubmission,
        16 => {
            let reply = Some(kind("550 5.1.1 no such person"));
            Fault::SetError("EmailSubmission/set", kind("invalidRecipients"), reply)
        }
        15 => {
            let reply = if world.dice.pick(&[true, false]) == &true { "550 no" } else { "450 later" };
            Fault::Refuse(kind("refused.example"), kind(reply))
        }
        17 => Fault::ChangeEmailIds(world.dice.one_in(2)),
        18 => Fault::PretendUpdate,
        19 => Fault::OtherSession,
        20 => Fault::NoPush,
        21 => Fault::PushDropped,
        22 => Fault::PushSilent,
        23 => Fault::DoubleBell,
        _ => Fault::LoseImplicitUpdate,
    };
    let times = match world.dice.below(3) {
        0 => Times::Once,
        1 => Times::Next(3),
        _ => Times::OneIn(3),
    };
    world.pretended |= fault == Fault::PretendUpdate;
    world.renamed |= matches!(fault, Fault::ChangeEmailIds(_));
    world.note(format!("{fault:?} {times:?}"));
    world.server.faults().add(fault, times);
}
