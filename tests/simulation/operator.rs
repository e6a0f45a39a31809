//! A desk that is restored from an older backup, a mail server that is, and the operator who looks
//! after them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use postdesk::demo::server::Backup;
use postdesk::desk::after_restore;
use postdesk::mail;
use postdesk::store::{MemoryDisk, MemoryFiles};
use postdesk::tracker::FormId;

use crate::check::ensure;
use crate::life::{Breath, Calm, Parts, runtime};
use crate::world::{DESK, World};

/// The data folder as it was.
pub struct Kept {
    disk: MemoryDisk,
    files: MemoryFiles,
    at: Timestamp,
    /// How much somebody had been told by then.
    told: usize,
}

/// What the operator has in hand.
#[derive(Default)]
pub struct Operator {
    desk: Option<Kept>,
    pub server: Option<Backup>,
    /// Of which backup the desk was restored last.
    pub desk_restored: Option<Timestamp>,
    pub server_restored: bool,
}

/// A backup is made, of the desk or of the mail server.
pub fn backs_up(world: &mut World) {
    let at = world.clock.now();
    if world.dice.one_in(2) {
        world.note("the mail server is backed up");
        world.operator.server = Some(world.server.backup());
        return;
    }
    world.note("the desk is backed up");
    let (disk, files) = (world.disk.after_power_loss(|_| true), world.files.after_power_loss(|_| true));
    let told = world.told.lock().unwrap().len();
    world.operator.desk = Some(Kept { disk, files, at, told });
}

/// The mail server loses its disk, and its backup is put back: the Email ids given since are given
/// again.
pub fn restores_server(world: &mut World) {
    let Some(backup) = world.operator.server.take() else { return };
    world.note("the mail server is restored");
    world.saw("a restored mail server");
    world.server.restore(backup);
    world.operator.server_restored = true;
    let lying: HashSet<String> =
        world.server.look(|w| w.all_mails(DESK)).into_iter().map(|mail| mail.blob).collect();
    for arrival in &mut world.arrivals {
        arrival.lost |= !lying.contains(&arrival.blob);
    }
}

/// Between two lives: the machine is lost, and the backup restored on another.
pub fn restores_desk(world: &mut World) {
    let Some(kept) = world.operator.desk.take() else { return };
    world.note(format!("the desk is restored as it was at {}", kept.at));
    world.saw("a restored desk");
    (world.disk, world.files) = (kept.disk, kept.files);
    world.heal();
    world.told.lock().unwrap().truncate(kept.told);
    world.operator.desk_restored = Some(kept.at);
    let (runtime, calm) = runtime();
    runtime.block_on(prepare(world, &calm, kept.at));
}

/// As `postdesk restore` does, before any daemon opens it.
async fn prepare(world: &mut World, calm: &Calm, backup: Timestamp) {
    let (parts, mut steps) = Parts::open(world).unwrap();
    let (store, now) = (parts.store.clone(), world.clock.now());
    let restoring = tokio::spawn(async move {
        after_restore(&store, backup, now).await.unwrap();
        store.close().await;
    });
    while !restoring.is_finished() {
        calm.come().await;
        steps.step();
    }
    restoring.await.unwrap();
}

/// The operator of a restored desk or mail server: decides that this desk serves the mailbox, has
/// filed mails taken in again, and lets the desk go on. Nobody has to do that for any other reason.
pub fn attends(world: &mut World, parts: &Parts, breath: &Breath) {
    let restored = world.operator.desk_restored;
    if restored.is_none() && !world.operator.server_restored {
        return;
    }
    let Some(jane) = world.jane else { return };
    let (desk, intake, clock) = (parts.desk.clone(), parts.intake.clone(), world.clock.clone());
    let life = world.lives;
    tokio::spawn(breath.with(async move {
        for number in 0.. {
            clock.sleep(Duration::from_secs(45)).await;
            let form = FormId::parse(&format!("operator-{life}-{number}")).unwrap();
            if desk.standing().get().stopped.is_some() {
                let _ = desk.take_over(jane, form).await;
            } else if let (Ok(Some(_)), Some(since)) = (desk.paused(), restored)
                && intake.replay(since).await.is_ok()
            {
                let _ = desk.resume_by(jane, form).await;
            }
        }
    }));
}

/// Whatever was restored, no customer got the same answer twice, nor a second confirmation of one
/// mail, but where somebody sent it again. Where both the desk and the mail server lost what they
/// knew, nothing says that a mail was confirmed before; likewise where the mail server only pretended
/// to put the mail and its confirmation where they belong.
pub fn check(world: &World) -> Result<(), String> {
    let both = (world.operator.server_restored || world.pretended) && world.operator.desk_restored.is_some();
    let mut got: HashMap<(String, String), Vec<String>> = HashMap::new();
    for sent in world.server.submissions() {
        let inbound = mail::parse(&sent.raw, None);
        let id = inbound.message_id.as_ref().map_or("", |id| id.as_str()).to_owned();
        let text = String::from_utf8_lossy(&sent.raw).into_owned();
        let confirms = text.contains("Auto-Submitted: auto-replied");
        let what = match &inbound.in_reply_to {
            _ if !confirms => text.lines().find(|line| line.starts_with("Words ")).map(str::to_owned),
            ids => ids.first().map(|id| format!("the confirmation of {}", id.as_str())),
        };
        let Some(what) = what else { continue };
        for to in &sent.rcpt_to {
            let times = got.entry((to.folded().to_owned(), what.clone())).or_default();
            times.push(id.clone());
            let again = world.tried_again.iter().filter(|tried| times.contains(tried)).count();
            let forgotten = usize::from(both && confirms);
            ensure!(
                times.len() <= 1 + again + forgotten,
                "{to} got {what:?} {} times: {times:?}",
                times.len()
            );
        }
    }
    Ok(())
}
