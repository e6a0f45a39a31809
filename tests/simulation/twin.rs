//! Another daemon against the same mail account: on a copy of the data, on another machine, or with a
//! store of its own. It has to stop by itself, and touches nothing.

use std::path::Path;

use postdesk::store::{Look, MemoryDisk, MemoryFiles, Steps};
use postdesk::tracker::{MailRowId, OutboxId, OutboxRow};
use postdesk::triage::MailRow;
use tokio::sync::watch;

use crate::check::ensure;
use crate::life::{Breath, Parts, Place, start};
use crate::world::{DESK, World};

/// The other machine.
const HOST: &str = "birch";

pub struct Twin {
    parts: Parts,
    steps: Steps,
    before: (Vec<MailRow>, Vec<OutboxRow>),
    _stop: watch::Sender<bool>,
}

impl Twin {
    /// Starts one; none where no marker says yet whose the mailbox is.
    pub fn start(world: &mut World) -> Option<Self> {
        if world.server.mails(DESK, "Marker").is_empty() {
            return None;
        }
        let copied = !world.dice.one_in(3);
        world.note(format!("another daemon starts, on a copy: {copied}"));
        world.saw(if copied { "a copy of the desk" } else { "a second desk" });
        let place = Place {
            disk: if copied { world.disk.after_power_loss(|_| true) } else { MemoryDisk::new() },
            files: if copied {
                world.files.after_power_loss(|_| true)
            } else {
                MemoryFiles::new(Path::new("/sim"))
            },
            host: HOST,
            seed: world.dice.next(),
        };
        let (parts, steps) = Parts::open_at(world, &place).unwrap();
        let before = on_record(&parts);
        let stop = start(&parts, &Breath::new(), world.run_id());
        Some(Self { parts, steps, before, _stop: stop })
    }

    /// Commits what it has written, if anything.
    pub fn step(&mut self) -> bool {
        self.steps.step()
    }

    pub fn has_stopped(&self) -> bool {
        self.parts.desk.standing().get().stopped.is_some()
    }

    /// What is true of it at any time: it took nothing in and sent nothing, and has no marker there.
    pub fn check(&self, world: &World) -> Result<(), String> {
        let mut now = on_record(&self.parts);
        if !world.set_back.is_zero() {
            // Its upkeep pulls these times back with the clock, which touches nobody.
            for (row, before) in now.1.iter_mut().zip(&self.before.1) {
                (row.not_before, row.submitted_at) = (before.not_before, before.submitted_at);
            }
        }
        ensure!(now == self.before, "another daemon took a mail in or sent a letter");
        for marker in world.server.mails(DESK, "Marker") {
            let text = String::from_utf8_lossy(&marker.raw).into_owned();
            ensure!(!text.contains(HOST), "another daemon put its marker into the mailbox: {text}");
        }
        Ok(())
    }
}

fn on_record(parts: &Parts) -> (Vec<MailRow>, Vec<OutboxRow>) {
    let read = parts.store.read().unwrap();
    let rows = (1..).map_while(|id| read.mail_row(MailRowId(id)).unwrap()).collect();
    let letters = (1..).map_while(|id| read.letter(OutboxId(id)).unwrap()).collect();
    (rows, letters)
}
